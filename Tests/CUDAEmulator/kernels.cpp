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

// Of a list of tensors those that it has.
template <typename List>
auto add_pointers(std::vector<uint64_t> &pointers, const List &list, int) -> decltype((void)list.items) {
    for (long long i = 0; i < list.count; i++) {
        auto &item = list.items[i];
        for (auto address : {(uint64_t)item.target, (uint64_t)item.a, (uint64_t)item.b, (uint64_t)item.c}) {
            pointers.push_back(address);
        }
    }
}

template <typename Value>
void add_pointers(std::vector<uint64_t> &pointers, const Value &value, long) {
    if constexpr (std::is_pointer_v<Value>) pointers.push_back((uint64_t)value);
}

template <auto kernel, typename... Parameters, size_t... Indices>
Launch bind(void (*)(Parameters...), void **arguments, std::index_sequence<Indices...>) {
    static_assert((sizeof(Parameters) + ...) <= 4096, "a launch takes no more by value");
    std::tuple<Parameters...> values(*static_cast<Parameters *>(arguments[Indices])...);
    Launch launch;
    (add_pointers(launch.pointers, std::get<Indices>(values), 0), ...);
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
