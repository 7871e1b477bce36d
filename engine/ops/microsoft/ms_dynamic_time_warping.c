/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft DynamicTimeWarping: the cheapest path through a matrix of costs from its first
 * corner to its last, in steps down, to the right or both.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "wide.h"

enum { STEP_BOTH, STEP_DOWN, STEP_RIGHT };

static const op_arg warping_in[] = {{"input", DT(HONE_F32), 0, 0}};
static const op_arg warping_out[] = {{"output", DT(HONE_I32), 0, 0}};
static const op_version warping_versions[] = {{1, NULL}};

static hone_status warping_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    const shape y = shape_make(2, (const int64_t[]){2, DIM_UNKNOWN});
    TRY(infer_check_rank(f, 0, 2, 3));
    if (x->rank == 3 && !dim_compatible(x->dim[0], 1))
        return infer_fail(f, "input has %lld matrices: expected 1", (long long)x->dim[0]);
    infer_set(f, 0, HONE_I32, &y);
    return HONE_OK;
}

typedef struct warping {
    int64_t rows, cols;
    size_t at_cost, at_step, at_path;
} warping;

/* Two rows of sums, the step that leads to each element, and the path backwards. */
static hone_status warping_plan(plan_ctx *p, step *s) {
    warping *w = plan_state(p, s, sizeof *w);
    if (!w) return HONE_E_NOMEM;
    const shape *x = &s->in[0].shape;
    w->rows = x->dim[x->rank - 2];
    w->cols = x->dim[x->rank - 1];
    size_t all, length, sums;
    if (w->rows > INT32_MAX || w->cols > INT32_MAX ||
        !size_mul((size_t)w->rows, (size_t)w->cols, &all) ||
        !size_mul((size_t)w->cols + 1, 2 * sizeof(float), &sums) ||
        !size_mul((size_t)(w->rows + w->cols), 2 * sizeof(int32_t), &length))
        return fail(p->c, HONE_E_LIMIT, "the matrix is too large");
    TRY(scratch_book(p, s, sums, &w->at_cost));
    TRY(scratch_book(p, s, all, &w->at_step));
    return scratch_book(p, s, length, &w->at_path);
}

/* Sums along the cheapest way to each element; a tie that diagonal and down steps do not win goes
 * to the right. */
static void sum_costs(const warping *w, const float *x, float *sums, uint8_t *steps) {
    float *above = sums, *row = sums + w->cols + 1;
    above[0] = 0;
    for (int64_t j = 1; j <= w->cols; j++) above[j] = INFINITY;
    for (int64_t i = 0; i < w->rows; i++) {
        row[0] = INFINITY;
        for (int64_t j = 0; j < w->cols; j++) {
            const float both = above[j], down = above[j + 1], right = row[j];
            uint8_t way = STEP_RIGHT;
            if (both < down && both < right)
                way = STEP_BOTH;
            else if (down < both && down < right)
                way = STEP_DOWN;
            steps[i * w->cols + j] = way;
            row[j + 1] = x[i * w->cols + j] + (way == STEP_BOTH   ? both
                                               : way == STEP_DOWN ? down
                                                                  : right);
        }
        float *t = above;
        above = row;
        row = t;
    }
}

/* The path from its end to its beginning; gives its length. */
static int64_t walk_back(const warping *w, const uint8_t *steps, int32_t *path) {
    int64_t i = w->rows, j = w->cols, n = 0;
    while (i > 0 || j > 0) {
        path[2 * n] = (int32_t)(i - 1);
        path[2 * n++ + 1] = (int32_t)(j - 1);
        const uint8_t way = i == 0   ? STEP_RIGHT
                            : j == 0 ? STEP_DOWN
                                     : steps[(i - 1) * w->cols + j - 1];
        i -= way != STEP_RIGHT;
        j -= way != STEP_DOWN;
    }
    return n;
}

static hone_status warping_run(run_ctx *r, const step *s) {
    const warping *w = s->state;
    char *scratch = r->scratch;
    uint8_t *steps = (uint8_t *)(scratch + w->at_step);
    int32_t *path = (int32_t *)(void *)(scratch + w->at_path);
    const bool empty = w->rows == 0 || w->cols == 0;
    if (!empty) sum_costs(w, s->in[0].data, (float *)(void *)(scratch + w->at_cost), steps);
    const int64_t n = empty ? 0 : walk_back(w, steps, path);
    const shape y = shape_make(2, (const int64_t[]){2, n});
    TRY(run_output(r, s, 0, &y));
    int32_t *out = s->out[0].data;
    for (int64_t i = 0; i < n; i++) {
        out[i] = path[2 * (n - 1 - i)];
        out[n + i] = path[2 * (n - 1 - i) + 1];
    }
    return HONE_OK;
}

static const char *const warping_cases[] = {"f32[5,7]+", "f32[1,4,3]", "f32[1,1]", "f32[0,3]",
                                            NULL};

const op op_ms_dynamic_time_warping = {.name = "DynamicTimeWarping",
                                       .domain = "com.microsoft",
                                       OP_VERSIONS(warping_versions),
                                       OP_ARGS_IN(warping_in),
                                       OP_ARGS_OUT(warping_out),
                                       .flags = OP_DYNAMIC,
                                       .infer = warping_infer,
                                       .plan = warping_plan,
                                       .run = warping_run,
                                       .tolerance = {TOL_EXACT, 0},
                                       .cases = warping_cases};
