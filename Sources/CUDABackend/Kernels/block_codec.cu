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

// The values of a codebook, or the borders of its codes: what reaches border c has a code above c. That is the midpoint between the
// values of c and c + 1 where c is odd, and the next number above it where c is even, so that a midpoint has the even code.
struct Table {
    float values[256];
};

// A block's own copy, which its threads index faster than what is the same for all of them.
static __device__ const float *shared_copy(const Table &table) {
    __shared__ float values[256];
    for (int i = threadIdx.x; i < 256; i += blockDim.x) values[i] = table.values[i];
    __syncthreads();
    return values;
}

// The entry of largest magnitude, the first of equal ones: for floats without a sign the bits order as the values do, and those of
// what is not finite are at least 0x7f800000.
struct Largest {
    unsigned int magnitude = 0, sign = 0, position = 0xffffffffu;

    __device__ void take_magnitude(float entry) {
        unsigned int bits = __float_as_uint(entry) & 0x7fffffffu;
        if (bits > magnitude) magnitude = bits;
    }

    __device__ void take(float entry, unsigned int position_of_entry) {
        unsigned int bits = __float_as_uint(entry);
        if ((bits & 0x7fffffffu) <= magnitude) return;
        magnitude = bits & 0x7fffffffu;
        sign = bits & 0x80000000u;
        position = position_of_entry;
    }

    // That of `lanes` neighbouring lanes, a power of two. Sign and position are the lane's own where no signs are wanted.
    __device__ void gather(int lanes, bool with_sign) {
        for (int step = lanes / 2; step > 0; step /= 2) {
            unsigned int other = __shfl_xor_sync(0xffffffffu, magnitude, step);
            if (with_sign) {
                unsigned int other_sign = __shfl_xor_sync(0xffffffffu, sign, step);
                unsigned int other_position = __shfl_xor_sync(0xffffffffu, position, step);
                if (other > magnitude || (other == magnitude && other_position < position)) {
                    sign = other_sign;
                    position = other_position;
                }
            }
            if (other > magnitude) magnitude = other;
        }
    }

    __device__ unsigned int maximum(bool with_sign) const { return with_sign ? magnitude | sign : magnitude; }
    __device__ bool is_finite() const { return magnitude < 0x7f800000u; }
};

// The maxima of all blocks; what is not finite sets `refused`. A thread block a column, a warp a block of it.
KERNEL void block_maxima(Form form, const real *matrix, unsigned int *maxima, unsigned int *refused) {
    int lane = threadIdx.x % 32;
    for (long long column = form.first_column + blockIdx.x; column < form.end_column; column += gridDim.x) {
        long long length = segment_length(form, column), first = first_block(form, column);
        const real *segment = matrix + column * form.rows + first_row(form, column);
        long long diagonal = form.keeps_diagonal ? column - first_row(form, column) : -1;
        for (long long block = threadIdx.x / 32; block * form.block_size < length; block += blockDim.x / 32) {
            long long begin = block * form.block_size, end = smaller(begin + form.block_size, length);
            Largest largest;
            for (long long index = begin + lane; index < end; index += 32) {
                largest.take(index == diagonal ? 0.0f : (float)segment[index], (unsigned int)(index - begin));
            }
            largest.gather(32, form.signed_maxima);
            if (lane == 0) {
                maxima[first + block] = largest.maximum(form.signed_maxima);
                if (!largest.is_finite()) atomicOr(refused, 1u);
            }
        }
    }
}

// The code of x: how many borders it has reached. Of 2^bits - 1 borders a bisection takes as many steps for every x, without a branch;
// behind the last one lies a NaN, which nothing reaches.
static __device__ unsigned int nearest_code(float x, const float *borders, int bits) {
    unsigned int code = 0;
    for (unsigned int step = 1u << (bits - 1); step > 0; step /= 2) {
        if (borders[code + step - 1] <= x) code += step;
    }
    return code;
}

static __device__ bool is_finite(float x) { return (__float_as_uint(x) & 0x7fffffffu) < 0x7f800000u; }

// An entry over its block's maximum: times the reciprocal, unless that overflows.
static __device__ float scaled(float entry, float maximum, float reciprocal) {
    if (is_finite(reciprocal)) return __fmul_rn(entry, reciprocal);
    return maximum == 0.0f ? 0.0f : __fdiv_rn(entry, maximum);
}

