/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::LayerNorm and hone::RmsNorm: each run of the axes from `axis` on is normalised as one row,
 * then scaled and shifted by vectors as long as a row. Computed in float32. LayerNorm also gives
 * the mean and the inverse standard deviation of each row.
 */
#include "checked.h"
#include "wide.h"

enum { NORM_X, NORM_SCALE, NORM_BIAS };
enum { GRAIN = 4096 };

typedef struct norm_params {
    int64_t axis;
    float epsilon;
} norm_params;

static const attr_spec norm_attrs[] = {ATTR_ROW(AXIS, norm_params, axis, .i = -1),
                                       ATTR_ROW(FLOAT, norm_params, epsilon, .f = 1e-5f)};

#define TYPES (DT(HONE_F32) | DT_FLOAT16S)
static const op_arg norm_in[] = {
    {"x", TYPES, 'T', 0}, {"scale", TYPES, 'T', ARG_OPTIONAL}, {"bias", TYPES, 'T', ARG_OPTIONAL}};
static const op_arg layer_norm_out[] = {{"y", TYPES, 'T', 0},
                                        {"mean", DT(HONE_F32), 0, ARG_OPTIONAL},
                                        {"inv_std", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg rms_norm_out[] = {{"y", TYPES, 'T', 0}};

/* Scale or bias: as many elements as a row. */
static hone_status check_vector(const infer *f, int32_t i, int32_t axis) {
    const shape *x = infer_shape(f, NORM_X);
    shape row = {.rank = x->rank - axis};
    for (int32_t a = 0; a < row.rank; a++) row.dim[a] = x->dim[axis + a];
    int64_t need, count;
    if (!shape_count(&row, &need) || !shape_count(infer_shape(f, i), &count) || need == count)
        return HONE_OK;
    return infer_fail(f, "input '%s' has %lld elements: expected %lld", norm_in[i].name,
                      (long long)count, (long long)need);
}

static hone_status norm_infer(infer *f) {
    const norm_params *p = f->params;
    shape stats = *infer_shape(f, NORM_X);
    int32_t axis = 0;
    TRY(infer_same(f, NORM_X));
    if (stats.rank >= 0) {
        TRY(infer_check_rank(f, NORM_X, 1, HONE_MAX_RANK));
        TRY(infer_axis(f, p->axis, stats.rank, &axis));
        TRY(check_vector(f, NORM_SCALE, axis));
        TRY(check_vector(f, NORM_BIAS, axis));
    }
    for (int32_t a = axis; a < stats.rank; a++) stats.dim[a] = 1;
    infer_set(f, 1, HONE_F32, &stats);
    infer_set(f, 2, HONE_F32, &stats);
    return HONE_OK;
}

/* The first axis of a row, for a node of known rank. */
static int32_t first_axis(const node *n) {
    int32_t axis = 0;
    axis_normalize(((const norm_params *)n->params)->axis, node_in(n, NORM_X)->type.shape.rank,
                   &axis);
    return axis;
}

static void norm_axes(const node *n, axis_map *m) {
    const int32_t axis = first_axis(n);
    for (int32_t a = 0; a < node_in(n, NORM_X)->type.shape.rank; a++)
        axis_add(m, NORM_X, a, 0, a, a < axis ? AXIS_SAME : AXIS_MIXED);
}

/* Rows have to stay as they are. */
static bool norm_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    (void)b;
    for (int32_t a = first_axis(n); a < rank; a++)
        if (to[a] != a) return false;
    return true;
}

typedef struct norm {
    norm_fn *fn;
    int64_t rows, n;
    widen_fn *widen; /* 16-bit floats: each worker has a row in scratch */
    narrow_fn *narrow;
    size_t each;
    wide_block scale, bias;
} norm;

static hone_status norm_plan(plan_ctx *p, step *s) {
    norm *w = plan_state(p, s, sizeof *w);
    if (!w) return HONE_E_NOMEM;
    const shape *x = &s->in[NORM_X].shape;
    const hone_dtype t = s->in[NORM_X].dtype;
    int32_t axis = 0;
    axis_normalize(((const norm_params *)step_params(s))->axis, x->rank, &axis);
    w->rows = shape_span(x, 0, axis);
    w->n = shape_span(x, axis, x->rank);
    w->fn = s->node->op->n_out == 1 ? s->k->rmsnorm_f32 : s->k->layernorm_f32;
    plan_kernel(p, s, "%s_%s", s->node->op->n_out == 1 ? "rmsnorm_f32" : "layernorm_f32",
                isa_name(s->k->level));
    if (t == HONE_F32) return HONE_OK;
    w->widen = t == HONE_F16 ? s->k->widen_f16 : s->k->widen_bf16;
    w->narrow = t == HONE_F16 ? s->k->narrow_f16 : s->k->narrow_bf16;
    size_t row;
    if (!size_mul((size_t)w->n, sizeof(float), &row))
        return fail(p->c, HONE_E_LIMIT, "a row of %lld elements is too long", (long long)w->n);
    TRY(scratch_book_workers(p, s, row, &w->each));
    if (step_has(s, NORM_SCALE)) TRY(wide_book(p, s, &s->in[NORM_SCALE], &w->scale));
    if (step_has(s, NORM_BIAS)) TRY(wide_book(p, s, &s->in[NORM_BIAS], &w->bias));
    return HONE_OK;
}

typedef struct norm_job {
    const norm *w;
    const step *s;
    const float *scale, *bias;
    char *scratch;
    float epsilon;
} norm_job;

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const norm_job *job = arg;
    const norm *w = job->w;
    const step *s = job->s;
    const size_t n = (size_t)w->n;
    for (int64_t r = first; r < last; r++) {
        const size_t at = (size_t)r * n;
        float stats[2];
        if (w->widen) {
            float *row = (float *)(void *)(job->scratch + (size_t)worker * w->each);
            w->widen(n, (const uint16_t *)s->in[NORM_X].data + at, row);
            w->fn(n, row, job->scale, job->bias, job->epsilon, row, stats);
            w->narrow(n, row, (uint16_t *)s->out[0].data + at);
        } else {
            w->fn(n, (const float *)s->in[NORM_X].data + at, job->scale, job->bias, job->epsilon,
                  (float *)s->out[0].data + at, stats);
        }
        for (int32_t i = 1; i < s->n_out; i++)
            if (step_wants(s, i)) ((float *)s->out[i].data)[r] = stats[i - 1];
    }
}

