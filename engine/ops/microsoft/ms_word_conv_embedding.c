/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft WordConvEmbedding: each word is the largest tanh of a convolution over the
 * embeddings of its characters. Characters are numbers above 0; a word without them gives 0.
 */
#include "composite.h"
#include "op.h"

enum { WORDS, WEIGHT, BIAS, CHARACTERS };

typedef struct word_params {
    int64_t embedding_size, conv_window_size, char_embedding_size; /* repeat the weight's shape */
} word_params;

#define SIZE_ROW(field) ATTR_ROW(INT, word_params, field, .min = 1, .max = INT32_MAX)
static const attr_spec word_attrs[] = {SIZE_ROW(embedding_size), SIZE_ROW(conv_window_size),
                                       SIZE_ROW(char_embedding_size)};

static value *reduced(builder *b, const char *name, value *v, int64_t axis) {
    return emit(b, name, IN(v, emit_i64s(b, &axis, 1)), ATTRS(A_INT("keepdims", 0)));
}

/* The number of characters of each word, 0 where the first is none. */
static value *word_lengths(builder *b, value *words) {
    value *zero = emit_scalar(b, HONE_I32, 0);
    value *there = expand_cast(b, expand_binary(b, "Greater", words, zero), HONE_I64);
    value *first = expand_squeeze(b, expand_slice(b, there, 1, 0, 1, 1), 1);
    return expand_binary(b, "Mul", reduced(b, "ReduceSum", there, 1), first);
}

/* Which windows of each word count: those that end in it, and at least one. */
static value *windows(builder *b, value *y, value *lengths, int64_t width) {
    value *count = expand_binary(b, "Sub", lengths, emit_i64(b, width - 1));
    count = expand_unsqueeze(b, expand_binary(b, "Max", count, emit_i64(b, 1)), 1);
    value *all = expand_size_of(b, y, 2);
    value *at = emit(b, "Range", IN(emit_i64(b, 0), all, emit_i64(b, 1)), NO_ATTRS);
    return expand_unsqueeze(b, expand_binary(b, "Less", at, count), 1);
}

static hone_status word_expand(builder *b, draft *d) {
    const shape *w = &d->in[WEIGHT]->type.shape;
    if (w->rank != 4 || !dim_known(w->dim[2]))
        return builder_fail(b, HONE_E_UNSUPPORTED,
                            "the weight's shape is not known to be [M, 1, k, n]");
    value *lengths = word_lengths(b, d->in[WORDS]);
    value *x = expand_binary(b, "Gather", d->in[CHARACTERS], d->in[WORDS]);
    value *y = emit(b, "Conv", IN(expand_unsqueeze(b, x, 1), d->in[WEIGHT], d->in[BIAS]), NO_ATTRS);
    y = expand_unary(b, "Tanh", expand_squeeze(b, y, 3)); /* [S, M, windows] */
    value *low = emit_scalar(b, HONE_F32, -1e12), *none = emit_scalar(b, HONE_F32, 0);
    y = emit(b, "Where", IN(windows(b, y, lengths, w->dim[2]), y, low), NO_ATTRS);
    y = reduced(b, "ReduceMax", y, 2);
    value *is_word = expand_binary(b, "Greater", lengths, emit_i64(b, 0));
    return draft_done(b, d,
                      emit(b, "Where", IN(expand_unsqueeze(b, is_word, 1), y, none), NO_ATTRS));
}

static const char *const word_cases[] = {
    "i32[3,5]{1,2,3,0,0,4,0,0,0,0,0,0,0,0,0} f32[6,1,3,4] f32[6] f32[5,4]",
    "i32[2,2]{1,2,3,3} f32[2,1,2,3] f32[2] f32[4,3] conv_window_size=2",
    "i32[0,5]{} f32[6,1,3,4] f32[6] f32[5,4]", NULL};

static const op_arg word_in[] = {{"Sequence", DT(HONE_I32), 0, 0},
                                 {"W", DT(HONE_F32), 0, 0},
                                 {"B", DT(HONE_F32), 0, 0},
                                 {"C", DT(HONE_F32), 0, 0}};
static const op_arg word_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version versions[] = {{1, NULL}};
const op op_ms_word_conv_embedding = {.name = "WordConvEmbedding",
                                      .domain = "com.microsoft",
                                      OP_VERSIONS(versions),
                                      OP_SLOTS(word),
                                      OP_ATTRS(word_attrs, word_params),
                                      .expand = word_expand,
                                      .tolerance = {TOL_REL, 1e-5},
                                      .cases = word_cases};
