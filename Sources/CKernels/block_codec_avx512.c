#if defined(__x86_64__)
#include "block_codec_variants.h"
#include <immintrin.h>
#define LANES 16
#define INDEX_BITS 5
#define TREE_BITS 6
#define TABLE_BITS 7
#define READ_BYTES 16
#define INSTRUCTION_SET "AVX-512"
#define CODEC fr_codec_avx512
#include <math.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)
#include "vector.h"
#include "block_codec_entries.h"

INLINE vec entry_at(const float *table, int bits, ivec index) {
    return bits > 4 ? _mm512_permutex2var_ps(load(table), (__m512i)index, load(table + LANES))
                    : _mm512_permutexvar_ps((__m512i)index, load(table));
}

INLINE vec single_entries_at(const float *table, ivec index) {
    __m256i words = _mm512_cvtepi32_epi16((__m512i)index);
    __m256 low = eight_entries_at(table, _mm256_castsi256_si128(words));
    __m256 high = eight_entries_at(table, _mm256_extracti128_si256(words, 1));
    return _mm512_insertf32x8(_mm512_castps256_ps512(low), high, 1);
}

/// Which two bytes hold the code of a lane, and its lowest bit in them.
typedef struct { __m512i bytes, shifts; } code_places;

INLINE code_places places_of(ivec bit) {
    return (code_places){(__m512i)((bit >> 3) * 0x0101 + (int32_t)0x80800100), (__m512i)(bit & 7)};
}

INLINE ivec codes_at(const uint8_t *bytes, code_places places) {
    __m128i all;
    memcpy(&all, bytes, sizeof all);
    return (ivec)_mm512_srlv_epi32(_mm512_shuffle_epi8(_mm512_broadcast_i32x4(all), places.bytes), places.shifts);
}

#include "block_codec_loops.h"
#pragma clang attribute pop
#endif
