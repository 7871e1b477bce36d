/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's pools, with channels first, over the channels-last ones and reductions.
 */
#include "channels.h"
#include "composite.h"
#include "op.h"

/* A pool with the draft's own attributes between two transposes. */
static hone_status between_transposes(builder *b, draft *d, const char *core) {
    value *out[2];
    if (!expand_needs(b, d, 0, "X")) return b->status;
    const int32_t n_out = expand_wants(d, 1) ? 2 : 1;
    emit_n(b, core, IN(emit_channels_last(b, d->in[0])), d->attrs, d->n_attrs, out, n_out);
    if (n_out > 1) d->out[1] = emit_channels_first(b, out[1]);
    return draft_done(b, d, emit_channels_first(b, out[0]));
}

static hone_status max_pool_expand(builder *b, draft *d) {
    return between_transposes(b, d, "hone::MaxPool");
}

static hone_status average_pool_expand(builder *b, draft *d) {
    return between_transposes(b, d, "hone::AveragePool");
}

/* |v| ^ p, and v ^ (1 / p). */
static value *raise(builder *b, value *v, int64_t p) {
    if (!v || p == 2) return v ? emit(b, "Mul", IN(v, v), NO_ATTRS) : NULL;
    value *size = emit(b, "Abs", IN(v), NO_ATTRS);
    return p == 1 ? size
                  : emit(b, "Pow", IN(size, emit_scalar(b, v->type.dtype, (double)p)), NO_ATTRS);
}

static value *root(builder *b, value *v, int64_t p) {
    if (!v || p == 1) return v;
    if (p == 2) return emit(b, "Sqrt", IN(v), NO_ATTRS);
    return emit(b, "Pow", IN(v, emit_scalar(b, v->type.dtype, 1.0 / (double)p)), NO_ATTRS);
}

/* The exponent, taken out of the attributes. */
static bool take_exponent(builder *b, draft *d, int64_t *p) {
    *p = draft_int(d, "p", 2);
    draft_drop(d, "p");
    if (*p >= 1) return true;
    builder_fail(b, HONE_E_FORMAT, "p is %lld: expected at least 1", (long long)*p);
    return false;
}

static hone_status lp_pool_expand(builder *b, draft *d) {
    int64_t p;
    if (!expand_needs(b, d, 0, "X") || !take_exponent(b, d, &p)) return b->status;
    value *x = raise(b, emit_channels_last(b, d->in[0]), p);
    value *sum = emit(b, "hone::SumPool", IN(x), d->attrs, d->n_attrs);
    return draft_done(b, d, emit_channels_first(b, root(b, sum, p)));
}

/* A reduction over all spatial axes, which are kept. */
static value *over_space(builder *b, const char *reduce, value *v) {
    int64_t axes[HONE_MAX_RANK];
    const int32_t rank = emit_rank(b, v);
    if (rank >= 0 && rank < 3)
        builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected at least 3", rank);
    for (int32_t a = 2; a < rank; a++) axes[a - 2] = a;
    return rank < 3 ? NULL : emit(b, reduce, IN(v, emit_i64s(b, axes, rank - 2)), NO_ATTRS);
}

static hone_status global_average_expand(builder *b, draft *d) {
    return draft_done(b, d, over_space(b, "ReduceMean", draft_in(d, 0)));
}

static hone_status global_max_expand(builder *b, draft *d) {
    return draft_done(b, d, over_space(b, "ReduceMax", draft_in(d, 0)));
}

static hone_status global_lp_expand(builder *b, draft *d) {
    int64_t p;
    if (!take_exponent(b, d, &p)) return b->status;
    value *sum = over_space(b, "ReduceSum", raise(b, draft_in(d, 0), p));
    return draft_done(b, d, root(b, sum, p));
}

static const op_version since_7[] = {{7, NULL}};

#define COMPOSITE(ident, label)                                                                    \
    static const op onnx_##ident = {                                                               \
        .name = label, .domain = "", OP_VERSIONS(since_7), .expand = ident##_expand}
COMPOSITE(max_pool, "MaxPool");
COMPOSITE(average_pool, "AveragePool");
COMPOSITE(lp_pool, "LpPool");
COMPOSITE(global_average, "GlobalAveragePool");
COMPOSITE(global_max, "GlobalMaxPool");
COMPOSITE(global_lp, "GlobalLpPool");

static const op *const members[] = {&onnx_max_pool,       &onnx_average_pool, &onnx_lp_pool,
                                    &onnx_global_average, &onnx_global_max,   &onnx_global_lp};
const op_family family_pool_onnx = {members, COUNT_OF(members)};
