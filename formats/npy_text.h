/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in NumPy's .npy files: elements of one width, padded with zeros. '<U7' has 7 code points of
 * 4 bytes, '|S7' has 7 bytes, which have to be UTF-8.
 */
#ifndef HONE_NPY_TEXT_H
#define HONE_NPY_TEXT_H

#include "status.h"
#include "tensor.h"
#include "writer.h"

typedef struct npy_text {
    bool wide; /* code points */
    size_t width;
} npy_text;

/* Is `code` such a type? */
bool npy_text_parse(const char *code, npy_text *out);
/* Bytes of one element; false on overflow. */
bool npy_text_size(const npy_text *t, size_t *out);
/* Makes `count` strings of the elements, in one block: pointers, then their text. */
hone_status npy_text_load(const ctx *c, const npy_text *t, const char *data, int64_t count,
                          void **out);
/* The type that holds all strings of a tensor. */
hone_status npy_text_fit(const ctx *c, const tensor *strings, npy_text *out);
hone_status npy_text_save(const ctx *c, file_writer *w, const tensor *strings, const npy_text *t);

#endif
