#include "neural_variants.h"

const fr_neural_kernels *const *fr_neural_kernel_sets(size_t *count) {
    static const fr_neural_kernels *all[3];
    size_t found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma"))
        all[found++] = &fr_neural_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) all[found++] = &fr_neural_avx2;
#endif
    all[found++] = &fr_neural_generic;
    *count = found;
    return all;
}
