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

// GELU; the two forms are defined at GaussianErrorForm.
#define GELU_FACTOR 0.7978845608f /* √(2/π) */
#define GELU_CUBIC 0.044715f

/// 1/(1 + e^(−2a)) with a the argument of the tanh: (1 + tanh a)/2 without its cancellation.
INLINE vec gelu_tanh_weight(vec x) {
    vec twice = x * (2 * GELU_FACTOR) * (x * x * GELU_CUBIC + 1);
    return 1 / (1 + exponential_of(smaller(-twice, splat(88))));
}

static void gelu_tanh(const float *x, size_t count, float *y) {
    EACH({
        vec value = GET(x);
        PUT(y, value * gelu_tanh_weight(value))
    })
}

static void gelu_tanh_gradient(const float *dy, const float *x, size_t count, float *dx) {
    EACH({
        vec value = GET(x);
        vec weight = gelu_tanh_weight(value);
        vec slope = (value * value * (3 * GELU_CUBIC) + 1) * (2 * GELU_FACTOR);
        PUT(dx, GET(dy) * (weight + value * weight * (1 - weight) * slope))
    })
}

/// Φ(x) from bell = e^(−x²/2). Φ(−y) = bell·g(y) for y = |x|, where g falls from 1/2 like 1/y. In t = 1/(1 + 0.35·y) it is
/// t times a polynomial of degree 8, our own fit of least relative error to g for y up to 13.5 (beyond, the bell is 0):
/// 0.6·2^-24, and 6.3·2^-24 with the roundings of float32, both measured against erfcx in double.
INLINE vec normal_distribution(vec x, vec bell) {
    vec t = 1 / (larger(x, -x) * 0.35f + 1);
    vec p = splat(-0.0291258618f);
    p = p * t + 0.143872216f;
    p = p * t - 0.255504549f;
    p = p * t + 0.158929288f;
    p = p * t - 0.0229371469f;
    p = p * t + 0.105432943f;
    p = p * t + 0.119852431f;
    p = p * t + 0.13985908f;
    p = p * t + 0.139621571f;
    vec tail = p * t * bell;
    return x < splat(0) ? tail : 1 - tail;
}

INLINE vec bell_of(vec x) { return exponential_of(x * x * -0.5f); }

static void gelu_exact(const float *x, size_t count, float *y) {
    EACH({
        vec value = GET(x);
        PUT(y, value * normal_distribution(value, bell_of(value)))
    })
}

static void gelu_exact_gradient(const float *dy, const float *x, size_t count, float *dx) {
    EACH({
        vec value = GET(x);
        vec bell = bell_of(value);
        // The density is bell/√(2π).
        PUT(dx, GET(dy) * (normal_distribution(value, bell) + value * bell * (0.5f * GELU_FACTOR)))
    })
}

/// 1/(1 + e^−x).
INLINE vec logistic(vec x) { return 1 / (1 + exponential_of(smaller(-x, splat(88)))); }

static void gated_linear(const float *x, const float *gate, size_t count, float *y) {
    EACH({
        vec value = GET(gate);
        PUT(y, GET(x) * (value * logistic(value)))
    })
}

static void gated_linear_gradient(const float *dy, const float *x, const float *gate, size_t count, float *dx,
                                  float *dgate) {
    EACH({
        vec value = GET(gate);
        vec weight = logistic(value);
        vec outer = GET(dy);
        PUT(dx, outer * (value * weight))
        PUT(dgate, outer * GET(x) * (weight * (1 + value * (1 - weight))))
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
