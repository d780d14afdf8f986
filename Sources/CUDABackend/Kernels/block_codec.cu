// The block codec on a device. The definition is ReferenceCodec in Quantization; the codes, maxima and values are the same
// to the bit, so every operation rounds by itself: _rn intrinsics, and no contraction into fused multiply-adds.
//
// A matrix lies column by column. A launch works on a run of columns with one coding. The coded entries of the run form one
// stream, a segment a column, and blocks never cross a segment; its codes are packed without gaps, the first code in the
// lowest bits.

enum Region { COLUMNS = 0, STRICT_UPPER = 1, STRICT_LOWER = 2 };

struct Form {
    long long rows;
    long long first_column;
    long long end_column;
    long long block_size;
    int region;
    int bits;
    int keeps_diagonal;
    int signed_maxima;
};

// The sum of ceil(l / b) over l = 1 ... m: b segments lengths share each number of blocks.
static __device__ long long blocks_up_to(long long m, long long b) {
    if (m <= 0) return 0;
    long long whole = m / b;
    return b * whole * (whole + 1) / 2 + (m % b) * (whole + 1);
}

static __device__ long long smaller(long long x, long long y) { return x < y ? x : y; }

static __device__ long long first_row(const Form &form, long long column) {
    return form.region == STRICT_LOWER ? smaller(column + 1, form.rows) : 0;
}

static __device__ long long segment_length(const Form &form, long long column) {
    if (form.region == COLUMNS) return form.rows;
    return form.region == STRICT_UPPER ? smaller(column, form.rows) : form.rows - first_row(form, column);
}

// The codes and the blocks of all columns before one. Within the square every column's segment has another length; beside it
// the columns are whole in the upper triangle and empty in the lower one.
static __device__ long long codes_before(const Form &form, long long column) {
    long long inside = smaller(column, form.rows), beside = column - inside;
    if (form.region == COLUMNS) return column * form.rows;
    if (form.region == STRICT_UPPER) return inside * (inside - 1) / 2 + beside * form.rows;
    return inside * (2 * form.rows - inside - 1) / 2;
}

static __device__ long long blocks_before(const Form &form, long long column) {
    long long inside = smaller(column, form.rows), beside = column - inside;
    long long whole = (form.rows + form.block_size - 1) / form.block_size;
    if (form.region == COLUMNS) return column * whole;
    if (form.region == STRICT_UPPER) return blocks_up_to(inside - 1, form.block_size) + beside * whole;
    return blocks_up_to(form.rows - 1, form.block_size) - blocks_up_to(form.rows - 1 - inside, form.block_size);
}

// The place in the run's stream, and among its blocks, at which a column's segment begins.
static __device__ long long first_code(const Form &form, long long column) {
    return codes_before(form, column) - codes_before(form, form.first_column);
}

static __device__ long long first_block(const Form &form, long long column) {
    return blocks_before(form, column) - blocks_before(form, form.first_column);
}

// The column whose segment holds position `target` of what `first` counts: the last column c with first(c) <= target that
// is not empty. Bisection is exact at every order, where an inverse by square roots would need mending.
template <typename First>
static __device__ long long column_at(const Form &form, long long target, First first) {
    long long low = form.first_column, high = form.end_column;
    while (high - low > 1) {
        long long middle = (low + high) / 2;
        if (first(form, middle) <= target) low = middle; else high = middle;
    }
    return low;
}

