#pragma once
#include <stddef.h>
#include <stdint.h>

/// A codebook in the form that the kernels read.
typedef struct fr_codebook fr_codebook;

/// Of 2^bits values and 2^bits − 1 midpoints, neither of which decreases.
fr_codebook *fr_create_codebook(const float *values, const float *midpoints, int bits);
void fr_free_codebook(fr_codebook *codebook);

/// Codes that become bytes without gaps, the first code in the lowest bits of the first byte.
typedef struct fr_code_stream fr_code_stream;

/// A stream that writes from `bytes` on.
fr_code_stream *fr_create_stream(uint8_t *bytes);
void fr_free_stream(fr_code_stream *stream);

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
    /// Appends the codes of `count` entries in blocks of `block` to the stream, and writes the blocks' maxima, with a sign if
    /// asked for; returns `count`, or the position of a non-finite entry.
    size_t (*encode)(const float *entries, size_t count, size_t block, const fr_codebook *codebook, int with_sign,
                     fr_code_stream *stream, float *maxima);
    /// Writes what the stream still holds, zeros in the rest of the last byte.
    void (*finish)(fr_code_stream *stream, const fr_codebook *codebook);
    /// The values of `count` codes from code `first` on of a stream of `byte_count` bytes.
    void (*decode)(const uint8_t *bytes, size_t byte_count, size_t first, size_t count, size_t block,
                   const fr_codebook *codebook, const float *maxima, float *entries);
} fr_block_codec;

/// The implementations that this machine can run, fastest first; `*count` of them, the last one plain C.
const fr_block_codec *const *fr_block_codecs(size_t *count);
