// Numbers that stand for whole matrices, or for their columns. Sums go by trees that the sizes alone decide.
//
// Of a list of matrices each is cut into parts, a block of threads each; the parts of all of them are one launch, and what the
// parts gave is put together by a second one with a block a matrix.

struct Part {
    const real *entries;
    long long count;
    long long matrix;
};

// 2^-e for a number of about 2^e: what scales it to about 1 without rounding. 1 where it is 0 or not finite. Clamped so that
// the factor and its reciprocal are both normal numbers.
static __device__ real unit_scale(real largest) {
    if (!(largest > 0) || largest - largest != 0) return 1;
    int bound = sizeof(real) == 4 ? 125 : 1021;
    int exponent = ilogb(largest);
    return (real)ldexp((real)1, -(exponent > bound ? bound : exponent < -bound ? -bound : exponent));
}

// MARK: Of whole matrices

KERNEL void largest_of_parts(real *partial, const Part *parts) {
    Part part = parts[blockIdx.x];
    real largest = 0;
    for (long long i = threadIdx.x; i < part.count; i += blockDim.x) largest = larger(fabs(part.entries[i]), largest);
    largest = largest_of_block(largest);
    if (threadIdx.x == 0) partial[blockIdx.x] = largest;
}

// Of the values from first[k] to before first[k + 1], k the block.
KERNEL void largest_of_groups(real *result, const real *values, const long long *first) {
    real largest = 0;
    for (long long i = first[blockIdx.x] + threadIdx.x; i < first[blockIdx.x + 1]; i += blockDim.x) {
        largest = larger(values[i], largest);
    }
    largest = largest_of_block(largest);
    if (threadIdx.x == 0) result[blockIdx.x] = largest;
}

// Squares of float32 have all their bits and stay in range in double precision; doubles are scaled by their matrix's largest
// one, for which `largest` is then given.
KERNEL void sum_squares_of_parts(double *partial, const Part *parts, const real *largest) {
    Part part = parts[blockIdx.x];
    double scale = largest ? unit_scale(largest[part.matrix]) : 1, sum = 0;
    for (long long i = threadIdx.x; i < part.count; i += blockDim.x) {
        double x = (double)part.entries[i] * scale;
        sum = fma(x, x, sum);
    }
    sum = sum_of_block(sum);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

KERNEL void norms_of_groups(real *result, const double *partial, const long long *first, const real *largest) {
    double sum = 0;
    for (long long i = first[blockIdx.x] + threadIdx.x; i < first[blockIdx.x + 1]; i += blockDim.x) sum += partial[i];
    sum = sum_of_block(sum);
    double scale = largest ? unit_scale(largest[blockIdx.x]) : 1;
    if (threadIdx.x == 0) result[blockIdx.x] = (real)(sqrt(sum) / scale);
}

// The largest of |A − I| among `length` entries a block.
KERNEL void largest_distance_from_identity(real *partial, const real *a, long long order, long long length) {
    long long begin = blockIdx.x * length, end = begin + length < order * order ? begin + length : order * order;
    real largest = 0;
    for (long long i = begin + threadIdx.x; i < end; i += blockDim.x) {
        largest = larger(fabs(i % (order + 1) == 0 ? a[i] - 1 : a[i]), largest);
    }
    largest = largest_of_block(largest);
    if (threadIdx.x == 0) partial[blockIdx.x] = largest;
}

// The largest of |A| on and above the diagonal, likewise.
KERNEL void largest_of_upper_triangle(real *partial, const real *a, long long order, long long length) {
    long long begin = blockIdx.x * length, end = begin + length < order * order ? begin + length : order * order;
    real largest = 0;
    for (long long i = begin + threadIdx.x; i < end; i += blockDim.x) {
        if (i % order <= i / order) largest = larger(fabs(a[i]), largest);
    }
    largest = largest_of_block(largest);
    if (threadIdx.x == 0) partial[blockIdx.x] = largest;
}

// One block.
KERNEL void largest_of_values(real *result, const real *values, long long count) {
    real largest = 0;
    for (long long i = threadIdx.x; i < count; i += blockDim.x) largest = larger(values[i], largest);
    largest = largest_of_block(largest);
    if (threadIdx.x == 0) result[0] = largest;
}

// x scaled so that the largest is about 1, and scaled back; neither rounds.
KERNEL void scale_to_unit(real *target, const real *x, const real *largest, long long count) {
    real scale = unit_scale(largest[0]);
    for (long long i = first_index(); i < count; i += index_step()) target[i] = x[i] * scale;
}

KERNEL void scale_from_unit(real *target, const real *x, const real *largest, long long count) {
    real scale = 1 / unit_scale(largest[0]);
    for (long long i = first_index(); i < count; i += index_step()) target[i] = x[i] * scale;
}

// MARK: Of columns, a warp each

// Σᵢ aᵢⱼ·bᵢⱼ.
KERNEL void column_products(real *result, const real *a, const real *b, long long rows, long long columns) {
    for (long long column = first_index() / 32; column < columns; column += index_step() / 32) {
        real sum = 0;
        for (long long row = threadIdx.x % 32; row < rows; row += 32) {
            sum = fma(a[row + column * rows], b[row + column * rows], sum);
        }
        sum = sum_of_warp(sum);
        if (threadIdx.x % 32 == 0) result[column] = sum;
    }
}

// max |aᵢⱼ|.
KERNEL void column_magnitudes(real *result, const real *a, long long rows, long long columns) {
    for (long long column = first_index() / 32; column < columns; column += index_step() / 32) {
        real largest = 0;
        for (long long row = threadIdx.x % 32; row < rows; row += 32) largest = larger(fabs(a[row + column * rows]), largest);
        largest = largest_of_warp(largest);
        if (threadIdx.x % 32 == 0) result[column] = largest;
    }
}

// Each column negated where its entry of largest magnitude, the first of equal ones, is negative; in place or not.
KERNEL void orient_columns(real *target, const real *a, long long rows, long long columns) {
    for (long long column = first_index() / 32; column < columns; column += index_step() / 32) {
        const real *source = a + column * rows;
        real largest = 0;
        long long place = rows;
        for (long long row = threadIdx.x % 32; row < rows; row += 32) {
            if (fabs(source[row]) > fabs(largest)) {
                largest = source[row];
                place = row;
            }
        }
        for (int step = 16; step > 0; step /= 2) {
            real other = __shfl_xor_sync(0xffffffffu, largest, step);
            long long other_place = __shfl_xor_sync(0xffffffffu, place, step);
            if (fabs(other) > fabs(largest) || (fabs(other) == fabs(largest) && other_place < place)) {
                largest = other;
                place = other_place;
            }
        }
        for (long long row = threadIdx.x % 32; row < rows; row += 32) {
            target[row + column * rows] = largest < 0 ? -source[row] : source[row];
        }
    }
}
