/* SPDX-License-Identifier: Apache-2.0
 *
 * What Resize does along one axis: sizes, and for each result the elements it is made of.
 */
#ifndef HONE_RESIZE_H
#define HONE_RESIZE_H

#include "op.h"

enum { RESIZE_X, RESIZE_ROI, RESIZE_SCALES, RESIZE_SIZES };
enum { RESIZE_NEAREST, RESIZE_LINEAR, RESIZE_CUBIC };
enum {
    RESIZE_HALF_PIXEL,
    RESIZE_HALF_PIXEL_SYMMETRIC,
    RESIZE_PYTORCH_HALF_PIXEL,
    RESIZE_ALIGN_CORNERS,
    RESIZE_ASYMMETRIC,
    RESIZE_CROP,
    RESIZE_HALF_PIXEL_FOR_NN /* opsets 11 and 12 only */
};
enum { RESIZE_PREFER_FLOOR, RESIZE_PREFER_CEIL, RESIZE_FLOOR, RESIZE_CEIL };
enum { RESIZE_STRETCH, RESIZE_NOT_LARGER, RESIZE_NOT_SMALLER };

typedef struct resize_params {
    int32_t mode, coordinates, nearest_mode, policy;
    bool antialias, exclude_outside;
    float extrapolation_value, cubic_coeff_a;
    int_list axes; /* that roi, scales and sizes speak of; absent: all */
} resize_params;
/* Attributes of hone::Resize, which are also those of ONNX's. */
enum { RESIZE_ATTRS = 9 };
extern const attr_spec resize_attrs[RESIZE_ATTRS];

/* One axis of the data. */
typedef struct resize_axis {
    int64_t in, out;
    float scale;
    float start, end; /* region of interest, of RESIZE_CROP */
    bool active;      /* anything but a copy */
} resize_axis;

/* The values of the inputs; NULL where they are omitted (or empty) or not known yet. */
typedef struct resize_request {
    const resize_params *params;
    const tensor *roi, *scales, *sizes;
} resize_request;

/* Reads `t` (which may be NULL) as one of a request's inputs. */
const tensor *resize_given(const tensor *t);
/* Works out every axis of data of this shape, whose rank is known. An axis whose size is unknown
 * gets `out` DIM_UNKNOWN. HONE_E_FORMAT when the request makes no sense. */
hone_status resize_axes_of(const ctx *c, const resize_request *r, const shape *x,
                           resize_axis *axes);

/* How the results along an axis are made: result o is the sum over t < taps of weight[o * taps + t]
 * times element index[o * taps + t], or the extrapolation value if it is outside. */
typedef struct resize_table {
    int64_t taps;
    int64_t *index;
    double *weight;
    bool *outside; /* NULL: none is */
} resize_table;
hone_status resize_table_make(plan_ctx *p, const resize_params *params, const resize_axis *axis,
                              resize_table *t);

#endif
