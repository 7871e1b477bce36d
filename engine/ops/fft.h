/* SPDX-License-Identifier: Apache-2.0
 *
 * Discrete Fourier transforms of any length in float64.
 */
#ifndef HONE_FFT_H
#define HONE_FFT_H

#include "op.h"

typedef struct complex_f64 {
    double re, im;
} complex_f64;

typedef struct fft {
    int64_t n;
    int32_t n_factor;
    int32_t factor[64];      /* their product is n, all of them small */
    complex_f64 *turn;       /* turn[k] = exp(-2 pi i k / n) */
    struct fft *convolution; /* lengths with a large prime factor: by a longer transform */
    complex_f64 *chirp, *chirp_spectrum;
} fft;

/* Prepares transforms of length n >= 1; memory is the plan's. */
hone_status fft_plan(plan_ctx *p, int64_t n, fft *f);
/* Elements of room that fft_run needs. */
int64_t fft_room(const fft *f);
/* x[k] = sum over j of x[j] * exp(-2 pi i j k / n), in place. */
void fft_run(const fft *f, complex_f64 *x, complex_f64 *room);

#endif
