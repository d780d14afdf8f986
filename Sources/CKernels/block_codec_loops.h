// The codec over vectors of LANES floats. A variant says how entries of tables are looked up and how codes are taken out of
// bytes:
// - entry_at(table, bits, index): of a table of 2^bits entries, bits ≤ INDEX_BITS; more bits of the index are ignored;
// - TREE_BITS, TABLE_BITS: with more bits it is slower to find codes, or values, by such entries than by single ones;
// - single_entries_at(table, index): of a table of any size;
// - code_places, places_of, codes_at: the codes of LANES lanes in READ_BYTES bytes.
#include <math.h>

// One rounding an operation, as in the definition.
#pragma STDC FP_CONTRACT OFF

/// The entry of a table of 2^bits at every index: from parts of 2^INDEX_BITS entries, and then the one of these that the
/// bits from INDEX_BITS on of the index tell; `bit(k)` is −1 where bit k is set.
#define LOOK_UP(table, bits, index, bit)                                                                               \
    ({                                                                                                                 \
        vec parts[256 >> INDEX_BITS];                                                                                  \
        parts[0] = entry_at(table, bits, index);                                                                       \
        UNROLL for (int part = 1; part < 1 << (bits) >> INDEX_BITS; part++)                                            \
            parts[part] = entry_at((table) + (part << INDEX_BITS), bits, index);                                       \
        UNROLL for (int k = INDEX_BITS; k < (bits); k++) {                                                             \
            UNROLL for (int part = 0; part < 1 << (bits) >> (k + 1); part++)                                           \
                parts[part] = bit(k) ? parts[2 * part + 1] : parts[2 * part];                                          \
        }                                                                                                              \
        parts[0];                                                                                                      \
    })

/// Five decisions, the first as the lowest bit, as the highest bits of a code of five.
static const int32_t five_decisions[32] = {0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30,
                                           1, 17, 9, 25, 5, 21, 13, 29, 3, 19, 11, 27, 7, 23, 15, 31};

/// The number of thresholds that are at most x: the decisions so far choose the next threshold.
INLINE ivec code_by_tree(vec x, const float *restrict nodes, int bits) {
    ivec decisions[8], index = 0;
#define DECISION(k) decisions[k]
    UNROLL for (int level = 0; level < bits; level++) {
        vec threshold = level == 0 ? splat(nodes[1]) : LOOK_UP(nodes + (1 << level), level, index, DECISION);
        decisions[level] = threshold <= x;
        if (level < INDEX_BITS) index |= decisions[level] & 1 << level;
    }
    ivec code = (ivec)entry_at((const float *)five_decisions, bits < INDEX_BITS ? bits : INDEX_BITS, index);
    code = bits < 5 ? code >> (5 - bits) : code << (bits - 5);
    UNROLL for (int level = INDEX_BITS; level < bits; level++) code |= decisions[level] & 1 << (bits - 1 - level);
    return code;
}

/// The same by the cells of a codebook.
INLINE ivec code_by_cells(vec x, const uint32_t *restrict cells, ivec least, ivec middle, int bits) {
    x += 0;  // −0 becomes 0.
    ivec pattern = (ivec)x;
    ivec distance = __builtin_elementwise_max((pattern & 0x7FFFFFFF) - least, (ivec)0) ^ pattern >> 31;
    ivec place = distance + (middle << FR_CELL_BITS(bits));
    return ((ivec)single_entries_at((const float *)cells, place >> FR_CELL_BITS(bits)) + place) >> FR_CELL_BITS(bits);
}

typedef uint8_t bytes_of_lanes __attribute__((ext_vector_type(LANES)));

/// The codes of entries·factor, of at least LANES.
INLINE void encode_vectors(const float *restrict entries, size_t count, float factor,
                           const fr_codebook *restrict codebook, int by_cells, int bits, uint8_t *restrict codes) {
    const ivec least = codebook->least, middle = codebook->middle;
    for (size_t i = 0;; i += LANES) {
        // The last vector is a whole one, too: some codes are then computed twice.
        if (i + LANES > count) i = count - LANES;
        vec x = load(entries + i) * factor;
        ivec code = by_cells ? code_by_cells(x, codebook->cells, least, middle, bits)
                             : code_by_tree(x, codebook->nodes, bits);
        bytes_of_lanes narrow = __builtin_convertvector(code, bytes_of_lanes);
        memcpy(codes + i, &narrow, sizeof narrow);
        if (i + LANES == count) break;
    }
}

