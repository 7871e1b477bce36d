/* SPDX-License-Identifier: Apache-2.0
 *
 * ONNX's Resize and Upsample. Integers are interpolated as reals. Before opset 11 positions were
 * asymmetric and rounded down, and scales the only other input; before opset 9 an attribute.
 */
#include <string.h>

#include "composite.h"
#include "resize.h"

static hone_status resize_expand(builder *b, draft *d) {
    value *x = d->in[0];
    const hone_dtype t = x->type.dtype;
    const bool nearest = ((const resize_params *)d->params)->mode == RESIZE_NEAREST;
    const bool wide = dtype_in(t, DT(HONE_I32) | DT(HONE_U32) | DT(HONE_I64) | DT(HONE_U64));
    if (!nearest && dtype_in(t, DT_INTS)) d->in[0] = expand_cast(b, x, wide ? HONE_F64 : HONE_F32);
    value *y = emit(b, "hone::Resize", d->in, d->n_in, d->attrs, d->n_attrs);
    return draft_done(b, d, expand_cast(b, y, t));
}

static const char *const resize_cases[] = {
    "f32[1,2,4,4] _ f32{1,1,2,2}",
    "f16[1,1,5,5] _ _ i64{1,1,3,7} mode=linear coordinate_transformation_mode=align_corners",
    "u8[1,1,4,4] _ f32{1,1,1.5,1.5} mode=cubic",
    "f32[2,4,4,2] _ f32{2,0.5} axes=1,2 mode=linear antialias=1",
    "i64[3] _ f32{2} mode=linear",
    "f32[0,2] _ f32{1,2}",
    NULL};

static hone_status resize_upgrade(builder *b, draft *d) {
    if (!expand_needs(b, d, 0, "X") || !expand_needs(b, d, 1, "scales")) return b->status;
    value *scales = d->in[1];
    TRY(draft_set_in(b, d, 1, NULL));
    TRY(draft_set_in(b, d, 2, scales));
    TRY(draft_set_attr(b, d, A_STRING("coordinate_transformation_mode", "asymmetric")));
    if (strcmp(draft_string(d, "mode", ""), "bilinear") == 0)
        TRY(draft_set_attr(b, d, A_STRING("mode", "linear")));
    return draft_set_attr(b, d, A_STRING("nearest_mode", "floor"));
}

static hone_status scales_to_input(builder *b, draft *d) {
    const attr *a = attr_find(d->attrs, d->n_attrs, "scales");
    if (!a || a->kind != ATTR_FLOATS)
        return builder_fail(b, HONE_E_FORMAT, "attribute 'scales' is missing");
    const shape s = shape_vector(a->count);
    value *scales = emit_constant(b, HONE_F32, &s, a->floats);
    draft_drop(d, "scales");
    return draft_set_in(b, d, 1, scales);
}

/* Images had a scale for each of their two axes. */
static hone_status image_scales_upgrade(builder *b, draft *d) {
    static const char *const names[] = {"height_scale", "width_scale"};
    float *scales = arena_array(b->graph->arena, 4, sizeof *scales);
    if (!scales) return builder_fail(b, HONE_E_NOMEM, "no memory for the scales");
    for (int32_t i = 0; i < 2; i++) {
        if (!draft_has(d, names[i]))
            return builder_fail(b, HONE_E_FORMAT, "attribute '%s' is missing", names[i]);
        scales[i] = 1;
        scales[2 + i] = draft_float(d, names[i], 1);
        draft_drop(d, names[i]);
    }
    TRY(b->status);
    return draft_set_attr(
        b, d, (attr){.name = "scales", .kind = ATTR_FLOATS, .floats = scales, .count = 4});
}

typedef struct upsample_params {
    int32_t mode;
} upsample_params;

static const char *const upsample_modes[] = {"nearest", "linear", "bilinear", NULL};
static const attr_spec upsample_attrs[] = {
    ATTR_ROW(CHOICE, upsample_params, mode, .choices = upsample_modes)};

/* The name that Resize had before it could shrink. */
static hone_status upsample_expand(builder *b, draft *d) {
    d->type = "Resize";
    d->opset = 10;
    return lower(b, d);
}

static const char *const upsample_cases[] = {
    "f32[1,1,2,3] f32{1,1,2,3}", "f32[1,1,3,3] f32{1,1,2,2} mode=linear",
    "u8[2,2] f32{1,2}",          "f16[2,2] f32{2,2} mode=bilinear",
    "f32[0,2] f32{1,2}",         NULL};

static const op_arg resize_in[] = {{"X", DT_MOVABLE, 'T', 0},
                                   {"roi", DT_FLOATS, 0, ARG_OPTIONAL},
                                   {"scales", DT(HONE_F32), 0, ARG_OPTIONAL},
                                   {"sizes", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg resize_out[] = {{"Y", DT_MOVABLE, 'T', 0}};
static const op_arg upsample_in[] = {{"X", DT_MOVABLE, 'T', 0}, {"scales", DT(HONE_F32), 0, 0}};
static const op_arg upsample_out[] = {{"Y", DT_MOVABLE, 'T', 0}};
static const op_version resize_versions[] = {{10, resize_upgrade}, {11, NULL}};
static const op_version upsample_versions[] = {
    {1, image_scales_upgrade}, {7, scales_to_input}, {9, NULL}};
static const op onnx_resize = {.name = "Resize",
                               .domain = "",
                               OP_VERSIONS(resize_versions),
                               OP_SLOTS(resize),
                               OP_ATTRS(resize_attrs, resize_params),
                               .expand = resize_expand,
                               .tolerance = {TOL_REL, 1e-5},
                               .cases = resize_cases};
static const op onnx_upsample = {.name = "Upsample",
                                 .domain = "",
                                 OP_VERSIONS(upsample_versions),
                                 OP_SLOTS(upsample),
                                 OP_ATTRS(upsample_attrs, upsample_params),
                                 .expand = upsample_expand,
                                 .tolerance = {TOL_REL, 1e-5},
                                 .cases = upsample_cases};

static const op *const members[] = {&onnx_resize, &onnx_upsample};
const op_family family_resize_onnx = {members, COUNT_OF(members)};
