/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "elementwise.h"

#define TYPES DT_MOVABLE
static const op_arg where_in[] = {
    {"condition", DT_BOOL, 0, 0}, {"X", TYPES, 'T', 0}, {"Y", TYPES, 'T', 0}};
static const op_arg where_out[] = {{"output", TYPES, 'T', 0}};
static const op_version where_versions[] = {{9, NULL}};

static hone_status where_infer(infer *f) { return infer_broadcast(f, 0, infer_dtype(f, 1)); }

/* The elements are only moved: any type of their size will do. */
static ktype move_type(hone_dtype t) {
    switch (dtype_size(t)) {
    case 1: return KT_U8;
    case 2: return KT_U16;
    case 4: return KT_U32;
    default: return KT_U64;
    }
}

/* Elements without a kernel: complex128. */
static void apply_wide(const elementwise *e, const ew_row *r) {
    const uint8_t *c = r->in[0];
    const size_t size = e->out_size;
    for (size_t i = 0; i < (size_t)r->n; i++) {
        const int32_t from = c[i * r->step[0]] ? 1 : 2;
        memcpy((char *)r->out + i * size, (const char *)r->in[from] + i * r->step[from] * size,
               size);
    }
}

static hone_status where_plan(plan_ctx *p, step *s) {
    elementwise *e = plan_state(p, s, sizeof *e);
    if (!e) return HONE_E_NOMEM;
    ew_nest(e, s, 3);
    const hone_dtype t = s->in[1].dtype;
    e->apply = dtype_size(t) > 8 ? apply_wide : ew_apply_select;
    e->fn.select = s->k->select[move_type(t)];
    return HONE_OK;
}

static hone_status where_run(run_ctx *r, const step *s) {
    ew_run(r, s, s->state);
    return HONE_OK;
}

static hone_status where_grad(gradient *g) {
    builder *b = g->b;
    const node *n = g->node;
    value *on = node_in(n, 0), *dy = g->dy[0];
    value *zero = emit_scalar(b, n->out[0]->type.dtype, 0);
    g->dx[1] = emit(b, "hone::SumTo",
                    IN(emit(b, "Where", IN(on, dy, zero), NO_ATTRS), node_in(n, 1)), NO_ATTRS);
    g->dx[2] = emit(b, "hone::SumTo",
                    IN(emit(b, "Where", IN(on, zero, dy), NO_ATTRS), node_in(n, 2)), NO_ATTRS);
    return b->status;
}

static const char *const where_cases[] = {"bool[2,3] f32[2,3] f32[2,3]",
                                          "bool[900,1] f32[2,900,3] f32[2,1,3]",
                                          "bool[1,5] f32[3,1] f32[]",
                                          "bool[37] u8[37] u8[1]",
                                          "bool[2,3] f16[3] f16[2,1]",
                                          "bool[2,3] c128[3] c128[2,1]",
                                          NULL};

const op op_where = {.name = "Where",
                     .domain = "",
                     OP_VERSIONS(where_versions),
                     OP_ARGS_IN(where_in),
                     OP_ARGS_OUT(where_out),
                     .infer = where_infer,
                     .axes = axes_elementwise,
                     .permute = permute_elementwise,
                     .plan = where_plan,
                     .run = where_run,
                     .grad = where_grad,
                     .inplace = 6,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = where_cases};
