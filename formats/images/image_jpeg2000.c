/* SPDX-License-Identifier: Apache-2.0
 *
 * JPEG 2000 through libopenjp2: codestreams, bare or in a .jp2 file.
 */
#include <openjpeg.h>
#include <string.h>

#include "codestream.h"

typedef struct jp2_source {
    const image *img;
    size_t at;
    char text[200]; /* the first complaint */
} jp2_source;

static OPJ_SIZE_T on_read(void *to, OPJ_SIZE_T wanted, void *user) {
    jp2_source *s = user;
    const size_t left = s->img->size - s->at, count = wanted < left ? wanted : left;
    if (count == 0) return (OPJ_SIZE_T)-1;
    memcpy(to, s->img->data + s->at, count);
    s->at += count;
    return count;
}

static OPJ_BOOL on_seek(OPJ_OFF_T offset, void *user) {
    jp2_source *s = user;
    if (offset < 0 || (uint64_t)offset > s->img->size) return OPJ_FALSE;
    s->at = (size_t)offset;
    return OPJ_TRUE;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T count, void *user) {
    jp2_source *s = user;
    const OPJ_OFF_T left = (OPJ_OFF_T)(s->img->size - s->at);
    if (count < -(OPJ_OFF_T)s->at) return -1;
    const OPJ_OFF_T skipped = count < left ? count : left;
    s->at = (size_t)((OPJ_OFF_T)s->at + skipped);
    return skipped;
}

static void on_error(const char *message, void *user) {
    jp2_source *s = user;
    if (s->text[0]) return;
    strncpy(s->text, message, sizeof s->text - 1);
    s->text[strcspn(s->text, "\r\n")] = '\0';
}

static void on_message(const char *message, void *user) { (void)message, (void)user; }

static hone_status fail_jp2(const jp2_source *s) {
    return image_fail(s->img, HONE_E_FORMAT, "JPEG 2000: %s",
                      s->text[0] ? s->text : "not a valid file");
}

/* ---- Pixels -------------------------------------------------------------------------------------
 */

/* Every component is as large as the first, or smaller by whole factors. */
static hone_status check_components(const image *img, const opj_image_t *picture) {
    if (picture->numcomps < 1 || picture->numcomps > MAX_COMPONENTS)
        return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: %u components", picture->numcomps);
    const opj_image_comp_t *first = &picture->comps[0];
    for (OPJ_UINT32 i = 0; i < picture->numcomps; i++) {
        const opj_image_comp_t *c = &picture->comps[i];
        if (c->prec < 1 || c->prec > 31)
            return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: samples of %u bits", c->prec);
        if (c->dx % first->dx || c->dy % first->dy || c->w > first->w || c->h > first->h)
            return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: components of different sizes");
    }
    return HONE_OK;
}

static uint8_t sample(const opj_image_t *picture, OPJ_UINT32 i, int64_t x, int64_t y) {
    const opj_image_comp_t *c = &picture->comps[i], *first = &picture->comps[0];
    int64_t row = y / (c->dy / first->dy), column = x / (c->dx / first->dx);
    if (row >= c->h) row = c->h - 1;
    if (column >= c->w) column = c->w - 1;
    const int64_t max = (INT64_C(1) << c->prec) - 1;
    const int64_t value = c->data[row * c->w + column] + (c->sgnd ? max / 2 + 1 : 0);
    return value < 0 ? 0 : image_scale((uint64_t)value, (uint64_t)max);
}

/* Full-range YCbCr, as in JPEG; factors of 65536. */
static void convert_ycc(uint8_t rgb[3]) {
    const int32_t y = (int32_t)rgb[0] * 65536 + 32768, cb = rgb[1] - 128, cr = rgb[2] - 128;
    rgb[0] = image_clamp((y + 91881 * cr) >> 16);
    rgb[1] = image_clamp((y - 22554 * cb - 46802 * cr) >> 16);
    rgb[2] = image_clamp((y + 116130 * cb) >> 16);
}

