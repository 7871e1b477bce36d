/* SPDX-License-Identifier: Apache-2.0
 *
 * Softmax of rows and columns, normalisation and blended rows against double.
 */
#include <float.h>
#include <math.h>

#include "kernel_case.h"
#include "kernel_groups.h"

#define MAX_ROW  5000
#define NORM_EPS 1e-3f
static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 11, 15, 16, 17, 19, 35, 1009, MAX_ROW};

typedef struct row_run {
    isa_level level;
    size_t n;
    bool in_place;
    bool log; /* log-softmax */
    guard x, y, scale, bias;
} row_run;

typedef void row_fn(row_run *r);

/* Every level that has a kernel of its own, every length, in place and not. */
static void for_each_row(const char *slot_name, row_run *r, row_fn *f) {
    guard *const buffers[] = {&r->x, &r->y, &r->scale, &r->bias};
    for (size_t i = 0; i < COUNT_OF(buffers); i++) guard_create(buffers[i], MAX_ROW * 4 + 64);
    for (size_t i = 0; i < slot_count; i++) {
        if (strcmp(slots[i].name, slot_name) != 0) continue;
        for (r->level = ISA_SCALAR; r->level < ISA_COUNT; r->level++) {
            if (!level_table(r->level) || !level_overrides(r->level, &slots[i], KT_F32)) continue;
            for (size_t l = 0; l < COUNT_OF(lengths); l++) {
                r->n = lengths[l];
                for (int in_place = 0; in_place < 2; in_place++) {
                    r->in_place = in_place;
                    f(r);
                }
            }
        }
    }
    for (size_t i = 0; i < COUNT_OF(buffers); i++) guard_destroy(buffers[i]);
}

/* The difference from the largest element is rounded before the exponential, which multiplies that
 * error by the difference. */
static void check_softmax(const row_run *r, const float *x, const float *y) {
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < r->n; i++) max = fmax(max, (double)x[i]);
    for (size_t i = 0; i < r->n; i++) sum += exp((double)x[i] - max);
    for (size_t i = 0; i < r->n; i++) {
        const double shifted = (double)x[i] - max;
        const double expected = r->log ? shifted - log(sum) : exp(shifted) / sum;
        const double rounding = fabs(shifted) * FLT_EPSILON;
        const double allowed = r->log ? 4 * FLT_EPSILON * (1 + fabs(expected)) + rounding
                                      : expected * (6 * FLT_EPSILON + rounding) + 4 * FLT_MIN;
        if (!(fabs((double)y[i] - expected) <= allowed))
            fail_msg("softmax at %s: element %zu of %zu is %.9g, expected %.9g", isa_name(r->level),
                     i, r->n, (double)y[i], expected);
    }
}

static void run_softmax(row_run *r) {
    static float input[MAX_ROW];
    const kernels *k = level_table(r->level);
    softmax_fn *f = r->log ? k->logsoftmax_f32 : k->softmax_f32;
    static const float ranges[] = {1.0f, 30.0f, 200.0f};
    for (size_t range = 0; range < COUNT_OF(ranges); range++) {
        fill_uniform(r->n, r->n + range, ranges[range], input);
        float *x = place(&r->x, r->n, 4, range == 0 ? GUARD_END : range);
        memcpy(x, input, r->n * 4);
        float *y = r->in_place ? x : place(&r->y, r->n, 4, range == 1 ? GUARD_END : 3);
        f(r->n, x, y);
        assert_true(guard_intact(r->in_place ? &r->x : &r->y, y, r->n * 4));
        check_softmax(r, input, y);
    }
}

void softmax_rows_match_double(void **state) {
    (void)state;
    row_run r = {0};
    for_each_row("softmax_f32", &r, run_softmax);
    r = (row_run){.log = true};
    for_each_row("logsoftmax_f32", &r, run_softmax);
}

/* A row in blocks of a third, scaled and masked, against the same in double. The maximum grows from
 * block to block, so that what came before shrinks. */
