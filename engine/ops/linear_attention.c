/* SPDX-License-Identifier: Apache-2.0
 *
 * LinearAttention: each head has a state S [dk, dv] in place of a cache. For each token
 *
 *     S = exp(decay) * S                          if there is a decay
 *     v = beta * (v - S^T k)                      if there is a beta
 *     S = S + k v^T,  y = scale * S^T q
 *
 * Heads lie side by side in the last axis of [B, T, H * d]. Computed in float32.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "wide.h"

enum { LIN_Q, LIN_K, LIN_V, LIN_PAST, LIN_DECAY, LIN_BETA };

typedef struct linear_params {
    int64_t q_num_heads, kv_num_heads;
    float scale; /* 0: 1 / sqrt(dk) */
} linear_params;

static const attr_spec linear_attrs[] = {
    ATTR_ROW(INT, linear_params, q_num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, linear_params, kv_num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, linear_params, scale),
};
static const op_arg linear_in[] = {{"query", DT(HONE_F32), 0, 0},
                                   {"key", DT(HONE_F32), 0, 0},
                                   {"value", DT(HONE_F32), 0, 0},
                                   {"past_state", DT(HONE_F32), 0, ARG_OPTIONAL},
                                   {"decay", DT(HONE_F32), 0, ARG_OPTIONAL},
                                   {"beta", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg linear_out[] = {{"output", DT(HONE_F32), 0, 0},
                                    {"present_state", DT(HONE_F32), 0, ARG_OPTIONAL}};

typedef struct linear_size {
    int64_t batch, steps, q_heads, heads, dk, dv; /* heads: of keys and values */
    int64_t decays, betas;                        /* values a step */
} linear_size;

/* The last axis of an input of the right batch and length, or -1. */
static int64_t width_of(const shape *s, const linear_size *z) {
    return s->rank == 3 && s->dim[0] == z->batch && s->dim[1] == z->steps ? s->dim[2] : -1;
}

/* False when known shapes do not fit together. decay, beta and past may be of unknown rank. */
static bool linear_size_of(const linear_params *p, const shape *const *in, linear_size *z) {
    if (in[LIN_Q]->rank != 3) return false;
    *z = (linear_size){.batch = in[LIN_Q]->dim[0],
                       .steps = in[LIN_Q]->dim[1],
                       .q_heads = p->q_num_heads,
                       .heads = p->kv_num_heads};
    z->dk = in[LIN_Q]->dim[2] / z->q_heads;
    z->dv = in[LIN_V]->dim[2] / z->heads;
    const bool has_decay = in[LIN_DECAY]->rank >= 0, has_beta = in[LIN_BETA]->rank >= 0;
    if (has_decay) z->decays = width_of(in[LIN_DECAY], z);
    if (has_beta) z->betas = width_of(in[LIN_BETA], z);
    const int64_t state[] = {z->batch, z->heads, z->dk, z->dv};
    const shape past = shape_make(4, state);
    return z->q_heads % z->heads == 0 && in[LIN_Q]->dim[2] == z->q_heads * z->dk &&
           width_of(in[LIN_K], z) == z->heads * z->dk &&
           width_of(in[LIN_V], z) == z->heads * z->dv &&
           (!has_decay || z->decays == z->heads || z->decays == z->heads * z->dk) &&
           (!has_beta || z->betas == z->heads || z->betas == 1) &&
           (in[LIN_PAST]->rank < 0 || shape_equal(in[LIN_PAST], &past));
}

static hone_status linear_infer(infer *f) {
    const linear_params *p = f->params;
    const shape *in[6];
    shape y = shape_of_rank(3), state = shape_of_rank(4);
    linear_size z;
    bool known = true;
    for (int32_t i = 0; i < 6; i++) {
        in[i] = infer_shape(f, i);
        known = known && (!infer_has(f, i) || shape_known(in[i]));
    }
    if (known) {
        if (!linear_size_of(p, in, &z)) return infer_fail(f, "the inputs do not fit together");
        y = *in[LIN_Q];
        y.dim[2] = z.q_heads * z.dv;
        state = shape_make(4, (const int64_t[]){z.batch, z.heads, z.dk, z.dv});
    }
    infer_set(f, 0, HONE_F32, &y);
    infer_set(f, 1, HONE_F32, &state);
    return HONE_OK;
}

typedef struct linear {
    linear_size z;
    size_t worker_bytes, at_state; /* a worker has two vectors of dv */
    bool own_state;                /* the second output is not wanted: the state is in scratch */
} linear;

static hone_status linear_plan(plan_ctx *pc, step *s) {
    static const shape none = {.rank = RANK_UNKNOWN};
    linear *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    const shape *in[6];
    for (int32_t i = 0; i < 6; i++) in[i] = step_has(s, i) ? &s->in[i].shape : &none;
    if (!linear_size_of(step_params(s), in, &st->z))
        return fail(pc->c, HONE_E_INTERNAL, "sizes were not checked");
    const linear_size *z = &st->z;
    size_t bytes = sizeof(float);
    const int64_t factors[] = {z->batch, z->heads, z->dk, z->dv};
    for (int32_t i = 0; i < 4; i++)
        if (!size_mul(bytes, (size_t)factors[i], &bytes))
            return fail(pc->c, HONE_E_LIMIT, "the state is too large");
    TRY(scratch_book_workers(pc, s, 2 * (size_t)z->dv * sizeof(float), &st->worker_bytes));
    st->own_state = !step_wants(s, 1);
    return st->own_state ? scratch_book(pc, s, bytes, &st->at_state) : HONE_OK;
}

typedef struct linear_job {
    const linear *st;
    const step *s;
    char *scratch;
    float *state;
    float scale;
} linear_job;

/* Element `at` of a row of an input. */
static const float *part_of(const linear_job *job, int32_t input, int64_t row, int64_t width,
                            int64_t at) {
    return (const float *)job->s->in[input].data + row * width + at;
}

/* y += a * x for n elements, by way of room. */
static void add_scaled(const kernels *k, size_t n, float a, const float *x, float *room, float *y) {
    k->mul[KT_F32](n, x, 1, &a, 0, room);
    k->add[KT_F32](n, y, 1, room, 1, y);
}

static void fade(const linear_job *job, int64_t row, int64_t head, float *state) {
    const linear_size *z = &job->st->z;
    const bool each = z->decays != z->heads;
    for (int64_t i = 0; i < z->dk; i++) {
        const int64_t at = each ? head * z->dk + i : head;
        const float factor = expf(*part_of(job, LIN_DECAY, row, z->decays, at));
        float *line = state + i * z->dv;
        job->s->k->mul[KT_F32]((size_t)z->dv, line, 1, &factor, 0, line);
    }
}

/* One token of one head. `v` and `room` are vectors of dv. */
static void take_step(const linear_job *job, int64_t row, int64_t head, float *state, float *v,
                      float *room) {
    const linear_size *z = &job->st->z;
    const kernels *k = job->s->k;
    const size_t n = (size_t)z->dv;
    const float *key = part_of(job, LIN_K, row, z->heads * z->dk, head * z->dk);
    memcpy(v, part_of(job, LIN_V, row, z->heads * z->dv, head * z->dv), n * sizeof *v);
    if (z->decays) fade(job, row, head, state);
    if (z->betas) {
        const float beta = *part_of(job, LIN_BETA, row, z->betas, z->betas == 1 ? 0 : head);
        for (int64_t i = 0; i < z->dk; i++) add_scaled(k, n, -key[i], state + i * z->dv, room, v);
        k->mul[KT_F32](n, v, 1, &beta, 0, v);
    }
    for (int64_t i = 0; i < z->dk; i++) add_scaled(k, n, key[i], v, room, state + i * z->dv);
    const int64_t group = z->q_heads / z->heads;
    for (int64_t q = head * group; q < (head + 1) * group; q++) {
        const float *query = part_of(job, LIN_Q, row, z->q_heads * z->dk, q * z->dk);
        float *y = (float *)job->s->out[0].data + (row * z->q_heads + q) * z->dv;
        memset(y, 0, n * sizeof *y);
        for (int64_t i = 0; i < z->dk; i++)
            add_scaled(k, n, query[i] * job->scale, state + i * z->dv, room, y);
    }
}

static void do_heads(void *arg, int64_t first, int64_t last, int32_t worker) {
    const linear_job *job = arg;
    const linear_size *z = &job->st->z;
    float *room = (float *)(void *)(job->scratch + (size_t)worker * job->st->worker_bytes);
    for (int64_t h = first; h < last; h++) {
        float *state = job->state + h * z->dk * z->dv;
        for (int64_t t = 0; t < z->steps; t++)
            take_step(job, h / z->heads * z->steps + t, h % z->heads, state, room, room + z->dv);
    }
}

static hone_status linear_run(run_ctx *r, const step *s) {
    const linear *st = s->state;
    const linear_size *z = &st->z;
    const float given = ((const linear_params *)step_params(s))->scale;
    const size_t bytes = (size_t)(z->batch * z->heads * z->dk * z->dv) * sizeof(float);
    char *scratch = r->scratch;
    linear_job job = {.st = st, .s = s, .scratch = scratch};
    job.state = st->own_state ? (float *)(void *)(scratch + st->at_state) : s->out[1].data;
    job.scale = given != 0 ? given : 1 / sqrtf((float)(z->dk > 0 ? z->dk : 1));
    if (step_has(s, LIN_PAST) && bytes)
        memcpy(job.state, s->in[LIN_PAST].data, bytes);
    else if (bytes)
        memset(job.state, 0, bytes);
    if (bytes)
        team_run(r->team, z->batch * z->heads, 1, do_heads, &job);
    else if (s->out[0].bytes) /* states without elements */
        memset(s->out[0].data, 0, s->out[0].bytes);
    return HONE_OK;
}

static uint64_t linear_flops(const step *s) {
    const shape *v = &s->in[LIN_V].shape, *q = &s->in[LIN_Q].shape;
    const linear_params *p = step_params(s);
    return 6 * (uint64_t)tensor_count(&s->in[LIN_V]) * (uint64_t)(q->dim[2] / p->q_num_heads) *
           (uint64_t)(v->rank == 3);
}

static const char *const linear_cases[] = {
    "f32[2,5,8] f32[2,5,8] f32[2,5,6] q_num_heads=2 kv_num_heads=2",
    "f32[1,4,16] f32[1,4,8] f32[1,4,6] f32[1,2,4,3] f32[1,4,2] f32[1,4,2] q_num_heads=4 "
    "kv_num_heads=2",
    NULL};

static const op core_linear = {.name = "LinearAttention",
                               .domain = "hone",
                               OP_ARGS_IN(linear_in),
                               OP_ARGS_OUT(linear_out),
                               OP_ATTRS(linear_attrs, linear_params),
                               .infer = linear_infer,
                               .plan = linear_plan,
                               .run = linear_run,
                               .flops = linear_flops,
                               .tolerance = {TOL_REL, 1e-5},
                               .cases = linear_cases};

typedef struct onnx_linear_params {
    linear_params core;
    int64_t chunk_size; /* how to compute it, not what */
    int64_t state_window;
    int32_t update_rule;
} onnx_linear_params;

/* Bit 0: there is a decay; bit 1: there is a beta. */
enum { RULE_GATED = 1, RULE_DELTA = 2, RULE_GATED_DELTA = 3 };
static const char *const rules[] = {"linear", "gated", "delta", "gated_delta", NULL};
#define RULE_ATTRS                                                                                 \
    ATTR_NAMED(INT, "q_num_heads", onnx_linear_params, core.q_num_heads, .required = true,         \
               .min = 1, .max = INT32_MAX),                                                        \
        ATTR_NAMED(INT, "kv_num_heads", onnx_linear_params, core.kv_num_heads, .required = true,   \
                   .min = 1, .max = INT32_MAX),                                                    \
        ATTR_NAMED(FLOAT, "scale", onnx_linear_params, core.scale),                                \
        ATTR_ROW(INT, onnx_linear_params, chunk_size, .i = 64, .min = 1, .max = INT32_MAX),        \
        ATTR_ROW(CHOICE, onnx_linear_params, update_rule, .i = RULE_GATED_DELTA, .choices = rules)
static const attr_spec onnx_linear_attrs[] = {RULE_ATTRS};
static const attr_spec ms_linear_attrs[] = {RULE_ATTRS,
                                            ATTR_ROW(INT, onnx_linear_params, state_window)};

/* Each of the heads of q [B, T, heads * d] as often as there are keys for it. */
static value *repeated(builder *b, value *q, int64_t heads, int64_t times) {
    const int64_t apart[] = {0, 0, heads, 1, -1}, often[] = {1, 1, 1, times, 1},
                  flat[] = {0, 0, -1};
    q = expand_reshape(b, q, apart, 5);
    return expand_reshape(b, expand_binary(b, "Expand", q, emit_i64s(b, often, 5)), flat, 3);
}

/* The rule only says which of decay and beta are given. */
static hone_status linear_expand(builder *b, draft *d) {
    const int32_t rule = ((const onnx_linear_params *)d->params)->update_rule;
    if (((const onnx_linear_params *)d->params)->state_window)
        return builder_fail(b, HONE_E_UNSUPPORTED, "windows of states are not supported");
    const bool gated = rule & RULE_GATED, delta = rule & RULE_DELTA;
    value *in[6], *out[2];
    if (gated != (draft_in(d, LIN_DECAY) != NULL) || delta != (draft_in(d, LIN_BETA) != NULL))
        return builder_fail(b, HONE_E_FORMAT, "decay and beta do not fit the update rule");
    for (int32_t i = 0; i < 6; i++) in[i] = expand_cast(b, draft_in(d, i), HONE_F32);
    const linear_params *core = &((const onnx_linear_params *)d->params)->core;
    if (core->kv_num_heads > core->q_num_heads && core->kv_num_heads % core->q_num_heads == 0) {
        in[LIN_Q] =
            repeated(b, in[LIN_Q], core->q_num_heads, core->kv_num_heads / core->q_num_heads);
        TRY(draft_set_attr(b, d, A_INT("q_num_heads", core->kv_num_heads)));
    }
    draft_drop(d, "update_rule");
    draft_drop(d, "chunk_size");
    draft_drop(d, "state_window");
    emit_n(b, "hone::LinearAttention", in, 6, d->attrs, d->n_attrs, out,
           expand_wants(d, 1) ? 2 : 1);
    const value *past = draft_in(d, LIN_PAST);
    const hone_dtype t = d->in[LIN_Q]->type.dtype;
    if (expand_wants(d, 1)) d->out[1] = expand_cast(b, out[1], past ? past->type.dtype : t);
    return draft_done(b, d, expand_cast(b, out[0], t));
}

static const char *const onnx_cases[] = {
    "f32[2,5,8] f32[2,5,8] f32[2,5,6] q_num_heads=2 kv_num_heads=2 update_rule=linear",
    "f32[1,4,16] f32[1,4,8] f32[1,4,6] f32[1,2,4,3] f32[1,4,2] f32[1,4,2] q_num_heads=4 "
    "kv_num_heads=2 >2",
    "f16[1,3,4] f16[1,3,4] f16[1,3,4] _ f16[1,3,1] q_num_heads=1 kv_num_heads=1 update_rule=gated "
    "scale=0.5",
    "f32[1,3,4] f32[1,3,8] f32[1,3,6] q_num_heads=1 kv_num_heads=2 update_rule=linear",
    "f32[0,3,4] f32[0,3,4] f32[0,3,4] _ _ f32[0,3,1] q_num_heads=1 kv_num_heads=1 "
    "update_rule=delta",
    NULL};

static const op_arg onnx_linear_in[] = {{"query", DT_FLOATS, 'T', 0},
                                        {"key", DT_FLOATS, 'T', 0},
                                        {"value", DT_FLOATS, 'T', 0},
                                        {"past_state", DT_FLOATS, 'S', ARG_OPTIONAL},
                                        {"decay", DT_FLOATS, 'T', ARG_OPTIONAL},
                                        {"beta", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg onnx_linear_out[] = {{"output", DT_FLOATS, 'T', 0},
                                         {"present_state", DT_FLOATS, 'S', 0}};
static const op_version since_1[] = {{1, NULL}};
static const op_version since_27[] = {{27, NULL}};
#define LINEAR(ident, space, since)                                                                \
    static const op ident##_linear = {.name = "LinearAttention",                                   \
                                      .domain = space,                                             \
                                      OP_VERSIONS(since),                                          \
                                      OP_SLOTS(onnx_linear),                                       \
                                      OP_ATTRS(ident##_linear_attrs, onnx_linear_params),          \
                                      .expand = linear_expand,                                     \
                                      .tolerance = {TOL_REL, 1e-5},                                \
                                      .cases = onnx_cases}
LINEAR(onnx, "", since_27);
LINEAR(ms, "com.microsoft", since_1);

static const op *const members[] = {&core_linear, &onnx_linear, &ms_linear};
const op_family family_linear_attention = {members, COUNT_OF(members)};
