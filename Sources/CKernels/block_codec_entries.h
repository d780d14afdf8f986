// Entries of tables that are too large for registers. No gather: it is slower on AMD's processors, and far slower on those that
// must shield it.
#pragma once
#include <immintrin.h>

/// At four indices of 16 bits.
INLINE __m128 four_entries_at(const float *table, uint64_t indices) {
    __m128 entries = _mm_load_ss(table + (indices & 0xFFFF));
    entries = _mm_insert_ps(entries, _mm_load_ss(table + (indices >> 16 & 0xFFFF)), 0x10);
    entries = _mm_insert_ps(entries, _mm_load_ss(table + (indices >> 32 & 0xFFFF)), 0x20);
    return _mm_insert_ps(entries, _mm_load_ss(table + (indices >> 48)), 0x30);
}

/// At eight.
INLINE __m256 eight_entries_at(const float *table, __m128i indices) {
    return _mm256_set_m128(four_entries_at(table, (uint64_t)_mm_extract_epi64(indices, 1)),
                           four_entries_at(table, (uint64_t)_mm_cvtsi128_si64(indices)));
}
