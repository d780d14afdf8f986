#include "independent_product.h"

#include <string.h>

// A fused multiply-add rounds once where the definition rounds twice.
#pragma STDC FP_CONTRACT OFF

// Blocks after Goto and van de Geijn, ACM Trans. Math. Softw. 34 (2008) 12: a packed block of A (128 x 256 doubles, 256
// KiB) stays in the second-level cache, one packed panel of B (at most 8 x 256, 16 KiB) in the first. block_rows and
// block_columns are multiples of the sides of every tile below.
enum { block_rows = 128, block_columns = 480, block_depth = 256 };

typedef double lanes __attribute__((vector_size(64), aligned(64)));
typedef double unaligned_lanes __attribute__((vector_size(64), aligned(8)));
enum { lane_count = 8, widest_tile = 16 * 8 };

#define INLINE static inline __attribute__((always_inline))

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

// Panels of `width` consecutive major indices, the minor index k slowest; missing entries of the last panel are zero.
INLINE void pack(
    size_t width, size_t count, size_t depth, const double *source, size_t major_stride, size_t minor_stride,
    const double *scale, double *packed) {
    for (size_t first = 0; first < count; first += width) {
        size_t present = smaller(width, count - first);
        for (size_t k = 0; k < depth; k++, packed += width) {
            const double *entries = source + first * major_stride + k * minor_stride;
            for (size_t i = 0; i < width; i++) packed[i] = i < present ? entries[i * major_stride] : 0;
            if (scale) for (size_t i = 0; i < width; i++) packed[i] *= scale[k];
        }
    }
}

// One tile of C, `vectors * 8` by `width`, held in registers; `fresh` starts the sums, else they go on from C.
INLINE void tile(
    size_t vectors, size_t width, size_t depth, const double *a, const double *b, double *c, size_t stride, int fresh) {
    lanes sum[8][2];
    for (size_t j = 0; j < width; j++)
        for (size_t v = 0; v < vectors; v++)
            sum[j][v] = fresh ? (lanes){0} : *(const unaligned_lanes *)(c + j * stride + v * lane_count);
    for (size_t k = 0; k < depth; k++, a += vectors * lane_count, b += width)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < width; j++)
#pragma clang loop unroll(full)
            for (size_t v = 0; v < vectors; v++) sum[j][v] += *(const lanes *)(a + v * lane_count) * b[j];
    for (size_t j = 0; j < width; j++)
        for (size_t v = 0; v < vectors; v++) *(unaligned_lanes *)(c + j * stride + v * lane_count) = sum[j][v];
}

// A tile that C does not hold in full goes through a buffer.
INLINE void partial_tile(
    size_t vectors, size_t width, size_t rows, size_t columns, size_t depth, const double *a, const double *b,
    double *c, size_t stride, int fresh) {
    double buffer[widest_tile];
    size_t height = vectors * lane_count;
    memset(buffer, 0, sizeof buffer);
    if (!fresh)
        for (size_t j = 0; j < columns; j++) memcpy(buffer + j * height, c + j * stride, rows * sizeof *c);
    tile(vectors, width, depth, a, b, buffer, height, 0);
    for (size_t j = 0; j < columns; j++) memcpy(c + j * stride, buffer + j * height, rows * sizeof *c);
}

INLINE void product(
    size_t vectors, size_t width, size_t rows, size_t columns, size_t depth, struct independent_operand a,
    const double *scale, struct independent_operand b, double *c, int upper_only, double *workspace) {
    size_t height = vectors * lane_count;
    double *packed_a = workspace, *packed_b = workspace + block_rows * block_depth;
    if (depth == 0 && rows > 0 && columns > 0) memset(c, 0, rows * columns * sizeof *c);
    for (size_t j0 = 0; j0 < columns; j0 += block_columns)
        for (size_t k0 = 0; k0 < depth; k0 += block_depth) {
            size_t block_width = smaller(block_columns, columns - j0), kc = smaller(block_depth, depth - k0);
            pack(width, block_width, kc, b.data + k0 * b.row_stride + j0 * b.column_stride, b.column_stride,
                 b.row_stride, NULL, packed_b);
            size_t last_row = upper_only ? smaller(rows, j0 + block_width) : rows;
            for (size_t i0 = 0; i0 < last_row; i0 += block_rows) {
                size_t block_height = smaller(block_rows, last_row - i0);
                pack(height, block_height, kc, a.data + i0 * a.row_stride + k0 * a.column_stride, a.row_stride,
                     a.column_stride, scale ? scale + k0 : NULL, packed_a);
                for (size_t j = 0; j < block_width; j += width)
                    for (size_t i = 0; i < block_height; i += height) {
                        if (upper_only && i0 + i >= j0 + j + width) continue;
                        size_t tile_rows = smaller(height, block_height - i);
                        size_t tile_columns = smaller(width, block_width - j);
                        double *target = c + (i0 + i) + (j0 + j) * rows;
                        const double *pa = packed_a + i * kc, *pb = packed_b + j * kc;
                        if (tile_rows == height && tile_columns == width)
                            tile(vectors, width, kc, pa, pb, target, rows, k0 == 0);
                        else
                            partial_tile(vectors, width, tile_rows, tile_columns, kc, pa, pb, target, rows, k0 == 0);
                    }
            }
        }
}

// A tile is as large as the registers of the instruction set hold: 32 of 8 doubles, 16 of 4, 16 of 2.
#define VARIANT(name, attribute, vectors, width)                                                                  \
    attribute static void name(                                                                                   \
        size_t rows, size_t columns, size_t depth, struct independent_operand a, const double *scale,             \
        struct independent_operand b, double *c, int upper_only, double *workspace) {                             \
        product(vectors, width, rows, columns, depth, a, scale, b, c, upper_only, workspace);                     \
    }

VARIANT(product_portable, , 1, 2)
#if defined(__x86_64__)
VARIANT(product_avx2, __attribute__((target("avx2"))), 1, 5)
VARIANT(product_avx512, __attribute__((target("avx512f"))), 2, 8)
#endif

enum independent_instructions independent_widest_instructions(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return independent_avx512;
    if (__builtin_cpu_supports("avx2")) return independent_avx2;
#endif
    return independent_portable;
}

size_t independent_workspace_count(void) { return (size_t)(block_rows + block_columns) * block_depth; }

void independent_product(
    enum independent_instructions instructions, size_t rows, size_t columns, size_t depth, struct independent_operand a,
    const double *scale, struct independent_operand b, double *c, int upper_only, double *workspace) {
#if defined(__x86_64__)
    if (instructions == independent_avx512)
        return product_avx512(rows, columns, depth, a, scale, b, c, upper_only, workspace);
    if (instructions == independent_avx2)
        return product_avx2(rows, columns, depth, a, scale, b, c, upper_only, workspace);
#endif
    product_portable(rows, columns, depth, a, scale, b, c, upper_only, workspace);
}
