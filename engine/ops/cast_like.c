/* SPDX-License-Identifier: Apache-2.0
 *
 * CastLike: Cast to the type of the second input.
 */
#include "op.h"

static const op_arg cast_like_in[] = {{"input", DT_ALL, 0, 0}, {"target_type", DT_ALL, 0, 0}};
static const op_arg cast_like_out[] = {{"output", DT_ALL, 0, 0}};
static const op_version cast_like_versions[] = {{15, NULL}};

typedef struct cast_like_params {
    bool saturate;
    int32_t round_mode;
} cast_like_params;

static const char *const round_modes[] = {"up", "down", "nearest", NULL};
static const attr_spec cast_like_attrs[] = {
    ATTR_ROW(BOOL, cast_like_params, saturate, .i = 1),
    ATTR_ROW(CHOICE, cast_like_params, round_mode, .choices = round_modes),
};

static hone_status cast_like_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0), *like = draft_in(d, 1);
    if (!like || like->type.dtype == HONE_UNDEFINED)
        return builder_fail(b, HONE_E_UNSUPPORTED, "the type to cast to is not known");
    TRY(draft_set_attr(b, d, A_INT("to", like->type.dtype)));
    return draft_done(b, d, emit(b, "Cast", IN(x), d->attrs, d->n_attrs));
}

static const char *const cast_like_cases[] = {
    "f32[2,3] i32[1]", "f32[4] f16[1]", "i8[3] f64[]", "f32[0] bool[2]",
    "f16[] f32[]",     "f32[2] f32[3]", NULL};

const op op_cast_like = {.name = "CastLike",
                         .domain = "",
                         OP_VERSIONS(cast_like_versions),
                         OP_ARGS_IN(cast_like_in),
                         OP_ARGS_OUT(cast_like_out),
                         OP_ATTRS(cast_like_attrs, cast_like_params),
                         .expand = cast_like_expand,
                         .tolerance = {TOL_EXACT, 0},
                         .cases = cast_like_cases};
