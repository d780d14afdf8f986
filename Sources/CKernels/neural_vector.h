// What the passes do with vectors of LANES floats.
#include "neural_kernels.h"
#include "vector.h"
#include <math.h>

/// The first `count` entries, zeros behind them.
INLINE vec load_first(const float *p, size_t count) {
    vec v = splat(0);
    memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE void store_first(float *p, vec v, size_t count) { memcpy(p, &v, count * sizeof(float)); }

// A NaN in the first operand stays.
INLINE vec larger(vec a, vec b) { return a < b ? b : a; }
INLINE vec smaller(vec a, vec b) { return a > b ? b : a; }
INLINE vec root(vec a) { return __builtin_elementwise_sqrt(a); }

/// The first `count` lanes, `other` in the rest.
INLINE vec first_lanes(vec v, size_t count, float other) {
    return lane_number < (ivec)((int32_t)count) ? v : splat(other);
}

typedef float four __attribute__((ext_vector_type(4)));

/// Pairs at a distance of half the lanes first.
#define REDUCED(v, JOIN)                                                                                               \
    const four quarter = JOINED(v, JOIN);                                                                              \
    return JOIN(JOIN(quarter.x, quarter.z), JOIN(quarter.y, quarter.w));
#if LANES == 16
#define JOINED(v, JOIN) JOIN(JOIN((v).lo.lo, (v).hi.lo), JOIN((v).lo.hi, (v).hi.hi))
#elif LANES == 8
#define JOINED(v, JOIN) JOIN((v).lo, (v).hi)
#else
#define JOINED(v, JOIN) (v)
#endif
#define ADDED(a, b) ((a) + (b))
#define LARGER(a, b) ((a) > (b) ? (a) : (b))

INLINE float sum_of_lanes(vec v) { REDUCED(v, ADDED) }
INLINE float largest_of_lanes(vec v) { REDUCED(v, LARGER) }

/// e^x = 2^n·e^r with n the integer nearest to x/ln 2 and |r| ≤ ln 2/2: Taylor's polynomial of degree 7, of which the
/// remainder is below 0.1·2^-24 of the value: the relative error is at most 4·2^-24 up to x = 88. 0 below −125·ln 2, where n
/// would leave the normal numbers.
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
