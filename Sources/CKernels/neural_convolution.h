// Convolution with the output channels in the lanes: every entry of the image is multiplied into one or two vectors of
// weights, for several pixels at once, so that the sums stay in registers.

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
    case 128: convolve_block(blocks, 128, image, weights, pass, outputs, output); break;
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

INLINE four load_four(const float *p) {
    four v;
    memcpy(&v, p, sizeof v);
    return v;
}

/// Entries e…e+3 of outputs o…o+3, turned.
INLINE void transpose_four(const float *x, size_t step, float *y, size_t lanes) {
    four a = load_four(x), b = load_four(x + step), c = load_four(x + 2 * step), d = load_four(x + 3 * step);
    four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    four ef = __builtin_shufflevector(a, b, 2, 6, 3, 7), gh = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    four rows[4] = {__builtin_shufflevector(ab, cd, 0, 1, 4, 5), __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
                    __builtin_shufflevector(ef, gh, 0, 1, 4, 5), __builtin_shufflevector(ef, gh, 2, 3, 6, 7)};
    for (int i = 0; i < 4; i++) memcpy(y + (size_t)i * lanes, &rows[i], sizeof rows[i]);
}

/// Lanes of the block that begins at an output: two registers where more than one is left.
INLINE size_t lanes_of_block(size_t outputs, size_t first) { return outputs - first > LANES ? 2 * LANES : LANES; }

static void pack(const float *x, size_t outputs, size_t step, size_t run, float *packed) {
    for (size_t first = 0; first < outputs;) {
        const size_t lanes = lanes_of_block(outputs, first);
        const size_t held = outputs - first < lanes ? outputs - first : lanes;
        for (size_t entry = 0; entry < run; entry++, packed += lanes) {
            memcpy(packed, x + entry * step + first, held * sizeof(float));
            memset(packed + held, 0, (lanes - held) * sizeof(float));
        }
        first += lanes;
    }
}

static void pack_transposed(const float *x, size_t outputs, size_t step, size_t run, float *packed) {
    for (size_t first = 0; first < outputs;) {
        const size_t lanes = lanes_of_block(outputs, first);
        const size_t held = outputs - first < lanes ? outputs - first : lanes;
        size_t lane = 0;
        for (; lane + 4 <= held; lane += 4) {
            const float *source = x + (first + lane) * step;
            size_t entry = 0;
            for (; entry + 4 <= run; entry += 4)
                transpose_four(source + entry, step, packed + entry * lanes + lane, lanes);
            for (; entry < run; entry++)
                for (size_t k = 0; k < 4; k++) packed[entry * lanes + lane + k] = source[k * step + entry];
        }
        for (; lane < lanes; lane++)
            for (size_t entry = 0; entry < run; entry++)
                packed[entry * lanes + lane] = lane < held ? x[(first + lane) * step + entry] : 0;
        packed += lanes * run;
        first += lanes;
    }
}

static void gather_columns(const float *x, size_t step, size_t rows, size_t columns, float factor, float *y) {
    const size_t count = rows;
    for (size_t column = 0; column < columns; column++, x += step, y += rows) { EACH(PUT(y, GET(x) * factor)) }
}
