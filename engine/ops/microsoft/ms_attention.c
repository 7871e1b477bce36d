/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft Attention: queries, keys and values are one product with the input.
 */
#include <math.h>

#include "ms_attend.h"
#include "op.h"

enum { ATT_X, ATT_W, ATT_BIAS, ATT_MASK, ATT_PAST, ATT_ADD, ATT_PAST_LENGTH };
enum { ATT_OUT, ATT_PRESENT };

typedef struct ms_attention_params {
    int64_t num_heads, rotary_embedding_dim;
    int_list qkv_hidden_sizes;
    float scale, mask_filter_value;
    bool unidirectional, do_rotary, past_present_share_buffer;
} ms_attention_params;

static const attr_spec ms_attention_attrs[] = {
    ATTR_ROW(INT, ms_attention_params, num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, ms_attention_params, rotary_embedding_dim, .max = INT32_MAX),
    ATTR_ROW(INTS, ms_attention_params, qkv_hidden_sizes, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, ms_attention_params, scale),
    ATTR_ROW(FLOAT, ms_attention_params, mask_filter_value, .f = -10000.0f),
    ATTR_ROW(BOOL, ms_attention_params, unidirectional),
    ATTR_ROW(BOOL, ms_attention_params, do_rotary),
    ATTR_ROW(BOOL, ms_attention_params, past_present_share_buffer),
};

/* Queries, keys and values of each head: parts of one product. */
static hone_status project(attend *a, const draft *d) {
    builder *b = a->b;
    const int_list *sizes = &((const ms_attention_params *)d->params)->qkv_hidden_sizes;
    value *part[3];
    value *all = expand_binary(b, "MatMul", d->in[ATT_X], d->in[ATT_W]);
    all = attend_sum(b, all, draft_in(d, ATT_BIAS));
    if (!sizes->set ||
        (sizes->n == 3 && sizes->v[0] == sizes->v[1] && sizes->v[1] == sizes->v[2])) {
        all = expand_reshape(b, all, (const int64_t[]){0, 0, 3 * a->q_heads, -1}, 4);
        emit_n(b, "Split", IN(swap_heads(b, all)), ATTRS(A_INT("axis", 1), A_INT("num_outputs", 3)),
               part, 3);
    } else {
        if (sizes->n != 3)
            return builder_fail(b, HONE_E_FORMAT, "qkv_hidden_sizes has %d values: expected 3",
                                sizes->n);
        emit_n(b, "Split", IN(all, emit_i64s(b, sizes->v, 3)), ATTRS(A_INT("axis", -1)), part, 3);
        for (int32_t i = 0; i < 3; i++) part[i] = split_heads(b, part[i], a->q_heads);
    }
    a->q = part[0];
    a->k = part[1];
    a->v = part[2];
    return b->status;
}

/* Keys or values of the state [2, B, N, M, D]. */
static value *half_of(builder *b, value *past, int64_t i) {
    return expand_squeeze(b, expand_slice(b, past, 0, i, i + 1, 1), 0);
}

/* Turns queries and keys by the angles of their places: place / 10000^(2 i / width). */
static hone_status rotate(attend *a, int64_t width) {
    builder *b = a->b;
    const int64_t head = a->q ? a->q->type.shape.dim[3] : DIM_UNKNOWN;
    if (b->status == HONE_OK && !dim_known(head))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the size of a head is not known");
    if (b->status != HONE_OK) return b->status;
    const shape row = shape_vector((width ? width : head) / 2);
    value *rates = emit_constant(b, HONE_F32, &row, NULL);
    for (int64_t i = 0; rates && i < row.dim[0]; i++)
        tensor_set_f64(rates->constant, i, pow(10000, -(double)i / (double)row.dim[0]));
    value *at = attend_places(b, expand_size_of(b, a->q, 2), true);
    if (a->past) at = expand_binary(b, "Add", at, a->past);
    value *angle = expand_binary(b, "Mul", expand_cast(b, at, HONE_F32), rates);
    angle = expand_unsqueeze(b, angle, 0);
    value *cos = expand_cast(b, expand_unary(b, "Cos", angle), a->type);
    value *sin = expand_cast(b, expand_unary(b, "Sin", angle), a->type);
    const attr turned = A_INT("rotary_embedding_dim", width);
    a->q = emit(b, "RotaryEmbedding", IN(a->q, cos, sin), &turned, 1);
    a->k = emit(b, "RotaryEmbedding", IN(a->k, cos, sin), &turned, 1);
    return b->status;
}