/// The codes of entries·factor. Up to LANES − 1 bytes behind them are overwritten.
INLINE void encode_piece(const float *entries, size_t count, float factor, const fr_codebook *codebook, int bits,
                         uint8_t *codes) {
    float padded[LANES] = {0};
    if (count < LANES) {
        memcpy(padded, entries, count * sizeof(float));
        entries = padded;
        count = LANES;
    }
    if (bits > TREE_BITS && codebook->middle > 0)
        encode_vectors(entries, count, factor, codebook, 1, bits, codes);
    else
        encode_vectors(entries, count, factor, codebook, 0, bits, codes);
}

/// Writes all codes that the stream holds: eight of them become `bits` bytes, by joining neighbours, then pairs, then fours.
INLINE void flush(fr_code_stream *stream, int bits) {
    enum { WORDS = FR_STREAM_CODES / 8 };
    uint64_t words[WORDS];
    uint8_t packed[FR_STREAM_CODES + 8];
    memcpy(words, stream->codes, sizeof words);
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = words[i];
        word = (word & 0x00FF00FF00FF00FF) | (word >> 8 & 0x00FF00FF00FF00FF) << bits;
        word = (word & 0x0000FFFF0000FFFF) | (word >> 16 & 0x0000FFFF0000FFFF) << 2 * bits;
        words[i] = (word & 0x00000000FFFFFFFF) | word >> 32 << 4 * bits;
    }
    // Whole words are written, and what is too much of one is overwritten by the next.
    for (size_t i = 0; i < WORDS; i++) memcpy(packed + i * (size_t)bits, words + i, sizeof *words);
    const size_t used = (stream->held * (size_t)bits + 7) / 8;
    memcpy(stream->bytes, packed, used);
    stream->bytes += used;
    stream->held = 0;
}

/// The bits of the largest magnitude, or of a NaN or infinity where there is one: magnitudes order as their bits do.
INLINE uint32_t largest_magnitude(const float *entries, size_t count) {
    float padded[LANES] = {0};
    if (count < LANES) {
        memcpy(padded, entries, count * sizeof(float));
        entries = padded;
        count = LANES;
    }
    ivec largest = (ivec)load(entries + count - LANES) & 0x7FFFFFFF;
    for (size_t i = 0; i + LANES < count; i += LANES)
        largest = __builtin_elementwise_max(largest, (ivec)load(entries + i) & 0x7FFFFFFF);
    return (uint32_t)__builtin_reduce_max(largest);
}

/// The maxima of the blocks; returns the count, or the position of an entry that is not finite.
static size_t write_maxima(const float *entries, size_t count, size_t block, int with_sign, float *maxima) {
    for (size_t start = 0; start < count; start += block) {
        const float *x = entries + start;
        union { uint32_t bits; float value; } maximum = {
            largest_magnitude(x, count - start < block ? count - start : block)};
        if (maximum.bits >= 0x7F800000) {
            while (isfinite(*x)) x++;
            return (size_t)(x - entries);
        }
        if (with_sign && maximum.bits > 0) {
            while (fabsf(*x) != maximum.value) x++;
            maximum.value = *x;
        }
        *maxima++ = maximum.value;
    }
    return count;
}

INLINE void encode_segment(const float *entries, size_t count, size_t block, const fr_codebook *codebook,
                           fr_code_stream *stream, const float *maxima, int bits) {
    for (size_t start = 0; start < count; start += block) {
        const float maximum = *maxima++;
        // A block of zeros has the codes of 0.
        const float factor = maximum == 0 ? 0 : 1 / maximum;
        size_t left = count - start < block ? count - start : block;
        while (left > 0) {
            const size_t room = FR_STREAM_CODES - stream->held;
            const size_t piece = left < room ? left : room;
            if (isfinite(factor)) {
                encode_piece(entries, piece, factor, codebook, bits, stream->codes + stream->held);
            } else {
                float quotients[FR_STREAM_CODES];
                for (size_t i = 0; i < piece; i++) quotients[i] = entries[i] / maximum;
                encode_piece(quotients, piece, 1, codebook, bits, stream->codes + stream->held);
            }
            stream->held += piece;
            if (stream->held == FR_STREAM_CODES) flush(stream, bits);
            entries += piece;
            left -= piece;
        }
    }
}

