/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the ONNX importer share. The work goes through these stages:
 *
 *     wire_unpack      bytes -> ModelProto, checked and bounded           wire_scan.h
 *     support_check    every operator known? one error lists all others   import_support.c
 *     import_graph     inputs, initializers, nodes, outputs of a graph    import_graph.c
 *       gradient_inputs  what a Gradient names, as inputs                 import_gradient.c
 *       order_nodes      what must come before what                       import_order.c
 *       import_tensor    TensorProto -> tensor                            import_tensor.c
 *       import_attrs     AttributeProto -> attr                           import_attr.c
 *       import_call      nodes of a model's function in place of a call   import_function.c
 *       lower            the engine's own                                 build.h
 *
 * Names are resolved by scopes. A scope is the main graph, a body (which sees the scope around it
 * and captures what it takes from there) or an inlined function (which sees nothing else).
 */
#ifndef HONE_IMPORT_H
#define HONE_IMPORT_H

#include <string.h>

#include "build.h"
#include "external.h"
#include "format.h"
#include "names.h"
#include "onnx.pb-c.h"
#include "wire_scan.h"

/* Longest name that is repeated or made of others: longer ones are left out there. */
enum { MAX_LABEL = 1024 };
static inline const char *label(const char *name) { return strlen(name) < MAX_LABEL ? name : ""; }

/* Versions of operator sets, by domain. */
typedef struct opsets {
    Onnx__OperatorSetIdProto *const *import;
    size_t count;
} opsets;

/* A function of the model. */
typedef struct function {
    const Onnx__FunctionProto *proto;
    bool surveyed; /* support_check has met a call of it */
    struct function *next;
} function;

typedef struct importer {
    const ctx *c;
    hone_model *model;
    const source *source;
    wire_input in;
    arena scratch; /* the unpacked message and the importer's tables */
    external_files external;
    const Onnx__ModelProto *proto;
    opsets opsets;
    names symbols;   /* dim_param -> its code, in a place of its own */
    names functions; /* domain, name and overload -> function */
    names tensors;   /* of functions' attributes, by their place: imported once for all calls */
    int64_t nodes;   /* imported so far, inlined functions included */
    value omitted;   /* stands for an input that the caller of a function omitted */
} importer;

/* An inlined call of a function: what its nodes' attributes may refer to. */
typedef struct call {
    const struct call *outer; /* the call around it, or NULL */
    const function *function;
    const attr *attrs; /* values of the function's attributes; absent ones are not in the list */
    int32_t n_attrs;
    const char *prefix; /* "name of the calling node/" */
} call;

/* A value that a body takes from the scope around it. */
typedef struct capture {
    const char *name;
    value *outer, *inner;
} capture;

typedef struct scope {
    importer *im;
    builder *builder;    /* of the graph that the nodes go to */
    struct scope *outer; /* NULL for the main graph and functions */
    const call *call;    /* NULL outside functions */
    opsets opsets;
    names values;       /* name -> value, or &im->omitted */
    names hints;        /* name -> ValueInfoProto */
    names captured;     /* name -> capture */
    capture **captures; /* the same in order of discovery */
    size_t n_captures, cap_captures;
    const type *seeds; /* of a body: types of its inputs as the node around it implies them */
    size_t n_seeds;
    int32_t depth; /* graphs and functions around this one */
} scope;

void importer_init(importer *im, const ctx *c, hone_model *m, const source *s);
void importer_fini(importer *im);

/* ---- import_graph.c -------------------------------------------------------------------------- */

/* Inputs, constants, nodes and outputs of a graph into s->builder->graph, which is empty. */
hone_status import_graph(scope *s, const Onnx__GraphProto *g);
/* The nodes of a graph or function, in a valid order. */
hone_status import_nodes(scope *s, Onnx__NodeProto *const *nodes, size_t count);
/* The value called `name` as seen from s, captured if need be; NULL in *out if it is omitted. */
hone_status scope_find(scope *s, const char *name, value **out);
/* Defines a name; HONE_E_FORMAT if it is taken. v may be &im->omitted. */
hone_status scope_define(scope *s, const char *name, value *v);
/* Remembers what the file says of the type of a result. */
hone_status scope_hint(scope *s, const Onnx__ValueInfoProto *v);
void scope_init(scope *s, importer *im, builder *b, scope *outer);
/* HONE_E_LIMIT if s is nested too deeply. */
hone_status scope_check_depth(const scope *s);

