/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing a .hone file: first the model is collected into tables in memory, weights by reference;
 * then the tables and the weights are laid out and written. All orders follow from the graph alone,
 * so that equal models give equal bytes.
 */
#ifndef HONE_HONE_WRITER_H
#define HONE_HONE_WRITER_H

#include "byte_buffer.h"
#include "layout.h"
#include "model.h"

/* The bytes of a tensor. Tensors that share them in memory share them in the file. Those of strings
 * are a kind of their own. */
typedef struct blob {
    const void *data;
    size_t bytes;
    uint64_t kind; /* layout_kind or BLOB_TEXT */
} blob;

enum { BLOB_TEXT = LAYOUT_KINDS, BLOB_KINDS };

typedef struct hone_writer {
    const ctx *c;
    const hone_model *model;
    intern strings;          /* keys end in NUL */
    intern types, ops;       /* keys are records */
    intern tensors;          /* keys are records whose `section` is still the blob's kind */
    intern blobs;            /* keys are blobs */
    byte_buffer offsets;     /* uint64_t: where each blob is in the section of its kind */
    size_t bulk[BLOB_KINDS]; /* size of the section of each kind */
    byte_buffer graphs, info, text;
    bool has_text; /* are there tensors of strings, even empty ones? */
    uint32_t n_graphs;
} hone_writer;

/* Fills everything above the file's own layout. */
hone_status collect_model(hone_writer *w);
uint32_t collect_string(hone_writer *w, const char *s);
uint32_t collect_type(hone_writer *w, const graph *g, const type *t);
hone_status collect_tensor(hone_writer *w, const tensor *t, uint32_t *out);
/* Appends a graph and its bodies to w->graphs. */
hone_status collect_graph(hone_writer *w, const graph *g, int32_t depth, uint32_t *out);

/* Receives the bytes of a file piece by piece; what it returns but HONE_OK ends the writing. */
typedef hone_status hone_sink(void *to, const void *data, size_t size);
/* Writes the whole file. */
hone_status hone_serialize(const ctx *c, const hone_model *m, hone_sink *sink, void *to);

#endif
