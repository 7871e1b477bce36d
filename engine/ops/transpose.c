/* SPDX-License-Identifier: Apache-2.0 */
#include "transpose.h"

#include "movement.h"
#include "narrow.h"

static const attr_spec transpose_attrs[] = {
    ATTR_ROW(INTS, transpose_params, perm, .min = 0, .max = HONE_MAX_RANK - 1)};
static const op_arg transpose_in[] = {{"data", DT_ALL, 'T', 0}};
static const op_arg transpose_out[] = {{"transposed", DT_ALL, 'T', 0}};
static const op_version transpose_versions[] = {{1, NULL}};

/* The permutation for a rank; false when the attribute is none. */
static bool perm_of(const transpose_params *p, int32_t rank, int32_t *perm) {
    uint32_t seen = 0;
    if (p->perm.set && p->perm.n != rank) return false;
    for (int32_t i = 0; i < rank; i++) {
        perm[i] = p->perm.set ? (int32_t)p->perm.v[i] : rank - 1 - i;
        if (perm[i] >= rank || seen >> perm[i] & 1) return false;
        seen |= 1u << perm[i];
    }
    return true;
}

bool transpose_perm(const node *n, int32_t *perm, int32_t *rank) {
    if (n->op != &op_transpose) return false;
    *rank = node_in(n, 0)->type.shape.rank;
    return *rank >= 0 && perm_of(n->params, *rank, perm);
}

static hone_status transpose_infer(infer *f) {
    const transpose_params *p = f->params;
    const shape *x = infer_shape(f, 0);
    int32_t perm[HONE_MAX_RANK];
    f->out[0].dtype = infer_dtype(f, 0);
    if (x->rank < 0) {
        if (p->perm.set && p->perm.n <= HONE_MAX_RANK) f->out[0].shape = shape_of_rank(p->perm.n);
        return HONE_OK;
    }
    if (!perm_of(p, x->rank, perm))
        return infer_fail(f, "'perm' is no permutation of %d axes", x->rank);
    shape y = {.rank = x->rank};
    for (int32_t i = 0; i < x->rank; i++) y.dim[i] = x->dim[perm[i]];
    f->out[0].shape = y;
    return HONE_OK;
}

static void transpose_axes(const node *n, axis_map *m) {
    int32_t perm[HONE_MAX_RANK], rank;
    if (!transpose_perm(n, perm, &rank)) return;
    for (int32_t i = 0; i < rank; i++) axis_add(m, 0, perm[i], 0, i, AXIS_SAME);
}

/* Elements of less than a byte, one at a time: they are weights, which are turned over once. */
static void transpose_packed(const step *s, const int32_t *perm) {
    const tensor *x = &s->in[0], *y = &s->out[0];
    const int bits = (int)hone_dtype_bits(x->dtype);
    const int64_t n = tensor_count(y);
    int64_t stride[HONE_MAX_RANK];
    move_axis axis[HONE_MAX_RANK];
    move_cursor c;
    dense_strides(&x->shape, stride);
    for (int32_t i = 0; i < y->shape.rank; i++)
        axis[i] = (move_axis){y->shape.dim[i], stride[perm[i]], 0};
    if (n > 0) cursor_seek(&c, axis, y->shape.rank, 0);
    for (int64_t i = 0; i < n; i++, cursor_next(&c, axis, y->shape.rank))
        packed_set(y->data, i, bits, (uint8_t)packed_get(x->data, c.from, bits, false));
}

static void transpose_movement(const step *s, const int32_t *perm, movement *m) {
    const shape *y = &s->out[0].shape;
    int64_t from[HONE_MAX_RANK], to[HONE_MAX_RANK];
    dense_strides(&s->in[0].shape, from);
    dense_strides(y, to);
    movement_init(m, dtype_size(s->in[0].dtype));
    for (int32_t i = 0; i < y->rank; i++) movement_add(m, y->dim[i], from[perm[i]], to[i]);
}

/* Moving axes of size 1 moves no elements. */
static hone_status transpose_plan(plan_ctx *p, step *s) {
    int32_t perm[HONE_MAX_RANK];
    movement m;
    (void)p;
    if (dtype_in(s->in[0].dtype, DT_PACKED)) return HONE_OK;
    if (!perm_of(step_params(s), s->in[0].shape.rank, perm)) return HONE_OK;
    transpose_movement(s, perm, &m);
    s->keeps_bytes = movement_is_copy(&m);
    return HONE_OK;
}

static hone_status transpose_run(run_ctx *r, const step *s) {
    int32_t perm[HONE_MAX_RANK];
    movement m;
    if (!perm_of(step_params(s), s->in[0].shape.rank, perm))
        return run_fail(r, "'perm' is no permutation");
    if (dtype_in(s->in[0].dtype, DT_PACKED)) {
        transpose_packed(s, perm);
        return HONE_OK;
    }
    transpose_movement(s, perm, &m);
    movement_run(r, s->k, &m, s->in[0].data, s->out[0].data);
    return HONE_OK;
}

static hone_status transpose_grad(gradient *g) {
    int32_t perm[HONE_MAX_RANK], rank;
    int64_t back[HONE_MAX_RANK];
    if (!transpose_perm(g->node, perm, &rank))
        return builder_fail(g->b, HONE_E_UNSUPPORTED, "gradient of an unknown rank");
    for (int32_t i = 0; i < rank; i++) back[perm[i]] = i;
    g->dx[0] = emit(g->b, "Transpose", IN(g->dy[0]), ATTRS(A_INTS("perm", back, rank)));
    return g->b->status;
}

static const char *const transpose_cases[] = {"f32[2,3,4]",
                                              "f32[1,64,56,56] perm=0,2,3,1",
                                              "f32[1,56,56,64] perm=0,3,1,2",
                                              "f32[1,3,224,224] perm=0,2,3,1",
                                              "f32[1,197,12,64] perm=0,2,1,3",
                                              "f32[33,65]",
                                              "u8[33,65]",
                                              "f16[5,33,17] perm=1,2,0",
                                              "i64[3,4,5,6] perm=3,1,0,2",
                                              "f32[0,3]",
                                              "f32[]",
                                              NULL};

const op op_transpose = {.name = "Transpose",
                         .domain = "",
                         OP_VERSIONS(transpose_versions),
                         OP_ARGS_IN(transpose_in),
                         OP_ARGS_OUT(transpose_out),
                         OP_ATTRS(transpose_attrs, transpose_params),
                         .infer = transpose_infer,
                         .axes = transpose_axes,
                         .plan = transpose_plan,
                         .run = transpose_run,
                         .grad = transpose_grad,
                         .quant = &quant_moves,
                         .flops = move_flops,
                         .tolerance = {TOL_EXACT, 0},
                         .cases = transpose_cases};