/* Type that a ValueInfoProto states; unknown if it states none. */
hone_status import_type(scope *s, const Onnx__TypeProto *t, type *out);

/* ---- import_body.c --------------------------------------------------------------------------- */

/* The bodies among a node's attributes, and what they capture. */
typedef struct bodies {
    const type *seeds; /* what the node implies of the types of the bodies' inputs */
    size_t n_seeds;
    scope **scope; /* one a body */
    int32_t n;
    value **captured; /* outer values, in the order of the bodies' last inputs */
    int32_t n_captured;
} bodies;

/* Sets b->seeds for the node n with these inputs. Files may leave the types of a body's inputs out.
 */
hone_status bodies_seed(scope *s, const Onnx__NodeProto *n, value *const *in, bodies *b);
/* Imports the graph of an attribute as a body of a node of s, and adds it to b. */
hone_status import_body(scope *s, const Onnx__GraphProto *g, bodies *b, graph **out);
/* Once all bodies are there: gives them the same captured inputs in the same order. */
hone_status bodies_settle(importer *im, bodies *b);

/* ---- import_gradient.c ----------------------------------------------------------------------- */

/* Makes the values that a node of operator Gradient names inputs of it, once; others stay. */
hone_status gradient_inputs(importer *im, Onnx__NodeProto *n);

/* ---- import_order.c -------------------------------------------------------------------------- */

/* An order of nodes in which every value is made before it is read, close to the given one:
 * order[i] is the number of the i-th node. From the scratch arena. HONE_E_FORMAT for cycles and for
 * names with two producers. */
hone_status order_nodes(importer *im, Onnx__NodeProto *const *nodes, size_t count, size_t **order);

/* ---- import_tensor.c ------------------------------------------------------------------------- */

/* A constant. Its data lies in the source if it is stored there densely and aligned to its element,
 * otherwise in the model's memory. Strings become pointers into the model's arena. */
hone_status import_tensor(importer *im, const Onnx__TensorProto *t, tensor *out);
/* The dense form of a sparse tensor (import_sparse.c), counted against limits.fold_bytes. */
hone_status import_sparse(importer *im, const Onnx__SparseTensorProto *t, tensor *out);
/* Memory for the elements of a constant: small ones in the model's arena. NULL after recording the
 * error in im->c. */
void *import_buffer(importer *im, size_t size);
/* The status that import_buffer recorded. */
hone_status buffer_status(const importer *im);

/* ---- import_attr.c --------------------------------------------------------------------------- */

/* Attributes of a node in scope s; references to attributes of the function are replaced by their
 * values. The list has room for one more. Graphs become bodies, sparse tensors dense. */
hone_status import_attrs(scope *s, const Onnx__NodeProto *n, bodies *b, attr **out, int32_t *count);
/* A bytes field as a C string in the scratch arena. */
hone_status import_text(importer *im, const ProtobufCBinaryData *field, const char **out);
/* One attribute that is no reference. Graphs only if b is not NULL. */
hone_status import_attr(scope *s, const Onnx__AttributeProto *a, bodies *b, attr *out);

/* ---- import_function.c ----------------------------------------------------------------------- */

/* Fills im->functions. */
hone_status functions_collect(importer *im);
/* The function that a node calls; NULL in *out if it is an operator. */
hone_status function_find(importer *im, const Onnx__NodeProto *n, function **out);
/* Imports the nodes of a function in place of the node n of s. */
hone_status import_call(scope *s, const Onnx__NodeProto *n, const function *f);

/* ---- import_support.c ------------------------------------------------------------------------ */

/* HONE_E_UNSUPPORTED with a list of all operators that hone lacks, over bodies and functions. */
hone_status support_check(importer *im);
/* Tells every operator that the model needs. */
hone_status support_list(importer *im, hone_need_fn tell, void *user);
/* Version of a domain's operators, or 0 if it is not imported. */
int32_t opset_version(const opsets *o, const char *domain);
/* "" for the default operators, whatever name they go by. */
const char *domain_name(const char *domain);
/* What to call a node in messages. */
const char *node_label(const Onnx__NodeProto *n);

#endif
