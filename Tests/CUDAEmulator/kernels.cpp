// The project's kernels, compiled for the processor, by name.
#include "kernels.h"
#include "device_code.h"
#define KERNEL extern "C"
#include "../../Sources/CUDABackend/Kernels/block_codec.cu"
#include <cstddef>
#include <utility>

namespace {

template <typename... Parameters, size_t... Indices>
void call(void (*kernel)(Parameters...), void **arguments, std::index_sequence<Indices...>) {
    kernel(*static_cast<Parameters *>(arguments[Indices])...);
}

template <typename... Parameters>
void call(void (*kernel)(Parameters...), void **arguments) {
    call(kernel, arguments, std::index_sequence_for<Parameters...>());
}

template <auto kernel>
void run(void **arguments) { call(kernel, arguments); }

const Kernel kernels[] = {
    {"block_maxima", run<block_maxima>},
    {"encode_codes", run<encode_codes>},
    {"decode_matrix", run<decode_matrix>},
};

}

const Kernel *find_kernel(const char *name) {
    for (const Kernel &kernel : kernels) {
        if (std::strcmp(kernel.name, name) == 0) return &kernel;
    }
    return nullptr;
}
