/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a hone_model: one graph, the memory its constants live in, facts about its file.
 * Written while opening (formats fill it, passes rewrite it), immutable afterwards.
 */
#ifndef HONE_MODEL_H
#define HONE_MODEL_H

#include <stdatomic.h>

#include "graph.h"

/* Memory that constants point into: a mapped file, or a block of the model's allocator. */
typedef struct resource {
    struct resource *next;
    void *data;
    size_t size;
    void (*release)(void *data, size_t size); /* NULL: mem_free */
} resource;

typedef struct metadata_entry {
    const char *key, *value;
} metadata_entry;

typedef struct pass_result {
    const char *name;
    int64_t changes;
} pass_result;

struct hone_model {
    atomic_int refs;
    allocator alloc;
    arena arena;
    hone_limits limits;
    graph *graph;
    resource *resources;
    const char *format, *producer;
    const char *path; /* of the file, "" when it was given in memory */
    metadata_entry *metadata;
    int32_t n_metadata;
    int64_t source_nodes;
    uint64_t file_bytes;
    const void *source_data; /* the file itself, which stays in memory as long as the model */
    size_t source_size;
    const struct custom_ops *custom; /* operators that the caller registered, or NULL */
    pass_result *passes;
    int32_t n_passes;
    bool is_unpacked;      /* opened with HONE_OPEN_TUNE: weights have no layout yet */
    bool is_optimized;     /* passes have run, now or before the file was saved */
    uint64_t folded_bytes; /* constants computed so far, against limits.fold_bytes */
    /* By id, for the public queries and for sessions; set by model_finish. */
    int32_t n_nodes; /* of all graphs */
    node **nodes;
    value **values;
};

/* Limits with every zero replaced by its default. in may be NULL. */
hone_limits limits_complete(const hone_limits *in);
/* The same for those of a caller, which may be NULL or of another version. */
hone_status limits_read(const ctx *c, const hone_limits *in, hone_limits *out);

/* An empty model with one reference. */
hone_status model_create(hone_model **out, const hone_open_options *options, hone_error *err);
void model_retain(hone_model *m);

/* A context for work on the model while it is opened. */
ctx model_ctx(hone_model *m, const hone_open_options *options, hone_error *err);

/* Makes the operators of the options known to the model; the contexts that model_ctx gives from
 * then on know them. */
hone_status model_register(const ctx *c, hone_model *m, const hone_open_options *options);

/* Uninitialised memory for a constant, aligned to TENSOR_ALIGN, freed with the model or by
 * model_sweep. NULL after recording the error. */
void *model_buffer(const ctx *c, hone_model *m, size_t size);
/* Takes over a block that `release` gives back when the model closes. */
hone_status model_adopt(const ctx *c, hone_model *m, void *data, size_t size,
                        void (*release)(void *data, size_t size));
/* Frees buffers that no constant of the graph points into any more. */
void model_sweep(hone_model *m);

/* Runs the passes (unless options forbid), numbers the graph, fills nodes and values. */
hone_status model_finish(const ctx *c, hone_model *m, const hone_open_options *options);

/* Numbers the graph anew after it changed, and fills nodes and values. */
hone_status model_number(const ctx *c, hone_model *m);
/* Adds an entry to the metadata. The texts are copied. */
hone_status model_add_metadata(const ctx *c, hone_model *m, const char *key, const char *text);

/* A rewrite of the graph. Sets *changes to how many places it changed. */
typedef struct pass {
    const char *name;
    const char *doc; /* one line for people */
    hone_status (*run)(const ctx *c, hone_model *m, graph *g, int64_t *changes);
    /* Names of passes that have to run for this one to do its work, separated by commas, or NULL.
     * Without them it does less, but nothing wrong. */
    const char *needs;
} pass;
/* All passes in the order in which they run, some more than once; optimize/ provides them. */
extern const pass *const pass_list[];
extern const int32_t pass_count;

/* What hone_open_options.passes says, which may be NULL: bit i stands for pass_list[i]. Names that
 * there are none of and mixtures of names with and without '-' are HONE_E_ARG. */
hone_status pass_choose(const ctx *c, const char *text, uint64_t *chosen);
/* The bits of one pass. */
uint64_t pass_bits(const char *name);

#endif
