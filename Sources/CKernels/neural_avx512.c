#if defined(__x86_64__)
#include "neural_variants.h"
#define LANES 16
// Sums of a tile: 16 of the 32 registers hide the latency, 24 save loads.
#define TILE 16
#define GRADIENT_TILE 24
#define INSTRUCTION_SET "AVX-512"
#define KERNELS fr_neural_avx512
#include <math.h>
#include <string.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#include "neural_vector.h"
#include "neural_entries.h"
#include "neural_rows.h"
#include "neural_columns.h"
#include "neural_convolution.h"
#include "neural_dropout.h"
#pragma clang attribute pop
#include "neural_table.h"
#endif
