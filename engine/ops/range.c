/* SPDX-License-Identifier: Apache-2.0
 *
 * Range: start, start + delta, start + 2 delta, .. up to limit. 16-bit floats are counted in
 * float32.
 */
#include <math.h>

#include "checked.h"
#include "movement.h"

typedef struct range_params {
    int64_t stash_type; /* both precisions that it may ask for give what float32 gives here */
} range_params;

enum { START, LIMIT, DELTA };
#define TYPES (DT_FLOATS | DT(HONE_I16) | DT_INDEX)
static const attr_spec range_attrs[] = {ATTR_ROW(INT, range_params, stash_type, .i = 1)};
static const op_arg range_in[] = {
    {"start", TYPES, 'T', 0}, {"limit", TYPES, 'T', 0}, {"delta", TYPES, 'T', 0}};
static const op_arg range_out[] = {{"output", TYPES, 'T', 0}};
static const op_version range_versions[] = {{11, NULL}};

/* Number of elements; false when there is none that fits. */
static bool count_ints(int64_t start, int64_t limit, int64_t delta, int64_t *out) {
    int64_t span;
    if (delta == 0 || delta == INT64_MIN) return false;
    if (!(delta > 0 ? i64_sub(limit, start, &span) : i64_sub(start, limit, &span))) return false;
    const int64_t stride = delta < 0 ? -delta : delta;
    *out = span <= 0 ? 0 : 1 + (span - 1) / stride;
    return true;
}

static bool count_floats(double start, double limit, double delta, int64_t *out) {
    const double n = ceil((limit - start) / delta);
    if (isnan(n) || n >= 9e15) return false;
    *out = n > 0 ? (int64_t)n : 0;
    return true;
}

static hone_status range_infer(infer *f) {
    const tensor *v[3];
    bool known = true;
    shape y = shape_of_rank(1);
    for (int32_t i = 0; i < 3; i++) {
        v[i] = infer_value(f, i);
        known = known && v[i];
        if (v[i] && tensor_count(v[i]) != 1)
            return infer_fail(f, "input '%s' is not a single number", range_in[i].name);
    }
    if (known) {
        const bool real = dtype_in(v[0]->dtype, DT_FLOATS);
        const bool ok = real ? count_floats(tensor_f64(v[START], 0), tensor_f64(v[LIMIT], 0),
                                            tensor_f64(v[DELTA], 0), &y.dim[0])
                             : count_ints(tensor_i64(v[START], 0), tensor_i64(v[LIMIT], 0),
                                          tensor_i64(v[DELTA], 0), &y.dim[0]);
        if (!ok) return infer_fail(f, "these numbers give no finite range");
    }
    infer_set(f, 0, infer_dtype(f, START), &y);
    return HONE_OK;
}

static hone_status range_run(run_ctx *r, const step *s) {
    const tensor *y = &s->out[0];
    const int64_t n = tensor_count(y);
    (void)r;
    if (dtype_in(y->dtype, DT_FLOATS)) {
        const double start = tensor_f64(&s->in[START], 0), delta = tensor_f64(&s->in[DELTA], 0);
        for (int64_t i = 0; i < n; i++) tensor_set_f64(y, i, start + (double)i * delta);
    } else {
        /* No product passes the limit, so none overflows. */
        const int64_t start = tensor_i64(&s->in[START], 0), delta = tensor_i64(&s->in[DELTA], 0);
        for (int64_t i = 0; i < n; i++) tensor_set_i64(y, i, start + i * delta);
    }
    return HONE_OK;
}

static const char *const range_cases[] = {"i64[]{0} i64[]{5} i64[]{1}",
                                          "i32[]{5} i32[]{0} i32[]{-2}",
                                          "f32[]{1} f32[]{2} f32[]{0.25}",
                                          "f16[]{1} f16[]{0} f16[]{-0.3}",
                                          "f64[]{3} f64[]{3} f64[]{1}",
                                          "i16{0} i16{-3} i16{1}",
                                          "i64[]{0} i64[] i64[]{1}",
                                          "bf16[]{0} bf16[]+ bf16[]{0.5}",
                                          NULL};

const op op_range = {.name = "Range",
                     .domain = "",
                     OP_VERSIONS(range_versions),
                     OP_ARGS_IN(range_in),
                     OP_ARGS_OUT(range_out),
                     OP_ATTRS(range_attrs, range_params),
                     .infer = range_infer,
                     .run = range_run,
                     .flops = move_flops,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = range_cases};
