#if defined(__x86_64__)
#include "block_codec_variants.h"
#include <immintrin.h>
#include <math.h>

#pragma STDC FP_CONTRACT OFF

#define AVX512 __attribute__((target("avx512f,avx512bw")))
#define AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) static inline

AVX512_INLINE __mmask16 lanes(size_t count) {
    return count >= 16 ? (__mmask16)0xFFFF : (__mmask16)((1u << count) - 1);
}

/// Bits of max |x|, or of a NaN or infinity where there is one: magnitudes order as their bits do.
AVX512_INLINE uint32_t largest_magnitude(const float *entries, size_t count) {
    const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
    __m512i largest = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 16) {
        __m512i x = _mm512_maskz_loadu_epi32(lanes(count - i), entries + i);
        largest = _mm512_max_epu32(largest, _mm512_and_si512(x, magnitude));
    }
    return _mm512_reduce_max_epu32(largest);
}

/// table[index], from one register where 16 entries suffice.
AVX512_INLINE __m512 look_up(__m512i index, __m512 first, const float *table, int small) {
    return small ? _mm512_permutexvar_ps(index, first) : _mm512_i32gather_ps(index, table, 4);
}

AVX512_INLINE void encode_block(const float *entries, size_t count, float reciprocal, const fr_codebook *codebook,
                                uint8_t *codes, int small) {
    const __m512 first = _mm512_loadu_ps(codebook->midpoints);
    const __m512 factor = _mm512_set1_ps(reciprocal);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 mask = lanes(count - i);
        __m512 x = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, entries + i), factor);
        __m512i code = _mm512_setzero_si512();
        for (int step = 1 << (codebook->bits - 1); step > 0; step >>= 1) {
            __m512i probe = _mm512_add_epi32(code, _mm512_set1_epi32(step - 1));
            __mmask16 below = _mm512_cmp_ps_mask(look_up(probe, first, codebook->midpoints, small), x, _CMP_LT_OQ);
            code = _mm512_mask_add_epi32(code, below, code, _mm512_set1_epi32(step));
        }
        __mmask16 tie = _mm512_cmp_ps_mask(look_up(code, first, codebook->midpoints, small), x, _CMP_EQ_OQ);
        tie = _mm512_mask_test_epi32_mask(tie, code, _mm512_set1_epi32(1));
        code = _mm512_mask_add_epi32(code, tie, code, _mm512_set1_epi32(1));
        _mm512_mask_cvtepi32_storeu_epi8(codes + i, mask, code);
    }
}

AVX512 static size_t encode(const float *entries, size_t count, size_t block, const fr_codebook *codebook,
                            uint8_t *codes, float *maxima) {
    for (size_t start = 0; start < count; start += block) {
        size_t length = count - start < block ? count - start : block;
        union { uint32_t bits; float value; } maximum = {largest_magnitude(entries + start, length)};
        if (maximum.bits >= 0x7F800000) return start + fr_first_not_finite(entries + start, length);
        *maxima++ = maximum.value;
        float reciprocal = 1 / maximum.value;
        if (!isfinite(reciprocal))
            fr_encode_tiny_block(entries + start, length, maximum.value, codebook, codes + start);
        else if (codebook->bits <= 4)
            encode_block(entries + start, length, reciprocal, codebook, codes + start, 1);
        else
            encode_block(entries + start, length, reciprocal, codebook, codes + start, 0);
    }
    return count;
}

AVX512_INLINE void decode_block(const uint8_t *codes, size_t count, const fr_codebook *codebook, float maximum,
                                float *entries, int small) {
    const __m512 first = _mm512_loadu_ps(codebook->values);
    const __m512 factor = _mm512_set1_ps(maximum);
    for (size_t i = 0; i < count; i += 16) {
        __mmask16 mask = lanes(count - i);
        __m128i bytes = mask == 0xFFFF ? _mm_loadu_si128((const __m128i *)(codes + i))
                                       : _mm512_castsi512_si128(_mm512_maskz_loadu_epi8(mask, codes + i));
        __m512 value = look_up(_mm512_cvtepu8_epi32(bytes), first, codebook->values, small);
        _mm512_mask_storeu_ps(entries + i, mask, _mm512_mul_ps(value, factor));
    }
}

AVX512 static void decode(const uint8_t *codes, size_t count, size_t block, const fr_codebook *codebook,
                          const float *maxima, float *entries) {
    for (size_t start = 0; start < count; start += block) {
        size_t length = count - start < block ? count - start : block;
        if (codebook->bits <= 4)
            decode_block(codes + start, length, codebook, *maxima++, entries + start, 1);
        else
            decode_block(codes + start, length, codebook, *maxima++, entries + start, 0);
    }
}

const fr_block_codec fr_codec_avx512 = {"AVX-512", encode, decode};
#endif
