/* SPDX-License-Identifier: Apache-2.0
 *
 * Dropout: Identity with a mask of ones, unless it is told to train. Then it is a formula over
 * random numbers. Before opset 12 there was no training mode; before 10 the mask had the type of
 * the data.
 */
#include "composite.h"
#include "legacy.h"

enum { DATA, RATIO, TRAINING };

typedef struct dropout_params {
    int64_t seed;
} dropout_params;

static const attr_spec dropout_attrs[] = {ATTR_ROW(INT, dropout_params, seed)};

#define TYPES (DT_FLOATS | DT_FLOAT8S)
static const op_arg dropout_in[] = {{"data", TYPES, 'T', 0},
                                    {"ratio", TYPES, 0, ARG_OPTIONAL},
                                    {"training_mode", DT_BOOL, 0, ARG_OPTIONAL}};
static const op_arg dropout_out[] = {{"output", TYPES, 'T', 0}, {"mask", DT_BOOL, 0, ARG_OPTIONAL}};

static value *ones_like(builder *b, value *x, hone_dtype t) {
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    return emit(b, "Expand", IN(emit_scalar(b, t, 1), dims), NO_ATTRS);
}

static hone_status pass_through(builder *b, draft *d, hone_dtype mask) {
    value *x = draft_in(d, DATA);
    if (!x) return builder_fail(b, HONE_E_FORMAT, "input 'data' is missing");
    if (d->n_out > 1 && (!d->out_names || d->out_names[1])) d->out[1] = ones_like(b, x, mask);
    return draft_done(b, d, emit(b, "Identity", IN(x), NO_ATTRS));
}

/* The ratio counts for nothing without training. Whether it trains or not (is_test) was left to
 * whoever ran the model even where files say it. */
static hone_status drop_ratio(builder *b, draft *d) {
    draft_float(d, "ratio", 0);
    draft_drop(d, "ratio");
    draft_drop(d, "is_test");
    TRY(legacy_consumed(b, d));
    return draft_no_attrs(b, d);
}

static hone_status typed_mask(builder *b, draft *d) {
    TRY(drop_ratio(b, d));
    return pass_through(b, d, draft_in(d, DATA) ? draft_in(d, DATA)->type.dtype : HONE_BOOL);
}

static hone_status ratio_upgrade(builder *b, draft *d) {
    TRY(drop_ratio(b, d));
    return pass_through(b, d, HONE_BOOL);
}

static const op_version dropout_versions[] = {{1, typed_mask}, {10, ratio_upgrade}, {12, NULL}};

/* Keeps what draws at least the ratio, and scales it by 1 / (1 - ratio). Floats of 8 bits do so as
 * float32. */
static hone_status drop(builder *b, draft *d) {
    const hone_dtype given = d->in[DATA]->type.dtype,
                     t = dtype_in(given, DT_FLOAT8S) ? HONE_F32 : given;
    value *x = expand_cast(b, d->in[DATA], t), *ratio = draft_in(d, RATIO),
          *training = draft_in(d, TRAINING);
    const float seed = (float)((const dropout_params *)d->params)->seed;
    value *one = emit_scalar(b, HONE_F32, 1), *zero = emit_scalar(b, t, 0);
    const attr attrs[] = {A_INT("dtype", HONE_F32), A_FLOAT("seed", seed)};
    value *dims = emit(b, "Shape", IN(x), NO_ATTRS);
    ratio = ratio ? emit(b, "Cast", IN(ratio), ATTRS(A_INT("to", HONE_F32)))
                  : emit_scalar(b, HONE_F32, 0.5);
    value *drawn = emit(b, "hone::RandomUniform", IN(dims), attrs, COUNT_OF(attrs));
    value *kept = emit(b, "Or",
                       IN(emit(b, "GreaterOrEqual", IN(drawn, ratio), NO_ATTRS),
                          emit(b, "Not", IN(training), NO_ATTRS)),
                       NO_ATTRS);
    value *more = emit(b, "Div", IN(one, emit(b, "Sub", IN(one, ratio), NO_ATTRS)), NO_ATTRS);
    value *scale = emit(b, "Cast", IN(emit(b, "Where", IN(training, more, one), NO_ATTRS)),
                        ATTRS(A_INT("to", t)));
    value *scaled = emit(b, "Mul", IN(x, scale), NO_ATTRS);
    if (d->n_out > 1) d->out[1] = kept;
    value *y = emit(b, "Where", IN(kept, scaled, zero), NO_ATTRS);
    return draft_done(b, d, expand_cast(b, y, given));
}

static hone_status dropout_expand(builder *b, draft *d) {
    const value *training = draft_in(d, TRAINING);
    const tensor *known = training ? training->constant : NULL;
    const bool off = !training || (known && tensor_count(known) == 1 && !tensor_i64(known, 0));
    return off ? pass_through(b, d, HONE_BOOL) : drop(b, d);
}

static const char *const dropout_cases[] = {"f32[3,4]",
                                            "f32[3,4] f32[]{0.5} bool[]{0} >2",
                                            "f16[] >2",
                                            "f32[0,2] f32[]{0.25}",
                                            "f32[3,40] f32[]{0.5} bool[]{1} >2",
                                            "f16[33] f32[]{0} bool[]{1}",
                                            "f8[7] f8[]{0.5} bool[]{1} >2",
                                            NULL};

const op op_dropout = {.name = "Dropout",
                       .domain = "",
                       OP_VERSIONS(dropout_versions),
                       OP_ARGS_IN(dropout_in),
                       OP_ARGS_OUT(dropout_out),
                       OP_ATTRS(dropout_attrs, dropout_params),
                       .expand = dropout_expand,
                       .tolerance = {TOL_EXACT, 0},
                       .cases = dropout_cases};
