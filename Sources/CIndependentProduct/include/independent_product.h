#pragma once
#include <stddef.h>

// A matrix in memory: entry (i, j) at data[i * row_stride + j * column_stride], so a transpose is an exchange of
// strides.
struct independent_operand {
    const double *data;
    size_t row_stride, column_stride;
};

enum independent_instructions { independent_portable, independent_avx2, independent_avx512 };

// The widest instruction set that this processor and its operating system offer.
enum independent_instructions independent_widest_instructions(void);

// The number of doubles that the workspace of independent_product must hold.
size_t independent_workspace_count(void);

// c(i, j) = sum over k, in increasing order, of (a(i, k) * scale[k]) * b(k, j), for c of `rows` by `columns`,
// column-major without gaps. Every multiplication and addition is rounded to double by itself, so the bits do not
// depend on `instructions`. `scale` may be NULL: a(i, k) * b(k, j). With `upper_only`, entries below the diagonal are
// left undefined. `workspace` is aligned to 64 bytes.
void independent_product(
    enum independent_instructions instructions, size_t rows, size_t columns, size_t depth, struct independent_operand a,
    const double *scale, struct independent_operand b, double *c, int upper_only, double *workspace);
