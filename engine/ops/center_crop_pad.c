/* SPDX-License-Identifier: Apache-2.0
 *
 * CenterCropPad: a Pad whose counts are half of what is missing on each side, or half of what is
 * too much where they are negative.
 */
#include "op.h"

static const op_arg center_crop_pad_in[] = {{"input_data", DT_MOVABLE, 'T', 0},
                                            {"shape", DT_INDEX, 0, 0}};
static const op_arg center_crop_pad_out[] = {{"output_data", DT_MOVABLE, 'T', 0}};
static const op_version center_crop_pad_versions[] = {{18, NULL}};

typedef struct center_crop_pad_params {
    int_list axes; /* absent: all */
} center_crop_pad_params;

static const attr_spec center_crop_pad_attrs[] = {ATTR_ROW(AXES, center_crop_pad_params, axes)};

static hone_status center_crop_pad_expand(builder *b, draft *d) {
    value *x = d->in[0], *target = d->in[1], *axes = NULL;
    const center_crop_pad_params *p = d->params;
    value *size = emit(b, "Shape", IN(x), NO_ATTRS);
    if (p->axes.set) {
        axes = emit_i64s(b, p->axes.v, p->axes.n);
        size = emit(b, "Gather", IN(size, axes), NO_ATTRS);
    }
    target = emit(b, "Cast", IN(target), ATTRS(A_INT("to", HONE_I64)));
    value *missing = emit(b, "Sub", IN(target, size), NO_ATTRS);
    value *before = emit(b, "Div", IN(missing, emit_i64(b, 2)), NO_ATTRS); /* towards zero */
    value *after = emit(b, "Sub", IN(missing, before), NO_ATTRS);
    value *pads = emit(b, "Concat", IN(before, after), ATTRS(A_INT("axis", 0)));
    return draft_done(b, d, emit(b, "Pad", IN(x, pads, NULL, axes), NO_ATTRS));
}

static const char *const center_crop_pad_cases[] = {
    "f32[5,8] i64{3,9}", "f32[4,5,3] i64{7} axes=-2",   "u8[2,3] i32{0,3}",
    "f16[0,2] i64{3,2}", "f32[4,5] i64{2,9} axes=-1,0", NULL};

const op op_center_crop_pad = {.name = "CenterCropPad",
                               .domain = "",
                               OP_VERSIONS(center_crop_pad_versions),
                               OP_ARGS_IN(center_crop_pad_in),
                               OP_ARGS_OUT(center_crop_pad_out),
                               OP_ATTRS(center_crop_pad_attrs, center_crop_pad_params),
                               .expand = center_crop_pad_expand,
                               .tolerance = {TOL_EXACT, 0},
                               .cases = center_crop_pad_cases};
