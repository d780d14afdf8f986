#include "neural_variants.h"
#define LANES 4
// Sums of a tile, of 16 registers.
#define TILE 8
#define GRADIENT_TILE 12
#define INSTRUCTION_SET "generic"
#define KERNELS fr_neural_generic
#include <math.h>
#include <string.h>
#include "neural_vector.h"
#include "neural_entries.h"
#include "neural_rows.h"
#include "neural_columns.h"
#include "neural_convolution.h"
#include "neural_dropout.h"
#include "neural_table.h"
