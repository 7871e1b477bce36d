/* SPDX-License-Identifier: Apache-2.0
 *
 * Values in ONNX's files: tensors, sequences, optionals. Read into views, and compared with them.
 */
#ifndef HONE_ONNX_VALUES_H
#define HONE_ONNX_VALUES_H

#include "import.h"

/* What the values of a case live in: a model without a graph. */
typedef struct storage {
    hone_model *owner;
    hone_open_options options;
    hone_error err;
} storage;

/* Why something failed, or that it passed with other random numbers. */
typedef struct reason {
    char text[600];
    bool drawn;
} reason;
__attribute__((format(printf, 2, 3))) bool because(reason *why, const char *pattern, ...);

/* Reads the value of this kind in a file. The name and the data live as long as the storage. */
hone_status value_load(storage *s, const char *path, hone_kind kind, hone_view *out,
                       const char **name);

/* Has it the kind, type and shape that were wanted? */
bool values_fit(const hone_view *got, const hone_view *want, reason *why);
/* Is it what was wanted? Within rtol 1e-3 and atol 1e-5; narrower floats than float32 also within
 * two units in their last place; everything else exactly. */
bool values_agree(const hone_view *got, const hone_view *want, reason *why);

#endif
