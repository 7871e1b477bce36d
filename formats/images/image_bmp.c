/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows and OS/2 bitmaps:
 *
 *     "BM"  file size  0  offset of the pixels        14 bytes
 *     header                                          its size tells which, 12 to 124 bytes
 *     masks of red, green, blue                       where the header has none and needs them
 *     palette                                         blue, green, red and, but for OS/2's first
 *                                                     header, an unused byte
 *     rows                                            padded to 4 bytes, the lowest one first
 */
#include <string.h>

#include "image.h"

enum { FILE_HEADER = 14, CORE_HEADER = 12, SHORT_OS2_HEADER = 16, OS2_HEADER = 64 };
enum { INFO_HEADER = 40, MASKED_HEADER = 52, LAST_HEADER = 124, PALETTE = 256 };
enum { PLAIN = 0, RLE8 = 1, RLE4 = 2, MASKS = 3, MASKS_AND_ALPHA = 6 };

typedef struct bmp {
    image *img;
    uint32_t header; /* its size */
    uint32_t compression;
    int64_t width;
    int64_t height;
    bool from_top;
    uint32_t bits; /* of a pixel */
    uint64_t pixels;
    uint32_t mask[3];
    uint8_t palette[PALETTE][3]; /* red, green, blue; what the file lacks is black */
} bmp;

static uint32_t get16(const uint8_t *p) { return p[0] | (uint32_t)p[1] << 8; }
static uint32_t get32(const uint8_t *p) { return get16(p) | get16(p + 2) << 16; }

static hone_status ends_early(const bmp *b) {
    return image_fail(b->img, HONE_E_FORMAT, "BMP: the file ends early");
}

static bool is_header(uint32_t size) {
    return size == CORE_HEADER || size == SHORT_OS2_HEADER || size == INFO_HEADER ||
           size == MASKED_HEADER || size == 56 || size == OS2_HEADER || size == 108 ||
           size == LAST_HEADER;
}

static hone_status check_kind(const bmp *b) {
    const bool masks = b->compression == MASKS || b->compression == MASKS_AND_ALPHA;
    const bool known = b->bits == 1 || b->bits == 4 || b->bits == 8 || b->bits == 16 ||
                       b->bits == 24 || b->bits == 32;
    if (b->compression == RLE8 || b->compression == RLE4)
        return image_fail(b->img, HONE_E_UNSUPPORTED, "BMP: run lengths (RLE)");
    if (b->compression != PLAIN && (!masks || b->header == OS2_HEADER))
        return image_fail(b->img, HONE_E_UNSUPPORTED, "BMP: compression %u", b->compression);
    if (!known) return image_fail(b->img, HONE_E_UNSUPPORTED, "BMP: %u bits a pixel", b->bits);
    if (masks && b->bits != 16 && b->bits != 32)
        return image_fail(b->img, HONE_E_FORMAT, "BMP: masks for %u bits a pixel", b->bits);
    return HONE_OK;
}

static hone_status read_header(bmp *b) {
    const uint8_t *data = b->img->data, *h = data + FILE_HEADER;
    if (b->img->size < FILE_HEADER + CORE_HEADER) return ends_early(b);
    b->pixels = get32(data + 10);
    b->header = get32(h);
    if (!is_header(b->header))
        return image_fail(b->img, HONE_E_UNSUPPORTED, "BMP: a header of %u bytes", b->header);
    if (b->img->size < FILE_HEADER + (size_t)b->header) return ends_early(b);
    if (b->header == CORE_HEADER) {
        b->width = get16(h + 4);
        b->height = get16(h + 6);
        b->bits = get16(h + 10);
    } else {
        b->width = (int32_t)get32(h + 4);
        b->height = (int32_t)get32(h + 8);
        b->bits = get16(h + 14);
        b->from_top = b->height < 0;
        if (b->from_top) b->height = -b->height;
        if (b->header >= INFO_HEADER) b->compression = get32(h + 16);
    }
    return check_kind(b);
}

