/* SPDX-License-Identifier: Apache-2.0
 *
 * Small models that together hold every kind of record of a .hone file.
 */
#ifndef HONE_HONE_MODELS_H
#define HONE_HONE_MODELS_H

#include "model.h"

enum { TEST_MODELS = 11 };

/* Builds model number `which`, ready to be saved. options may be NULL. */
hone_status test_model_build(int which, const hone_open_options *options, hone_model **out,
                             hone_error *err);
const char *test_model_name(int which);

/* A model as the bytes of a file; data is aligned to TENSOR_ALIGN, exactly `size` bytes long, and
 * freed with free(). */
typedef struct file_bytes {
    unsigned char *data;
    size_t size;
} file_bytes;
hone_status test_model_bytes(const hone_model *m, file_bytes *out, hone_error *err);
/* A copy of the first `size` bytes; what lies beyond the old size is zero. */
file_bytes file_bytes_copy(const file_bytes *b, size_t size);

#endif