// Eight codes are `bits` whole bytes: a thread writes those of its own, and no two threads share a byte.
KERNEL void encode_codes(
    Form form, Table table, const real *matrix, const float *maxima, unsigned char *packed, long long codes
) {
    const float *borders = shared_copy(table);
    for (long long start = 8 * first_index(); start < codes; start += 8 * index_step()) {
        int count = codes - start < 8 ? (int)(codes - start) : 8;
        long long column = column_at(form, start, first_code);
        // The place in the column's segment, and in its block.
        long long offset = start - first_code(form, column), length = segment_length(form, column);
        long long block = first_block(form, column) + offset / form.block_size, within = offset % form.block_size;
        unsigned long long stream = 0;
        for (int index = 0; index < count; index++) {
            while (offset == length) {
                column++;
                offset = within = 0;
                length = segment_length(form, column);
                block = first_block(form, column);
            }
            long long row = first_row(form, column) + offset;
            float maximum = maxima[block];
            float entry = form.keeps_diagonal && row == column ? 0.0f : (float)matrix[row + column * form.rows];
            unsigned long long code = nearest_code(scaled(entry, maximum, __fdiv_rn(1.0f, maximum)), borders, form.bits);
            stream |= code << (index * form.bits);
            offset++;
            if (++within == form.block_size) {
                within = 0;
                block++;
            }
        }
        int bytes = (count * form.bits + 7) / 8;
        unsigned char *target = packed + start / 8 * form.bits;
        for (int byte = 0; byte < bytes; byte++) target[byte] = (unsigned char)(stream >> (8 * byte));
    }
}

// Every entry of the run's columns is written: zeros outside the region, and the diagonal from its own buffer where it is kept.
// A thread block a column, in whose segment places and blocks are counted by 32 bits.
KERNEL void decode_matrix(
    Form form, Table codebook, const unsigned char *packed, const float *maxima, const float *diagonal, real *matrix
) {
    const float *values = shared_copy(codebook);
    unsigned int bits = (unsigned int)form.bits, block_size = (unsigned int)smaller(form.block_size, form.rows);
    for (long long column = form.first_column + blockIdx.x; column < form.end_column; column += gridDim.x) {
        long long above = first_row(form, column), length = segment_length(form, column);
        long long first_bit = first_code(form, column) * form.bits;
        const unsigned char *bytes = packed + first_bit / 8;
        const float *maximum = maxima + first_block(form, column);
        for (long long row = threadIdx.x; row < form.rows; row += blockDim.x) {
            float value = 0.0f;
            if (form.keeps_diagonal && row == column) {
                value = diagonal[row];
            } else if (row >= above && row - above < length) {
                unsigned int offset = (unsigned int)(row - above);
                unsigned long long bit = (unsigned long long)offset * bits + (unsigned int)(first_bit % 8);
                unsigned int window = bytes[bit / 8];
                // A code that ends in this byte has no next one, and the stream may end here.
                if (bit % 8 + bits > 8) window |= (unsigned int)bytes[bit / 8 + 1] << 8;
                unsigned int code = window >> (bit % 8) & ((1u << bits) - 1);
                value = __fmul_rn(values[code], maximum[offset / block_size]);
            }
            matrix[row + column * form.rows] = (real)value;
        }
    }
}

// MARK: Columns by eights
//
// The form of most statistics and roots: columns that are coded from end to end, of a multiple of eight rows, in blocks of 8, 16, … 256
// entries. Eight codes are then whole bytes of one block, and a thread has them in registers.
//
// An entry is read or written once, a code and a maximum too: with 4 bits in blocks of 64 these are 4 + 1/2 + 1/16 bytes an entry, as
// few as any codec of the form moves. The kernels above read every entry twice to encode it, 8 5/8 bytes, at most 53 % of a copy's rate.

// What a thread reads or writes at once.
struct alignas(16) Sixteen {
    real values[16 / sizeof(real)];
};
const int ENTRIES_OF_SIXTEEN = 16 / sizeof(real), SIXTEENS_OF_EIGHT = 8 / ENTRIES_OF_SIXTEEN;

// Eight codes in a register, or in two.
template <int bits>
struct Eight {
    typedef unsigned long long Codes;
};
template <> struct Eight<2> { typedef unsigned int Codes; };
template <> struct Eight<3> { typedef unsigned int Codes; };
template <> struct Eight<4> { typedef unsigned int Codes; };

template <int bits>
static __device__ void store_eight_codes(unsigned char *target, typename Eight<bits>::Codes stream) {
    if (bits == 2) *(unsigned short *)target = (unsigned short)stream;
    else if (bits == 4) *(unsigned int *)target = (unsigned int)stream;
    else if (bits == 8) *(unsigned long long *)target = stream;
    else for (int byte = 0; byte < bits; byte++) target[byte] = (unsigned char)(stream >> (8 * byte));
}

