#pragma once
#include "include/block_codec.h"

// What the implementations share; not seen by Swift.

uint8_t fr_nearest_code(float x, const fr_codebook *codebook);
size_t fr_first_not_finite(const float *entries, size_t count);
/// A block whose maximum has no finite reciprocal: zeros, or subnormal entries.
void fr_encode_tiny_block(const float *entries, size_t count, float maximum, const fr_codebook *codebook,
                          uint8_t *codes);

extern const fr_block_codec fr_codec_avx2;
extern const fr_block_codec fr_codec_avx512;
