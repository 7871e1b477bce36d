/* SPDX-License-Identifier: Apache-2.0
 *
 * Portable anymaps: "P1" to "P6", width, height and, but for bitmaps, the largest sample, as text;
 * then the samples as text (P1 to P3) or binary (P4 to P6), rows from the top.
 */
#include "image.h"

typedef struct pnm {
    image *img;
    size_t at;
    bool bitmap; /* P1, P4: 1 is black */
    bool text;
    int channels;
    uint32_t max;
} pnm;

static hone_status ends_early(const pnm *p) {
    return image_fail(p->img, HONE_E_FORMAT, "PNM: the file ends early");
}

static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Comments go from '#' to the end of the line. */
static void skip_spaces(pnm *p) {
    const image *f = p->img;
    bool comment = false;
    for (; p->at < f->size && (comment || is_space(f->data[p->at]) || f->data[p->at] == '#');
         p->at++) {
        const uint8_t c = f->data[p->at];
        comment = c == '#' || (comment && c != '\n' && c != '\r');
    }
}

/* A number of at most `max`. */
static hone_status read_number(pnm *p, const char *what, uint32_t max, uint32_t *out) {
    const image *f = p->img;
    uint64_t value = 0;
    skip_spaces(p);
    if (p->at == f->size) return ends_early(p);
    const size_t start = p->at;
    for (; p->at < f->size && f->data[p->at] >= '0' && f->data[p->at] <= '9'; p->at++) {
        value = 10 * value + (f->data[p->at] - '0');
        if (value > max) return image_fail(f, HONE_E_FORMAT, "PNM: %s is over %u", what, max);
    }
    if (p->at == start) return image_fail(f, HONE_E_FORMAT, "PNM: %s: expected digits", what);
    *out = (uint32_t)value;
    return HONE_OK;
}

/* The digits of P1 need no space between them. */
static hone_status read_text_bit(pnm *p, uint32_t *out) {
    skip_spaces(p);
    if (p->at == p->img->size) return ends_early(p);
    const uint8_t c = p->img->data[p->at++];
    if (c != '0' && c != '1') return image_fail(p->img, HONE_E_FORMAT, "PNM: expected 0 or 1");
    *out = c - '0';
    return HONE_OK;
}

/* Sample number i of a row; binary samples are there, as the size was checked. */
static hone_status read_sample(pnm *p, size_t row, int64_t i, uint8_t *out) {
    const uint8_t *data = p->img->data + row;
    uint32_t value = 0;
    if (p->text && p->bitmap)
        TRY(read_text_bit(p, &value));
    else if (p->text)
        TRY(read_number(p, "a sample", p->max, &value));
    else if (p->bitmap)
        value = data[i / 8] >> (7 - i % 8) & 1;
    else if (p->max > 255)
        value = (uint32_t)data[2 * i] << 8 | data[2 * i + 1];
    else
        value = data[i];
    if (value > p->max)
        return image_fail(p->img, HONE_E_FORMAT, "PNM: a sample of %u: the largest is %u", value,
                          p->max);
    *out = image_scale(p->bitmap ? !value : value, p->max);
    return HONE_OK;
}

/* Bytes of a row: exact for binary samples, the least that text can take. */
static uint64_t row_bytes(const pnm *p, uint64_t width) {
    const uint64_t samples = width * (uint64_t)p->channels;
    if (p->text) return samples;
    return p->bitmap ? (samples + 7) / 8 : p->max > 255 ? 2 * samples : samples;
}

static hone_status read_header(pnm *p, uint32_t *width, uint32_t *height) {
    const uint8_t kind = p->img->data[1] - '0';
    p->at = 2;
    p->text = kind <= 3;
    p->bitmap = kind % 3 == 1;
    p->channels = kind % 3 == 0 ? 3 : 1;
    p->max = 1;
    TRY(read_number(p, "the width", INT32_MAX, width));
    TRY(read_number(p, "the height", INT32_MAX, height));
    if (!p->bitmap) TRY(read_number(p, "the largest sample", UINT16_MAX, &p->max));
    if (p->max == 0)
        return image_fail(p->img, HONE_E_FORMAT, "PNM: the largest sample: expected at least 1");
    if (p->at == p->img->size) return ends_early(p);
    if (!is_space(p->img->data[p->at++]))
        return image_fail(p->img, HONE_E_FORMAT, "PNM: expected a space after the header");
    return HONE_OK;
}

static hone_status decode(image *img) {
    pnm p = {.img = img};
    uint32_t width, height;
    TRY(read_header(&p, &width, &height));
    const uint64_t stride = row_bytes(&p, width);
    if (stride && (img->size - p.at) / stride < height) return ends_early(&p);
    TRY(image_start(img, width, height));
    uint8_t *to = img->rgb;
    for (int64_t y = 0; y < img->height; y++)
        for (int64_t x = 0; x < img->width; x++, to += 3) {
            const size_t row = p.at + (size_t)(p.text ? 0 : (uint64_t)y * stride);
            for (int c = 0; c < p.channels; c++)
                TRY(read_sample(&p, row, x * p.channels + c, &to[c]));
            if (p.channels == 1) to[1] = to[2] = to[0];
        }
    return HONE_OK;
}

static bool recognized(const uint8_t *magic) {
    return magic[0] == 'P' && magic[1] >= '1' && magic[1] <= '6' &&
           (is_space(magic[2]) || magic[2] == '#');
}

const image_format image_pnm = {recognized, decode};
