/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the text in a picture, with the two PP-OCR models:
 *
 *     read_text ocr_det.onnx ocr_rec.onnx PICTURE.png
 *
 * The first model gives each pixel a probability of being text; connected likely pixels make a box.
 * The second reads a box from left to right; its alphabet stands in its metadata.
 */
#include <hone/hone.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text_boxes.h"

enum { LINE = 48, MAX_BOXES = 100, MAX_LETTERS = 10000 };

typedef struct picture {
    uint8_t *rgb;
    int w, h;
} picture;
typedef struct net {
    hone_model *model;
    hone_session *session;
    hone_view out;
} net;
typedef struct scaling {
    double mean[3], deviation[3]; /* of blue, green, red, the order these models were trained in */
} scaling;

static hone_error err;

static bool read_picture(picture *p, const char *path) {
    struct spng_ihdr head = {.width = 0};
    size_t size;
    FILE *file = fopen(path, "rb");
    spng_ctx *png = spng_ctx_new(0);
    const bool ok = file && !spng_set_png_file(png, file) && !spng_get_ihdr(png, &head) &&
                    !spng_decoded_image_size(png, SPNG_FMT_RGB8, &size) &&
                    (p->rgb = malloc(size)) &&
                    !spng_decode_image(png, p->rgb, size, SPNG_FMT_RGB8, 0);
    p->w = (int)head.width;
    p->h = (int)head.height;
    spng_ctx_free(png);
    if (file) fclose(file);
    return ok;
}

static double pixel(const picture *p, int x, int y, int channel) {
    x = x < 0 ? 0 : x < p->w ? x : p->w - 1;
    y = y < 0 ? 0 : y < p->h ? y : p->h - 1;
    return p->rgb[(y * p->w + x) * 3 + channel] / 255.0;
}

/* Between four pixels. */
static double sample(const picture *p, double x, double y, int channel) {
    const int i = (int)x, j = (int)y;
    const double u = x - i, v = y - j;
    return (1 - v) * ((1 - u) * pixel(p, i, j, channel) + u * pixel(p, i + 1, j, channel)) +
           v * ((1 - u) * pixel(p, i, j + 1, channel) + u * pixel(p, i + 1, j + 1, channel));
}

/* Runs the model on the box, scaled to w x h. */
static hone_status run_net(net *n, const picture *p, text_box b, int w, int h, const scaling *s) {
    hone_view in;
    if (hone_session_set_shape(n->session, 0, 4, (int64_t[]){1, 3, h, w}, &err) ||
        hone_session_input(n->session, 0, &in, &err))
        return err.status;
    float *to = in.data;
    for (int i = 0; i < 3 * h * w; i++) {
        const int c = i / (h * w), y = i / w % h, x = i % w;
        const double value = sample(p, b.left + (x + 0.5) * (b.right - b.left) / w - 0.5,
                                    b.top + (y + 0.5) * (b.bottom - b.top) / h - 0.5, 2 - c);
        to[i] = (float)((value - s->mean[c]) / s->deviation[c]);
    }
    if (hone_session_run(n->session, &err)) return err.status;
    return hone_session_output(n->session, 0, &n->out, &err);
}

/* The likeliest class of each step; repetitions and class 0, which is no letter, fall away. The
 * class behind the alphabet is the space. */
static void print_text(const hone_view *out, char **alphabet, int letters) {
    const int steps = (int)out->dim[1], classes = (int)out->dim[2];
    for (int t = 0, last = 0; t < steps; t++) {
        const float *p = (const float *)out->data + t * classes;
        int best = 0;
        for (int k = 1; k < classes; k++)
            if (p[k] > p[best]) best = k;
        if (best > 0 && best != last) fputs(best <= letters ? alphabet[best - 1] : " ", stdout);
        last = best;
    }
    putchar('\n');
}

static hone_status read_text(net *det, net *rec, const picture *p) {
    static const scaling of_det = {{0.406, 0.456, 0.485}, {0.225, 0.224, 0.229}};
    static const scaling of_rec = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
    static char *alphabet[MAX_LETTERS];
    const char *key, *value;
    if (hone_model_metadata(rec->model, 0, &key, &value, &err)) return err.status;
    char *text = strdup(value), *rest = text;
    int letters = 0;
    while (letters < MAX_LETTERS && (alphabet[letters] = strsep(&rest, "\n"))) letters++;

    const int w = (p->w + 31) / 32 * 32, h = (p->h + 31) / 32 * 32; /* as the model wants them */
    text_box boxes[MAX_BOXES];
    hone_status status = run_net(det, p, (text_box){0, 0, w, h}, w, h, &of_det);
    const int count = status ? 0 : find_text_boxes(det->out.data, w, h, boxes, MAX_BOXES);
    for (int i = 0; i < count && !status; i++) {
        const text_box b = boxes[i];
        const int bw = b.right - b.left, bh = b.bottom - b.top;
        status = run_net(rec, p, b, (LINE * bw / bh + 7) / 8 * 8, LINE, &of_rec);
        printf("  %4d,%-4d ", b.left, b.top);
        if (!status) print_text(&rec->out, alphabet, letters);
    }
    free(text);
    return status;
}

static hone_status open_net(net *n, const char *path) {
    if (hone_model_open(&n->model, path, NULL, &err)) return err.status;
    return hone_session_create(&n->session, n->model, NULL, &err);
}

static void close_net(net *n) {
    hone_session_destroy(n->session);
    hone_model_close(n->model);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: read_text DET REC PICTURE.png\n"), 2;
    net det = {.model = NULL}, rec = {.model = NULL};
    picture p = {.rgb = NULL};
    int failed = 0;
    if (!read_picture(&p, argv[3]))
        failed = fprintf(stderr, "%s: not a PNG file that can be read\n", argv[3]);
    else if (open_net(&det, argv[1]) || open_net(&rec, argv[2]) || read_text(&det, &rec, &p))
        failed = fprintf(stderr, "read_text: %s\n", err.text);
    close_net(&rec);
    close_net(&det);
    free(p.rgb);
    return failed != 0;
}
