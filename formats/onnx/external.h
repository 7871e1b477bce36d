/* SPDX-License-Identifier: Apache-2.0
 *
 * Tensors that are stored in other files beneath the model's folder.
 */
#ifndef HONE_EXTERNAL_H
#define HONE_EXTERNAL_H

#include "format.h"
#include "names.h"
#include "onnx.pb-c.h"

/* Opened files; the model owns their maps. */
typedef struct external_files {
    hone_model *model;
    const source *source;
    arena *arena;
    names files; /* location -> file_map, data and size only */
    file_dir folder;
} external_files;

void external_init(external_files *e, hone_model *m, const source *s, arena *scratch);
void external_fini(external_files *e);

/* Finds the `bytes` bytes of a tensor whose data_location is 1. They live as long as the model. */
hone_status external_find(const ctx *c, external_files *e, const Onnx__TensorProto *t, size_t bytes,
                          const uint8_t **data);

#endif
