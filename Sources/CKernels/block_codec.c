#include "block_codec_variants.h"
#include <math.h>
#include <string.h>

// One rounding per operation, as in the definition.
#pragma STDC FP_CONTRACT OFF

uint8_t fr_nearest_code(float x, const fr_codebook *codebook) {
    // A perfect binary tree: 2^bits − 1 midpoints. `code` becomes the number of midpoints below x.
    unsigned code = 0;
    for (unsigned step = 1u << (codebook->bits - 1); step > 0; step >>= 1)
        if (codebook->midpoints[code + step - 1] < x) code += step;
    // The padding behind the last midpoint is infinite and x is finite, so the topmost code never ties.
    if (codebook->midpoints[code] == x && (code & 1)) code++;
    return (uint8_t)code;
}

size_t fr_first_not_finite(const float *entries, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(entries[i])) return i;
    return count;
}

void fr_encode_tiny_block(const float *entries, size_t count, float maximum, const fr_codebook *codebook,
                          uint8_t *codes) {
    for (size_t i = 0; i < count; i++)
        codes[i] = fr_nearest_code(maximum == 0 ? 0 : entries[i] / maximum, codebook);
}

static size_t encode(const float *entries, size_t count, size_t block, const fr_codebook *codebook, uint8_t *codes,
                     float *maxima) {
    size_t bad = fr_first_not_finite(entries, count);
    if (bad < count) return bad;
    for (size_t start = 0; start < count; start += block) {
        size_t length = count - start < block ? count - start : block;
        float maximum = 0;
        for (size_t i = start; i < start + length; i++) maximum = fmaxf(maximum, fabsf(entries[i]));
        *maxima++ = maximum;
        float reciprocal = 1 / maximum;
        if (!isfinite(reciprocal)) {
            fr_encode_tiny_block(entries + start, length, maximum, codebook, codes + start);
            continue;
        }
        for (size_t i = start; i < start + length; i++) codes[i] = fr_nearest_code(entries[i] * reciprocal, codebook);
    }
    return count;
}

static void decode(const uint8_t *codes, size_t count, size_t block, const fr_codebook *codebook, const float *maxima,
                   float *entries) {
    for (size_t start = 0; start < count; start += block) {
        size_t end = count - start < block ? count : start + block;
        float maximum = *maxima++;
        for (size_t i = start; i < end; i++) entries[i] = codebook->values[codes[i]] * maximum;
    }
}

static const fr_block_codec generic = {"generic", encode, decode};

const fr_block_codec *const *fr_block_codecs(size_t *count) {
    static const fr_block_codec *all[3];
    size_t found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) all[found++] = &fr_codec_avx512;
    if (__builtin_cpu_supports("avx2")) all[found++] = &fr_codec_avx2;
#endif
    all[found++] = &generic;
    *count = found;
    return all;
}

void fr_pack(const uint8_t *codes, size_t count, int bits, uint8_t *bytes) {
    if (bits == 8) {
        memcpy(bytes, codes, count);
    } else if (bits == 4) {
        for (size_t i = 0; i < count / 2; i++) bytes[i] = (uint8_t)(codes[2 * i] | codes[2 * i + 1] << 4);
        if (count & 1) bytes[count / 2] = codes[count - 1];
    } else {
        uint32_t pending = 0;
        int held = 0;
        for (size_t i = 0; i < count; i++) {
            pending |= (uint32_t)codes[i] << held;
            held += bits;
            if (held >= 8) {
                *bytes++ = (uint8_t)pending;
                pending >>= 8;
                held -= 8;
            }
        }
        if (held > 0) *bytes = (uint8_t)pending;
    }
}

void fr_unpack(const uint8_t *bytes, size_t count, int bits, uint8_t *codes) {
    if (bits == 8) {
        memcpy(codes, bytes, count);
    } else if (bits == 4) {
        for (size_t i = 0; i < count / 2; i++) {
            codes[2 * i] = bytes[i] & 15;
            codes[2 * i + 1] = bytes[i] >> 4;
        }
        if (count & 1) codes[count - 1] = bytes[count / 2] & 15;
    } else {
        uint32_t pending = 0;
        int held = 0;
        for (size_t i = 0; i < count; i++) {
            if (held < bits) {
                pending |= (uint32_t)*bytes++ << held;
                held += 8;
            }
            codes[i] = (uint8_t)(pending & ((1u << bits) - 1));
            pending >>= bits;
            held -= bits;
        }
    }
}
