/* SPDX-License-Identifier: Apache-2.0
 *
 * Phrases that expansions of ai.onnx.ml's operators repeat. Like emit, they give NULL after a
 * failure and accept NULL values then.
 */
#ifndef HONE_ML_COMPOSITE_H
#define HONE_ML_COMPOSITE_H

#include "op.h"

/* Features as a matrix of this type with one row an example; a vector is one row. */
value *emit_rows(builder *b, value *x, hone_dtype t);

/* Lists among the attributes as constants. */
value *emit_int_list(builder *b, const int_list *l);
value *emit_float_list(builder *b, const float_list *l, hone_dtype t);
/* The same as a matrix of so many rows; HONE_E_FORMAT when the list does not fill it. */
value *emit_float_rows(builder *b, const char *name, const float_list *l, int64_t rows);
value *emit_string_list(builder *b, const string_list *l);
/* A tensor of any shape as a vector. */
value *emit_tensor_list(builder *b, const tensor *t);

/* Names of classes or categories: integers or text. */
#define DT_LABELS (DT(HONE_I64) | DT(HONE_STRING))
typedef struct label_lists {
    int_list ints;
    string_list strings;
} label_lists;
/* HONE_E_FORMAT unless exactly one of the two lists has elements. */
hone_status labels_check(builder *b, const label_lists *l);
int32_t labels_count(const label_lists *l);
value *emit_labels(builder *b, const label_lists *l);
/* The label of each index. */
value *emit_label_of(builder *b, const label_lists *l, value *index);

#endif
