// Activations and their gradients, each entry by itself.

// A NaN is not below 0 and stays.
KERNEL void rectify(const real *x, real *__restrict__ y, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) y[i] = x[i] < real(0) ? real(0) : x[i];
}

KERNEL void rectify_gradient(const real *dy, const real *y, real *__restrict__ dx, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) {
        real slope = dy[i];
        dx[i] = y[i] > real(0) ? slope : real(0);
    }
}

// A share of 1 and what is left of it, each to its own full accuracy: 1 less the one would lose the other where it is small.
struct Share {
    real value;
    real rest;
};

// σ(t) = 1/(1 + e^−t) and σ(−t), by an exponential that does not overflow.
static __device__ Share logistic(real t) {
    real power = exp(t < real(0) ? t : -t);
    real large = real(1) / (real(1) + power), small = power / (real(1) + power);
    return t < real(0) ? Share{small, large} : Share{large, small};
}

// √(2/π) and the factor of x³.
#define GELU_FACTOR 0.7978845608028654
#define GELU_CUBIC 0.044715

// (1 + tanh a)/2 = σ(2a).
static __device__ Share tanh_weight(real x) {
    return logistic(real(2 * GELU_FACTOR) * x * (real(1) + real(GELU_CUBIC) * x * x));
}

// Φ(x), by the tail beyond |x|.
static __device__ real normal_distribution(real x) {
    real tail = erfc((x < real(0) ? -x : x) * real(0.7071067811865476)) / real(2);
    return x < real(0) ? tail : real(1) - tail;
}

KERNEL void gelu_tanh(const real *x, real *__restrict__ y, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) y[i] = x[i] * tanh_weight(x[i]).value;
}

// σ + x·σ·(1 − σ)·(2a)′.
KERNEL void gelu_tanh_gradient(const real *dy, const real *x, real *__restrict__ dx, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) {
        Share weight = tanh_weight(x[i]);
        real slope = real(2 * GELU_FACTOR) * (real(1) + real(3 * GELU_CUBIC) * x[i] * x[i]);
        dx[i] = dy[i] * (weight.value + x[i] * weight.value * weight.rest * slope);
    }
}

KERNEL void gelu_exact(const real *x, real *__restrict__ y, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) y[i] = x[i] * normal_distribution(x[i]);
}

// Φ(x) + x·φ(x) with the density φ(x) = e^(−x²/2)/√(2π).
KERNEL void gelu_exact_gradient(const real *dy, const real *x, real *__restrict__ dx, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) {
        real density = exp(-x[i] * x[i] / real(2)) * real(GELU_FACTOR / 2);
        dx[i] = dy[i] * (normal_distribution(x[i]) + x[i] * density);
    }
}

// x·g·σ(g).
KERNEL void gated_linear(const real *x, const real *gate, real *__restrict__ y, long long count) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) y[i] = x[i] * (gate[i] * logistic(gate[i]).value);
}

// dx = dy·g·σ, dg = dy·x·σ·(1 + g·(1 − σ)).
KERNEL void gated_linear_gradient(
    const real *dy, const real *x, const real *gate, real *__restrict__ dx, real *__restrict__ dgate, long long count
) {
    #pragma unroll 4
    for (long long i = first_index(); i < count; i += index_step()) {
        Share weight = logistic(gate[i]);
        dx[i] = dy[i] * (gate[i] * weight.value);
        dgate[i] = dy[i] * x[i] * (weight.value * (real(1) + gate[i] * weight.rest));
    }
}

// In the first `rows` of `height` rows, groups of `width`: entries k and k + width/2 as a point turned by the angle whose cosine
// and sine stand there in column j mod `columns` of the table.
KERNEL void turn_pairs(
    const real *x, const real *table, long long height, long long rows, int width, long long columns, real *__restrict__ y,
    long long count
) {
    for (Place place(height); place.index < count; place.advance()) {
        if (place.row >= rows) {
            y[place.index] = x[place.index];
            continue;
        }
        int half = width / 2, entry = (int)(place.row % width), pair = entry % half;
        const real *angle = table + place.column % columns * width + pair;
        real sine = entry < half ? -angle[half] : angle[half];
        y[place.index] = x[place.index] * angle[0] + x[place.index + (entry < half ? half : -half)] * sine;
    }
}
