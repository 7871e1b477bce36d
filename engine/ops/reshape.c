/* SPDX-License-Identifier: Apache-2.0
 *
 * Reshape: 0 keeps the dimension at the same place (unless allowzero), one -1 is what is left.
 */
#include "legacy.h"
#include "movement.h"
#include "shape_items.h"
#include "view.h"

typedef struct reshape_params {
    bool allowzero;
} reshape_params;

static const attr_spec reshape_attrs[] = {ATTR_ROW(BOOL, reshape_params, allowzero)};
static const op_arg reshape_in[] = {{"data", DT_ALL, 'T', 0}, {"shape", DT(HONE_I64), 0, 0}};
static const op_arg reshape_out[] = {{"reshaped", DT_ALL, 'T', 0}};
/* The shape was an attribute. */
static hone_status reshape_upgrade(builder *b, draft *d) {
    TRY(legacy_consumed(b, d));
    return draft_ints_to_input(b, d, "shape", 1);
}

static const op_version reshape_versions[] = {{1, reshape_upgrade}, {5, NULL}};

/* Divides the elements of `from` by those of `by`, leaving out axis `skip` of `by`. Unknown
 * dimensions that both have cancel. Unknown when something unknown is left or it does not divide.
 */
static int64_t rest_of(const shape *from, const shape *by, int32_t skip) {
    bool used[HONE_MAX_RANK] = {false};
    int64_t left = 1, right = 1;
    for (int32_t a = 0; a < by->rank; a++) {
        if (a == skip) continue;
        if (dim_known(by->dim[a])) {
            right = dim_mul(right, by->dim[a]);
            continue;
        }
        int32_t i = 0;
        /* A plain unknown equals only itself: the dimension it was copied from. */
        while (i < from->rank &&
               (used[i] || from->dim[i] != by->dim[a] || (by->dim[a] == DIM_UNKNOWN && i != a)))
            i++;
        if (i == from->rank) return DIM_UNKNOWN;
        used[i] = true;
    }
    for (int32_t i = 0; i < from->rank; i++)
        if (!used[i]) left = dim_mul(left, from->dim[i]);
    if (!dim_known(left) || !dim_known(right) || right == 0 || left % right) return DIM_UNKNOWN;
    return left / right;
}

/* The element counts agree. Of a known input only a -1 that does not divide leaves a dimension
 * open.
 */
static hone_status check_count(const infer *f, const shape *x, const shape *y) {
    int64_t nx, ny;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (!shape_count(x, &nx) || (shape_count(y, &ny) && nx == ny)) return HONE_OK;
    return infer_fail(f, "input of shape %s cannot have shape %s", shape_text(a, sizeof a, x),
                      shape_text(b, sizeof b, y));
}

/* What is known of a target that is not known yet as a whole. A dimension in it that turns out to
 * be 0 would copy another one; nothing that matters relies on which. */
static void infer_items(infer *f, const shape *x, bool allowzero) {
    shape_item item[HONE_MAX_RANK];
    const int32_t rank = f->blind ? -1 : shape_items(node_in(f->node, 1), item);
    int32_t open = 0, wild = -1;
    if (rank < 0) return;
    shape y = shape_of_rank(rank);
    for (int32_t a = 0; a < rank; a++) {
        y.dim[a] = item_dim(&item[a]);
        if (item_is_number(&item[a], 0) && !allowzero)
            y.dim[a] = a < x->rank ? x->dim[a] : DIM_UNKNOWN;
        if (item_is_number(&item[a], -1)) wild = a;
        open += y.dim[a] == DIM_UNKNOWN;
    }
    if (wild >= 0 && open == 1 && x->rank >= 0) y.dim[wild] = rest_of(x, &y, wild);
    f->out[0].shape = y;
}

static hone_status reshape_infer(infer *f) {
    const reshape_params *p = f->params;
    const shape *x = infer_shape(f, 0), *target = infer_shape(f, 1);
    int64_t v[HONE_MAX_RANK];
    int32_t n, wild = -1;
    f->out[0].dtype = infer_dtype(f, 0);
    if (target->rank >= 0 && target->rank != 1)
        return infer_fail(f, "'shape' has rank %d: expected 1", target->rank);
    if (!infer_value(f, 1)) {
        if (target->rank == 1 && dim_known(target->dim[0]) && target->dim[0] <= HONE_MAX_RANK)
            f->out[0].shape = shape_of_rank((int32_t)target->dim[0]);
        infer_items(f, x, p->allowzero);
        return HONE_OK;
    }
    TRY(infer_ints(f, 1, v, HONE_MAX_RANK, &n));
    shape y = {.rank = n};
    for (int32_t a = 0; a < n; a++) {
        if (v[a] < -1 || (v[a] == -1 && wild >= 0))
            return infer_fail(f, "'shape' has %lld at place %d: expected sizes and at most one -1",
                              (long long)v[a], a);
        if (v[a] == -1) wild = a;
        const bool copies = v[a] == 0 && !p->allowzero;
        if (copies && x->rank >= 0 && a >= x->rank)
            return infer_fail(f, "'shape' keeps axis %d of an input of rank %d", a, x->rank);
        y.dim[a] = !copies ? v[a] : x->rank >= 0 ? x->dim[a] : DIM_UNKNOWN;
    }
    if (wild >= 0) y.dim[wild] = x->rank >= 0 ? rest_of(x, &y, wild) : DIM_UNKNOWN;
    f->out[0].shape = y;
    return check_count(f, x, &y);
}

static const char *const reshape_cases[] = {"f32[2,3,4] i64{6,4}", "f32[2,3,4] i64{0,-1}",
                                            "f32[0,3] i64{3,0} allowzero=1", "f16[] i64{1,1}",
                                            NULL};

const op op_reshape = {.name = "Reshape",
                       .domain = "",
                       OP_VERSIONS(reshape_versions),
                       OP_ARGS_IN(reshape_in),
                       OP_ARGS_OUT(reshape_out),
                       OP_ATTRS(reshape_attrs, reshape_params),
                       .flags = OP_VIEW,
                       .infer = reshape_infer,
                       .axes = view_axes,
                       .run = view_run,
                       .grad = view_grad,
                       .quant = &quant_moves_first,
                       .flops = move_flops,
                       .tolerance = {TOL_EXACT, 0},
                       .cases = reshape_cases};
