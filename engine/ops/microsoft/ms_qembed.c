/* SPDX-License-Identifier: Apache-2.0
 *
 * QEmbedLayerNormalization: the sum of up to three 8-bit embeddings, normalized. Rows are gathered
 * before they become float32.
 */
#include "composite.h"
#include "op.h"
#include "quantized.h"

enum { IDS, SEGMENT_IDS, WORD, POSITION, SEGMENT, GAMMA, BETA, MASK, SCALES, ZEROS = SCALES + 5 };

typedef struct qembed_params {
    float epsilon;
} qembed_params;
static const attr_spec qembed_attrs[] = {ATTR_ROW(FLOAT, qembed_params, epsilon, .f = 1e-12f)};

/* A table (WORD .. BETA) in float32, or those rows of it that are asked for. */
static value *table(builder *b, const draft *d, int32_t which, value *rows) {
    value *v = d->in[which];
    if (rows) v = emit(b, "Gather", IN(v, rows), ATTRS(A_INT("axis", 0)));
    return quantized_real(b, v, d->in[SCALES + which - WORD], d->in[ZEROS + which - WORD]);
}

/* Ones in each row of the mask; zeros without one. */
static value *count_mask(builder *b, const draft *d) {
    const int64_t axis = 1;
    const attr flat = A_INT("keepdims", 0);
    value *mask = draft_in(d, MASK);
    value *one = emit_scalar(b, HONE_I32, 1);
    value *from = mask ? expand_binary(b, "Equal", mask, one)
                       : expand_binary(b, "Less", d->in[IDS], d->in[IDS]);
    return emit(b, "ReduceSum", IN(expand_cast(b, from, HONE_I32), emit_i64s(b, &axis, 1)), &flat,
                1);
}

static hone_status qembed_expand(builder *b, draft *d) {
    const bool segments = draft_in(d, SEGMENT_IDS) && draft_in(d, SEGMENT);
    const int32_t of_segments = SEGMENT - WORD;
    if (segments && (!d->in[SCALES + of_segments] || !d->in[ZEROS + of_segments]))
        return builder_fail(b, HONE_E_FORMAT, "the scale or zero point of 'segment' is missing");
    if (emit_rank(b, d->in[IDS]) != 2)
        return builder_fail(b, HONE_E_FORMAT, "input_ids does not have rank 2");
    value *length = expand_size_of(b, d->in[IDS], 1);
    value *places = emit(b, "Range", IN(emit_i64(b, 0), length, emit_i64(b, 1)), NO_ATTRS);
    value *sum =
        expand_binary(b, "Add", table(b, d, WORD, d->in[IDS]), table(b, d, POSITION, places));
    if (segments) sum = expand_binary(b, "Add", sum, table(b, d, SEGMENT, d->in[SEGMENT_IDS]));
    value *y =
        emit(b, "LayerNormalization", IN(sum, table(b, d, GAMMA, NULL), table(b, d, BETA, NULL)),
             d->attrs, d->n_attrs);
    if (expand_wants(d, 1)) d->out[1] = count_mask(b, d);
    return draft_done(b, d, y);
}

static const char *const qembed_cases[] = {
    "i32[2,2]{0,3,1,2} i32[2,2]{0,1,0,1} u8[4,6] u8[3,6] u8[2,6] u8[6] u8[6] i32[2,2] f32[]{0.1} "
    "f32[]{0.2} f32[]{0.3} f32[]{0.01} f32[]{0.02} u8[]{1} u8[]{2} u8[]{3} u8[]{4} u8[]{5} >2",
    "i32[1,3]{0,3,1} _ i8[4,6] i8[3,6] _ i8[6] i8[6] _ f32[]{0.1} f32[]{0.2} _ f32[]{0.01} "
    "f32[]{0.02} i8[]{1} i8[]{2} _ i8[]{4} i8[]{5} epsilon=0.001 >2",
    "i32[0,2] _ i8[4,6] i8[3,6] _ i8[6] i8[6] _ f32[]{0.1} f32[]{0.2} _ f32[]{0.01} "
    "f32[]{0.02} i8[]{1} i8[]{2} _ i8[]{4} i8[]{5} >2",
    NULL};

static const op_arg qembed_in[] = {{"input_ids", DT_INDEX, 0, 0},
                                   {"segment_ids", DT_INDEX, 0, ARG_OPTIONAL},
                                   {"word_embedding_quant", DT_BYTES, 'Q', 0},
                                   {"position_embedding_quant", DT_BYTES, 'Q', 0},
                                   {"segment_embedding", DT_BYTES, 'Q', ARG_OPTIONAL},
                                   {"gamma_quant", DT_BYTES, 'Q', 0},
                                   {"beta_quant", DT_BYTES, 'Q', 0},
                                   {"mask", DT_INDEX, 0, ARG_OPTIONAL},
                                   {"word_embedding_scale", DT(HONE_F32), 0, 0},
                                   {"position_embedding_scale", DT(HONE_F32), 0, 0},
                                   {"segment_embedding_scale", DT(HONE_F32), 0, ARG_OPTIONAL},
                                   {"gamma_scale", DT(HONE_F32), 0, 0},
                                   {"beta_scale", DT(HONE_F32), 0, 0},
                                   {"word_embedding_zero_point", DT_BYTES, 'Q', 0},
                                   {"position_embedding_zero_point", DT_BYTES, 'Q', 0},
                                   {"segment_embedding_zero_point", DT_BYTES, 'Q', ARG_OPTIONAL},
                                   {"gamma_zero_point", DT_BYTES, 'Q', 0},
                                   {"beta_zero_point", DT_BYTES, 'Q', 0}};
static const op_arg qembed_out[] = {{"layernorm_out", DT(HONE_F32), 0, 0},
                                    {"mask_index_out", DT(HONE_I32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_qembed = {.name = "QEmbedLayerNormalization",
                         .domain = "com.microsoft",
                         OP_VERSIONS(since_1),
                         OP_SLOTS(qembed),
                         OP_ATTRS(qembed_attrs, qembed_params),
                         .expand = qembed_expand,
                         .tolerance = {TOL_REL, 1e-5},
                         .cases = qembed_cases};
