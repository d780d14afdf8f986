// Vectors of LANES floats, in the compiler's own notation: each variant sets LANES and its instructions.
#include "neural_kernels.h"
#include <math.h>
#include <string.h>

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t ivec __attribute__((ext_vector_type(LANES)));

#define INLINE __attribute__((always_inline)) static inline

INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec splat(float x) { return (vec)(x); }

/// The first `count` entries, zeros behind them.
INLINE vec load_first(const float *p, size_t count) {
    vec v = splat(0);
    memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE void store_first(float *p, vec v, size_t count) { memcpy(p, &v, count * sizeof(float)); }

INLINE vec larger(vec a, vec b) { return a > b ? a : b; }
INLINE vec smaller(vec a, vec b) { return a < b ? a : b; }
INLINE vec root(vec a) { return __builtin_elementwise_sqrt(a); }

/// Pairs at a distance of half the lanes first.
INLINE float sum_of_lanes(vec v) {
    float lanes[LANES];
    memcpy(lanes, &v, sizeof v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

INLINE float largest_of_lanes(vec v) {
    float lanes[LANES];
    memcpy(lanes, &v, sizeof v);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            if (lanes[i + half] > lanes[i]) lanes[i] = lanes[i + half];
    return lanes[0];
}

/// e^x = 2^n·e^r with n the integer nearest to x/ln 2 and |r| ≤ ln 2/2: Taylor's polynomial of degree 7, of which the
/// remainder is below 0.1·2^-24 of the value. 0 below −125·ln 2, where n would leave the normal numbers.
INLINE vec exponential_of(vec x) {
    const float shift = 12582912.0f;  // 1.5·2^23: the sum's last bit is 1.
    vec clamped = larger(x, splat(-86.6f));
    vec shifted = clamped * 1.44269504f + shift;
    vec n = shifted - shift;
    // ln 2 in two parts, the first of nine bits: its product with n is exact.
    vec r = clamped - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    vec p = splat(1.0f / 5040);
    p = p * r + 1.0f / 720;
    p = p * r + 1.0f / 120;
    p = p * r + 1.0f / 24;
    p = p * r + 1.0f / 6;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    ivec bits, power;
    memcpy(&power, &shifted, sizeof power);
    memcpy(&bits, &p, sizeof bits);
    bits += power << 23;
    memcpy(&p, &bits, sizeof p);
    return x < splat(-86.6f) ? splat(0) : p;
}