static void run_softmax_blocks(row_run *r) {
    const size_t n = r->n, block = (n + 2) / 3;
    const bool masked = r->in_place;
    float *x = place(&r->x, n, 4, GUARD_END), *mask = place(&r->y, n, 4, 3);
    float *input = place(&r->scale, n, 4, 1);
    fill_uniform(n, n, 4.0f, input);
    fill_uniform(n, 7, 2.0f, mask);
    for (size_t i = 0; i < n; i++) {
        input[i] += (float)(i / block);
        if (i % 5 == 3) mask[i] = -INFINITY;
    }
    memcpy(x, input, n * 4);
    softmax_state state = {.max = -INFINITY};
    double factor[3] = {1, 1, 1};
    for (size_t i = 0; i < 3 && i * block < n; i++) {
        const size_t at = i * block, count = n - at < block ? n - at : block;
        const float shrink = level_table(r->level)->softmax_block_f32(
            count, x + at, 0.5f, masked ? mask + at : NULL, &state);
        for (size_t j = 0; j < i; j++) factor[j] *= (double)shrink;
    }
    double max = -INFINITY, sum = 0;
    for (size_t i = 0; i < n; i++) {
        input[i] = input[i] * 0.5f + (masked ? mask[i] : 0.0f);
        max = fmax(max, (double)input[i]);
    }
    for (size_t i = 0; i < n; i++) sum += exp((double)input[i] - max);
    assert_true(fabs(state.sum - sum) <= 8 * FLT_EPSILON * sum);
    for (size_t i = 0; i < n; i++) {
        const double expected = exp((double)input[i] - max), got = (double)x[i] * factor[i / block];
        if (!(fabs(got - expected) <= 16 * FLT_EPSILON * expected))
            fail_msg("softmax_block at %s: element %zu of %zu is %.9g, expected %.9g",
                     isa_name(r->level), i, n, got, expected);
    }
}

void softmax_blocks_match_double(void **state) {
    (void)state;
    row_run r = {0};
    for_each_row("softmax_block_f32", &r, run_softmax_blocks);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        if (!level_table(level)) continue;
        float hidden[] = {-INFINITY, -INFINITY}, seen[] = {1, 2}, poison[] = {0, NAN};
        softmax_block_fn *f = level_table(level)->softmax_block_f32;
        softmax_state s = {.max = -INFINITY};
        f(2, hidden, 1, NULL, &s);
        assert_true(s.sum == 0 && hidden[0] == 0 && hidden[1] == 0);
        assert_true(f(2, seen, 1, NULL, &s) == 0 && s.sum > 1 && seen[1] == 1);
        assert_true(f(2, hidden, 1, NULL, &s) == 1 && s.max == 2);
        f(2, poison, 1, NULL, &s);
        assert_true(isnan(s.sum));
    }
}

#define MAX_COLUMNS 150

/* One column, which the others have nothing to do with: as a row. */
static void check_column(row_run *r, size_t ld, const float *x, const float *y) {
    static float column[MAX_ROW], result[MAX_ROW];
    for (size_t j = 0; j < r->n; j++) column[j] = x[j * ld], result[j] = y[j * ld];
    check_softmax(r, column, result);
}

/* n lines of cols columns, between guard pages, and what lies between the lines. */
static void run_columns(row_run *r, size_t cols, size_t ld) {
    static float input[MAX_ROW];
    const kernels *k = level_table(r->level);
    const size_t floats = (r->n - 1) * ld + cols;
    fill_uniform(floats, r->n + cols, r->n % 2 ? 1.0f : 60.0f, input);
    float *x = place(&r->x, floats, 4, GUARD_END);
    memcpy(x, input, floats * 4);
    float *y = r->in_place ? x : place(&r->y, floats, 4, GUARD_END);
    for (size_t i = 0; i < floats; i++)
        if (i % ld >= cols) y[i] = input[i];
    (r->log ? k->logsoftmax_columns_f32 : k->softmax_columns_f32)(r->n, cols, ld, x, y);
    assert_true(guard_intact(r->in_place ? &r->x : &r->y, y, floats * 4));
    for (size_t c = 0; c < cols; c++) check_column(r, ld, input + c, y + c);
    for (size_t i = 0; i < floats; i++)
        if (i % ld >= cols) assert_true(y[i] == input[i]);
}

