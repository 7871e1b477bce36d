/* SPDX-License-Identifier: Apache-2.0
 *
 * EyeLike: ones on a diagonal of a matrix, zeros elsewhere.
 */
#include "movement.h"
#include "narrow.h"

typedef struct eye_like_params {
    hone_dtype dtype; /* HONE_UNDEFINED: the input's */
    int64_t k;
} eye_like_params;

#define EYE_TYPES (DT_NUMBERS | DT_BOOL)
static const attr_spec eye_like_attrs[] = {
    ATTR_ROW(DTYPE, eye_like_params, dtype, .i = HONE_UNDEFINED),
    ATTR_ROW(INT, eye_like_params, k),
};
static const op_arg eye_like_in[] = {{"input", EYE_TYPES, 0, 0}};
static const op_arg eye_like_out[] = {{"output", EYE_TYPES, 0, 0}};
static const op_version eye_like_versions[] = {{9, NULL}};

static hone_status eye_like_infer(infer *f) {
    const eye_like_params *p = f->params;
    TRY(infer_check_rank(f, 0, 2, 2));
    TRY(infer_same(f, 0));
    if (p->dtype != HONE_UNDEFINED) f->out[0].dtype = p->dtype;
    if (p->dtype != HONE_UNDEFINED && !dtype_in(p->dtype, EYE_TYPES))
        return infer_fail(f, "'dtype' is %s: expected numbers", hone_dtype_name(p->dtype));
    return HONE_OK;
}

static hone_status eye_like_run(run_ctx *r, const step *s) {
    const tensor *y = &s->out[0];
    const int64_t rows = y->shape.dim[0], cols = y->shape.dim[1];
    const int64_t k = clamp_i64(((const eye_like_params *)step_params(s))->k, -rows, cols);
    (void)r;
    memset(y->data, 0, y->bytes);
    for (int64_t i = k < 0 ? -k : 0; i < rows && i + k < cols; i++)
        tensor_set_f64(y, i * cols + i + k, 1.0);
    return HONE_OK;
}

static const char *const eye_like_cases[] = {"f32[4,5]", "i64[4,4] k=1", "f32[3,4] dtype=11 k=-1",
                                             NULL};

const op op_eye_like = {.name = "EyeLike",
                        .domain = "",
                        OP_VERSIONS(eye_like_versions),
                        OP_ARGS_IN(eye_like_in),
                        OP_ARGS_OUT(eye_like_out),
                        OP_ATTRS(eye_like_attrs, eye_like_params),
                        .flags = OP_PURE_SHAPE,
                        .infer = eye_like_infer,
                        .run = eye_like_run,
                        .flops = move_flops,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = eye_like_cases};
