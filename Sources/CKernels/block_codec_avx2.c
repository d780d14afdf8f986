#if defined(__x86_64__)
#include "block_codec_variants.h"
#include <immintrin.h>
#define LANES 8
#define INDEX_BITS 3
#define TREE_BITS 4
#define TABLE_BITS 4
#define READ_BYTES 8
#define INSTRUCTION_SET "AVX2"
#define CODEC fr_codec_avx2
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#include "vector.h"
#include "block_codec_entries.h"

INLINE vec entry_at(const float *table, int bits, ivec index) {
    (void)bits;
    return _mm256_permutevar8x32_ps(load(table), (__m256i)index);
}

INLINE vec single_entries_at(const float *table, ivec index) {
    return eight_entries_at(table, _mm_packus_epi32((__m128i)index.lo, (__m128i)index.hi));
}

/// Which two bytes hold the code of a lane, and its lowest bit in them.
typedef struct { __m256i bytes, shifts; } code_places;

INLINE code_places places_of(ivec bit) {
    return (code_places){(__m256i)((bit >> 3) * 0x0101 + (int32_t)0x80800100), (__m256i)(bit & 7)};
}

INLINE ivec codes_at(const uint8_t *bytes, code_places places) {
    int64_t word;
    memcpy(&word, bytes, sizeof word);
    return (ivec)_mm256_srlv_epi32(_mm256_shuffle_epi8(_mm256_set1_epi64x(word), places.bytes), places.shifts);
}

#include "block_codec_loops.h"
#pragma clang attribute pop
#endif
