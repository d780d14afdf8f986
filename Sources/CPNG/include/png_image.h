#pragma once
#include <stddef.h>
#include <stdint.h>

// PNG images by libpng. The library leaves an error by a jump; it ends inside of these functions, which return.

enum fr_png_status {
    FR_PNG_GOOD = 0,
    // Not a PNG image, damaged or cut short; the message says what.
    FR_PNG_DAMAGED = 1,
    FR_PNG_NO_MEMORY = 2,
};

struct fr_png_size {
    uint32_t width;
    uint32_t height;
};

#define FR_PNG_MESSAGE_SIZE 200

// The size from the header.
enum fr_png_status fr_png_read_size(
    const uint8_t *bytes, size_t count, struct fr_png_size *size, char message[FR_PNG_MESSAGE_SIZE]);

// Red, green and blue of every pixel, row by row, into a buffer for an image of `size`, which the header must have.
enum fr_png_status fr_png_read(
    const uint8_t *bytes, size_t count, struct fr_png_size size, uint8_t *pixels, char message[FR_PNG_MESSAGE_SIZE]);

// As the library is that is loaded.
const char *fr_png_library_version(void);
