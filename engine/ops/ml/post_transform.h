/* SPDX-License-Identifier: Apache-2.0
 *
 * What classifiers and regressors of ai.onnx.ml do with their scores at the end.
 */
#ifndef HONE_POST_TRANSFORM_H
#define HONE_POST_TRANSFORM_H

#include "op.h"

/* In the order of TreeEnsemble's numbers. */
typedef enum post_transform {
    POST_NONE,
    POST_SOFTMAX,
    POST_LOGISTIC,
    POST_SOFTMAX_ZERO,
    POST_PROBIT,
    POST_COUNT
} post_transform;

/* The names, for attributes of kind ATTR_CHOICE. */
extern const char *const post_transform_names[];
#define POST_TRANSFORM_ATTR(type)                                                                  \
    ATTR_ROW(CHOICE, type, post_transform, .choices = post_transform_names)

/* One row of n scores, in place. */
void post_transform_row(post_transform t, int64_t n, float *scores);
/* The same for the rows of a matrix with this many columns. A single column is no distribution:
 * only PROBIT changes it. */
value *emit_post_transform(builder *b, value *scores, post_transform t, int64_t columns);
/* The scores of two classes from that of the second, [1 - s, s] or [-s, s], which takes the place
 * of the transform unless that is LOGISTIC or PROBIT. */
value *emit_two_classes(builder *b, value *score, post_transform t, bool complement);

#endif
