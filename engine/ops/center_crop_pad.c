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

static hone_status center_crop_pad_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0), *target = draft_in(d, 1), *axes = NULL;
    const attr *a = attr_find(d->attrs, d->n_attrs, "axes");
    value *size = emit(b, "Shape", IN(x), NO_ATTRS);
    if (a) {
        axes = emit_i64s(b, a->ints, a->kind == ATTR_INTS ? a->count : 0);
        size = emit(b, "Gather", IN(size, axes), NO_ATTRS);
    }
    if (!x || !target) return builder_fail(b, HONE_E_FORMAT, "an input is missing");
    target = emit(b, "Cast", IN(target), ATTRS(A_INT("to", HONE_I64)));
    value *missing = emit(b, "Sub", IN(target, size), NO_ATTRS);
    value *before = emit(b, "Div", IN(missing, emit_i64(b, 2)), NO_ATTRS); /* towards zero */
    value *after = emit(b, "Sub", IN(missing, before), NO_ATTRS);
    value *pads = emit(b, "Concat", IN(before, after), ATTRS(A_INT("axis", 0)));
    return draft_done(b, d, emit(b, "Pad", IN(x, pads, NULL, axes), NO_ATTRS));
}

const op op_center_crop_pad = {.name = "CenterCropPad",
                               .domain = "",
                               OP_VERSIONS(center_crop_pad_versions),
                               OP_ARGS_IN(center_crop_pad_in),
                               OP_ARGS_OUT(center_crop_pad_out),
                               .expand = center_crop_pad_expand};
