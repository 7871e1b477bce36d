/* SPDX-License-Identifier: Apache-2.0
 *
 * GatherND and ScatterND: the last axis of the index tensor holds tuples, each of which names a
 * slice of the data by its leading coordinates (behind `batch_dims` axes that both share).
 */
#include "combine.h"
#include "movement.h"

enum { DATA, INDICES, UPDATES };

typedef struct gather_nd_params {
    int64_t batch_dims;
    int32_t reduction;
} gather_nd_params;

static const attr_spec gather_nd_attrs[] = {
    ATTR_ROW(INT, gather_nd_params, batch_dims, .min = 0, .max = HONE_MAX_RANK)};
static const attr_spec scatter_nd_attrs[] = {
    ATTR_ROW(CHOICE, gather_nd_params, reduction, .choices = combine_names)};
static const op_arg nd_in[] = {
    {"data", DT_MOVABLE, 'T', 0}, {"indices", DT(HONE_I64), 0, 0}, {"updates", DT_MOVABLE, 'T', 0}};
static const op_arg nd_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version nd_versions[] = {{11, NULL}};

/* Shape of all named slices together; unknown as long as the length of tuples is. */
static hone_status slices_shape(const infer *f, int32_t batch, shape *out) {
    const shape *x = infer_shape(f, DATA), *index = infer_shape(f, INDICES);
    *out = shape_unknown();
    if (x->rank < 0 || index->rank < 0) return HONE_OK;
    if (index->rank < 1 || batch > index->rank - 1 || batch > x->rank)
        return infer_fail(f, "'indices' has rank %d: expected at least %d", index->rank, batch + 1);
    for (int32_t a = 0; a < batch; a++)
        if (!dim_compatible(x->dim[a], index->dim[a]))
            return infer_fail(f, "batch axis %d has size %lld and %lld", a, (long long)x->dim[a],
                              (long long)index->dim[a]);
    const int64_t k = index->dim[index->rank - 1];
    if (!dim_known(k)) return HONE_OK;
    if (k > x->rank - batch)
        return infer_fail(f, "tuples have %lld coordinates: expected at most %d", (long long)k,
                          x->rank - batch);
    const int32_t rest = batch + (int32_t)k;
    if (index->rank - 1 + x->rank - rest > HONE_MAX_RANK)
        return infer_fail(f, "the slices have more than %d axes", HONE_MAX_RANK);
    out->rank = 0;
    for (int32_t a = 0; a < index->rank - 1; a++) out->dim[out->rank++] = index->dim[a];
    for (int32_t a = rest; a < x->rank; a++) out->dim[out->rank++] = x->dim[a];
    return HONE_OK;
}

static hone_status gather_nd_infer(infer *f) {
    shape y;
    TRY(slices_shape(f, (int32_t)((const gather_nd_params *)f->params)->batch_dims, &y));
    infer_set(f, 0, infer_dtype(f, DATA), &y);
    return HONE_OK;
}

static hone_status scatter_nd_infer(infer *f) {
    const shape *update = infer_shape(f, UPDATES);
    shape slices;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    TRY(slices_shape(f, 0, &slices));
    bool fits = slices.rank < 0 || update->rank < 0 || slices.rank == update->rank;
    for (int32_t i = 0; fits && i < slices.rank && update->rank >= 0; i++)
        fits = dim_compatible(slices.dim[i], update->dim[i]);
    if (!fits)
        return infer_fail(f, "'updates' has shape %s: expected %s", shape_text(a, sizeof a, update),
                          shape_text(b, sizeof b, &slices));
    return infer_same(f, DATA);
}

typedef struct nd_walk {
    const int64_t *index;
    int32_t k;                                         /* coordinates of a tuple */
    int64_t tuples, per_batch;                         /* all, and for one batch entry */
    int64_t batch_slices;                              /* slices of one batch entry */
    int64_t dim[HONE_MAX_RANK], stride[HONE_MAX_RANK]; /* of the coordinates, in slices */
    size_t unit;                                       /* bytes of a slice */
    int64_t n;                                         /* elements of a slice */
} nd_walk;

static void nd_init(nd_walk *w, const step *s, int32_t batch) {
    const shape *x = &s->in[DATA].shape, *index = &s->in[INDICES].shape;
    w->index = s->in[INDICES].data;
    w->k = (int32_t)index->dim[index->rank - 1];
    w->tuples = shape_span(index, 0, index->rank - 1);
    w->per_batch = shape_span(index, batch, index->rank - 1);
    w->batch_slices = 1;
    for (int32_t a = w->k - 1; a >= 0; a--) {
        w->dim[a] = x->dim[batch + a];
        w->stride[a] = w->batch_slices;
        w->batch_slices *= w->dim[a];
    }
    w->n = shape_span(x, batch + w->k, x->rank);
    w->unit = (size_t)w->n * dtype_size(s->in[DATA].dtype);
}

