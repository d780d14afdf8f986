// Convolution with the output channels in the lanes: every entry of the image is multiplied into one or two vectors of
// weights, for several pixels at once, so that the sums stay in registers.

/// An array stays in registers only where all its indices are constants.
#define UNROLL _Pragma("clang loop unroll(full)")

/// One tile: `pixels` of one row by `blocks` vectors of outputs. With constant arguments loops unroll and the sums are registers.
INLINE void convolution_tile(const int blocks, const int pixels, const size_t pixel_step, const float *image,
                             const float *weights, const fr_convolution_pass *pass, size_t outputs, float *output) {
    vec sums[2 * TILE];
    UNROLL
    for (int k = 0; k < blocks * pixels; k++) sums[k] = splat(0);
    for (size_t row = 0; row < pass->kernel_rows; row++) {
        const float *x = image + row * pass->kernel_row_step;
        for (size_t entry = 0; entry < pass->run; entry++, x++, weights += blocks * LANES) {
            vec first = load(weights);
            vec second = blocks == 2 ? load(weights + LANES) : first;
            UNROLL
            for (int p = 0; p < pixels; p++) {
                vec value = splat(x[p * pixel_step]);
                sums[blocks * p] += value * first;
                if (blocks == 2) sums[blocks * p + 1] += value * second;
            }
        }
    }
    UNROLL
    for (int p = 0; p < pixels; p++, output += pass->output_pixel_step)
        UNROLL
        for (int b = 0; b < blocks; b++) {
            if (outputs >= (size_t)(b + 1) * LANES)
                store(output + b * LANES, sums[blocks * p + b]);
            else
                store_first(output + b * LANES, sums[blocks * p + b], outputs - (size_t)b * LANES);
        }
}

/// All tiles of one block of outputs; rows are cut into tiles of falling size.
INLINE void convolve_block(const int blocks, const size_t pixel_step, const float *image, const float *weights,
                           const fr_convolution_pass *pass, size_t outputs, float *output) {
    const size_t whole = TILE / blocks;
    for (size_t row = 0; row < pass->rows; row++) {
        const float *x = image + row * pass->row_step;
        float *y = output + row * pass->output_row_step;
        size_t column = 0;
#define TILES(width)                                                                                                   \
    for (; column + (width) <= pass->columns; column += (width))                                                       \
        convolution_tile(blocks, (width), pixel_step, x + column * pixel_step, weights, pass, outputs,                 \
                         y + column * pass->output_pixel_step);
        TILES(whole)
        TILES(whole / 2)
        TILES(1)
#undef TILES
    }
}

INLINE void convolve_blocks(const int blocks, const float *image, const float *weights,
                            const fr_convolution_pass *pass, size_t outputs, float *output) {
    // The steps of the common channel counts as constants: the addresses of the pixels are then displacements.
    switch (pass->pixel_step) {
    case 16: convolve_block(blocks, 16, image, weights, pass, outputs, output); break;
    case 32: convolve_block(blocks, 32, image, weights, pass, outputs, output); break;
    case 64: convolve_block(blocks, 64, image, weights, pass, outputs, output); break;
    default: convolve_block(blocks, pass->pixel_step, image, weights, pass, outputs, output);
    }
}

static void convolve(const float *image, const float *weights, const fr_convolution_pass *pass, float *output) {
    const size_t depth = pass->kernel_rows * pass->run;
    size_t channel = 0;
    for (; channel + LANES < pass->outputs; channel += 2 * LANES)
        convolve_blocks(2, image, weights + channel * depth, pass, pass->outputs - channel, output + channel);
    if (channel < pass->outputs)
        convolve_blocks(1, image, weights + channel * depth, pass, pass->outputs - channel, output + channel);
}

/// One tile of a weight's gradient: `entries` of the run by `blocks` vectors of outputs, over all pixels.
INLINE void gradient_tile(const int blocks, const int entries, const float *image, const float *gradient,
                          const fr_convolution_pass *pass, float *sums, size_t sums_step, size_t wanted) {
    vec total[GRADIENT_TILE];
    UNROLL
    for (int k = 0; k < blocks * entries; k++) total[k] = splat(0);
    for (size_t row = 0; row < pass->rows; row++) {
        const float *x = image + row * pass->row_step;
        const float *dy = gradient + row * pass->output_row_step;
        for (size_t column = 0; column < pass->columns; column++) {
            vec first = load(dy);
            vec second = blocks == 2 ? load(dy + LANES) : first;
            UNROLL
            for (int e = 0; e < entries; e++) {
                vec value = splat(x[e]);
                total[blocks * e] += value * first;
                if (blocks == 2) total[blocks * e + 1] += value * second;
            }
            x += pass->pixel_step;
            dy += pass->output_pixel_step;
        }
    }
    UNROLL
    for (size_t e = 0; e < (size_t)entries; e++) {
        UNROLL
        for (int b = 0; b < blocks; b++)
            if (e < wanted) {
                float *target = sums + e * sums_step + b * LANES;
                store(target, load(target) + total[blocks * e + b]);
            }
    }
}

INLINE void gradient_rows(const int blocks, const float *image, const float *gradient, const fr_convolution_pass *pass,
                          float *sums, size_t sums_step) {
    for (size_t row = 0; row < pass->kernel_rows; row++) {
        const float *x = image + row * pass->kernel_row_step;
        float *target = sums + row * pass->run * sums_step;
        size_t entry = 0;
        // A tile may reach behind the run, into entries that are not wanted.
        for (; entry + GRADIENT_TILE / (2 * blocks) < pass->run; entry += GRADIENT_TILE / blocks)
            gradient_tile(blocks, GRADIENT_TILE / blocks, x + entry, gradient, pass, target + entry * sums_step,
                          sums_step, pass->run - entry);
        for (; entry < pass->run; entry += GRADIENT_TILE / (2 * blocks))
            gradient_tile(blocks, GRADIENT_TILE / (2 * blocks), x + entry, gradient, pass, target + entry * sums_step,
                          sums_step, pass->run - entry);
    }
}

static void add_weight_gradient(const float *image, const float *gradient, const fr_convolution_pass *pass,
                                float *sums) {
    const size_t padded = (pass->outputs + LANES - 1) / LANES * LANES;
    size_t channel = 0;
    for (; channel + LANES < padded; channel += 2 * LANES)
        gradient_rows(2, image, gradient + channel, pass, sums + channel, padded);
    if (channel < padded) gradient_rows(1, image, gradient + channel, pass, sums + channel, padded);
}