/// The values of LANES codes.
INLINE vec values_at(const uint8_t *bytes, code_places places, const float *restrict values, int bits) {
#define BIT_OF_CODE(k) (code << (31 - (k)) < 0)
    ivec code = codes_at(bytes, places) & ((1 << bits) - 1);
    if (bits > TABLE_BITS) return single_entries_at(values, code);
    return LOOK_UP(values, bits, code, BIT_OF_CODE);
}

INLINE void decode_segment(const uint8_t *restrict bytes, size_t byte_count, size_t first, size_t count, size_t block,
                           const fr_codebook *restrict codebook, const float *restrict maxima,
                           float *restrict entries, int bits) {
    const uint8_t *const end = bytes + byte_count;
    // LANES codes are a whole number of bytes, so that the codes of a block lie alike in the bytes of all its vectors.
    size_t offset = 8, position = first * (size_t)bits;
    code_places places;
    for (size_t start = 0; start < count; start += block) {
        size_t left = count - start < block ? count - start : block;
        const float maximum = *maxima++;
        const uint8_t *from = bytes + position / 8;
        if (offset != position % 8) {
            offset = position % 8;
            places = places_of(lane_number * bits + (int32_t)offset);
        }
        position += left * (size_t)bits;
        for (; left >= LANES && end - from >= READ_BYTES; left -= LANES) {
            store(entries, values_at(from, places, codebook->values, bits) * maximum);
            entries += LANES;
            from += LANES * bits / 8;
        }
        // What is less than a vector, or so near the end of the bytes that a whole one would read behind it.
        while (left > 0) {
            uint8_t last[READ_BYTES] = {0};
            float decoded[LANES];
            const size_t some = left < LANES ? left : LANES;
            memcpy(last, from, end - from < READ_BYTES ? (size_t)(end - from) : READ_BYTES);
            store(decoded, values_at(last, places, codebook->values, bits) * maximum);
            memcpy(entries, decoded, some * sizeof(float));
            entries += some;
            from += LANES * bits / 8;
            left -= some;
        }
    }
}

/// The call for the codebook's bits, which are then a constant in it.
#define FOR_BITS(CALL)                                                                                                 \
    switch (codebook->bits) {                                                                                          \
    case 2: CALL(2); break;                                                                                            \
    case 3: CALL(3); break;                                                                                            \
    case 4: CALL(4); break;                                                                                            \
    case 5: CALL(5); break;                                                                                            \
    case 6: CALL(6); break;                                                                                            \
    case 7: CALL(7); break;                                                                                            \
    default: CALL(8);                                                                                                  \
    }

static size_t encode(const float *entries, size_t count, size_t block, const fr_codebook *codebook, int with_sign,
                     fr_code_stream *stream, float *maxima) {
    const size_t accepted = write_maxima(entries, count, block, with_sign, maxima);
    if (accepted < count) return accepted;
#define ENCODE(bits) encode_segment(entries, count, block, codebook, stream, maxima, bits)
    FOR_BITS(ENCODE)
    return count;
}

static void finish(fr_code_stream *stream, const fr_codebook *codebook) {
    memset(stream->codes + stream->held, 0, FR_STREAM_CODES - stream->held);
#define FLUSH(bits) flush(stream, bits)
    FOR_BITS(FLUSH)
}

static void decode(const uint8_t *bytes, size_t byte_count, size_t first, size_t count, size_t block,
                   const fr_codebook *codebook, const float *maxima, float *entries) {
#define DECODE(bits) decode_segment(bytes, byte_count, first, count, block, codebook, maxima, entries, bits)
    FOR_BITS(DECODE)
}

const fr_block_codec CODEC = {INSTRUCTION_SET, encode, finish, decode};
