/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft DecoderMaskedMultiHeadAttention: MultiHeadAttention over one query, with its inputs
 * in another order. Searches with beams, which read caches of each other, are not supported.
 */
#include "composite.h"
#include "op.h"

enum { DEC_Q, DEC_K, DEC_V, DEC_MASK, DEC_ADD, DEC_PAST_K, DEC_PAST_V, DEC_LENGTH };
enum { DEC_WIDTH = DEC_LENGTH + 1, DEC_BEAMS, DEC_BIAS };
enum { DEC_OUTPUTS = 4 };

typedef struct decoder_params {
    int64_t num_heads;
    float scale, mask_filter_value;
    bool past_present_share_buffer, output_qk;
} decoder_params;

static const attr_spec decoder_attrs[] = {
    ATTR_ROW(INT, decoder_params, num_heads, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(FLOAT, decoder_params, scale),
    ATTR_ROW(FLOAT, decoder_params, mask_filter_value, .f = -10000.0f),
    ATTR_ROW(BOOL, decoder_params, past_present_share_buffer),
    ATTR_ROW(BOOL, decoder_params, output_qk),
};

static hone_status decoder_expand(builder *b, draft *d) {
    const decoder_params *p = d->params;
    const attr attrs[] = {A_INT("num_heads", p->num_heads), A_FLOAT("scale", p->scale),
                          A_FLOAT("mask_filter_value", p->mask_filter_value)};
    value *q = draft_in(d, DEC_Q), *k = draft_in(d, DEC_K), *v = draft_in(d, DEC_V), *part[3];
    value *out[DEC_OUTPUTS];
    if (draft_in(d, DEC_BEAMS))
        return builder_fail(b, HONE_E_UNSUPPORTED, "cache_indirection is not supported");
    if (!k) {
        emit_n(b, "Split", IN(q), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 3)), part, 3);
        q = part[0];
        k = part[1];
        v = part[2];
    }
    const bool apart = k && k->type.shape.rank == 3;
    value *length = p->past_present_share_buffer && apart ? draft_in(d, DEC_LENGTH) : NULL;
    const int32_t n_out = d->n_out < DEC_OUTPUTS ? d->n_out : DEC_OUTPUTS;
    emit_n(b, "com.microsoft::MultiHeadAttention",
           IN(q, k, v, draft_in(d, DEC_BIAS), draft_in(d, DEC_MASK), draft_in(d, DEC_ADD),
              apart ? draft_in(d, DEC_PAST_K) : NULL, apart ? draft_in(d, DEC_PAST_V) : NULL,
              length),
           attrs, 3, out, n_out);
    for (int32_t i = 1; i < n_out; i++)
        if (expand_wants(d, i)) d->out[i] = out[i];
    return draft_done(b, d, out[0]);
}

static const char *const decoder_cases[] = {
    "f32[2,1,8] f32[2,1,8] f32[2,1,8] i32[2,4]{1,1,0,1,1,1,1,1} _ f32[2,2,3,4] f32[2,2,3,4] "
    "num_heads=2 >3",
    "f32[1,1,24] _ _ _ _ f32[1,2,6,4] f32[1,2,6,4] i32{3} _ _ f32[24] num_heads=2 "
    "past_present_share_buffer=1 >3",
    "f32[2,1,8] f32[2,2,5,4] f32[2,2,5,4] i32[2,5]{1,1,1,1,1,1,1,1,0,0} num_heads=2",
    "f32[0,1,8] f32[0,1,8] f32[0,1,8] num_heads=2", NULL};

static const op_arg decoder_in[] = {{"query", DT_FLOATS, 'T', 0},
                                    {"key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                    {"value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                    {"mask_index", DT_INDEX, 0, ARG_OPTIONAL},
                                    {"attention_bias", DT_FLOATS, 'T', ARG_OPTIONAL},
                                    {"past_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                    {"past_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                    {"past_sequence_length", DT_INDEX, 0, ARG_OPTIONAL},
                                    {"beam_width", DT_INDEX, 0, ARG_OPTIONAL},
                                    {"cache_indirection", DT_INDEX, 0, ARG_OPTIONAL},
                                    {"bias", DT_FLOATS, 'T', ARG_OPTIONAL}};
static const op_arg decoder_out[] = {{"output", DT_FLOATS, 'T', 0},
                                     {"present_key", DT_FLOATS, 'T', ARG_OPTIONAL},
                                     {"present_value", DT_FLOATS, 'T', ARG_OPTIONAL},
                                     {"qk", DT_FLOATS, 0, ARG_OPTIONAL}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_decoder_attention = {.name = "DecoderMaskedMultiHeadAttention",
                                    .domain = "com.microsoft",
                                    OP_VERSIONS(versions),
                                    OP_SLOTS(decoder),
                                    OP_ATTRS(decoder_attrs, decoder_params),
                                    .expand = decoder_expand,
                                    .tolerance = {TOL_REL, 1e-5},
                                    .cases = decoder_cases};
