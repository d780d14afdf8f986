#if defined(__x86_64__)
#include "neural_variants.h"
#define LANES 8
// Sums of a tile, of 16 registers.
#define TILE 8
#define GRADIENT_TILE 12
#define INSTRUCTION_SET "AVX2"
#define KERNELS fr_neural_avx2
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "neural_vector.h"
#include "neural_entries.h"
#include "neural_rows.h"
#include "neural_columns.h"
#include "neural_convolution.h"
#include "neural_dropout.h"
#pragma clang attribute pop
#include "neural_table.h"
#endif
