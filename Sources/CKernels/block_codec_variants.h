#pragma once
#include "include/block_codec.h"

// What the implementations share; not seen by Swift.

/// Low bits of a float32 that a cell ignores: it takes bits − 2 bits of the mantissa to tell 2^bits codes apart.
#define FR_CELL_BITS(bits) (25 - (bits))

enum { FR_CELLS = 3072, FR_STREAM_CODES = 512 };

// Thresholds take the place of midpoints: threshold j is the least number whose code is above j, so that the code of x is the
// number of thresholds that are at most x, ties included.
struct fr_codebook {
    int bits;
    /// By the code.
    float values[256];
    /// The thresholds as the nodes of a search tree: those of its level k begin at 2^k, in the order of the decisions that lead
    /// there, the first decision as the lowest bit.
    float nodes[256];
    /// Numbers are put into cells by their sign, exponent and first bits, zero and the numbers around it between cells middle − 1
    /// and middle. The place of a number counts float32 numbers from the lowest cell on, those of a magnitude of at most
    /// `least` as one of either sign. No cell has two thresholds, so one entry decides: the code is
    /// (cells[place >> FR_CELL_BITS] + place) >> FR_CELL_BITS.
    /// middle is 0 where there are no such cells, or too many.
    int32_t least;
    int32_t middle;
    uint32_t cells[FR_CELLS];
};

struct fr_code_stream {
    /// Where the next byte goes.
    uint8_t *bytes;
    /// Codes that are no bytes yet.
    size_t held;
    /// A vector may write behind the last one.
    uint8_t codes[FR_STREAM_CODES + 16];
};

extern const fr_block_codec fr_codec_avx512;
extern const fr_block_codec fr_codec_avx2;
extern const fr_block_codec fr_codec_generic;