static void run_softmax_columns(row_run *r) {
    for (size_t cols = 1; cols <= MAX_COLUMNS; cols += 1 + cols / 20)
        for (size_t gap = 0; gap < 4; gap += 3)
            if (r->n * (cols + gap) <= MAX_ROW) run_columns(r, cols, cols + gap);
}

void softmax_columns_match_double(void **state) {
    (void)state;
    row_run r = {0};
    for_each_row("softmax_columns_f32", &r, run_softmax_columns);
    r = (row_run){.log = true};
    for_each_row("logsoftmax_columns_f32", &r, run_softmax_columns);
}

/* The same special values in a column, with ordinary columns around. */
void softmax_columns_with_special_values(void **state) {
    (void)state;
    enum { N = 19, COLS = 21, AT = 5 };
    static const float special[] = {NAN, INFINITY, -INFINITY};
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        for (size_t p = 0; k && p < COUNT_OF(special); p++) {
            float x[N * COLS], y[N * COLS];
            for (size_t i = 0; i < N * COLS; i++) x[i] = (float)(i % 7);
            for (size_t j = p == 2 ? 0 : 17; j < N; j++) x[j * COLS + AT] = special[p];
            k->softmax_columns_f32(N, COLS, COLS, x, y);
            assert_true(isnan(y[18 * COLS + AT]));
            for (size_t i = 0; i < N * COLS; i++)
                if (i % COLS != AT) assert_true(y[i] > 0 && y[i] < 1);
            for (size_t i = 0; i < N * COLS; i++) x[i] = i / COLS % 3 ? -INFINITY : 3.0f;
            k->softmax_columns_f32(N, COLS, COLS, x, y); /* masked lines */
            for (size_t i = 0; i < N * COLS; i++)
                assert_true(fabsf(y[i] - (i / COLS % 3 ? 0 : 1.0f / 7)) <= FLT_EPSILON);
        }
    }
}

void softmax_rows_with_special_values(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        if (!level_table(level)) continue;
        softmax_fn *f = level_table(level)->softmax_f32;
        float x[19], y[19];
        for (size_t i = 0; i < 19; i++) x[i] = i % 3 ? -INFINITY : 3.0f; /* a masked row */
        f(19, x, y);
        for (size_t i = 0; i < 19; i++) {
            if (i % 3) assert_true(y[i] == 0);
            if (i % 3 == 0) assert_true(fabsf(y[i] - 1.0f / 7) <= FLT_EPSILON);
        }
        static const float poison[] = {NAN, INFINITY};
        for (size_t p = 0; p < COUNT_OF(poison); p++) {
            for (size_t i = 0; i < 19; i++) x[i] = (float)i;
            x[17] = poison[p];
            f(19, x, y);
            for (size_t i = 0; i < 19; i++)
                assert_true(poison[p] == INFINITY ? i != 17 || isnan(y[i]) : isnan(y[i]));
        }
        for (size_t i = 0; i < 19; i++) x[i] = -INFINITY;
        f(19, x, y);
        for (size_t i = 0; i < 19; i++) assert_true(isnan(y[i]));
    }
}

/* mean and 1 / standard deviation in double; the mean of the RMS form is 0. */
static void row_stats(const row_run *r, const float *x, double stats[2]) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < r->n && !r->log; i++) mean += (double)x[i] / (double)r->n;
    for (size_t i = 0; i < r->n; i++) square += ((double)x[i] - mean) * ((double)x[i] - mean);
    stats[0] = mean;
    stats[1] = 1 / sqrt(square / (double)r->n + (double)NORM_EPS);
}