template <int bits>
static __device__ typename Eight<bits>::Codes eight_codes(const unsigned char *source) {
    if (bits == 2) return *(const unsigned short *)source;
    if (bits == 4) return *(const unsigned int *)source;
    if (bits == 8) return *(const unsigned long long *)source;
    typename Eight<bits>::Codes stream = 0;
    for (int byte = 0; byte < bits; byte++) stream |= (typename Eight<bits>::Codes)source[byte] << (8 * byte);
    return stream;
}

// The exponent of a power of two.
static __device__ int exponent_of(long long power) {
    int exponent = 0;
    while (1ll << exponent < power) exponent++;
    return exponent;
}

// Codes and maxima in one pass, a few neighbouring lanes a block. Those of a last block that is short have no entries, but go with
// the others of their warp, which exchange maxima.
template <int bits>
static __device__ void encode_columns(
    const Form &form, const Table &table, const real *__restrict__ matrix, unsigned int *__restrict__ maxima,
    unsigned char *__restrict__ packed, unsigned int *refused
) {
    const float *borders = shared_copy(table);
    long long columns = form.end_column - form.first_column, eights = form.rows / 8;
    int lanes_exponent = exponent_of(form.block_size / 8), lanes = 1 << lanes_exponent;
    long long blocks = (eights + lanes - 1) >> lanes_exponent, places = blocks << lanes_exponent;
    auto has_entries = [=](const Place &place) { return place.column < columns && place.row < eights; };
    auto load = [=](const Place &place, Sixteen (&parts)[SIXTEENS_OF_EIGHT]) {
        if (!has_entries(place)) return;
        const Sixteen *source = (const Sixteen *)(matrix + (form.first_column + place.column) * form.rows + 8 * place.row);
        for (int part = 0; part < SIXTEENS_OF_EIGHT; part++) parts[part] = source[part];
    };
    Sixteen next[SIXTEENS_OF_EIGHT];
    Place following(places);
    load(following, next);
    while (following.index - threadIdx.x % 32 < places * columns) {
        // The next eight are on their way while these are coded.
        Place place = following;
        Sixteen parts[SIXTEENS_OF_EIGHT];
        for (int part = 0; part < SIXTEENS_OF_EIGHT; part++) parts[part] = next[part];
        following.advance();
        load(following, next);
        long long column = form.first_column + place.column, row = 8 * place.row;
        unsigned int first = 8 * (unsigned int)(place.row & (lanes - 1));
        float entries[8];
        Largest largest;
        if (has_entries(place)) {
            for (int i = 0; i < 8; i++) entries[i] = (float)parts[i / ENTRIES_OF_SIXTEEN].values[i % ENTRIES_OF_SIXTEEN];
            if (form.keeps_diagonal && column >= row && column < row + 8) {
                for (int i = 0; i < 8; i++) {
                    if (row + i == column) entries[i] = 0.0f;
                }
            }
            if (form.signed_maxima) {
                for (int i = 0; i < 8; i++) largest.take(entries[i], first + i);
            } else {
                for (int i = 0; i < 8; i++) largest.take_magnitude(entries[i]);
            }
        }
        largest.gather(lanes, form.signed_maxima);
        if (!has_entries(place)) continue;
        unsigned int maximum_bits = largest.maximum(form.signed_maxima);
        if (first == 0) {
            maxima[place.column * blocks + (place.row >> lanes_exponent)] = maximum_bits;
            if (!largest.is_finite()) atomicOr(refused, 1u);
        }
        float maximum = __uint_as_float(maximum_bits), reciprocal = __fdiv_rn(1.0f, maximum);
        // The choice is the block's: within the loop it would be made for every entry.
        if (is_finite(reciprocal)) {
            for (int i = 0; i < 8; i++) entries[i] = __fmul_rn(entries[i], reciprocal);
        } else {
            for (int i = 0; i < 8; i++) entries[i] = scaled(entries[i], maximum, reciprocal);
        }
        typename Eight<bits>::Codes stream = 0;
        for (int i = 0; i < 8; i++) stream |= (typename Eight<bits>::Codes)nearest_code(entries[i], borders, bits) << (i * bits);
        store_eight_codes<bits>(packed + (place.column * eights + place.row) * bits, stream);
    }
}

