#pragma once
#include <stddef.h>
#include <stdint.h>

// JPEG images by libjpeg-turbo. The library leaves a fatal error by a jump; it ends inside of these functions, which return.

enum fr_jpeg_status {
    FR_JPEG_GOOD = 0,
    // Not a JPEG image, damaged, cut short or of an unknown kind; the message says what.
    FR_JPEG_DAMAGED = 1,
    FR_JPEG_NO_MEMORY = 2,
};

struct fr_jpeg_size {
    uint32_t width;
    uint32_t height;
};

#define FR_JPEG_MESSAGE_SIZE 200

// The size from the header.
enum fr_jpeg_status fr_jpeg_read_size(
    const uint8_t *bytes, size_t count, struct fr_jpeg_size *size, char message[FR_JPEG_MESSAGE_SIZE]);

// Red, green and blue of every pixel, row by row, into a buffer for an image of `size`, which the header must have.
// Of four inks they are what Adobe's programs mean, which write them inverted.
enum fr_jpeg_status fr_jpeg_read(
    const uint8_t *bytes, size_t count, struct fr_jpeg_size size, uint8_t *pixels,
    char message[FR_JPEG_MESSAGE_SIZE]);

// As the library was when this was compiled.
const char *fr_jpeg_library_version(void);
