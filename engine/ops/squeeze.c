/* SPDX-License-Identifier: Apache-2.0
 *
 * Squeeze and Unsqueeze: take axes of size 1 out and put them in. Before opset 13 the axes were an
 * attribute.
 */
#include "movement.h"
#include "view.h"

static const op_arg squeeze_in[] = {{"data", DT_ALL, 'T', 0},
                                    {"axes", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg unsqueeze_in[] = {{"data", DT_ALL, 'T', 0}, {"axes", DT(HONE_I64), 0, 0}};
static const op_arg squeeze_out[] = {{"output", DT_ALL, 'T', 0}};

static hone_status axes_upgrade(builder *b, draft *d) {
    return draft_ints_to_input(b, d, "axes", 1);
}

static const op_version squeeze_versions[] = {{1, axes_upgrade}, {13, NULL}};

/* The axes in input 1 as a set of bits, each below `rank`. */
static hone_status axes_set(const infer *f, int32_t rank, uint32_t *set) {
    int64_t v[HONE_MAX_RANK];
    int32_t n;
    *set = 0;
    TRY(infer_ints(f, 1, v, HONE_MAX_RANK, &n));
    for (int32_t i = 0; i < n; i++) {
        int32_t a;
        TRY(infer_axis(f, v[i], rank, &a));
        if (*set >> a & 1) return infer_fail(f, "axis %d is given twice", a);
        *set |= 1u << a;
    }
    return HONE_OK;
}

/* Number of axes given, or -1 while that is not known. */
static int64_t axes_count(const infer *f) {
    const shape *s = infer_shape(f, 1);
    if (s->rank == 0) return 1;
    return s->rank == 1 && dim_known(s->dim[0]) ? s->dim[0] : -1;
}

/* All axes of size 1, when every size is known. */
static bool ones_set(const shape *x, uint32_t *set) {
    *set = 0;
    for (int32_t a = 0; a < x->rank; a++) {
        if (!dim_known(x->dim[a])) return false;
        if (x->dim[a] == 1) *set |= 1u << a;
    }
    return true;
}

static hone_status squeeze_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    shape y = {.rank = 0};
    uint32_t set;
    f->out[0].dtype = infer_dtype(f, 0);
    if (x->rank < 0) return HONE_OK;
    if (!infer_has(f, 1)) {
        if (!ones_set(x, &set)) return HONE_OK;
    } else if (infer_value(f, 1)) {
        TRY(axes_set(f, x->rank, &set));
    } else {
        const int64_t n = axes_count(f);
        if (n > x->rank) return infer_fail(f, "more axes than the input has");
        if (n >= 0) f->out[0].shape = shape_of_rank(x->rank - (int32_t)n);
        return HONE_OK;
    }
    for (int32_t a = 0; a < x->rank; a++) {
        if (!(set >> a & 1))
            y.dim[y.rank++] = x->dim[a];
        else if (dim_known(x->dim[a]) && x->dim[a] != 1)
            return infer_fail(f, "axis %d has size %lld: expected 1", a, (long long)x->dim[a]);
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static hone_status unsqueeze_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    const int64_t n = axes_count(f);
    f->out[0].dtype = infer_dtype(f, 0);
    if (x->rank < 0 || n < 0) return HONE_OK;
    if (n > HONE_MAX_RANK - x->rank)
        return infer_fail(f, "the output has more than %d axes", HONE_MAX_RANK);
    shape y = shape_of_rank(x->rank + (int32_t)n);
    if (infer_value(f, 1)) {
        uint32_t set;
        TRY(axes_set(f, y.rank, &set));
        for (int32_t a = 0, i = 0; a < y.rank; a++) y.dim[a] = set >> a & 1 ? 1 : x->dim[i++];
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static const char *const squeeze_cases[] = {"f32[1,3,1] i64{0}", "f32[1,3,1]", "i64[1] i64{-1}",
                                            NULL};
static const char *const unsqueeze_cases[] = {"f32[3] i64{0,2}", "f32[] i64{0}", "f16[2,3] i64{-1}",
                                              NULL};

#define SQUEEZE(ident, label)                                                                      \
    const op op_##ident = {.name = label,                                                          \
                           .domain = "",                                                           \
                           OP_VERSIONS(squeeze_versions),                                          \
                           OP_ARGS_IN(ident##_in),                                                 \
                           OP_ARGS_OUT(squeeze_out),                                               \
                           .flags = OP_VIEW,                                                       \
                           .infer = ident##_infer,                                                 \
                           .axes = view_axes,                                                      \
                           .run = view_run,                                                        \
                           .grad = view_grad,                                                      \
                           .quant = &quant_moves_first,                                            \
                           .flops = move_flops,                                                    \
                           .tolerance = {TOL_EXACT, 0},                                            \
                           .cases = ident##_cases}
SQUEEZE(squeeze, "Squeeze");
SQUEEZE(unsqueeze, "Unsqueeze");

static const op *const members[] = {&op_squeeze, &op_unsqueeze};
const op_family family_squeeze = {members, COUNT_OF(members)};
