/* SPDX-License-Identifier: Apache-2.0
 *
 * Sliding windows over spatial axes: what convolutions and pools share.
 */
#ifndef HONE_WINDOW_H
#define HONE_WINDOW_H

#include "conv/conv_window.h"
#include "op.h"

#define WINDOW_MAX_RANK (HONE_MAX_RANK - 2)

/* Attributes, as a member `window` of an operator's params. */
typedef struct window_params {
    int_list strides, dilations, pads; /* pads: all begins, then all ends; absent: 1, 1, 0 */
    int32_t auto_pad;                  /* WINDOW_AUTO_* */
    bool ceil_mode;
} window_params;
enum { WINDOW_AUTO_NOTSET, WINDOW_AUTO_SAME_UPPER, WINDOW_AUTO_SAME_LOWER, WINDOW_AUTO_VALID };
extern const char *const window_auto_pad[]; /* the choices */

/* Rows for the attribute table of a params struct with a member `window`; the lists alone for
 * operators that know no automatic padding. */
#define WINDOW_LISTS(type)                                                                         \
    ATTR_NAMED(INTS, "strides", type, window.strides, .min = 1, .max = INT32_MAX),                 \
        ATTR_NAMED(INTS, "dilations", type, window.dilations, .min = 1, .max = INT32_MAX),         \
        ATTR_NAMED(INTS, "pads", type, window.pads, .min = INT32_MIN, .max = INT32_MAX)
#define WINDOW_ATTRS(type)                                                                         \
    WINDOW_LISTS(type),                                                                            \
        ATTR_NAMED(CHOICE, "auto_pad", type, window.auto_pad, .choices = window_auto_pad)

/* A window with everything resolved. Pads may be negative (a crop). */
typedef struct window {
    int32_t rank;
    int64_t kernel[WINDOW_MAX_RANK], stride[WINDOW_MAX_RANK], dilation[WINDOW_MAX_RANK];
    int64_t pad_begin[WINDOW_MAX_RANK], pad_end[WINDOW_MAX_RANK];
    int64_t in[WINDOW_MAX_RANK], out[WINDOW_MAX_RANK];
} window;

/* Resolves pads and output sizes. `kernel` and `in` are `rank` sizes, unknown ones allowed: what
 * depends on them is unknown too. Lists of the wrong length, empty kernels and windows that do not
 * fit are HONE_E_FORMAT. */
hone_status window_resolve(const infer *f, const window_params *p, int32_t rank,
                           const int64_t *kernel, const int64_t *in, window *out);

/* Where tap `tap` of result pixel `pixel`, both counted along the last axis first, lies along each
 * axis of the input: outside of it in the padding. */
void window_tap(const window *w, int64_t pixel, int64_t tap, int64_t *at);
/* The same as an index into an input without other axes, or -1 in the padding. */
int64_t window_tap_index(const window *w, int64_t pixel, int64_t tap);

/* The window for the kernels, which have three spatial axes: leading ones have size 1. rank <= 3.
 */
conv_window window_for_kernels(const window *w);

#endif
