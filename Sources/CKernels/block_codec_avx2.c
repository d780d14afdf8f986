#if defined(__x86_64__)
#include "block_codec_variants.h"
#include <immintrin.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF

#define AVX2 __attribute__((target("avx2")))
#define AVX2_INLINE __attribute__((target("avx2"), always_inline)) static inline

/// Bits of max |x|, or of a NaN or infinity where there is one: magnitudes order as their bits do.
AVX2_INLINE uint32_t largest_magnitude(const float *entries, size_t count) {
    const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
    __m256i largest = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(entries + i));
        largest = _mm256_max_epu32(largest, _mm256_and_si256(x, magnitude));
    }
    uint32_t lanes[8], result = 0;
    _mm256_storeu_si256((__m256i *)lanes, largest);
    for (int lane = 0; lane < 8; lane++)
        if (lanes[lane] > result) result = lanes[lane];
    for (; i < count; i++) {
        union { float value; uint32_t bits; } x = {fabsf(entries[i])};
        if (x.bits > result) result = x.bits;
    }
    return result;
}

AVX2_INLINE void encode_block(const float *entries, size_t count, float reciprocal, const fr_codebook *codebook,
                              uint8_t *codes) {
    const __m256 factor = _mm256_set1_ps(reciprocal);
    const __m256i one = _mm256_set1_epi32(1);
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        __m256 x = _mm256_mul_ps(_mm256_loadu_ps(entries + i), factor);
        __m256i code = _mm256_setzero_si256();
        for (int step = 1 << (codebook->bits - 1); step > 0; step >>= 1) {
            __m256i probe = _mm256_add_epi32(code, _mm256_set1_epi32(step - 1));
            __m256 midpoint = _mm256_i32gather_ps(codebook->midpoints, probe, 4);
            __m256i below = _mm256_castps_si256(_mm256_cmp_ps(midpoint, x, _CMP_LT_OQ));
            code = _mm256_add_epi32(code, _mm256_and_si256(below, _mm256_set1_epi32(step)));
        }
        __m256 midpoint = _mm256_i32gather_ps(codebook->midpoints, code, 4);
        __m256i tie = _mm256_castps_si256(_mm256_cmp_ps(midpoint, x, _CMP_EQ_OQ));
        // At a tie an odd code grows by one, an even one by nothing: code & 1.
        code = _mm256_add_epi32(code, _mm256_and_si256(tie, _mm256_and_si256(code, one)));
        __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(code), _mm256_extracti128_si256(code, 1));
        _mm_storel_epi64((__m128i *)(codes + i), _mm_packus_epi16(words, words));
    }
    for (; i < count; i++) codes[i] = fr_nearest_code(entries[i] * reciprocal, codebook);
}

AVX2 static size_t encode(const float *entries, size_t count, size_t block, const fr_codebook *codebook,
                          uint8_t *codes, float *maxima) {
    for (size_t start = 0; start < count; start += block) {
        size_t length = count - start < block ? count - start : block;
        union { uint32_t bits; float value; } maximum = {largest_magnitude(entries + start, length)};
        if (maximum.bits >= 0x7F800000) return start + fr_first_not_finite(entries + start, length);
        *maxima++ = maximum.value;
        float reciprocal = 1 / maximum.value;
        if (!isfinite(reciprocal))
            fr_encode_tiny_block(entries + start, length, maximum.value, codebook, codes + start);
        else
            encode_block(entries + start, length, reciprocal, codebook, codes + start);
    }
    return count;
}

AVX2 static void decode(const uint8_t *codes, size_t count, size_t block, const fr_codebook *codebook,
                        const float *maxima, float *entries) {
    for (size_t start = 0; start < count; start += block) {
        size_t end = count - start < block ? count : start + block;
        float maximum = *maxima++;
        const __m256 factor = _mm256_set1_ps(maximum);
        size_t i = start;
        for (; i + 8 <= end; i += 8) {
            __m256i index = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(codes + i)));
            __m256 value = _mm256_i32gather_ps(codebook->values, index, 4);
            _mm256_storeu_ps(entries + i, _mm256_mul_ps(value, factor));
        }
        for (; i < end; i++) entries[i] = codebook->values[codes[i]] * maximum;
    }
}

const fr_block_codec fr_codec_avx2 = {"AVX2", encode, decode};
#endif
