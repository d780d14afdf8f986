#include "neural_kernels.h"

extern const fr_neural_kernels fr_neural_avx512;
extern const fr_neural_kernels fr_neural_avx2;
extern const fr_neural_kernels fr_neural_generic;
