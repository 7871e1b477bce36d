/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "checked.h"

/* Elements a task does at least. */
enum { GRAIN = 4096 };

typedef struct rows {
    int64_t outer, n, inner; /* the shape as [outer, n, inner]; rows run along n */
    bool direct;             /* rows are contiguous float32 */
    widen_fn *widen;
    narrow_fn *narrow;
} rows;

hone_status rows_plan(plan_ctx *p, step *s, int64_t axis) {
    rows *w = plan_state(p, s, sizeof *w);
    if (!w) return HONE_E_NOMEM;
    const shape *in = &s->in[0].shape;
    const hone_dtype t = s->in[0].dtype;
    int32_t a = 0;
    w->outer = w->n = w->inner = 1;
    if (in->rank > 0 && axis_normalize(axis, in->rank, &a)) {
        w->outer = shape_span(in, 0, a);
        w->n = in->dim[a];
        w->inner = shape_span(in, a + 1, in->rank);
    }
    if (t == HONE_F16 || t == HONE_BF16) {
        w->widen = t == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
        w->narrow = t == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    }
    w->direct = !w->widen && w->inner == 1;
    size_t row;
    if (!size_mul((size_t)w->n, 2 * sizeof(float), &row) ||
        !size_mul(row, (size_t)p->threads, &row))
        return fail(p->c, HONE_E_LIMIT, "a row of %lld elements is too long", (long long)w->n);
    if (!w->direct) s->scratch_bytes = row;
    return HONE_OK;
}

typedef struct rows_job {
    const rows *w;
    const step *s;
    row_fn *fn;
    float *scratch;
} rows_job;

/* Row (o, i) through scratch: x holds the gathered row, y the result before it is scattered. */
static void indirect_row(const rows_job *job, int64_t o, int64_t i, float *x) {
    const rows *w = job->w;
    const size_t first = (size_t)(o * w->n * w->inner + i), step_by = (size_t)w->inner;
    float *y = x + w->n;
    if (!w->widen) {
        const float *src = (const float *)job->s->in[0].data + first;
        float *dst = (float *)job->s->out[0].data + first;
        for (int64_t j = 0; j < w->n; j++) x[j] = src[(size_t)j * step_by];
        job->fn(job->s, w->n, x, y);
        for (int64_t j = 0; j < w->n; j++) dst[(size_t)j * step_by] = y[j];
        return;
    }
    const uint16_t *src = (const uint16_t *)job->s->in[0].data + first;
    uint16_t *dst = (uint16_t *)job->s->out[0].data + first;
    for (int64_t j = 0; j < w->n; j++) w->widen(1, src + (size_t)j * step_by, x + j);
    job->fn(job->s, w->n, x, y);
    for (int64_t j = 0; j < w->n; j++) w->narrow(1, y + j, dst + (size_t)j * step_by);
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rows_job *job = arg;
    const rows *w = job->w;
    for (int64_t row = first; row < last; row++) {
        if (w->direct) {
            const size_t at = (size_t)(row * w->n);
            job->fn(job->s, w->n, (const float *)job->s->in[0].data + at,
                    (float *)job->s->out[0].data + at);
        } else {
            indirect_row(job, row / w->inner, row % w->inner,
                         job->scratch + (size_t)worker * 2 * (size_t)w->n);
        }
    }
}

void rows_run(run_ctx *r, const step *s, row_fn *fn) {
    const rows *w = s->state;
    if (w->n == 0) return;
    rows_job job = {.w = w, .s = s, .fn = fn, .scratch = r->scratch};
    team_run(r->team, w->outer * w->inner, GRAIN / w->n + 1, do_rows, &job);
}
