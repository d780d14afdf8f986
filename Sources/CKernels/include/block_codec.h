#pragma once
#include <stddef.h>
#include <stdint.h>

/// A codebook padded for table look-up: unused values are 0, unused midpoints +infinity.
typedef struct {
    int bits;
    float values[256];
    float midpoints[256];
} fr_codebook;

// Immutable function pointers: safe to share between threads.
#if defined(__clang__)
#define FR_SENDABLE __attribute__((swift_attr("@Sendable")))
#else
#define FR_SENDABLE
#endif

/// One implementation of the block codec. All of them give the codes, maxima and values of the Swift definition
/// (`ReferenceCodec`), bit for bit.
typedef struct FR_SENDABLE {
    const char *instruction_set;
    /// Codes of `count` entries in blocks of `block`; returns `count`, or the position of a non-finite entry.
    size_t (*encode)(const float *entries, size_t count, size_t block, const fr_codebook *codebook, uint8_t *codes,
                     float *maxima);
    void (*decode)(const uint8_t *codes, size_t count, size_t block, const fr_codebook *codebook, const float *maxima,
                   float *entries);
} fr_block_codec;

/// The implementations that this machine can run, fastest first; `*count` of them, the last one plain C.
const fr_block_codec *const *fr_block_codecs(size_t *count);

/// Codes as one stream of bits without gaps, first code in the lowest bits.
void fr_pack(const uint8_t *codes, size_t count, int bits, uint8_t *bytes);
void fr_unpack(const uint8_t *bytes, size_t count, int bits, uint8_t *codes);
