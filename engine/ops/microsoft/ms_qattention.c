/* SPDX-License-Identifier: Apache-2.0
 *
 * QAttention: one product of 8-bit matrices for queries, keys and values, then ONNX's Attention.
 * The masks become numbers to add, [B, 1, S, T]:
 *
 *     [B]           keys of each sequence          [B, T]      1: a key to look at
 *     [2 * B]       the same, then first keys      [B, S, T]   the same for each query
 *     [B, 1], [1, 1]: none
 */
#include <float.h>

#include "composite.h"
#include "op.h"

enum { INPUT, WEIGHT, BIAS, INPUT_SCALE, WEIGHT_SCALE, MASK, INPUT_ZERO, WEIGHT_ZERO, PAST };
enum { BATCH, LENGTH }; /* axes of the input */

typedef struct qattention_params {
    int64_t num_heads;
    float scale, mask_filter_value;
    bool unidirectional, do_rotary, past_present_share_buffer;
} qattention_params;
static const attr_spec qattention_attrs[] = {
    ATTR_ROW(INT, qattention_params, num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, qattention_params, scale),
    ATTR_ROW(FLOAT, qattention_params, mask_filter_value, .f = -10000.0f),
    ATTR_ROW(BOOL, qattention_params, unidirectional),
    ATTR_ROW(BOOL, qattention_params, do_rotary),
    ATTR_ROW(BOOL, qattention_params, past_present_share_buffer),
};

typedef struct qattention {
    builder *b;
    draft *d;
    const qattention_params *p;
    value *length, *past_length, *total; /* S, P (or NULL) and T */
} qattention;

/* 0, 1, .. n - 1 */
static value *range(builder *b, value *n) {
    return emit(b, "Range", IN(emit_i64(b, 0), n, emit_i64(b, 1)), NO_ATTRS);
}

/* v with axes of size 1 in front and behind. */
static value *unsqueezed(builder *b, value *v, int64_t first, int64_t second) {
    const int64_t axes[] = {first, second};
    return expand_binary(b, "Unsqueeze", v, emit_i64s(b, axes, 2));
}

/* Sequence lengths [B] or [2 * B] as the keys to look at, [B, 1, 1, T]. */
static value *keys_between(const qattention *a, value *mask) {
    builder *b = a->b;
    const int64_t dims[] = {-1, 1, 1, 1}, one = 1;
    const int64_t batch = a->d->in[INPUT]->type.shape.dim[BATCH], n = mask->type.shape.dim[0];
    value *size = expand_unsqueeze(b, expand_size_of(b, a->d->in[INPUT], BATCH), 0);
    value *zero = emit_i64s(b, (const int64_t[]){0}, 1), *keys = range(b, a->total);
    value *wide = expand_cast(b, mask, HONE_I64);
    value *ends = emit(b, "Slice", IN(wide, zero, size), NO_ATTRS);
    value *seen = expand_binary(b, "Less", keys, expand_reshape(b, ends, dims, 4));
    if (dim_known(batch) && batch == n) return seen;
    /* First keys, if there are any: none are taken out of a vector of [B] zeros behind. */
    value *padded = emit(b, "Concat", IN(wide, emit(b, "Expand", IN(zero, size), NO_ATTRS)),
                         ATTRS(A_INT("axis", 0)));
    value *twice = expand_binary(b, "Add", size, size);
    value *starts =
        emit(b, "Slice", IN(padded, size, twice, zero, emit_i64s(b, &one, 1)), NO_ATTRS);
    return expand_binary(
        b, "And", seen,
        expand_binary(b, "GreaterOrEqual", keys, expand_reshape(b, starts, dims, 4)));
}

/* Which keys the mask lets through, or NULL: all. */
static value *allowed_keys(const qattention *a) {
    builder *b = a->b;
    value *mask = draft_in(a->d, MASK);
    const int32_t rank = mask ? emit_rank(b, mask) : -1;
    if (rank < 0) return NULL;
    if (rank == 1) return keys_between(a, mask);
    if (rank == 2 && mask->type.shape.dim[1] == 1) return NULL;
    if (rank != 2 && rank != 3) {
        builder_fail(b, HONE_E_UNSUPPORTED, "the mask has rank %d: expected 1 to 3", rank);
        return NULL;
    }
    value *seen = expand_binary(b, "Greater", mask, emit_scalar(b, mask->type.dtype, 0));
    return rank == 2 ? unsqueezed(b, seen, 1, 2) : expand_unsqueeze(b, seen, 1);
}

/* What is added to the scores, or NULL. Hidden keys get a value of the model's, later ones the
 * lowest. */
static value *score_bias(const qattention *a) {
    builder *b = a->b;
    value *none = emit_scalar(b, HONE_F32, 0), *bias = NULL;
    value *allowed = allowed_keys(a);
    if (allowed) {
        value *hidden = emit_scalar(b, HONE_F32, (double)a->p->mask_filter_value);
        bias = emit(b, "Where", IN(allowed, none, hidden), NO_ATTRS);
    }
    if (!a->p->unidirectional) return bias;
    value *at = expand_unsqueeze(b, range(b, a->length), 1);
    if (a->past_length) at = expand_binary(b, "Add", at, a->past_length);
    value *seen = expand_binary(b, "LessOrEqual", range(b, a->total), at);
    return emit(b, "Where",
                IN(seen, bias ? bias : none, emit_scalar(b, HONE_F32, (double)-FLT_MAX)), NO_ATTRS);
}