static hone_status norm_run(run_ctx *r, const step *s) {
    const norm *w = s->state;
    const norm_params *p = step_params(s);
    norm_job job = {.w = w, .s = s, .epsilon = p->epsilon, .scratch = r->scratch};
    if (w->rows == 0 || w->n == 0) return HONE_OK;
    if (step_has(s, NORM_SCALE))
        job.scale = wide_read(&w->scale, s->k, &s->in[NORM_SCALE], r->scratch);
    if (step_has(s, NORM_BIAS)) job.bias = wide_read(&w->bias, s->k, &s->in[NORM_BIAS], r->scratch);
    team_run(r->team, w->rows, GRAIN / w->n + 1, do_rows, &job);
    return HONE_OK;
}

static value *mean_of(builder *b, value *v, value *axes) {
    return emit(b, "ReduceMean", IN(v, axes), ATTRS(A_INT("keepdims", 1)));
}

/* With h the normalised x, g = dy * scale and means over rows:
 *     dx = inv_std * (g - mean(g) - h * mean(g * h)), where RmsNorm has no mean(g). */
static hone_status norm_grad(gradient *g) {
    builder *b = g->b;
    const node *n = g->node;
    value *x = node_in(n, NORM_X), *scale = node_in(n, NORM_SCALE), *dy = g->dy[0];
    const bool centred = n->op->n_out > 1;
    int64_t list[HONE_MAX_RANK];
    int32_t count = 0;
    for (int32_t a = first_axis(n); a < x->type.shape.rank; a++) list[count++] = a;
    value *axes = emit_i64s(b, list, count);
    value *c = centred ? emit(b, "Sub", IN(x, mean_of(b, x, axes)), NO_ATTRS) : x;
    value *variance = mean_of(b, emit(b, "Mul", IN(c, c), NO_ATTRS), axes);
    const double epsilon = (double)((const norm_params *)n->params)->epsilon;
    value *raised = emit(b, "Add", IN(variance, emit_scalar(b, x->type.dtype, epsilon)), NO_ATTRS);
    value *inv_std = emit(b, "Reciprocal", IN(emit(b, "Sqrt", IN(raised), NO_ATTRS)), NO_ATTRS);
    value *h = emit(b, "Mul", IN(c, inv_std), NO_ATTRS);
    value *dh = scale ? emit(b, "Mul", IN(dy, scale), NO_ATTRS) : dy;
    value *along = mean_of(b, emit(b, "Mul", IN(dh, h), NO_ATTRS), axes);
    value *rest = emit(b, "Sub", IN(dh, emit(b, "Mul", IN(h, along), NO_ATTRS)), NO_ATTRS);
    if (centred) rest = emit(b, "Sub", IN(rest, mean_of(b, dh, axes)), NO_ATTRS);
    g->dx[NORM_X] = emit(b, "Mul", IN(rest, inv_std), NO_ATTRS);
    value *dscale = emit(b, "Mul", IN(dy, h), NO_ATTRS);
    if (scale) g->dx[NORM_SCALE] = emit(b, "hone::SumTo", IN(dscale, scale), NO_ATTRS);
    value *bias = node_in(n, NORM_BIAS);
    if (bias) g->dx[NORM_BIAS] = emit(b, "hone::SumTo", IN(dy, bias), NO_ATTRS);
    return b->status;
}

static uint64_t norm_flops(const step *s) { return 8 * (uint64_t)tensor_count(&s->in[NORM_X]); }

static const char *const norm_cases[] = {"f32[2,3,64] f32[64] f32[64]",
                                         "f32[7,33] f32[33]",
                                         "f32[2,3,4] axis=1",
                                         "f16[3,40] f16[40]",
                                         "bf16[3,40] bf16[40] bf16[40]",
                                         "f32[128,384] f32[384] f32[384]",
                                         "f32[0,4]",
                                         NULL};

#define NORM(ident, label)                                                                         \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "hone",                                                \
                                  OP_ARGS_IN(norm_in),                                             \
                                  OP_ARGS_OUT(ident##_out),                                        \
                                  OP_ATTRS(norm_attrs, norm_params),                               \
                                  .infer = norm_infer,                                             \
                                  .axes = norm_axes,                                               \
                                  .permute = norm_permute,                                         \
                                  .plan = norm_plan,                                               \
                                  .run = norm_run,                                                 \
                                  .grad = norm_grad,                                               \
                                  .inplace = 1,                                                    \
                                  .flops = norm_flops,                                             \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  .cases = norm_cases}

NORM(layer_norm, "LayerNorm");
NORM(rms_norm, "RmsNorm");

static const op *const members[] = {&op_layer_norm, &op_rms_norm};
const op_family family_layer_norm = {members, COUNT_OF(members)};
