// What the kernels' sources need of CUDA C++, for a compiler of the processor's.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

// A device rounds every operation by itself with --fmad=false.
#pragma clang fp contract(off)

#define __global__
#define __device__

struct Index3 { unsigned int x = 0, y = 0, z = 0; };

// The place of the thread whose turn it is.
extern Index3 threadIdx, blockIdx, blockDim, gridDim;

void wait_for_block();
unsigned int exchange_in_warp(unsigned int value, unsigned int partner);

static inline void __syncthreads() { wait_for_block(); }
static inline unsigned int __shfl_xor_sync(unsigned int, unsigned int value, int mask) {
    return exchange_in_warp(value, (threadIdx.x % 32) ^ (unsigned int)mask);
}
static inline unsigned int __float_as_uint(float x) { unsigned int bits; std::memcpy(&bits, &x, 4); return bits; }
static inline float __fmul_rn(float x, float y) { return x * y; }
static inline float __fdiv_rn(float x, float y) { return x / y; }