/* The slice that a tuple names; false when it is outside. */
static bool nd_place(const nd_walk *w, int64_t tuple, int64_t *out) {
    const int64_t *v = w->index + tuple * w->k;
    int64_t at = tuple / w->per_batch * w->batch_slices;
    for (int32_t a = 0; a < w->k; a++) {
        const int64_t i = v[a] < 0 ? v[a] + w->dim[a] : v[a];
        if (i < 0 || i >= w->dim[a]) return false;
        at += i * w->stride[a];
    }
    *out = at;
    return true;
}

static hone_status nd_check(run_ctx *r, const nd_walk *w) {
    int64_t at;
    for (int64_t t = 0; t < w->tuples; t++)
        if (!nd_place(w, t, &at))
            return run_fail(r, "index tuple %lld is out of range", (long long)t);
    return HONE_OK;
}

typedef struct nd_job {
    nd_walk walk;
    const char *src;
    char *dst;
} nd_job;

static void do_gather(void *arg, int64_t first, int64_t last, int32_t worker) {
    const nd_job *j = arg;
    const size_t unit = j->walk.unit;
    (void)worker;
    for (int64_t t = first; t < last; t++) {
        int64_t at = 0;
        nd_place(&j->walk, t, &at);
        move_element(unit, j->src + (size_t)at * unit, j->dst + (size_t)t * unit);
    }
}

static hone_status gather_nd_run(run_ctx *r, const step *s) {
    nd_job j = {.src = s->in[DATA].data, .dst = s->out[0].data};
    nd_init(&j.walk, s, (int32_t)((const gather_nd_params *)step_params(s))->batch_dims);
    TRY(nd_check(r, &j.walk));
    if (j.walk.unit == 0) return HONE_OK;
    team_run(r->team, j.walk.tuples, 65536 / (int64_t)j.walk.unit + 1, do_gather, &j);
    return HONE_OK;
}

/* In the order of the tuples, by one thread: slices may be named twice. */
static hone_status scatter_nd_run(run_ctx *r, const step *s) {
    const gather_nd_params *p = step_params(s);
    const char *update = s->in[UPDATES].data;
    nd_walk w;
    combine how;
    if (!combine_init(&how, s->k, s->out[0].dtype, p->reduction))
        return fail(r->c, HONE_E_UNSUPPORTED, "%s has no reduction",
                    hone_dtype_name(s->out[0].dtype));
    nd_init(&w, s, 0);
    TRY(nd_check(r, &w));
    move_bytes(r, s->out[0].data, s->in[DATA].data, s->out[0].bytes);
    for (int64_t t = 0; t < w.tuples && w.unit; t++) {
        int64_t at = 0;
        nd_place(&w, t, &at);
        combine_run(&how, w.n, update + (size_t)t * w.unit,
                    (char *)s->out[0].data + (size_t)at * w.unit);
    }
    return HONE_OK;
}

static const char *const gather_nd_cases[] = {"f32[2,3,4] i64[2,2]{0,1,1,-1}",
                                              "u8[2,3,4] i64[2,1]{2,0} batch_dims=1",
                                              "f16[4] i64[1]{3}", NULL};
static const char *const scatter_nd_cases[] = {"f32[4,3] i64[2,1]{3,0} f32[2,3]",
                                               "f32[6] i64[3,1]{1,1,-1} f32[3] reduction=add",
                                               "i32[2,2] i64[2,2]{0,1,0,1} i32[2] reduction=mul",
                                               "f16[3,5] i64[1]{2} f16[5] reduction=min", NULL};

static const op op_gather_nd = {.name = "GatherND",
                                .domain = "",
                                OP_VERSIONS(nd_versions),
                                .in = nd_in,
                                .n_in = 2,
                                OP_ARGS_OUT(nd_out),
                                OP_ATTRS(gather_nd_attrs, gather_nd_params),
                                .flags = OP_PICKS,
                                .infer = gather_nd_infer,
                                .run = gather_nd_run,
                                .grad = move_grad,
                                .quant = &quant_moves_first,
                                .flops = move_flops,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = gather_nd_cases};
static const op op_scatter_nd = {.name = "ScatterND",
                                 .domain = "",
                                 OP_VERSIONS(nd_versions),
                                 OP_ARGS_IN(nd_in),
                                 OP_ARGS_OUT(nd_out),
                                 OP_ATTRS(scatter_nd_attrs, gather_nd_params),
                                 .infer = scatter_nd_infer,
                                 .run = scatter_nd_run,
                                 .inplace = 1,
                                 .flops = move_flops,
                                 .tolerance = {TOL_EXACT, 0},
                                 .cases = scatter_nd_cases};

static const op *const members[] = {&op_gather_nd, &op_scatter_nd};
const op_family family_gather_nd = {members, COUNT_OF(members)};
