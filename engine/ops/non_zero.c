/* SPDX-License-Identifier: Apache-2.0
 *
 * NonZero: the places of what is not zero. Only running tells how many there are.
 */
#include "movement.h"

static const op_arg non_zero_in[] = {{"X", DT_NUMBERS | DT_BOOL, 0, 0}};
static const op_arg non_zero_out[] = {{"Y", DT(HONE_I64), 0, 0}};
static const op_version non_zero_versions[] = {{9, NULL}};

static hone_status non_zero_infer(infer *f) {
    shape y = shape_of_rank(2);
    if (infer_rank(f, 0) >= 0) y.dim[0] = infer_rank(f, 0);
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

/* Element i, as bits of which one at least is set unless it is zero: floats lose their sign. */
static uint64_t element_bits(const tensor *t, int64_t i) {
    uint64_t v = 0;
    const size_t size = dtype_size(t->dtype);
    memcpy(&v, (const char *)t->data + (size_t)i * size, size);
    return dtype_in(t->dtype, DT_FLOATS) ? v << (65 - 8 * size) : v;
}

static hone_status non_zero_run(run_ctx *r, const step *s) {
    const tensor *x = &s->in[0];
    const int64_t n = tensor_count(x);
    const int32_t rank = x->shape.rank;
    int64_t found = 0, at = 0, stride[HONE_MAX_RANK];
    for (int64_t i = 0; i < n; i++) found += element_bits(x, i) != 0;
    const shape y = shape_make(2, (const int64_t[]){rank, found});
    TRY(run_output(r, s, 0, &y));
    int64_t *out = s->out[0].data;
    dense_strides(&x->shape, stride);
    for (int64_t i = 0; i < n && rank; i++) {
        if (element_bits(x, i) == 0) continue;
        for (int32_t a = 0; a < rank; a++) out[a * found + at] = i / stride[a] % x->shape.dim[a];
        at++;
    }
    return HONE_OK;
}

static const char *const non_zero_cases[] = {"f32[2,3]", "bool[4,5]", "i64[7]", NULL};

const op op_non_zero = {.name = "NonZero",
                        .domain = "",
                        OP_VERSIONS(non_zero_versions),
                        OP_ARGS_IN(non_zero_in),
                        OP_ARGS_OUT(non_zero_out),
                        .flags = OP_DYNAMIC,
                        .infer = non_zero_infer,
                        .run = non_zero_run,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = non_zero_cases};
