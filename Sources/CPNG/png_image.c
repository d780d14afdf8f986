#include "png_image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// The library's jump buffer is its own; the message lies with what is read.
struct source {
    const uint8_t *bytes;
    size_t count;
    char *message;
};

static void exit_by_error(png_structp png, png_const_charp text) {
    struct source *source = png_get_error_ptr(png);
    snprintf(source->message, FR_PNG_MESSAGE_SIZE, "%s", text);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp text) {
    (void)png;
    (void)text;
}

static void read_bytes(png_structp png, png_bytep target, size_t count) {
    struct source *source = png_get_io_ptr(png);
    if (count > source->count) png_error(png, "the file ends too early");
    memcpy(target, source->bytes, count);
    source->bytes += count;
    source->count -= count;
}

// The header is read, and the pixels of an image are made eight-bit red, green and blue.
static void read_header(png_structp png, png_infop info, struct source *source) {
    png_set_read_fn(png, source, read_bytes);
    // Checksums of the pixels are held to, those of comments and the like are not looked at.
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
    // No chunk that is not a pixel's needs more.
    png_set_chunk_malloc_max(png, 1 << 23);
    png_read_info(png, info);
    // The pixels as they are stored: neither color profiles nor gamma are applied, and transparency is left out.
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
}

static void read_pixels(png_structp png, png_infop info, struct fr_png_size size, uint8_t *pixels) {
    int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    if (png_get_image_width(png, info) != size.width || png_get_image_height(png, info) != size.height
        || png_get_rowbytes(png, info) != 3 * (size_t)size.width)
        png_error(png, "the header has changed");
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t row = 0; row < size.height; row++) png_read_row(png, pixels + 3 * (size_t)size.width * row, NULL);
    }
    // The checksum behind the last row is of the pixels, too.
    png_read_end(png, NULL);
}

// `pixels` is NULL where only the size is asked for, which is then put into `size`.
static enum fr_png_status read_image(
    const uint8_t *bytes, size_t count, struct fr_png_size *size, uint8_t *pixels, char *message) {
    struct source source = {bytes, count, message};
    message[0] = 0;
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, exit_by_error, ignore_warning);
    if (!png) return FR_PNG_NO_MEMORY;
    png_infop info = png_create_info_struct(png);
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return FR_PNG_NO_MEMORY;
    }
    if (setjmp(png_jmpbuf(png))) {
        png_destroy_read_struct(&png, &info, NULL);
        return FR_PNG_DAMAGED;
    }
    read_header(png, info, &source);
    if (pixels) {
        read_pixels(png, info, *size, pixels);
    } else {
        size->width = png_get_image_width(png, info);
        size->height = png_get_image_height(png, info);
    }
    png_destroy_read_struct(&png, &info, NULL);
    return FR_PNG_GOOD;
}

enum fr_png_status fr_png_read_size(
    const uint8_t *bytes, size_t count, struct fr_png_size *size, char message[FR_PNG_MESSAGE_SIZE]) {
    return read_image(bytes, count, size, NULL, message);
}

enum fr_png_status fr_png_read(
    const uint8_t *bytes, size_t count, struct fr_png_size size, uint8_t *pixels, char message[FR_PNG_MESSAGE_SIZE]) {
    return read_image(bytes, count, &size, pixels, message);
}

const char *fr_png_library_version(void) { return png_get_libpng_ver(NULL); }