/* Sets *end to where the palette begins. */
static hone_status read_masks(bmp *b, size_t *end) {
    static const uint32_t of_16[3] = {0x7C00, 0x03E0, 0x001F},
                          of_32[3] = {0xFF0000, 0x00FF00, 0x0000FF};
    const uint8_t *data = b->img->data;
    const bool in_header = b->header >= MASKED_HEADER && b->header != OS2_HEADER;
    *end = FILE_HEADER + (size_t)b->header;
    memcpy(b->mask, b->bits == 16 ? of_16 : of_32, sizeof b->mask);
    if (b->compression == PLAIN) return HONE_OK;
    const size_t at = FILE_HEADER + INFO_HEADER;
    if (!in_header) *end += b->compression == MASKS ? 12 : 16;
    if (b->img->size < *end) return ends_early(b);
    for (int c = 0; c < 3; c++) {
        b->mask[c] = get32(data + at + 4 * (size_t)c);
        const uint64_t lowest = b->mask[c] & (~b->mask[c] + 1);
        if ((b->mask[c] + lowest) & (b->mask[c] + lowest - 1))
            return image_fail(b->img, HONE_E_FORMAT, "BMP: mask %#x has a gap", b->mask[c]);
    }
    return HONE_OK;
}

static void read_palette(bmp *b, size_t at) {
    const size_t entry = b->header == CORE_HEADER ? 3 : 4;
    const size_t room = b->pixels > at ? (size_t)(b->pixels - at) / entry : 0;
    size_t count = (size_t)1 << b->bits;
    if (b->header >= INFO_HEADER) {
        const uint32_t used = get32(b->img->data + FILE_HEADER + 32);
        if (used && used < count) count = used;
    }
    for (size_t i = 0; i < count && i < room && at + entry <= b->img->size; i++, at += entry)
        for (int c = 0; c < 3; c++) b->palette[i][c] = b->img->data[at + 2 - (size_t)c];
}

static uint8_t masked(uint32_t pixel, uint32_t mask) {
    const uint32_t lowest = mask & (~mask + 1);
    return mask ? image_scale((pixel & mask) / lowest, mask / lowest) : 0;
}

static void read_row(const bmp *b, const uint8_t *from, uint8_t *to) {
    for (int64_t x = 0; x < b->width; x++, to += 3) {
        if (b->bits <= 8) {
            const int64_t bit = x * b->bits;
            const int shift = 8 - (int)b->bits - (int)(bit % 8);
            const int index = from[bit / 8] >> shift & ((1 << b->bits) - 1);
            memcpy(to, b->palette[index], 3);
        } else if (b->bits == 24) {
            for (int c = 0; c < 3; c++) to[c] = from[3 * x + 2 - c];
        } else {
            const uint32_t pixel = b->bits == 16 ? get16(from + 2 * x) : get32(from + 4 * x);
            for (int c = 0; c < 3; c++) to[c] = masked(pixel, b->mask[c]);
        }
    }
}

/* The padding of the last row may be missing. */
static hone_status check_rows(const bmp *b, uint64_t stride, size_t after_header) {
    const uint64_t last = ((uint64_t)b->width * b->bits + 7) / 8;
    if (b->width < 1 || b->height < 1)
        return image_fail(b->img, HONE_E_FORMAT, "BMP: %lldx%lld: expected at least 1x1",
                          (long long)b->width, (long long)b->height);
    if (b->pixels < after_header)
        return image_fail(b->img, HONE_E_FORMAT, "BMP: pixels at byte %llu, inside the header",
                          (unsigned long long)b->pixels);
    if (b->pixels + last > b->img->size ||
        (b->img->size - b->pixels - last) / stride < (uint64_t)b->height - 1)
        return ends_early(b);
    return HONE_OK;
}

static hone_status decode(image *img) {
    bmp b = {.img = img};
    size_t end;
    TRY(read_header(&b));
    TRY(read_masks(&b, &end));
    const uint64_t stride = ((uint64_t)b.width * b.bits + 31) / 32 * 4;
    TRY(check_rows(&b, stride, end));
    if (b.bits <= 8) read_palette(&b, end);
    TRY(image_start(img, b.width, b.height));
    for (int64_t y = 0; y < b.height; y++) {
        const int64_t to = b.from_top ? y : b.height - 1 - y;
        read_row(&b, img->data + b.pixels + (uint64_t)y * stride, img->rgb + 3 * to * b.width);
    }
    return HONE_OK;
}

/* Two letters alone would be text as well; no header is longer than 255 bytes. */
static bool recognized(const uint8_t *magic) {
    return magic[0] == 'B' && magic[1] == 'M' && magic[14] && !magic[15] && !magic[16] &&
           !magic[17];
}

const image_format image_bmp = {recognized, decode};
