/* SPDX-License-Identifier: Apache-2.0
 *
 * BitCast: the same bytes under another element type of the same size.
 */
#include "movement.h"
#include "view.h"

typedef struct bit_cast_params {
    hone_dtype to;
} bit_cast_params;

static const attr_spec bit_cast_attrs[] = {ATTR_ROW(DTYPE, bit_cast_params, to, .required = true)};
static const op_arg bit_cast_in[] = {{"input", DT_NUMERIC, 0, 0}};
static const op_arg bit_cast_out[] = {{"output", DT_NUMERIC, 0, 0}};
static const op_version bit_cast_versions[] = {{26, NULL}};

static hone_status bit_cast_infer(infer *f) {
    const hone_dtype from = infer_dtype(f, 0), to = ((const bit_cast_params *)f->params)->to;
    if (from != HONE_UNDEFINED && hone_dtype_bits(from) != hone_dtype_bits(to))
        return infer_fail(f, "%s and %s have different sizes", hone_dtype_name(from),
                          hone_dtype_name(to));
    infer_set(f, 0, to, infer_shape(f, 0));
    return HONE_OK;
}

/* Any byte may become a bool, which is 0 or 1. */
static hone_status bit_cast_run(run_ctx *r, const step *s) {
    if (s->out[0].dtype != HONE_BOOL) return view_run(r, s);
    const uint8_t *x = s->in[0].data;
    uint8_t *y = s->out[0].data;
    for (size_t i = 0; i < s->out[0].bytes; i++) y[i] = x[i] != 0;
    return HONE_OK;
}

static const char *const bit_cast_cases[] = {"f32[5] to=6", "f16[2,3] to=5", "u8[7] to=3", NULL};

const op op_bit_cast = {.name = "BitCast",
                        .domain = "",
                        OP_VERSIONS(bit_cast_versions),
                        OP_ARGS_IN(bit_cast_in),
                        OP_ARGS_OUT(bit_cast_out),
                        OP_ATTRS(bit_cast_attrs, bit_cast_params),
                        .infer = bit_cast_infer,
                        .axes = axes_elementwise,
                        .permute = permute_elementwise,
                        .run = bit_cast_run,
                        .inplace = 1,
                        .flops = move_flops,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = bit_cast_cases};