/* Here `log` means the RMS form. */
static void check_norm(const row_run *r, const float *x, const float *scale, const float *bias,
                       const float *y, const float *stats) {
    double expected_stats[2];
    row_stats(r, x, expected_stats);
    for (int i = 0; stats && i < 2; i++)
        assert_true(fabs((double)stats[i] - expected_stats[i]) <=
                    4 * FLT_EPSILON * (1 + fabs(expected_stats[i])));
    for (size_t i = 0; i < r->n; i++) {
        const double v = ((double)x[i] - expected_stats[0]) * expected_stats[1];
        const double s = scale ? (double)scale[i] : 1, b = bias ? (double)bias[i] : 0;
        const double magnitude = (fabs((double)x[i]) + 4) * expected_stats[1] * fabs(s) + fabs(b);
        if (fabs((double)y[i] - (v * s + b)) > 8 * FLT_EPSILON * magnitude)
            fail_msg("%s at %s: element %zu of %zu is %.9g, expected %.9g",
                     r->log ? "rmsnorm" : "layernorm", isa_name(r->level), i, r->n, (double)y[i],
                     v * s + b);
    }
}

static void run_norm(row_run *r) {
    static float input[MAX_ROW];
    const kernels *k = level_table(r->level);
    norm_fn *f = r->log ? k->rmsnorm_f32 : k->layernorm_f32;
    for (unsigned form = 0; form < 8; form++) {
        fill_uniform(r->n, r->n + form, 3.0f, input);
        for (size_t i = 0; i < r->n; i++) input[i] += 1.0f;
        float *x = place(&r->x, r->n, 4, form % 2 ? GUARD_END : 1);
        memcpy(x, input, r->n * 4);
        float *scale = place(&r->scale, r->n, 4, GUARD_END), *bias = place(&r->bias, r->n, 4, 5);
        fill_uniform(r->n, 1, 2.0f, scale);
        fill_uniform(r->n, 2, 2.0f, bias);
        float *y = r->in_place ? x : place(&r->y, r->n, 4, form % 2 ? 2 : GUARD_END);
        float stats[2];
        const float *s = form & 1 ? scale : NULL, *b = form & 2 ? bias : NULL;
        f(r->n, x, s, b, NORM_EPS, y, form & 4 ? stats : NULL);
        assert_true(guard_intact(r->in_place ? &r->x : &r->y, y, r->n * 4));
        check_norm(r, input, s, b, y, form & 4 ? stats : NULL);
    }
}

void norm_rows_match_double(void **state) {
    (void)state;
    row_run r = {0};
    for_each_row("layernorm_f32", &r, run_norm);
    r = (row_run){.log = true};
    for_each_row("rmsnorm_f32", &r, run_norm);
}

/* Rows that end at a guard page, or begin behind one; their number is part of the length. */
static void run_blend(row_run *r) {
    enum { TAPS = 5 };
    guard *const buffers[] = {&r->x, &r->scale, &r->bias};
    const float *rows[TAPS];
    float w[TAPS];
    const size_t taps = r->n % (TAPS + 1);
    fill_uniform(TAPS, r->n, 2.0f, w);
    for (size_t t = 0; t < taps; t++) {
        float *row = place(buffers[t % 3], r->n, 4, t % 3 == 1 ? 1 : GUARD_END);
        fill_uniform(r->n, t % 3, 1.0f, row);
        rows[t] = row;
    }
    float *y = place(&r->y, r->n, 4, r->in_place ? GUARD_END : 3);
    level_table(r->level)->blend_f32(r->n, taps, rows, w, y);
    assert_true(guard_intact(&r->y, y, r->n * 4));
    for (size_t i = 0; i < r->n; i++) {
        double sum = 0, size = 0;
        for (size_t t = 0; t < taps; t++) {
            sum += (double)w[t] * (double)rows[t][i];
            size += fabs((double)w[t] * (double)rows[t][i]);
        }
        if (fabs((double)y[i] - sum) > 8 * FLT_EPSILON * size)
            fail_msg("blend at %s: element %zu of %zu is %.9g, expected %.9g", isa_name(r->level),
                     i, r->n, (double)y[i], sum);
    }
}

void blended_rows_match_double(void **state) {
    (void)state;
    row_run r = {0};
    for_each_row("blend_f32", &r, run_blend);
}
