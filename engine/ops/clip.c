/* SPDX-License-Identifier: Apache-2.0
 *
 * Clip: min(max(x, lo), hi) with optional scalar bounds. Before opset 11 they were attributes.
 */
#include "clip.h"

#include <math.h>
#include <string.h>

#include "elementwise.h"
#include "legacy.h"

enum { LO = 1, HI = 2 };

static const op_arg clip_in[] = {{"input", DT_NUMBERS, 'T', 0},
                                 {"min", DT_NUMBERS, 'T', ARG_OPTIONAL},
                                 {"max", DT_NUMBERS, 'T', ARG_OPTIONAL}};
static const op_arg clip_out[] = {{"output", DT_NUMBERS, 'T', 0}};

static hone_status clip_upgrade(builder *b, draft *d) {
    const hone_dtype t = draft_in(d, 0) ? draft_in(d, 0)->type.dtype : HONE_F32;
    static const char *const names[] = {[LO] = "min", [HI] = "max"};
    for (int32_t i = LO; i <= HI; i++) {
        const float bound = draft_float(d, names[i], 0);
        if (!draft_drop(d, names[i])) continue;
        TRY(draft_set_in(b, d, i, emit_scalar(b, t, (double)bound)));
    }
    return legacy_consumed(b, d);
}

static const op_version clip_versions[] = {{1, clip_upgrade}, {11, NULL}};

static hone_status clip_infer(infer *f) {
    for (int32_t i = LO; i <= HI; i++) {
        int64_t count;
        if (infer_has(f, i) && shape_count(infer_shape(f, i), &count) && count != 1)
            return infer_fail(f, "bound %d has %lld elements: expected 1", i, (long long)count);
    }
    return infer_same(f, 0);
}

static void clip_axes(const node *n, axis_map *m) {
    for (int32_t a = 0; a < n->out[0]->type.shape.rank; a++) axis_add(m, 0, a, 0, a, AXIS_SAME);
}

/* 64-bit integers do not fit into the kernel's constants: they are compared one bound at a time. */
typedef struct clip_state {
    elementwise e; /* first: what apply_wide is given */
    const void *bound[2];
    ktype type;
} clip_state;

static void apply_wide(const elementwise *e, const ew_row *row) {
    const clip_state *st = (const clip_state *)e;
    const void *x = row->in[0];
    binary_fn *const fn[2] = {e->k->max[st->type], e->k->min[st->type]};
    if (!st->bound[0] && !st->bound[1]) memmove(row->out, x, (size_t)row->n * e->out_size);
    for (int32_t i = 0; i < 2; i++) {
        if (!st->bound[i]) continue;
        fn[i]((size_t)row->n, x, 1, st->bound[i], 0, row->out);
        x = row->out;
    }
}

static double bound(const step *s, int32_t i, double fallback) {
    return step_has(s, i) ? tensor_f64(&s->in[i], 0) : fallback;
}

static hone_status clip_plan(plan_ctx *p, step *s) {
    clip_state *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    ew_nest(&st->e, s, 1);
    st->type = ew_compute_type(&st->e, s, 0, true);
    const bool wide = st->type == KT_I64 || st->type == KT_U64;
    st->e.apply = wide ? apply_wide : ew_apply_unary;
    if (!wide) st->e.fn.unary = slot_unary(s->k, SLOT_OF(clip), st->type);
    return HONE_OK;
}

static hone_status clip_run(run_ctx *r, const step *s) {
    clip_state st = *(const clip_state *)s->state;
    st.e.param[0] = bound(s, LO, -INFINITY);
    st.e.param[1] = bound(s, HI, INFINITY);
    for (int32_t i = 0; i < 2; i++) st.bound[i] = step_has(s, LO + i) ? s->in[LO + i].data : NULL;
    ew_run(r, s, &st.e);
    return HONE_OK;
}

bool clip_bounds(const node *clip, float *lo, float *hi) {
    float bounds[2] = {-INFINITY, INFINITY};
    if (node_in(clip, 0)->type.dtype != HONE_F32) return false;
    for (int32_t i = 0; i < 2; i++) {
        const value *v = node_in(clip, LO + i);
        if (!v) continue;
        if (!v->constant || tensor_count(v->constant) != 1) return false;
        bounds[i] = (float)tensor_f64(v->constant, 0);
    }
    *lo = bounds[0];
    *hi = bounds[1];
    return true;
}

/* The gradient flows where the value was not cut. */
static hone_status clip_grad(gradient *g) {
    builder *b = g->b;
    value *same = emit(b, "Equal", IN(node_in(g->node, 0), g->node->out[0]), NO_ATTRS);
    value *zero = emit_scalar(b, g->node->out[0]->type.dtype, 0);
    g->dx[0] = emit(b, "Where", IN(same, g->dy[0], zero), NO_ATTRS);
    return b->status;
}

static const op_quant clip_quant = {QUANT_TABLE, 1, -1, -1, NULL};
static const char *const clip_cases[] = {"f32[2,3,4] f32{-1} f32{1}", "i32[37] i32{-5}", "f16[9]",
                                         NULL};

const op op_clip = {.name = "Clip",
                    .domain = "",
                    OP_VERSIONS(clip_versions),
                    OP_ARGS_IN(clip_in),
                    OP_ARGS_OUT(clip_out),
                    .infer = clip_infer,
                    .axes = clip_axes,
                    .permute = permute_elementwise,
                    .plan = clip_plan,
                    .run = clip_run,
                    .grad = clip_grad,
                    .quant = &clip_quant,
                    .inplace = 1,
                    .cases = clip_cases};
