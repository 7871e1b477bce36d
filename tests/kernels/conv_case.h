/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of convolutions and pools share: windows over images between guard pages, plain
 * loops over them, and comparisons that say what went wrong.
 */
#ifndef HONE_CONV_CASE_H
#define HONE_CONV_CASE_H

#include "conv/conv_window.h"
#include "kernel_case.h"

typedef struct buffers {
    guard x, w, y, bias, residual, scratch;
} buffers;

void buffers_create(buffers *g);
void buffers_destroy(buffers *g);
/* n random floats that end at a guard page. */
float *place_floats(guard *g, size_t n, uint64_t seed);

/* A window over images of groups * ic channels. The last pixel of a buffer has no gap behind it. */
typedef struct problem {
    conv_window window;
    int64_t pad_end[3];
    bool transposed;
    int64_t n, ic, oc, groups, ldx, ldy;
    uint64_t seed;
} problem;

size_t pixels_of(const int64_t extent[3], int64_t n);
size_t image_floats(size_t pixels, int64_t channels, int64_t ld);
/* For messages; lives until the next call. */
const char *problem_text(const problem *p);
/* low to high, both included. */
int64_t pick(uint64_t *state, int64_t low, int64_t high);

/* Calls f for every pair of an input pixel and an output pixel that a tap of the window joins. */
typedef void pair_fn(void *user, size_t in, size_t out, size_t tap);
void for_each_pair(const problem *p, pair_fn *f, void *user);

/* Sums of products in double, and of their sizes. */
typedef struct conv_sums {
    const problem *p;
    const float *x, *w; /* w: [groups * oc][taps][ic] */
    double *sum, *size; /* [pixels][groups * oc] */
} conv_sums;

/* The caller frees sum. */
conv_sums conv_sums_create(const problem *p, const float *x, const float *w);

/* bits: 1 bias, 2 residual, 4 clamp, 8 act */
epilogue_f32 make_epilogue(buffers *g, const problem *p, unsigned bits);
/* Compares y with the sums, within `slack` roundings of a term, and with what lies between pixels.
 */
void check_image(const problem *p, const epilogue_f32 *ep, const float *y, const float *before,
                 const conv_sums *sums, double slack);

/* One kind of computation under test, as whole images or ranges of tasks. */
typedef struct subject {
    size_t tasks, scratch;
    void (*run)(void *user, float *y, size_t first, size_t last, void *scratch);
    void *user;
} subject;

/* Runs in one go and in random ranges, which must agree to the bit. Returns y; *before is what y
 * held (the caller frees it). */
float *run_subject(const problem *p, const subject *t, buffers *g, float **before);

#endif
