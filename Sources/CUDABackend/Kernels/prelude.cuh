// What every source of kernels begins with. A source is compiled once a scalar: REAL is float or double.

// Blocks of more than 256 threads are said to the compiler by __launch_bounds__, which else may give a thread more registers than
// a multiprocessor has for so many.
#ifndef KERNEL
#define KERNEL extern "C" __global__
#endif

typedef REAL real;

// The indices of a pass over many elements: this thread's first one, and how far its next one is.
static __device__ long long first_index() { return (long long)blockIdx.x * blockDim.x + threadIdx.x; }
static __device__ long long index_step() { return (long long)gridDim.x * blockDim.x; }

// A pass over the entries of a matrix by a thread, with the row and the column of each: quotients are taken for the first one
// only.
struct Place {
    long long index, row, column;

    __device__ Place(long long rows) : index(first_index()), rows(rows), step(index_step()) {
        column = quotient(index);
        row = index - column * rows;
        column_step = quotient(step);
        row_step = step - column_step * rows;
    }

    __device__ void advance() {
        index += step;
        column += column_step;
        row += row_step;
        if (row < rows) return;
        row -= rows;
        column++;
    }

private:
    long long rows, step, row_step, column_step;

    // A division of 32 bits takes a fifth of the instructions.
    __device__ long long quotient(long long x) const {
        return (x | rows) >> 32 == 0 ? (long long)((unsigned int)x / (unsigned int)rows) : x / rows;
    }
};

// The bits of the bfloat16 nearest to x, of two as near the even one; a NaN stays one.
static __device__ unsigned short rounded_to_bfloat16(float x) {
    unsigned int bits = __float_as_uint(x);
    if (x != x) return (unsigned short)(bits >> 16 | 0x40u);
    return (unsigned short)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

// −∞: below every score, and its power is 0.
static __device__ real lowest_score() { return -(real)__uint_as_float(0x7f800000u); }

// Every lane gets the sum over its warp, by a fixed tree: lanes that exchange add the same two numbers, so all have the same bits.
template <typename Value>
static __device__ Value sum_of_warp(Value x) {
    for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
    return x;
}

// NaN where one is: a comparison with it is false, so it stays by being asked for.
template <typename Value>
static __device__ Value larger(Value x, Value y) { return x > y || x != x ? x : y; }

template <typename Value>
static __device__ Value largest_of_warp(Value x) {
    for (int step = 16; step > 0; step /= 2) x = larger(x, __shfl_xor_sync(0xffffffffu, x, step));
    return x;
}

// Every thread of the block gets the sum; the block has whole warps, 32 at most. All threads must call it.
template <typename Value>
static __device__ Value sum_of_block(Value x) {
    __shared__ Value partial[32];
    x = sum_of_warp(x);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = x;
    __syncthreads();
    x = threadIdx.x % 32 < blockDim.x / 32 ? partial[threadIdx.x % 32] : Value(0);
    x = sum_of_warp(x);
    // Nobody may write the next partial sums before all have read these.
    __syncthreads();
    return x;
}

// As `sum_of_block`.
template <typename Value>
static __device__ Value largest_of_block(Value x) {
    __shared__ Value partial[32];
    x = largest_of_warp(x);
    if (threadIdx.x % 32 == 0) partial[threadIdx.x / 32] = x;
    __syncthreads();
    x = threadIdx.x % 32 < blockDim.x / 32 ? partial[threadIdx.x % 32] : partial[0];
    x = largest_of_warp(x);
    __syncthreads();
    return x;
}
