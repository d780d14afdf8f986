// Passes entry by entry. The last, incomplete vector is padded with zeros.

#define EACH(...)                                                                                                      \
    size_t i = 0;                                                                                                      \
    for (; i + LANES <= count; i += LANES) {                                                                           \
        const size_t width = LANES;                                                                                    \
        __VA_ARGS__                                                                                                    \
    }                                                                                                                  \
    if (i < count) {                                                                                                   \
        const size_t width = count - i;                                                                                \
        __VA_ARGS__                                                                                                    \
    }
#define GET(p) (width == LANES ? load((p) + i) : load_first((p) + i, width))
#define PUT(p, value)                                                                                                  \
    if (width == LANES)                                                                                                \
        store((p) + i, value);                                                                                         \
    else                                                                                                               \
        store_first((p) + i, value, width);

static void rectify(const float *x, size_t count, float *y) { EACH(PUT(y, larger(GET(x), splat(0)))) }

static void rectify_gradient(const float *dy, const float *y, size_t count, float *dx) {
    EACH(PUT(dx, GET(y) > splat(0) ? GET(dy) : splat(0)))
}

static void exponential(const float *x, size_t count, float *y) { EACH(PUT(y, exponential_of(GET(x)))) }

#define GELU_FACTOR 0.7978845608f /* √(2/π) */
#define GELU_CUBIC 0.044715f

/// 1/(1 + e^(−2a)) with a the argument of the tanh: (1 + tanh a)/2 without its cancellation.
INLINE vec gelu_weight(vec x) {
    vec twice = x * (2 * GELU_FACTOR) * (x * x * GELU_CUBIC + 1);
    return 1 / (1 + exponential_of(smaller(-twice, splat(88))));
}

static void gelu(const float *x, size_t count, float *y) {
    EACH({
        vec value = GET(x);
        PUT(y, value * gelu_weight(value))
    })
}

static void gelu_gradient(const float *dy, const float *x, size_t count, float *dx) {
    EACH({
        vec value = GET(x);
        vec weight = gelu_weight(value);
        vec slope = (value * value * (3 * GELU_CUBIC) + 1) * (2 * GELU_FACTOR);
        PUT(dx, GET(dy) * (weight + value * weight * (1 - weight) * slope))
    })
}

static void product(const float *x, const float *y, size_t count, float *z) { EACH(PUT(z, GET(x) * GET(y))) }

// The passes of the optimizers have one rounding per operation, as in the definition: the same bits on every machine.
#pragma STDC FP_CONTRACT OFF

static void combine(float alpha, const float *x, float beta, const float *y, size_t count, float *z) {
    EACH(PUT(z, alpha * GET(x) + beta * GET(y)))
}

static void combine_squares(float alpha, float *x, float beta, const float *y, size_t count) {
    EACH({
        vec value = GET(y);
        PUT(x, alpha * GET(x) + beta * (value * value))
    })
}

static void add_quotient(float alpha, float *x, const float *y, const float *z, float scale, float offset,
                         size_t count) {
    EACH(PUT(x, GET(x) + alpha * (GET(y) / (root(GET(z)) * scale + offset))))
}

#pragma STDC FP_CONTRACT ON

/// Four sums side by side, so that an addition need not wait for the one before it.
static float sum_of_squares(const float *x, size_t count) {
    vec sums[4] = {splat(0), splat(0), splat(0), splat(0)};
    size_t start = 0;
    for (; start + 4 * LANES <= count; start += 4 * LANES)
        for (int k = 0; k < 4; k++) {
            vec value = load(x + start + k * LANES);
            sums[k] += value * value;
        }
    x += start;
    count -= start;
    EACH({
        vec value = GET(x);
        sums[0] += value * value;
    })
    return sum_of_lanes((sums[0] + sums[1]) + (sums[2] + sums[3]));
}
