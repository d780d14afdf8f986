// The project's kernels, compiled for the processor once a scalar, by name.
#include "kernels.h"
#include "device_code.h"
#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#define KERNEL static

#pragma clang diagnostic ignored "-Wunused-function"

namespace single {
#define REAL float
#include "../../Sources/CUDABackend/Kernels/prelude.cuh"
#include "kernel_sources.h"
#undef REAL
}

namespace dual {
#define REAL double
#include "../../Sources/CUDABackend/Kernels/prelude.cuh"
#include "kernel_sources.h"
#undef REAL
}

namespace {

template <typename Value>
void add_pointer(std::vector<uint64_t> &pointers, const Value &value) {
    if constexpr (std::is_pointer_v<Value>) pointers.push_back((uint64_t)value);
}

template <auto kernel, typename... Parameters, size_t... Indices>
Launch bind(void (*)(Parameters...), void **arguments, std::index_sequence<Indices...>) {
    std::tuple<Parameters...> values(*static_cast<Parameters *>(arguments[Indices])...);
    Launch launch;
    (add_pointer(launch.pointers, std::get<Indices>(values)), ...);
    launch.thread = [values] { std::apply(kernel, values); };
    return launch;
}

template <auto kernel, typename... Parameters>
Launch bind(void (*function)(Parameters...), void **arguments) {
    return bind<kernel>(function, arguments, std::index_sequence_for<Parameters...>());
}

template <auto kernel>
Launch bind(void **arguments) { return bind<kernel>(kernel, arguments); }

const bool FIBERS = true, PLAIN = false;

// By scalar.
const std::vector<Kernel> kernels[] = {
    {
#define KERNEL_LINE(source, name, mode) {#source ".cu", #name, mode, bind<single::source::name>},
#include "kernel_table.h"
#undef KERNEL_LINE
    },
    {
#define KERNEL_LINE(source, name, mode) {#source ".cu", #name, mode, bind<dual::source::name>},
#include "kernel_table.h"
#undef KERNEL_LINE
    },
};

}

const Kernel *find_kernel(const std::string &source, const char *name, int scalar) {
    for (const Kernel &kernel : kernels[scalar]) {
        if (source == kernel.source && std::strcmp(kernel.name, name) == 0) return &kernel;
    }
    return nullptr;
}

const Kernel *kernel_at(int index) {
    return index >= 0 && index < (int)kernels[0].size() ? &kernels[0][index] : nullptr;
}
