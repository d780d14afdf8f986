// What the kernels' sources need of CUDA C++, for a compiler of the processor's.
#pragma once
#include <cstdint>
#include <cstring>
#include <math.h>

// A device rounds every operation by itself with --fmad=false.
#pragma clang fp contract(off)

#define __global__
#define __launch_bounds__(...)
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
// A block runs at a time, so that its memory can be static; it lies together, to be poisoned before each block.
#define __shared__ static __attribute__((section("fr_shared")))

struct Index3 { unsigned int x = 0, y = 0, z = 0; };

// The place of the thread whose turn it is.
extern Index3 threadIdx, blockIdx, blockDim, gridDim;

void wait_for_block();
void wait_for_warp();
// What the thread `partner` of the warp offers while this one offers `value`; all bits set where there is no such thread.
uint64_t exchange_in_warp(uint64_t value, unsigned int partner);

static inline void __syncthreads() { wait_for_block(); }
static inline void __syncwarp(unsigned int = 0xffffffffu) { wait_for_warp(); }

template <typename Value>
static inline Value value_of_lane(Value value, unsigned int lane) {
    static_assert(sizeof(Value) <= 8);
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(Value));
    bits = exchange_in_warp(bits, lane);
    std::memcpy(&value, &bits, sizeof(Value));
    return value;
}

template <typename Value>
static inline Value __shfl_sync(unsigned int, Value value, int lane) { return value_of_lane(value, (unsigned int)lane % 32); }
template <typename Value>
static inline Value __shfl_xor_sync(unsigned int, Value value, int mask) {
    return value_of_lane(value, (threadIdx.x % 32) ^ (unsigned int)mask);
}
// A lane that would take from behind the last one keeps its own.
template <typename Value>
static inline Value __shfl_down_sync(unsigned int, Value value, unsigned int step) {
    unsigned int lane = threadIdx.x % 32;
    return value_of_lane(value, lane + step < 32 ? lane + step : lane);
}

// One thread runs at a time.
static inline unsigned int atomicAdd(unsigned int *place, unsigned int x) { unsigned int old = *place; *place += x; return old; }
static inline unsigned int atomicMax(unsigned int *place, unsigned int x) {
    unsigned int old = *place;
    if (x > old) *place = x;
    return old;
}
static inline unsigned int atomicMin(unsigned int *place, unsigned int x) {
    unsigned int old = *place;
    if (x < old) *place = x;
    return old;
}
static inline unsigned long long atomicMin(unsigned long long *place, unsigned long long x) {
    unsigned long long old = *place;
    if (x < old) *place = x;
    return old;
}
static inline unsigned int atomicOr(unsigned int *place, unsigned int x) { unsigned int old = *place; *place |= x; return old; }
static inline void __threadfence() {}

static inline unsigned int __float_as_uint(float x) { unsigned int bits; std::memcpy(&bits, &x, 4); return bits; }
static inline float __uint_as_float(unsigned int bits) { float x; std::memcpy(&x, &bits, 4); return x; }
static inline long long __double_as_longlong(double x) { long long bits; std::memcpy(&bits, &x, 8); return bits; }
static inline double __longlong_as_double(long long bits) { double x; std::memcpy(&x, &bits, 8); return x; }
static inline unsigned int __umulhi(unsigned int x, unsigned int y) { return (unsigned int)((uint64_t)x * y >> 32); }

static inline float __fadd_rn(float x, float y) { return x + y; }
static inline float __fmul_rn(float x, float y) { return x * y; }
static inline float __fdiv_rn(float x, float y) { return x / y; }
static inline float __fsqrt_rn(float x) { return sqrtf(x); }
static inline double __dadd_rn(double x, double y) { return x + y; }
static inline double __dmul_rn(double x, double y) { return x * y; }
static inline double __ddiv_rn(double x, double y) { return x / y; }

static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline float rsqrt(float x) { return rsqrtf(x); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
static inline int min(int x, int y) { return y < x ? y : x; }
static inline int max(int x, int y) { return x < y ? y : x; }
static inline long long min(long long x, long long y) { return y < x ? y : x; }
static inline long long max(long long x, long long y) { return x < y ? y : x; }
// As fmin and fmax: the other one where one is a NaN.
static inline float min(float x, float y) { return fminf(x, y); }
static inline float max(float x, float y) { return fmaxf(x, y); }
static inline double min(double x, double y) { return fmin(x, y); }
static inline double max(double x, double y) { return fmax(x, y); }