// The maxima of all blocks: for floats without a sign the bits order as the values do, and a NaN or an infinity is at least
// 0x7f800000. With a sign the first of equal magnitudes counts, so the position breaks ties. One warp a block.
KERNEL void block_maxima(Form form, const float *matrix, unsigned int *maxima, long long blocks) {
    long long block = ((long long)blockIdx.x * blockDim.x + threadIdx.x) / 32;
    int lane = threadIdx.x % 32;
    if (block >= blocks) return;
    long long column = column_at(form, block, first_block);
    long long begin = (block - first_block(form, column)) * form.block_size;
    long long end = smaller(begin + form.block_size, segment_length(form, column));
    const float *segment = matrix + column * form.rows + first_row(form, column);
    long long diagonal = form.keeps_diagonal ? column - first_row(form, column) : -1;
    unsigned int largest = 0, sign = 0, place = 0xffffffffu;
    for (long long index = begin + lane; index < end; index += 32) {
        unsigned int bits = index == diagonal ? 0 : __float_as_uint(segment[index]);
        if ((bits & 0x7fffffffu) > largest) {
            largest = bits & 0x7fffffffu;
            sign = bits & 0x80000000u;
            place = (unsigned int)(index - begin);
        }
    }
    for (int step = 16; step > 0; step /= 2) {
        unsigned int other = __shfl_xor_sync(0xffffffffu, largest, step);
        unsigned int other_sign = __shfl_xor_sync(0xffffffffu, sign, step);
        unsigned int other_place = __shfl_xor_sync(0xffffffffu, place, step);
        if (other > largest || (other == largest && other_place < place)) {
            largest = other;
            sign = other_sign;
            place = other_place;
        }
    }
    if (lane == 0) maxima[block] = form.signed_maxima ? largest | sign : largest;
}

// The number of midpoints below x; at a midpoint, the even one of its two neighbours.
static __device__ unsigned int nearest_code(float x, const float *midpoints, int count) {
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (midpoints[middle] < x) low = middle + 1; else high = middle;
    }
    if (low < count && midpoints[low] == x && low % 2 == 1) low += 1;
    return (unsigned int)low;
}

// Eight codes are `bits` whole bytes: a thread writes those of its own, and no two threads share a byte.
KERNEL void encode_codes(
    Form form, const float *matrix, const float *maxima, const float *midpoints, unsigned char *packed, long long codes
) {
    long long start = 8 * ((long long)blockIdx.x * blockDim.x + threadIdx.x);
    if (start >= codes) return;
    long long count = codes - start < 8 ? codes - start : 8;
    long long column = column_at(form, start, first_code);
    unsigned long long stream = 0;
    for (long long index = 0; index < count; index++) {
        while (start + index >= first_code(form, column) + segment_length(form, column)) column++;
        long long offset = start + index - first_code(form, column);
        long long row = first_row(form, column) + offset;
        float maximum = maxima[first_block(form, column) + offset / form.block_size];
        float entry = form.keeps_diagonal && row == column ? 0.0f : matrix[row + column * form.rows];
        float reciprocal = __fdiv_rn(1.0f, maximum);
        float scaled = maximum == 0.0f ? 0.0f
            : (__float_as_uint(reciprocal) & 0x7fffffffu) < 0x7f800000u ? __fmul_rn(entry, reciprocal) : __fdiv_rn(entry, maximum);
        unsigned long long code = nearest_code(scaled, midpoints, (1 << form.bits) - 1);
        stream |= code << (index * form.bits);
    }
    long long bytes = (count * form.bits + 7) / 8;
    unsigned char *target = packed + start / 8 * form.bits;
    for (long long byte = 0; byte < bytes; byte++) target[byte] = (unsigned char)(stream >> (8 * byte));
}

// Every entry of the run's columns is written: zeros outside the region, and the diagonal from its own buffer where it is kept.
KERNEL void decode_matrix(
    Form form, const unsigned char *packed, const float *maxima, const float *values, const float *diagonal, float *matrix
) {
    long long entry = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (entry >= form.rows * (form.end_column - form.first_column)) return;
    long long column = form.first_column + entry / form.rows, row = entry % form.rows;
    long long offset = row - first_row(form, column);
    float value = 0.0f;
    if (form.keeps_diagonal && row == column) {
        value = diagonal[row];
    } else if (offset >= 0 && offset < segment_length(form, column)) {
        long long bit = (first_code(form, column) + offset) * form.bits;
        unsigned int window = packed[bit / 8];
        // A code that ends in this byte has no next one, and the stream may end here.
        if (bit % 8 + form.bits > 8) window |= (unsigned int)packed[bit / 8 + 1] << 8;
        unsigned int code = window >> (bit % 8) & ((1u << form.bits) - 1);
        value = __fmul_rn(values[code], maxima[first_block(form, column) + offset / form.block_size]);
    }
    matrix[row + column * form.rows] = value;
}
