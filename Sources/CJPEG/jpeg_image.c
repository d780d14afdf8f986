#include "jpeg_image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

struct error_handler {
    struct jpeg_error_mgr base;
    jmp_buf end;
    char *message;
};

static void exit_by_error(j_common_ptr info) {
    struct error_handler *handler = (struct error_handler *)info->err;
    char text[JMSG_LENGTH_MAX];
    handler->base.format_message(info, text);
    snprintf(handler->message, FR_JPEG_MESSAGE_SIZE, "%.*s", FR_JPEG_MESSAGE_SIZE - 1, text);
    longjmp(handler->end, 1);
}

// After other warnings the library would go on and fill what is missing with gray.
static void note_warning(j_common_ptr info, int level) {
    struct error_handler *handler = (struct error_handler *)info->err;
    if (level >= 0) return;
    switch (handler->base.msg_code) {
    // Bytes between markers, a newer version of the format, an unknown transform in Adobe's marker: every pixel is there.
    case JWRN_EXTRANEOUS_DATA:
    case JWRN_JFIF_MAJOR:
    case JWRN_ADOBE_XFORM: return;
    default: break;
    }
    exit_by_error(info);
}

static void say_nothing(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *prepare(struct error_handler *handler, char *message) {
    struct jpeg_error_mgr *base = jpeg_std_error(&handler->base);
    base->error_exit = exit_by_error;
    base->emit_message = note_warning;
    base->output_message = say_nothing;
    handler->message = message;
    message[0] = 0;
    return base;
}

static enum fr_jpeg_status status_of(const struct error_handler *handler) {
    return handler->base.msg_code == JERR_OUT_OF_MEMORY ? FR_JPEG_NO_MEMORY : FR_JPEG_DAMAGED;
}

enum fr_jpeg_status fr_jpeg_read_size(
    const uint8_t *bytes, size_t count, struct fr_jpeg_size *size, char message[FR_JPEG_MESSAGE_SIZE]) {
    struct jpeg_decompress_struct info;
    struct error_handler handler;
    info.err = prepare(&handler, message);
    if (setjmp(handler.end)) {
        jpeg_destroy_decompress(&info);
        return status_of(&handler);
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    size->width = info.image_width;
    size->height = info.image_height;
    jpeg_destroy_decompress(&info);
    return FR_JPEG_GOOD;
}

// Four inks to red, green and blue in their place. All programs that write such images write them inverted, as Adobe's.
static void convert_inks(const uint8_t *inks, uint8_t *pixels, uint32_t width) {
    for (uint32_t x = 0; x < width; x++) {
        unsigned black = inks[4 * x + 3];
        for (int c = 0; c < 3; c++) pixels[3 * x + c] = (uint8_t)((inks[4 * x + c] * black + 127) / 255);
    }
}

enum fr_jpeg_status fr_jpeg_read(
    const uint8_t *bytes, size_t count, struct fr_jpeg_size size, uint8_t *pixels,
    char message[FR_JPEG_MESSAGE_SIZE]) {
    struct jpeg_decompress_struct info;
    struct error_handler handler;
    // Not in a register: it is read after a jump.
    uint8_t *volatile row = NULL;
    info.err = prepare(&handler, message);
    if (setjmp(handler.end)) {
        jpeg_destroy_decompress(&info);
        free(row);
        return status_of(&handler);
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, bytes, count);
    jpeg_read_header(&info, TRUE);
    if (info.image_width != size.width || info.image_height != size.height) ERREXIT(&info, JERR_IMAGE_TOO_BIG);
    int has_inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = has_inks ? JCS_CMYK : JCS_RGB;
    // The same integers on every machine, with or without vector instructions.
    info.dct_method = JDCT_ISLOW;
    jpeg_start_decompress(&info);
    if (has_inks) {
        row = malloc(4 * (size_t)size.width);
        if (!row) ERREXIT1(&info, JERR_OUT_OF_MEMORY, 0);
    }
    while (info.output_scanline < info.output_height) {
        uint8_t *target = pixels + 3 * (size_t)size.width * info.output_scanline;
        JSAMPROW rows[1] = {has_inks ? row : target};
        jpeg_read_scanlines(&info, rows, 1);
        if (has_inks) convert_inks(row, target, size.width);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    free(row);
    return FR_JPEG_GOOD;
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *fr_jpeg_library_version(void) { return TEXT(LIBJPEG_TURBO_VERSION); }
