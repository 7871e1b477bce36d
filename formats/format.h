/* SPDX-License-Identifier: Apache-2.0
 *
 * What a model file format gives: formats.def lists them, open.c finds the one that fits.
 */
#ifndef HONE_FORMAT_H
#define HONE_FORMAT_H

#include "file.h"
#include "model.h"

/* A model file, as the caller of hone_model_open gave it. */
typedef struct source {
    const void
        *data; /* aligned to TENSOR_ALIGN unless format.unaligned; lives as long as the model */
    size_t size;
    const char *path;                 /* NULL: the model came as memory */
    const hone_open_options *options; /* complete, never NULL */
} source;

typedef struct format {
    const char *name; /* what hone_model_info shows */
    bool unaligned; /* load takes data of any alignment, so that a caller's memory needs no copy */
    /* Are these bytes meant to be of this format? Looks at the beginning only. */
    bool (*probe)(const void *data, size_t size);
    /* Fills an empty model: graph, metadata, producer, source_nodes. Constants may point into the
     * source. What it leaves behind on failure, the caller frees with the model. */
    hone_status (*load)(const ctx *c, hone_model *m, const source *s);
    /* Tells every operator that the file needs, known or not, without loading it. NULL: what loads
     * has all it needs. */
    hone_status (*survey)(const ctx *c, hone_model *m, const source *s, hone_need_fn tell,
                          void *user);
} format;

/* For loaders: gives an input of the main graph, before anything is inferred from it, the shape
 * that the caller asked for. HONE_E_INPUT when that contradicts the model. */
hone_status source_set_shape(const ctx *c, const source *s, const char *input, shape *known);

/* For loaders: hands a file over to the model, which closes it. *f is empty afterwards. */
hone_status source_adopt(const ctx *c, hone_model *m, file_map *f);

/* Every format: extern const format format_hone; ... */
#define FORMAT(name) extern const format format_##name;
#include "formats.def"

#endif
