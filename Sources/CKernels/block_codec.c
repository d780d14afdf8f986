#include "block_codec_variants.h"
#include <math.h>
#include <stdlib.h>

const fr_block_codec *const *fr_block_codecs(size_t *count) {
    static const fr_block_codec *all[3];
    size_t found = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        all[found++] = &fr_codec_avx512;
    if (__builtin_cpu_supports("avx2")) all[found++] = &fr_codec_avx2;
#endif
    all[found++] = &fr_codec_generic;
    *count = found;
    return all;
}

static uint32_t bits_of(float x) {
    union { float value; uint32_t bits; } pattern = {x};
    return pattern.bits;
}

static uint32_t place_of(float x, const fr_codebook *codebook) {
    const uint32_t magnitude = bits_of(fabsf(x)), least = (uint32_t)codebook->least;
    const uint32_t distance = magnitude > least ? magnitude - least : 0;
    return ((uint32_t)codebook->middle << FR_CELL_BITS(codebook->bits)) + (x < 0 ? ~distance : distance);
}

static void fill_cells(const float *thresholds, fr_codebook *codebook) {
    const int count = (1 << codebook->bits) - 1, shift = FR_CELL_BITS(codebook->bits);
    uint32_t least = bits_of(1);
    for (int j = 0; j < count; j++)
        if (thresholds[j] != 0 && bits_of(fabsf(thresholds[j])) < least) least = bits_of(fabsf(thresholds[j]));
    // A whole number of cells, below all thresholds but 0, which has a cell to itself.
    least = (least - 1) >> shift << shift;
    if (least > 0) least -= 1u << shift;
    codebook->least = (int32_t)least;
    // x·(1/max) may be a little above 1, in the cell that begins there.
    const uint32_t middle = ((bits_of(1) - least) >> shift) + 1;
    if (2 * middle > FR_CELLS) return;
    codebook->middle = (int32_t)middle;
    int code = 0;
    for (uint32_t cell = 0; cell < 2 * middle; cell++) {
        const int first = code;
        uint32_t behind = 0;
        for (; code < count && place_of(thresholds[code], codebook) >> shift == cell; code++)
            behind = place_of(thresholds[code], codebook) - (cell << shift);
        if (code > first + 1) {
            codebook->middle = 0;
            return;
        }
        // From the threshold on the sum reaches the next multiple of 2^shift.
        codebook->cells[cell] = (((uint32_t)code - cell) << shift) - behind;
    }
}

fr_codebook *fr_create_codebook(const float *values, const float *midpoints, int bits) {
    const int codes = 1 << bits;
    fr_codebook *codebook = calloc(1, sizeof *codebook);
    codebook->bits = bits;
    for (int code = 0; code < codes; code++) codebook->values[code] = values[code];
    float thresholds[256];
    for (int j = 0; j + 1 < codes; j++) {
        // A midpoint belongs to the even one of its two codes; of several equal ones only the first has a say.
        const int belongs_above = j % 2 == 1 && (j == 0 || midpoints[j - 1] != midpoints[j]);
        thresholds[j] = belongs_above ? midpoints[j] : nextafterf(midpoints[j], INFINITY);
    }
    for (int level = 0; level < bits; level++) {
        for (int decisions = 0; decisions < 1 << level; decisions++) {
            int code = 0;
            for (int k = 0; k < level; k++) code |= (decisions >> k & 1) << (bits - 1 - k);
            codebook->nodes[(1 << level) + decisions] = thresholds[code + (1 << (bits - 1 - level)) - 1];
        }
    }
    fill_cells(thresholds, codebook);
    return codebook;
}

void fr_free_codebook(fr_codebook *codebook) { free(codebook); }

fr_code_stream *fr_create_stream(uint8_t *bytes) {
    fr_code_stream *stream = calloc(1, sizeof *stream);
    stream->bytes = bytes;
    return stream;
}

void fr_free_stream(fr_code_stream *stream) { free(stream); }