static hone_status write_pixels(image *img, const opj_image_t *picture) {
    const bool ycc = picture->color_space == OPJ_CLRSPC_SYCC && picture->numcomps >= 3;
    const OPJ_UINT32 colors = picture->numcomps >= 3 ? 3 : 1;
    for (OPJ_UINT32 i = 0; i < colors; i++)
        if (!picture->comps[i].data || !picture->comps[i].w || !picture->comps[i].h)
            return image_fail(img, HONE_E_FORMAT, "JPEG 2000: component %u is missing", i);
    uint8_t *to = img->rgb;
    for (int64_t y = 0; y < img->height; y++)
        for (int64_t x = 0; x < img->width; x++, to += 3) {
            for (OPJ_UINT32 i = 0; i < colors; i++) to[i] = sample(picture, i, x, y);
            if (colors == 1) to[1] = to[2] = to[0];
            if (ycc) convert_ycc(to);
        }
    return HONE_OK;
}

static hone_status check_color_space(const image *img, const opj_image_t *picture) {
    if (picture->color_space != OPJ_CLRSPC_CMYK && picture->color_space != OPJ_CLRSPC_EYCC)
        return HONE_OK;
    return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: %s colours",
                      picture->color_space == OPJ_CLRSPC_CMYK ? "CMYK" : "e-YCC");
}

/* The library holds every sample in 32 bits, several times a picture of bytes. */
static hone_status check_memory(const image *img, const opj_image_t *picture) {
    const opj_image_comp_t *first = &picture->comps[0]; /* the largest */
    const uint64_t most = img->target->limit / sizeof(OPJ_INT32) / picture->numcomps;
    if (first->w == 0 || first->h <= most / first->w) return HONE_OK;
    return image_fail(img, HONE_E_LIMIT,
                      "JPEG 2000: %u components of %ux%u are over the limit of %llu bytes "
                      "(tensor_bytes) with 4 bytes a sample",
                      picture->numcomps, first->w, first->h,
                      (unsigned long long)img->target->limit);
}

/* ---- Decoding -----------------------------------------------------------------------------------
 */

typedef struct jp2 {
    opj_stream_t *stream;
    opj_codec_t *codec;
    opj_image_t *picture;
} jp2;

static hone_status decode_with(image *img, jp2 *j, jp2_source *s) {
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_set_info_handler(j->codec, on_message, NULL);
    opj_set_warning_handler(j->codec, on_message, NULL);
    opj_set_error_handler(j->codec, on_error, s);
    opj_stream_set_user_data(j->stream, s, NULL);
    opj_stream_set_user_data_length(j->stream, img->size);
    opj_stream_set_read_function(j->stream, on_read);
    opj_stream_set_seek_function(j->stream, on_seek);
    opj_stream_set_skip_function(j->stream, on_skip);
    if (!opj_setup_decoder(j->codec, &parameters) ||
        !opj_read_header(j->stream, j->codec, &j->picture))
        return fail_jp2(s);
    TRY(check_components(img, j->picture));
    TRY(check_color_space(img, j->picture));
    const int64_t width = j->picture->comps[0].w, height = j->picture->comps[0].h;
    TRY(check_memory(img, j->picture));
    TRY(image_start(img, width, height));
    if (!opj_decode(j->codec, j->stream, j->picture) || !opj_end_decompress(j->codec, j->stream))
        return fail_jp2(s);
    TRY(check_components(img, j->picture)); /* a palette makes others of them */
    if (j->picture->comps[0].w != width || j->picture->comps[0].h != height)
        return image_fail(img, HONE_E_FORMAT, "JPEG 2000: the size changes");
    return write_pixels(img, j->picture);
}

static hone_status decode(image *img) {
    TRY(codestream_check(img));
    jp2_source s = {.img = img};
    jp2 j = {.stream = opj_stream_default_create(OPJ_TRUE),
             .codec =
                 opj_create_decompress(is_codestream(img->data) ? OPJ_CODEC_J2K : OPJ_CODEC_JP2)};
    const hone_status status =
        j.stream && j.codec ? decode_with(img, &j, &s) : image_fail_nomem(img);
    opj_image_destroy(j.picture);
    opj_destroy_codec(j.codec);
    opj_stream_destroy(j.stream);
    return status;
}

static bool recognized(const uint8_t *magic) {
    return is_codestream(magic) || memcmp(magic, "\0\0\0\x0CjP  \r\n\x87\n", 12) == 0;
}

const image_format image_jpeg2000 = {recognized, decode};
