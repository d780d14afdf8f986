#include "block_codec_variants.h"
// Eight, so that the codes of a vector are whole bytes whatever their bits; the compiler makes two vectors of four of them.
#define LANES 8
#define INDEX_BITS 3
#define TREE_BITS 0
#define TABLE_BITS 0
#define READ_BYTES 8
#define INSTRUCTION_SET "generic"
#define CODEC fr_codec_generic
// All functions with vectors are inlined: how a vector would be handed over does not matter.
#pragma clang diagnostic ignored "-Wpsabi"
#include "vector.h"

INLINE vec single_entries_at(const float *table, ivec index) {
    vec entries;
    UNROLL for (int lane = 0; lane < LANES; lane++) entries[lane] = table[(uint32_t)index[lane]];
    return entries;
}

INLINE vec entry_at(const float *table, int bits, ivec index) {
    (void)bits;
    return single_entries_at(table, index);
}

/// The lowest bit of the code of a lane.
typedef ivec code_places;

INLINE code_places places_of(ivec bit) { return bit; }

INLINE ivec codes_at(const uint8_t *bytes, code_places places) {
    uint64_t word = 0;
    for (int i = 0; i < READ_BYTES; i++) word |= (uint64_t)bytes[i] << 8 * i;
    ivec codes;
    UNROLL for (int lane = 0; lane < LANES; lane++) codes[lane] = (int32_t)(word >> places[lane]);
    return codes;
}

#include "block_codec_loops.h"
