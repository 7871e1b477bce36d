/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "checked.h"
#include "wide.h"

/* Elements a task does at least. */
enum { GRAIN = 4096 };

typedef struct rows {
    int64_t outer, n, inner; /* the shape as [outer, n, inner]; rows run along n */
    hone_dtype type;
    bool direct; /* rows are contiguous float32 or float64 */
    widen_fn *widen;
    narrow_fn *narrow;
    size_t size;         /* of an element of a row */
    size_t worker_bytes; /* room for a row and its result */
} rows;

hone_status rows_plan(plan_ctx *p, step *s, int64_t axis) {
    rows *w = plan_state(p, s, sizeof *w);
    if (!w) return HONE_E_NOMEM;
    const shape *in = &s->in[0].shape;
    int32_t a = 0;
    w->outer = w->n = w->inner = 1;
    if (in->rank > 0 && axis_normalize(axis, in->rank, &a)) {
        w->outer = shape_span(in, 0, a);
        w->n = in->dim[a];
        w->inner = shape_span(in, a + 1, in->rank);
    }
    w->type = s->in[0].dtype;
    w->size = w->type == HONE_F64 ? sizeof(double) : sizeof(float);
    if (dtype_in(w->type, DT_FLOAT16S)) {
        w->widen = w->type == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
        w->narrow = w->type == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    }
    w->direct = !w->widen && w->inner == 1;
    size_t bytes;
    plan_kernel(p, s, "%s rows", w->direct ? "contiguous" : "gathered");
    if (w->direct) return HONE_OK;
    if (!size_mul((size_t)w->n, 2 * w->size, &bytes))
        return fail(p->c, HONE_E_LIMIT, "a row of %lld elements is too long", (long long)w->n);
    return scratch_book_workers(p, s, bytes, &w->worker_bytes);
}

typedef struct rows_job {
    const rows *w;
    const step *s;
    const row_fns *fns;
    char *scratch;
} rows_job;

static void apply(const rows_job *job, const void *x, void *y) {
    if (job->w->type == HONE_F64)
        job->fns->f64(job->s, job->w->n, x, y);
    else
        job->fns->f32(job->s, job->w->n, x, y);
}

/* Elements `inner` apart, from or to a row; 16-bit floats are widened or narrowed. */
static void gather_row(const rows *w, const void *from, void *row) {
    const int64_t by = w->inner;
    float *x = row;
    double *wide = row;
    if (w->widen && by == 1)
        w->widen((size_t)w->n, from, x);
    else if (w->widen)
        for (int64_t j = 0; j < w->n; j++) w->widen(1, (const uint16_t *)from + j * by, x + j);
    else if (w->type == HONE_F64)
        for (int64_t j = 0; j < w->n; j++) wide[j] = ((const double *)from)[j * by];
    else
        for (int64_t j = 0; j < w->n; j++) x[j] = ((const float *)from)[j * by];
}

static void scatter_row(const rows *w, const void *row, void *to) {
    const int64_t by = w->inner;
    const float *y = row;
    const double *wide = row;
    if (w->narrow && by == 1)
        w->narrow((size_t)w->n, y, to);
    else if (w->narrow)
        for (int64_t j = 0; j < w->n; j++) w->narrow(1, y + j, (uint16_t *)to + j * by);
    else if (w->type == HONE_F64)
        for (int64_t j = 0; j < w->n; j++) ((double *)to)[j * by] = wide[j];
    else
        for (int64_t j = 0; j < w->n; j++) ((float *)to)[j * by] = y[j];
}

/* Row (o, i) through scratch: room holds the row, then the result before it is scattered. */
static void indirect_row(const rows_job *job, int64_t o, int64_t i, char *room) {
    const rows *w = job->w;
    const size_t first = (size_t)(o * w->n * w->inner + i);
    const size_t element = w->widen ? sizeof(uint16_t) : w->size;
    const void *src = (const char *)job->s->in[0].data + first * element;
    void *dst = (char *)job->s->out[0].data + first * element;
    gather_row(w, src, room);
    apply(job, room, room + (size_t)w->n * w->size);
    scatter_row(w, room + (size_t)w->n * w->size, dst);
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rows_job *job = arg;
    const rows *w = job->w;
    for (int64_t row = first; row < last; row++) {
        if (w->direct) {
            const size_t at = (size_t)(row * w->n) * w->size;
            apply(job, (const char *)job->s->in[0].data + at, (char *)job->s->out[0].data + at);
        } else {
            indirect_row(job, row / w->inner, row % w->inner,
                         job->scratch + (size_t)worker * w->worker_bytes);
        }
    }
}

void rows_run(run_ctx *r, const step *s, const row_fns *fns) {
    const rows *w = s->state;
    if (w->n == 0) return;
    rows_job job = {.w = w, .s = s, .fns = fns, .scratch = r->scratch};
    team_run(r->team, w->outer * w->inner, GRAIN / w->n + 1, do_rows, &job);
}