/* Puts the past before keys and values; gives the state. */
static value *with_past(attend *a, const draft *d) {
    builder *b = a->b;
    value *past = draft_in(d, ATT_PAST), *k = a->k, *v = a->v;
    if (past) {
        value *past_k = half_of(b, past, 0), *past_v = half_of(b, past, 1);
        value *total = expand_binary(b, "Add", a->past, expand_size_of(b, a->k, 2));
        if (((const ms_attention_params *)d->params)->past_present_share_buffer) {
            value *batch = expand_unsqueeze(b, expand_size_of(b, a->k, 0), 0);
            value *at = expand_binary(b, "Expand", a->past, batch);
            k = ms_cache(b, past_k, a->k, at, total, &a->k);
            v = ms_cache(b, past_v, a->v, at, total, &a->v);
        } else {
            a->k = k = emit(b, "Concat", IN(past_k, k), ATTRS(A_INT("axis", 2)));
            a->v = v = emit(b, "Concat", IN(past_v, v), ATTRS(A_INT("axis", 2)));
        }
    }
    if (!expand_wants(d, ATT_PRESENT)) return NULL;
    return emit(b, "Concat", IN(expand_unsqueeze(b, k, 0), expand_unsqueeze(b, v, 0)),
                ATTRS(A_INT("axis", 0)));
}

static hone_status ms_attention_expand(builder *b, draft *d) {
    const ms_attention_params *p = d->params;
    value *past = draft_in(d, ATT_PAST);
    emit_assume_rank(d->in[ATT_X], 3);
    if (past) emit_assume_rank(past, 5);
    attend a = {.b = b,
                .type = d->in[ATT_X]->type.dtype,
                .q_heads = p->num_heads,
                .kv_heads = p->num_heads,
                .scale = ms_scale(&p->scale),
                .causal = p->unidirectional,
                .left = -1,
                .right = -1};
    if (past && emit_rank(b, past) != 5)
        return builder_fail(b, HONE_E_FORMAT, "'past' has rank %d: expected 5",
                            past->type.shape.rank);
    if (past && p->past_present_share_buffer) {
        if (!expand_needs(b, d, ATT_PAST_LENGTH, "past_sequence_length")) return b->status;
        a.past = ms_count(b, d->in[ATT_PAST_LENGTH]);
    } else if (past) {
        a.past = expand_size_of(b, past, 3);
    }
    TRY(project(&a, d));
    if (p->do_rotary) TRY(rotate(&a, p->rotary_embedding_dim));
    value *present = with_past(&a, d);
    a.bias = attend_sum(b, ms_mask(&a, draft_in(d, ATT_MASK), p->mask_filter_value),
                        draft_in(d, ATT_ADD));
    value *y = ms_attend(&a);
    if (expand_wants(d, ATT_PRESENT)) d->out[ATT_PRESENT] = present;
    return draft_done(b, d, y);
}

static const char *const ms_attention_cases[] = {
    "f32[2,3,8] f32[8,24] f32[24] num_heads=2 unidirectional=1 >2",
    "f32[2,3,5] f32[5,22] f32[22] i32{2,3} num_heads=2 qkv_hidden_sizes=8,8,6",
    "f32[2,3,8] f32[8,24] _ i32{3,3,1,0} num_heads=2",
    "f32[1,2,8] f32[8,24] f32[24] i32[1,5]{1,0,1,1,1} f32[2,1,2,3,4] f32[1,2,2,5] num_heads=2 >2",
    "f32[1,1,8] f32[8,24] f32[24] _ f32[2,1,2,6,4] _ i32{3} num_heads=2 "
    "past_present_share_buffer=1 >2",
    "f32[1,3,8] f32[8,24] f32[24] i32[1,1,4,4]{1,0,0,0,1,1,0,0,1,1,1,0,1,1,1,1} num_heads=2",
    "f32[1,3,8] f32[8,24] f32[24] num_heads=2 do_rotary=1 scale=0.3",
    "f16[1,3,8] f16[8,24] f16[24] num_heads=2",
    "f32[0,3,8] f32[8,24] f32[24] num_heads=2",
    NULL};

static const op_arg ms_attention_in[] = {{"input", DT_FLOATS, 'T', 0},
                                         {"weights", DT_FLOATS, 'T', 0},
                                         {"bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                         {"mask_index", DT_INDEX, 0, ARG_OPTIONAL},
                                         {"past", DT_FLOATS, 'T', ARG_OPTIONAL},
                                         {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                         {"past_sequence_length", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg ms_attention_out[] = {{"output", DT_FLOATS, 'T', 0},
                                          {"present", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_attention = {.name = "Attention",
                            .domain = "com.microsoft",
                            OP_VERSIONS(versions),
                            OP_SLOTS(ms_attention),
                            OP_ATTRS(ms_attention_attrs, ms_attention_params),
                            .expand = ms_attention_expand,
                            .tolerance = {TOL_REL, 1e-5},
                            .cases = ms_attention_cases};
