/* SPDX-License-Identifier: Apache-2.0
 *
 * NonZero: the places of what is not zero. Only running tells how many there are.
 */
#include <string.h>

#include "op.h"

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
static bool is_nothing(const tensor *t, int64_t i) {
    const size_t size = dtype_size(t->dtype);
    if (t->dtype == HONE_STRING) return !*tensor_string(t, i);
    if (dtype_in(t->dtype, COMPLEX))
        return !(bits_of(t->data, 2 * i, size / 2, true) |
                 bits_of(t->data, 2 * i + 1, size / 2, true));
    return !bits_of(t->data, i, size, dtype_in(t->dtype, DT_FLOATS));
}

enum { BLOCK = 256 };

/* is_zero[i] for n elements from number `first` on. */
static void find_zeros(const kernels *k, const tensor *t, int64_t first, int64_t n,
                       uint8_t *is_zero) {
    static const uint64_t zero = 0;
    const ktype kt = dtype_ktype(t->dtype);
    const char *x = (const char *)t->data + (size_t)first * dtype_size(t->dtype);
    if (kt < KT_COUNT)
        k->equal[kt]((size_t)n, x, 1, &zero, 0, is_zero);
    else
        for (int64_t i = 0; i < n; i++) is_zero[i] = is_nothing(t, first + i);
}

/* Places among n elements of those that are not zero; returns how many. Without a branch: data
 * that needs this operator is seldom predictable. */
static int32_t list_places(const uint8_t *is_zero, int64_t n, int32_t *places) {
    int32_t found = 0;
    for (int32_t i = 0; i < n; i++) {
        places[found] = i;
        found += !is_zero[i];
    }
    return found;
}

/* Writes the indices of elements first + places[i], i < n: row by row of the last axis, in which
 * all other indices stay. */
static void write_places(const shape *x, int64_t first, const int32_t *places, int32_t n,
                         int64_t found, int64_t *out) {
    const int32_t last = x->rank - 1;
    for (int32_t i = 0, end; i < n; i = end) {
        int64_t row = (first + places[i]) / x->dim[last];
        const int64_t start = row * x->dim[last] - first; /* of the row, as places count */
        for (end = i; end < n && places[end] - start < x->dim[last]; end++)
            out[last * found + end] = places[end] - start;
        for (int32_t a = last - 1; a >= 0; a--) {
            const int64_t at = row % x->dim[a];
            row /= x->dim[a];
            for (int32_t j = i; j < end; j++) out[a * found + j] = at;
        }
    }
}

static hone_status non_zero_run(run_ctx *r, const step *s) {
    const tensor *x = &s->in[0];
    const int64_t count = tensor_count(x);
    int64_t found = 0, done = 0;
    uint8_t is_zero[BLOCK];
    int32_t places[BLOCK];
    for (int64_t at = 0; at < count; at += BLOCK) {
        const int64_t n = count - at < BLOCK ? count - at : BLOCK;
        find_zeros(s->k, x, at, n, is_zero);
        for (int64_t i = 0; i < n; i++) found += !is_zero[i];
    }
    const shape y = shape_make(2, (const int64_t[]){x->shape.rank, found});
    TRY(run_output(r, s, 0, &y));
    for (int64_t at = 0; at < count && x->shape.rank; at += BLOCK) {
        const int64_t n = count - at < BLOCK ? count - at : BLOCK;
        find_zeros(s->k, x, at, n, is_zero);
        const int32_t here = list_places(is_zero, n, places);
        write_places(&x->shape, at, places, here, found, (int64_t *)s->out[0].data + done);
        done += here;
    }
    return HONE_OK;
}

static const char *const non_zero_cases[] = {
    "f32[2,3]",   "bool[4,5]",     "i64[7]", "f16[3,2,300]", "u8[0,4]", "f64[]",
    "i32[700,1]", "bool[3,100,5]", "c64[3]", "str{a,,b_c}",  NULL};

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
