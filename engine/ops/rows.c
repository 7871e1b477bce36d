/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include "checked.h"
#include "wide.h"

/* Elements a task does at least. */
enum { GRAIN = 4096 };
/* Columns that are done together: those of a few vectors, as many lines of cache side by side. */
enum { COLUMNS = 64 };
/* Those of a line of cache: fewer are not worth a vector. */
enum { LEAST_COLUMNS = 16 };
/* Elements of columns that are widened together, at most. */
enum { WIDENED = 1 << 18 };

typedef enum rows_form {
    ROWS_DIRECT,  /* contiguous float32 or float64 */
    ROWS_COLUMNS, /* float32 or 16-bit floats, side by side */
    ROWS_GATHERED /* one by one through scratch */
} rows_form;

typedef struct rows {
    const row_fns *fns;
    int64_t outer, n, inner; /* the shape as [outer, n, inner]; rows run along n */
    int64_t cols;            /* ROWS_COLUMNS: of an item */
    hone_dtype type;
    rows_form form;
    widen_fn *widen;
    narrow_fn *narrow;
    size_t size;         /* of an element of a row */
    size_t worker_bytes; /* room for a row and its result, or for widened columns */
} rows;

static rows_form choose_form(const rows *w) {
    if (w->inner == 1) return w->widen ? ROWS_GATHERED : ROWS_DIRECT;
    if (!w->fns->columns || w->type == HONE_F64) return ROWS_GATHERED;
    if (w->widen) return w->n <= WIDENED / LEAST_COLUMNS ? ROWS_COLUMNS : ROWS_GATHERED;
    return w->inner >= LEAST_COLUMNS ? ROWS_COLUMNS : ROWS_GATHERED;
}

static void split_shape(rows *w, const shape *in, int64_t axis) {
    int32_t a = 0;
    w->outer = w->n = w->inner = 1;
    if (in->rank == 0 || !axis_normalize(axis, in->rank, &a)) return;
    w->outer = shape_span(in, 0, a);
    w->n = in->dim[a];
    w->inner = shape_span(in, a + 1, in->rank);
}

/* Elements of scratch that a worker needs, as lines of n. */
static int64_t scratch_lines(const rows *w) {
    if (w->form == ROWS_DIRECT) return 0;
    if (w->form == ROWS_GATHERED) return 2;
    return w->widen ? w->cols : 0;
}

hone_status rows_plan(plan_ctx *p, step *s, int64_t axis, const row_fns *fns) {
    static const char *const names[] = {"contiguous rows", "columns side by side", "gathered rows"};
    rows *w = plan_state(p, s, sizeof *w);
    if (!w) return HONE_E_NOMEM;
    w->fns = fns;
    split_shape(w, &s->in[0].shape, axis);
    w->type = s->in[0].dtype;
    w->size = w->type == HONE_F64 ? sizeof(double) : sizeof(float);
    if (dtype_in(w->type, DT_FLOAT16S)) {
        w->widen = w->type == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
        w->narrow = w->type == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    }
    w->form = choose_form(w);
    w->cols = COLUMNS;
    while (w->widen && w->cols > LEAST_COLUMNS && w->n > WIDENED / w->cols) w->cols /= 2;
    size_t bytes;
    plan_kernel(p, s, "%s", names[w->form]);
    if (scratch_lines(w) == 0) return HONE_OK;
    if (!size_mul((size_t)w->n, (size_t)scratch_lines(w) * w->size, &bytes))
        return fail(p->c, HONE_E_LIMIT, "a row of %lld elements is too long", (long long)w->n);
    return scratch_book_workers(p, s, bytes, &w->worker_bytes);
}

typedef struct rows_job {
    const rows *w;
    const step *s;
    char *scratch;
} rows_job;

static void apply(const rows_job *job, const void *x, void *y) {
    const rows *w = job->w;
    if (w->type == HONE_F64)
        w->fns->f64(job->s, w->n, x, y);
    else
        w->fns->f32(job->s, w->n, x, y);
}

static void direct_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rows_job *job = arg;
    const char *x = job->s->in[0].data;
    char *y = job->s->out[0].data;
    (void)worker;
    for (int64_t row = first; row < last; row++) {
        const size_t at = (size_t)(row * job->w->n) * job->w->size;
        apply(job, x + at, y + at);
    }
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

/* Through scratch, which holds a row, then the result before it is scattered. */
static void gathered_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rows_job *job = arg;
    const rows *w = job->w;
    const size_t element = w->widen ? sizeof(uint16_t) : w->size;
    char *room = job->scratch + (size_t)worker * w->worker_bytes;
    for (int64_t row = first; row < last; row++) {
        const int64_t start = row / w->inner * w->n * w->inner + row % w->inner;
        const size_t at = (size_t)start * element;
        gather_row(w, (const char *)job->s->in[0].data + at, room);
        apply(job, room, room + (size_t)w->n * w->size);
        scatter_row(w, room + (size_t)w->n * w->size, (char *)job->s->out[0].data + at);
    }
}

/* Columns of 16-bit floats, through scratch, where lines are w->cols apart. (float32 columns gain
 * nothing from a copy, even where all lines fall into the same sets of a cache.) */
static void widened_columns(const rows_job *job, size_t start, int64_t cols, float *room) {
    const rows *w = job->w;
    const uint16_t *x = (const uint16_t *)job->s->in[0].data + start;
    uint16_t *y = (uint16_t *)job->s->out[0].data + start;
    for (int64_t j = 0; j < w->n; j++) w->widen((size_t)cols, x + j * w->inner, room + j * w->cols);
    w->fns->columns(job->s, w->n, cols, w->cols, room, room);
    for (int64_t j = 0; j < w->n; j++)
        w->narrow((size_t)cols, room + j * w->cols, y + j * w->inner);
}

/* Items are runs of columns. */
static void column_items(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rows_job *job = arg;
    const rows *w = job->w;
    const int64_t items = (w->inner - 1) / w->cols + 1;
    char *room = job->scratch + (size_t)worker * w->worker_bytes;
    for (int64_t item = first; item < last; item++) {
        const int64_t column = item % items * w->cols, rest = w->inner - column;
        const int64_t cols = rest < w->cols ? rest : w->cols;
        const size_t start = (size_t)(item / items * w->n * w->inner + column);
        if (w->widen)
            widened_columns(job, start, cols, (float *)(void *)room);
        else
            w->fns->columns(job->s, w->n, cols, w->inner, (const float *)job->s->in[0].data + start,
                            (float *)job->s->out[0].data + start);
    }
}

hone_status rows_run(run_ctx *r, const step *s) {
    static team_fn *const forms[] = {direct_rows, column_items, gathered_rows};
    const rows *w = s->state;
    if (w->n == 0 || w->inner == 0) return HONE_OK;
    rows_job job = {.w = w, .s = s, .scratch = r->scratch};
    const int64_t each = w->form == ROWS_COLUMNS ? w->cols : 1;
    const int64_t items = w->outer * ((w->inner - 1) / each + 1);
    team_run(r->team, items, GRAIN / w->n / each + 1, forms[w->form], &job);
    return HONE_OK;
}