// Neighbouring threads write neighbouring sixteens of bytes; the two, or four, that share eight codes each read them.
template <int bits>
static __device__ void decode_columns(
    const Form &form, const Table &codebook, const unsigned char *__restrict__ packed, const float *__restrict__ maxima,
    const float *diagonal, real *__restrict__ matrix
) {
    const float *values = shared_copy(codebook);
    long long columns = form.end_column - form.first_column, places = form.rows / ENTRIES_OF_SIXTEEN;
    long long blocks = (form.rows + form.block_size - 1) / form.block_size;
    int block_exponent = exponent_of(form.block_size);
    auto codes_at = [=](const Place &place) {
        long long row = place.row * ENTRIES_OF_SIXTEEN;
        const unsigned char *source = packed + (place.column * (form.rows / 8) + row / 8) * bits;
        return place.column < columns ? (unsigned int)(eight_codes<bits>(source) >> ((int)(row % 8) * bits)) : 0;
    };
    auto maximum_at = [=](const Place &place) {
        long long block = place.column * blocks + (place.row * ENTRIES_OF_SIXTEEN >> block_exponent);
        return place.column < columns ? maxima[block] : 0.0f;
    };
    Place following(places);
    unsigned int next_codes = codes_at(following);
    float next_maximum = maximum_at(following);
    while (following.index < places * columns) {
        // The next codes are on their way while these are decoded.
        Place place = following;
        unsigned int codes = next_codes;
        float maximum = next_maximum;
        following.advance();
        next_codes = codes_at(following);
        next_maximum = maximum_at(following);
        long long column = form.first_column + place.column, row = place.row * ENTRIES_OF_SIXTEEN;
        Sixteen target;
        for (int i = 0; i < ENTRIES_OF_SIXTEEN; i++) {
            target.values[i] = (real)__fmul_rn(values[codes >> (i * bits) & ((1u << bits) - 1)], maximum);
        }
        if (form.keeps_diagonal && column >= row && column < row + ENTRIES_OF_SIXTEEN) {
            for (int i = 0; i < ENTRIES_OF_SIXTEEN; i++) {
                if (row + i == column) target.values[i] = (real)diagonal[column];
            }
        }
        *(Sixteen *)(matrix + column * form.rows + row) = target;
    }
}

// The widths of codes, each a loop without one over bits.
#define WITH_BITS_OF(form, call)                                                                                                \
    switch (form.bits) {                                                                                                       \
    case 2: call(2); break;                                                                                                    \
    case 3: call(3); break;                                                                                                    \
    case 4: call(4); break;                                                                                                    \
    case 5: call(5); break;                                                                                                    \
    case 6: call(6); break;                                                                                                    \
    case 7: call(7); break;                                                                                                    \
    default: call(8);                                                                                                          \
    }

KERNEL void encode_eights(
    Form form, Table table, const real *__restrict__ matrix, unsigned int *__restrict__ maxima, unsigned char *__restrict__ packed,
    unsigned int *refused
) {
#define ENCODE(bits) encode_columns<bits>(form, table, matrix, maxima, packed, refused)
    WITH_BITS_OF(form, ENCODE)
#undef ENCODE
}

KERNEL void decode_eights(
    Form form, Table codebook, const unsigned char *__restrict__ packed, const float *__restrict__ maxima, const float *diagonal,
    real *__restrict__ matrix
) {
#define DECODE(bits) decode_columns<bits>(form, codebook, packed, maxima, diagonal, matrix)
    WITH_BITS_OF(form, DECODE)
#undef DECODE
}

#undef WITH_BITS_OF

// The diagonal in float32; what is not finite sets `refused`.
KERNEL void keep_diagonal(float *diagonal, const real *matrix, long long rows, long long count, unsigned int *refused) {
    for (long long i = first_index(); i < count; i += index_step()) {
        diagonal[i] = (float)matrix[i * (rows + 1)];
        if ((__float_as_uint(diagonal[i]) & 0x7fffffffu) >= 0x7f800000u) atomicOr(refused, 1u);
    }
}

// MARK: Doubly quantized maxima

// In double precision and in order, as the definition sums: one thread.
KERNEL void mean_of_maxima(float *mean, const float *maxima, long long count) {
    double sum = 0;
    for (long long i = 0; i < count; i++) sum = __dadd_rn(sum, (double)maxima[i]);
    *mean = count == 0 ? 0.0f : (float)(sum / (double)count);
}

KERNEL void differences_from_mean(real *differences, const float *maxima, const float *mean, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) differences[i] = (real)(maxima[i] - *mean);
}

// mean + difference, at least 0.
KERNEL void maxima_from_differences(float *maxima, const real *differences, const float *mean, long long count) {
    for (long long i = first_index(); i < count; i += index_step()) {
        float maximum = *mean + (float)differences[i];
        maxima[i] = maximum > 0.0f ? maximum : 0.0f;
    }
}