/* Keys (0) or values (1) of the past, [B, heads, P, D]. */
static value *past_part(const qattention *a, int64_t i) {
    value *past = draft_in(a->d, PAST);
    return past ? emit(a->b, "Gather", IN(past, emit_i64(a->b, i)), NO_ATTRS) : NULL;
}

static hone_status check_draft(builder *b, const draft *d, const qattention_params *p) {
    if (p->do_rotary || p->past_present_share_buffer)
        return builder_fail(b, HONE_E_UNSUPPORTED, "do_rotary and past_present_share_buffer");
    const int32_t rank = emit_rank(b, d->in[INPUT]);
    const int32_t past = draft_in(d, PAST) ? emit_rank(b, d->in[PAST]) : 5;
    if (b->status == HONE_OK && (rank != 3 || past != 5))
        builder_fail(b, HONE_E_FORMAT, "input of rank %d and past of rank %d: expected 3 and 5",
                     rank, past);
    return b->status;
}

/* Queries, keys and values side by side, and apart. */
static void project(const qattention *a, value **qkv) {
    builder *b = a->b;
    value **in = a->d->in;
    value *all = emit(b, "com.microsoft::MatMulIntegerToFloat",
                      IN(in[INPUT], in[WEIGHT], in[INPUT_SCALE], in[WEIGHT_SCALE],
                         draft_in(a->d, INPUT_ZERO), draft_in(a->d, WEIGHT_ZERO), in[BIAS]),
                      NO_ATTRS);
    emit_n(b, "Split", IN(all), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 3)), qkv, 3);
}

static hone_status qattention_expand(builder *b, draft *d) {
    qattention a = {.b = b, .d = d, .p = d->params};
    TRY(check_draft(b, d, a.p));
    a.total = a.length = expand_size_of(b, d->in[INPUT], LENGTH);
    if (draft_in(d, PAST)) {
        a.past_length = expand_size_of(b, d->in[PAST], 3);
        a.total = expand_binary(b, "Add", a.length, a.past_length);
    }
    value *qkv[3], *out[3];
    project(&a, qkv);
    const hone_dtype t = d->in[INPUT_SCALE]->type.dtype;
    const attr attrs[] = {A_INT("q_num_heads", a.p->num_heads),
                          A_INT("kv_num_heads", a.p->num_heads), A_FLOAT("scale", a.p->scale)};
    emit_n(b, "Attention",
           IN(qkv[0], qkv[1], qkv[2], expand_cast(b, score_bias(&a), t), past_part(&a, 0),
              past_part(&a, 1)),
           attrs, a.p->scale != 0 ? 3 : 2, out, 3);
    if (expand_wants(d, 1)) {
        value *keys = expand_unsqueeze(b, out[1], 0), *values = expand_unsqueeze(b, out[2], 0);
        d->out[1] = emit(b, "Concat", IN(keys, values), ATTRS(A_INT("axis", 0)));
    }
    return draft_done(b, d, out[0]);
}

static const char *const qattention_cases[] = {
    "u8[2,3,6] i8[6,24] f32[24] f32[]{0.02} f32[]{0.01} i32{3,2} u8[]{120} i8[]{1} num_heads=2",
    "u8[1,3,4] u8[4,12] f32[12] f32[]{0.02} f32[12]+ i32{3,1} u8[]{120} u8[12] num_heads=1 "
    "unidirectional=1",
    "u8[2,2,4] i8[4,12] f32[12] f32[]{0.02} f32[]{0.01} i32[2,5] u8[]{120} _ f32[2,2,2,3,2] "
    "num_heads=2 unidirectional=1 >2",
    "u8[0,3,4] u8[4,12] f32[12] f32[]{0.02} f32[]{0.01} num_heads=2", NULL};

static const op_arg qattention_in[] = {{"input", DT_BYTES, 'T', 0},
                                       {"weight", DT_BYTES, 'U', 0},
                                       {"bias", DT_FLOATS, 'S', 0},
                                       {"input_scale", DT_FLOATS, 'S', 0},
                                       {"weight_scale", DT_FLOATS, 'S', 0},
                                       {"mask_index", DT_INDEX, 0, ARG_OPTIONAL},
                                       {"input_zero_point", DT_BYTES, 'T', ARG_OPTIONAL},
                                       {"weight_zero_point", DT_BYTES, 'U', ARG_OPTIONAL},
                                       {"past", DT_FLOATS, 'S', ARG_OPTIONAL}};
static const op_arg qattention_out[] = {{"output", DT_FLOATS, 'S', 0},
                                        {"present", DT_FLOATS, 'S', ARG_OPTIONAL}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_qattention = {.name = "QAttention",
                             .domain = "com.microsoft",
                             OP_VERSIONS(since_1),
                             OP_SLOTS(qattention),
                             OP_ATTRS(qattention_attrs, qattention_params),
                             .expand = qattention_expand,
                             .tolerance = {TOL_REL, 1e-5},
                             .cases = qattention_cases};
