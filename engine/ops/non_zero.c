/* SPDX-License-Identifier: Apache-2.0
 *
 * NonZero: the places of what is not zero. Only running tells how many there are.
 */
#include "movement.h"

#define COMPLEX (DT(HONE_C64) | DT(HONE_C128))
#define TYPES   (DT_NUMBERS | DT_BOOL | DT(HONE_STRING) | COMPLEX)
static const op_arg non_zero_in[] = {{"X", TYPES, 0, 0}};
static const op_arg non_zero_out[] = {{"Y", DT(HONE_I64), 0, 0}};
static const op_version non_zero_versions[] = {{9, NULL}};

static hone_status non_zero_infer(infer *f) {
    shape y = shape_of_rank(2);
    if (infer_rank(f, 0) >= 0) y.dim[0] = infer_rank(f, 0);
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

/* Number i of this size, as bits of which one at least is set unless it is zero: floats lose their
 * sign. */
static uint64_t bits_of(const void *data, int64_t i, size_t size, bool is_float) {
    uint64_t v = 0;
    memcpy(&v, (const char *)data + (size_t)i * size, size);
    return is_float ? v << (65 - 8 * size) : v;
}

/* Empty text is zero. */
static bool is_zero(const tensor *t, int64_t i) {
    const size_t size = dtype_size(t->dtype);
    if (t->dtype == HONE_STRING) return !*tensor_string(t, i);
    if (dtype_in(t->dtype, COMPLEX))
        return !(bits_of(t->data, 2 * i, size / 2, true) |
                 bits_of(t->data, 2 * i + 1, size / 2, true));
    return !bits_of(t->data, i, size, dtype_in(t->dtype, DT_FLOATS));
}

static hone_status non_zero_run(run_ctx *r, const step *s) {
    const tensor *x = &s->in[0];
    const int64_t n = tensor_count(x);
    const int32_t rank = x->shape.rank;
    int64_t found = 0, at = 0, stride[HONE_MAX_RANK];
    for (int64_t i = 0; i < n; i++) found += !is_zero(x, i);
    const shape y = shape_make(2, (const int64_t[]){rank, found});
    TRY(run_output(r, s, 0, &y));
    int64_t *out = s->out[0].data;
    dense_strides(&x->shape, stride);
    for (int64_t i = 0; i < n && rank; i++) {
        if (is_zero(x, i)) continue;
        for (int32_t a = 0; a < rank; a++) out[a * found + at] = i / stride[a] % x->shape.dim[a];
        at++;
    }
    return HONE_OK;
}

static const char *const non_zero_cases[] = {"f32[2,3]", "bool[4,5]",   "i64[7]",
                                             "c64[3]",   "str{a,,b_c}", NULL};

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
