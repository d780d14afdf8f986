// Vectors of LANES floats, in the compiler's own notation: each variant sets LANES and its instructions.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef float vec __attribute__((ext_vector_type(LANES)));
typedef int32_t ivec __attribute__((ext_vector_type(LANES)));

#define INLINE __attribute__((always_inline)) static inline
/// An array stays in registers only where all its indices are constants.
#define UNROLL _Pragma("clang loop unroll(full)")

INLINE vec load(const float *p) {
    vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vec v) { memcpy(p, &v, sizeof v); }

INLINE vec splat(float x) { return (vec)(x); }

#if LANES == 16
static const ivec lane_number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#elif LANES == 8
static const ivec lane_number = {0, 1, 2, 3, 4, 5, 6, 7};
#else
static const ivec lane_number = {0, 1, 2, 3};
#endif
