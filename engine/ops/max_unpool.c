/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::MaxUnpool: puts each element at the place that an index names, and zeros elsewhere.
 * Channels first, as the indices are. ONNX's MaxUnpool pads its result to a given shape.
 */
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "op.h"

enum { UNPOOL_X, UNPOOL_INDICES };

typedef struct unpool_params {
    int_list kernel_shape, strides, pads;
} unpool_params;

static const attr_spec unpool_attrs[] = {
    ATTR_ROW(INTS, unpool_params, kernel_shape, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INTS, unpool_params, strides, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INTS, unpool_params, pads, .min = 0, .max = INT32_MAX),
};
static const op_arg unpool_in[] = {{"X", DT_FLOATS, 'T', 0}, {"I", DT(HONE_I64), 0, 0}};
static const op_arg unpool_out[] = {{"output", DT_FLOATS, 'T', 0}};

static hone_status check_list(const infer *f, const int_list *l, int32_t n, const char *name) {
    if (!l->set || l->n == n) return HONE_OK;
    return infer_fail(f, "attribute '%s' has %d values: expected %d", name, l->n, n);
}

static hone_status unpool_infer(infer *f) {
    const unpool_params *p = f->params;
    shape y = *infer_shape(f, UNPOOL_X);
    const int32_t n = p->kernel_shape.n;
    if (y.rank >= 0 && y.rank != n + 2)
        return infer_fail(f, "data of rank %d with a window of rank %d", y.rank, n);
    TRY(check_list(f, &p->strides, n, "strides"));
    TRY(check_list(f, &p->pads, 2 * n, "pads"));
    for (int32_t i = 0; i < n && y.rank >= 0; i++) {
        const int64_t stride = p->strides.set ? p->strides.v[i] : 1;
        const int64_t pads = p->pads.set ? p->pads.v[i] + p->pads.v[i + n] : 0;
        int64_t *d = &y.dim[i + 2];
        if (!dim_known(*d)) {
            *d = DIM_UNKNOWN;
        } else if (!i64_mul(*d - 1, stride, d) || !i64_add(*d, p->kernel_shape.v[i] - pads, d) ||
                   *d < 0) {
            return infer_fail(f, "the size of spatial axis %d of the output is out of range", i);
        }
    }
    infer_set(f, 0, infer_dtype(f, UNPOOL_X), &y);
    return HONE_OK;
}

static hone_status unpool_run(run_ctx *r, const step *s) {
    const tensor *x = &s->in[UNPOOL_X], *indices = &s->in[UNPOOL_INDICES], *y = &s->out[0];
    const size_t size = dtype_size(x->dtype);
    const int64_t n = tensor_count(x), places = tensor_count(y);
    const int64_t *at = indices->data;
    if (tensor_count(indices) != n)
        return run_fail(r, "%lld indices for %lld elements", (long long)tensor_count(indices),
                        (long long)n);
    memset(y->data, 0, y->bytes);
    for (int64_t i = 0; i < n; i++) {
        if (at[i] < 0 || at[i] >= places)
            return run_fail(r, "index %lld is out of range: expected 0 to %lld", (long long)at[i],
                            (long long)places - 1);
        memcpy((char *)y->data + (size_t)at[i] * size, (const char *)x->data + (size_t)i * size,
               size);
    }
    return HONE_OK;
}

static hone_status max_unpool_expand(builder *b, draft *d) {
    value *y = emit(b, "hone::MaxUnpool", IN(d->in[0], d->in[1]), d->attrs, d->n_attrs);
    value *want = draft_in(d, 2);
    if (!want || !y) return draft_done(b, d, y);
    value *have = emit(b, "Shape", IN(y), NO_ATTRS);
    value *before = emit(b, "Sub", IN(have, have), NO_ATTRS);
    value *after = emit(b, "Sub", IN(want, have), NO_ATTRS);
    value *pads = emit(b, "Concat", IN(before, after), ATTRS(A_INT("axis", 0)));
    return draft_done(b, d, emit(b, "Pad", IN(y, pads), NO_ATTRS));
}

static const char *const onnx_cases[] = {
    "f32[1,1,2,2] i64[1,1,2,2]{0,3,9,15} kernel_shape=2,2 strides=2,2",
    "f32[1,1,2,2] i64[1,1,2,2]{0,3,9,15} i64{1,1,5,5} kernel_shape=2,2 strides=2,2",
    "f16[1,1,2] i64[1,1,2]{0,3} kernel_shape=2 strides=2", "f32[0,1,2] i64[0,1,2]{} kernel_shape=2",
    NULL};

static const op_arg max_unpool_in[] = {{"X", DT_FLOATS, 'T', 0},
                                       {"I", DT(HONE_I64), 0, 0},
                                       {"output_shape", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg max_unpool_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version since_9[] = {{9, NULL}};
static const char *const unpool_cases[] = {"f32[1,1,2,2] i64{0,3,9,15} kernel_shape=2,2 "
                                           "strides=2,2",
                                           NULL};

static const op core_unpool = {.name = "MaxUnpool",
                               .domain = "hone",
                               OP_ARGS_IN(unpool_in),
                               OP_ARGS_OUT(unpool_out),
                               OP_ATTRS(unpool_attrs, unpool_params),
                               .infer = unpool_infer,
                               .run = unpool_run,
                               .cases = unpool_cases};
static const op onnx_unpool = {.name = "MaxUnpool",
                               .domain = "",
                               OP_VERSIONS(since_9),
                               OP_SLOTS(max_unpool),
                               OP_ATTRS(unpool_attrs, unpool_params),
                               .expand = max_unpool_expand,
                               .tolerance = {TOL_EXACT, 0},
                               .cases = onnx_cases};

static const op *const members[] = {&core_unpool, &onnx_unpool};
const op_family family_max_unpool = {members, COUNT_OF(members)};
