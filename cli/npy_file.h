/* SPDX-License-Identifier: Apache-2.0
 *
 * .npy files, with the types that NumPy has no form for. Such a tensor is saved as another type of
 * the same bits: bfloat16 as uint16, float8 as uint8, and types of 4 and 2 bits as uint8 with one
 * element a byte, in its low bits.
 */
#ifndef HONE_CLI_NPY_FILE_H
#define HONE_CLI_NPY_FILE_H

#include "input_file.h"

/* ": of uint16, the bits of each element" and the like; "" for a type that NumPy has. */
const char *npy_stand_in_text(hone_dtype dtype);
/* Loads a file and takes it for `dtype` when it holds the stand-in of that. Other types stay what
 * they are. */
hone_status npy_load_as(input_value *out, hone_dtype dtype, const char *path,
                        const hone_limits *limits, hone_error *err);

#endif
