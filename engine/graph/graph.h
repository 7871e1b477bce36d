/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph: nodes in a list that is always in topological order, values that they read and write.
 *
 *   - Values are in single assignment: a graph input, a constant, or one output of one node.
 *   - Every read is a `use`, linked into its value, so that passes find and replace readers in O(1)
 *     each. Graph outputs count as reads as well (value.output_uses).
 *   - A body (branch of If, body of Loop or Scan) is a graph of its own that sees nothing outside:
 *     what it captures is passed in. Of a node's inputs the last n_captured are captured values,
 *     and they are also the last n_captured inputs of each of its bodies, in the same order.
 *   - Memory is the arena of the root graph's owner; removed nodes and values stay there unused.
 */
#ifndef HONE_GRAPH_H
#define HONE_GRAPH_H

#include "status.h"
#include "tensor.h"

typedef struct op op;
typedef struct node node;
typedef struct value value;
typedef struct graph graph;

typedef struct type {
    hone_kind kind;
    hone_dtype dtype; /* HONE_UNDEFINED: not known yet. Of a map: that of its keys */
    shape shape;
    const struct type *element; /* of a sequence or optional; of a map: its values */
} type;

typedef struct use {
    value *value; /* NULL: an omitted optional input */
    node *user;
    struct use *next;
    struct use **link; /* what points at this use */
} use;

struct value {
    const char *name; /* never NULL; may be "" for values made by passes */
    type type;
    node *producer;         /* NULL for graph inputs and constants */
    const tensor *constant; /* NULL unless a constant */
    graph *graph;
    use *uses;
    int32_t output_uses; /* how often it is an output of its graph */
    int32_t id;          /* dense, set by graph_number */
};

struct node {
    const op *op;
    const char *name;
    void *params; /* the op's own struct, op->params_size bytes */
    use *in;
    value **out; /* an unwanted optional output is NULL */
    graph **body;
    int32_t n_in, n_out, n_body, n_captured;
    node *prev, *next;
    graph *graph;
    int32_t id;         /* dense, in topological order, set by graph_number */
    int32_t serial;     /* among the nodes of all graphs of the model, set by model_finish */
    const int32_t *ids; /* value ids of inputs, then outputs (-1: none), set by graph_values */
};

/* Names of symbolic dimensions, shared by a graph and its bodies. */
typedef struct symbols {
    const char **name;
    size_t count, capacity;
} symbols;

struct graph {
    arena *arena;
    symbols *symbols;
    const char *name;
    node *first, *last;
    value **input, **output;
    int32_t n_input, n_output;
    size_t cap_input, cap_output;
    int32_t n_value, n_node; /* set by graph_number */
};

/* NULL when memory is out. `syms` NULL makes a new symbol table. */
graph *graph_create(arena *a, symbols *syms, const char *name);

/* Code of the symbol called `name`, made when new; DIM_UNKNOWN when memory is out. */
int64_t symbol_code(graph *g, const char *name);
/* Name of a dimension that is a symbol, or NULL. */
const char *symbol_name(const graph *g, int64_t dim);

/* The functions below return NULL or false only when memory is out. Names are copied. */
value *graph_add_value(graph *g, const char *name, const type *t);
value *graph_add_input(graph *g, const char *name, const type *t);
bool graph_add_output(graph *g, value *v);
/* A constant; the tensor is copied, its data is not. */
value *graph_add_constant(graph *g, const char *name, const tensor *t);

/* A node at the end of the list, or before `before` if that is not NULL. params is copied (size
 * from the op). Outputs are new values without a type; out_names may be NULL, an entry too. */
typedef struct node_desc {
    const op *op;
    const char *name;
    const void *params;
    value *const *in;
    int32_t n_in, n_out, n_captured;
    graph *const *body;
    int32_t n_body;
    const char *const *out_names;
    node *before;
} node_desc;
node *graph_add_node(graph *g, const node_desc *d);

/* Unlinks a node whose outputs have no readers. */
void graph_remove_node(node *n);
/* Every reader of `from`, graph outputs included, reads `to` instead. `to` takes over the name if
 * it has none, or if `from` is a graph output and `to` is not. */
void graph_replace(value *from, value *to);
void node_set_input(node *n, int32_t i, value *v);
/* Makes v input i, which the node does not have yet; the ones between are omitted. */
hone_status node_append_input(const ctx *c, node *n, int32_t i, value *v);
/* Moves n right before `before`. */
void node_move(node *n, node *before);

static inline value *node_in(const node *n, int32_t i) {
    return i < n->n_in ? n->in[i].value : NULL;
}
/* Number of readers, graph outputs included. */
int32_t value_use_count(const value *v);
/* The only reader, if there is exactly one and it is not a graph output; otherwise NULL. */
node *value_only_user(const value *v);
static inline bool value_is_input(const value *v) { return !v->producer && !v->constant; }

/* Gives nodes and values dense ids (inputs, then constants and results in node order). */
void graph_number(graph *g);
/* All values by id; n_value entries from `a`. Also sets every node's ids. NULL when memory is out.
 */
value **graph_values(graph *g, arena *a);

type type_tensor(hone_dtype dtype, const shape *s);
/* A sequence or an optional of tensors of this type, about whose shape nothing is known. */
type type_of_tensors(hone_kind kind, hone_dtype dtype);
/* The same, of sequences of such tensors. */
type type_of_sequences(hone_kind kind, hone_dtype dtype);
/* An optional of sequences, a sequence of maps: of any type with an unchanging place in memory. */
type type_of(hone_kind kind, const type *element);
/* Element type of the tensors inside; HONE_UNDEFINED when it is not known. */
hone_dtype type_inner(const type *t);
bool type_equal(const type *a, const type *b); /* but for shapes */

#endif
