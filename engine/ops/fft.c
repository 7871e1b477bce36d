/* SPDX-License-Identifier: Apache-2.0
 *
 * Lengths with small prime factors go through Stockham's algorithm: one pass a factor, which sorts
 * as it goes, between x and the room. Other lengths become a convolution (Bluestein's algorithm)
 * of a power of two: with c[j] = exp(-pi i j^2 / n)
 *
 *     X[k] = c[k] * sum over j of (x[j] * c[j]) * conj(c[k - j])
 */
#include "fft.h"

#include <math.h>
#include <string.h>

#include "checked.h"

enum { LARGEST_FACTOR = 31 };

static complex_f64 times(complex_f64 a, complex_f64 b) {
    return (complex_f64){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
static complex_f64 plus(complex_f64 a, complex_f64 b) {
    return (complex_f64){a.re + b.re, a.im + b.im};
}
static complex_f64 minus(complex_f64 a, complex_f64 b) {
    return (complex_f64){a.re - b.re, a.im - b.im};
}
static complex_f64 conjugate(complex_f64 a) { return (complex_f64){a.re, -a.im}; }
/* exp(-2 pi i part / whole) */
static complex_f64 unit(int64_t part, int64_t whole) {
    const double angle = -6.283185307179586477 * ((double)part / (double)whole);
    return (complex_f64){cos(angle), sin(angle)};
}

static hone_status allocate(plan_ctx *p, int64_t n, complex_f64 **out) {
    *out = arena_array(p->arena, (size_t)n, sizeof **out);
    return *out ? HONE_OK : fail_nomem(p->c, (size_t)n * sizeof **out);
}

/* Small factors of n, fours first; returns what is left. */
static int64_t factorize(int64_t n, fft *f) {
    static const int32_t first[] = {4, 2, 3};
    for (int32_t i = 0; i < COUNT_OF(first); i++)
        for (; n % first[i] == 0; n /= first[i]) f->factor[f->n_factor++] = first[i];
    for (int32_t q = 5; q <= LARGEST_FACTOR; q += 2)
        for (; n % q == 0; n /= q) f->factor[f->n_factor++] = q;
    return n;
}

static hone_status plan_convolution(plan_ctx *p, fft *f) {
    const int64_t n = f->n;
    int64_t m = 1;
    while (m < 2 * n - 1) m *= 2;
    f->convolution = arena_alloc(p->arena, sizeof *f->convolution);
    if (!f->convolution) return fail_nomem(p->c, sizeof *f->convolution);
    TRY(fft_plan(p, m, f->convolution));
    TRY(allocate(p, n, &f->chirp));
    TRY(allocate(p, m, &f->chirp_spectrum));
    complex_f64 *room;
    TRY(allocate(p, fft_room(f->convolution), &room));
    uint64_t square = 0; /* j * j mod 2 n */
    for (int64_t j = 0; j < n; j++) {
        f->chirp[j] = unit((int64_t)square, 2 * n);
        f->chirp_spectrum[j] = conjugate(f->chirp[j]);
        if (j) f->chirp_spectrum[m - j] = f->chirp_spectrum[j];
        square = (square + 2 * (uint64_t)j + 1) % (2 * (uint64_t)n);
    }
    fft_run(f->convolution, f->chirp_spectrum, room);
    return HONE_OK;
}

hone_status fft_plan(plan_ctx *p, int64_t n, fft *f) {
    *f = (fft){.n = n};
    if (n < 1) return fail(p->c, HONE_E_INPUT, "a transform of length %lld", (long long)n);
    if (n > INT32_MAX)
        return fail(p->c, HONE_E_LIMIT, "a transform of %lld is too long", (long long)n);
    if (factorize(n, f) > 1) return plan_convolution(p, f);
    TRY(allocate(p, n, &f->turn));
    for (int64_t k = 0; k < n; k++) f->turn[k] = unit(k, n);
    return HONE_OK;
}

int64_t fft_room(const fft *f) {
    return f->convolution ? f->convolution->n + fft_room(f->convolution) : f->n;
}

/* One element of each of q parts of a pass, already turned: their transform of length q goes to
 * y[0], y[s], .. */
static void butterfly(const fft *f, int32_t q, int64_t s, const complex_f64 *a, complex_f64 *y) {
    if (q == 2) {
        y[0] = plus(a[0], a[1]);
        y[s] = minus(a[0], a[1]);
        return;
    }
    if (q == 4) {
        const complex_f64 e = plus(a[0], a[2]), g = minus(a[0], a[2]);
        const complex_f64 h = plus(a[1], a[3]), w = minus(a[1], a[3]);
        y[0] = plus(e, h);
        y[s] = (complex_f64){g.re + w.im, g.im - w.re};
        y[2 * s] = minus(e, h);
        y[3 * s] = (complex_f64){g.re - w.im, g.im + w.re};
        return;
    }
    for (int32_t t = 0; t < q; t++) {
        complex_f64 sum = a[0];
        for (int32_t i = 1; i < q; i++)
            sum = plus(sum, times(a[i], f->turn[f->n / q * (t * i % q)]));
        y[(int64_t)t * s] = sum;
    }
}

/* A pass of factor q over blocks that are s apart, n / (q * s) of them a part: y[j + s * (q * i +
 * t)] = turn^(s * i * t) * sum over r of x[j + s * (i + m * r)] * exp(-2 pi i r t / q). */
static void pass(const fft *f, int32_t q, int64_t s, const complex_f64 *x, complex_f64 *y) {
    const int64_t m = f->n / (q * s);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < s; j++) {
            complex_f64 a[LARGEST_FACTOR];
            complex_f64 *to = y + j + s * q * i;
            for (int32_t r = 0; r < q; r++) a[r] = x[j + s * (i + m * r)];
            butterfly(f, q, s, a, to);
            for (int32_t t = 1; t < q && i > 0; t++)
                to[s * t] = times(to[s * t], f->turn[s * i * t]);
        }
    }
}

static void convolve(const fft *f, complex_f64 *x, complex_f64 *room) {
    const int64_t n = f->n, m = f->convolution->n;
    complex_f64 *a = room, *rest = room + m;
    memset(a, 0, (size_t)m * sizeof *a);
    for (int64_t j = 0; j < n; j++) a[j] = times(x[j], f->chirp[j]);
    fft_run(f->convolution, a, rest);
    /* The inverse transform is the forward one between conjugates. */
    for (int64_t k = 0; k < m; k++) a[k] = conjugate(times(a[k], f->chirp_spectrum[k]));
    fft_run(f->convolution, a, rest);
    for (int64_t k = 0; k < n; k++) {
        const complex_f64 v = conjugate(a[k]);
        x[k] = times((complex_f64){v.re / (double)m, v.im / (double)m}, f->chirp[k]);
    }
}

void fft_run(const fft *f, complex_f64 *x, complex_f64 *room) {
    if (f->convolution) {
        convolve(f, x, room);
        return;
    }
    complex_f64 *from = x, *to = room;
    int64_t s = 1;
    for (int32_t i = 0; i < f->n_factor; i++) {
        pass(f, f->factor[i], s, from, to);
        s *= f->factor[i];
        complex_f64 *swap = from;
        from = to;
        to = swap;
    }
    if (from != x) memcpy(x, from, (size_t)f->n * sizeof *x);
}
