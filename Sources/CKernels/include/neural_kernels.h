#pragma once
#include "block_codec.h"
#include <stddef.h>
#include <stdint.h>

/// One pass of a convolution over an image: out[y][x] = Σ over kernel rows and runs of image[y·step + row][x·step …] times
/// the weights. A run holds the pixels of one kernel row with their channels, which are contiguous.
typedef struct {
    size_t rows, columns;
    /// Kernel rows, and entries of a run.
    size_t kernel_rows, run;
    /// Entries from one output pixel's or row's input to the next one's, and from one kernel row's to the next one's.
    size_t pixel_step, row_step, kernel_row_step;
    /// Channels of the output, entries between its pixels and between its rows.
    size_t outputs, output_pixel_step, output_row_step;
} fr_convolution_pass;

/// The kernels of neural networks in one implementation. Columns are contiguous, `rows` entries each; "range" is a
/// column count. Results agree with the definitions in Swift within the rounding of float32, not bit for bit.
typedef struct FR_SENDABLE {
    const char *instruction_set;

    void (*rectify)(const float *x, size_t count, float *y);
    void (*rectify_gradient)(const float *dy, const float *y, size_t count, float *dx);
    void (*gelu_tanh)(const float *x, size_t count, float *y);
    void (*gelu_tanh_gradient)(const float *dy, const float *x, size_t count, float *dx);
    /// Φ(x) is off by at most (2·x² + 16)·2^-24 of the smaller of Φ(x) and Φ(−x), and by a rounding.
    void (*gelu_exact)(const float *x, size_t count, float *y);
    void (*gelu_exact_gradient)(const float *dy, const float *x, size_t count, float *dx);
    void (*product)(const float *x, const float *y, size_t count, float *z);
    /// y = x·gate·σ(gate).
    void (*gated_linear)(const float *x, const float *gate, size_t count, float *y);
    void (*gated_linear_gradient)(const float *dy, const float *x, const float *gate, size_t count, float *dx,
                                  float *dgate);
    /// z = alpha·x + beta·y; z may be x.
    void (*combine)(float alpha, const float *x, float beta, const float *y, size_t count, float *z);
    /// x = alpha·x + beta·y².
    void (*combine_squares)(float alpha, float *x, float beta, const float *y, size_t count);
    /// x += alpha·y/(√z·scale + offset).
    void (*add_quotient)(float alpha, float *x, const float *y, const float *z, float scale, float offset,
                         size_t count);
    /// Word k mod 4 of Philox block `block` + k/4 decides on mask[k]: `kept` where it is at least the threshold, else 0.
    void (*dropout)(const uint32_t key[2], const uint32_t stream[2], uint64_t block, uint32_t threshold, float kept,
                    size_t count, float *mask);
    float (*sum_of_squares)(const float *x, size_t count);

    void (*add_to_columns)(const float *x, const float *v, size_t rows, size_t columns, float *y);
    /// sums += A·1.
    void (*row_sums)(const float *x, size_t rows, size_t columns, float *sums);
    /// Means of the rows and Σ (x − mean)².
    void (*row_moments)(const float *x, size_t rows, size_t columns, float *means, float *squares);
    /// y = (x − mean)·scale + bias.
    void (*batch_normalize)(const float *x, const float *means, const float *scales, const float *biases, size_t rows,
                            size_t columns, float *y);
    /// products += Σ dy·(x − mean), sums += Σ dy.
    void (*batch_products)(const float *dy, const float *x, const float *means, size_t rows, size_t columns,
                           float *products, float *sums);
    /// dx = scale·(dy − plain − (x − mean)·slope).
    void (*batch_gradient)(const float *dy, const float *x, const float *means, const float *scales,
                           const float *plains, const float *slopes, size_t rows, size_t columns, float *dx);
    void (*layer_normalize)(const float *x, const float *gain, const float *bias, float offset, size_t rows,
                            size_t columns, float *y, float *means, float *inverses);
    /// gains += Σ dy·x̂, biases += Σ dy.
    void (*layer_gradient)(const float *dy, const float *x, const float *gain, const float *means,
                           const float *inverses, size_t rows, size_t columns, float *dx, float *gains,
                           float *biases);
    void (*rms_normalize)(const float *x, const float *gain, float offset, size_t rows, size_t columns, float *y,
                          float *inverses);
    /// gains += Σ dy·x̂.
    void (*rms_gradient)(const float *dy, const float *x, const float *gain, const float *inverses, size_t rows,
                         size_t columns, float *dx, float *gains);
    /// The first `seen` entries by their softmax, the rest by 0.
    void (*softmax)(float *x, size_t seen, size_t length);
    /// dp = p·(dp − Σ p·dp)·scale in the first `seen` entries, 0 in the rest.
    void (*softmax_gradient)(float *dp, const float *p, size_t seen, size_t length, float scale);
    /// gradient = e^(x − max) / Σ e^(x − max) · scale; gives that sum, Σ (x − max), and max.
    void (*softmax_scaled)(const float *x, size_t length, float scale, float *gradient, float *sum, float *plain,
                           float *largest);

    /// Outputs computed side by side; the packed weights of a block are contiguous.
    size_t lanes;
    /// Floats that `convolve` may read behind the end of the image, and `add_weight_gradient` behind that of its input.
    size_t slack;
    /// `weights`: for each block of lanes (pairs of blocks first, a single one last) kernel row, entry of the run, lane.
    void (*convolve)(const float *image, const float *weights, const fr_convolution_pass *pass, float *output);
    /// Weights of one kernel row for `convolve`: output o and entry e from x[o + e·step].
    void (*pack)(const float *x, size_t outputs, size_t step, size_t run, float *packed);
    /// The same from x[e + o·step].
    void (*pack_transposed)(const float *x, size_t outputs, size_t step, size_t run, float *packed);
    /// The first `rows` entries of columns `step` apart, times a factor, without gaps.
    void (*gather_columns)(const float *x, size_t step, size_t rows, size_t columns, float factor, float *y);
    /// sums[kernel row][entry of the run][output] += Σ over pixels of image·gradient, outputs padded to the lanes.
    void (*add_weight_gradient)(const float *image, const float *gradient, const fr_convolution_pass *pass,
                                float *sums);
} fr_neural_kernels;

/// The implementations that this machine can run, fastest first; `*count` of them, the last one plain C.
const fr_neural_kernels *const *fr_neural_kernel_sets(size_t *count);

/// Has the C library keep freed memory for the next allocation of any size rather than return it to the system.
void fr_keep_freed_memory(void);
