/* SPDX-License-Identifier: Apache-2.0
 *
 * One operator is one value of type `op`: everything hone knows about it. Nothing else in the code
 * tells operators apart by name or number; passes compare `node->op == &op_conv`.
 *
 * Three kinds meet here:
 *   core       has `run`; what the executor executes.
 *   composite  has `expand` instead: written as core operators when it is imported.
 *   control    has `run` and bodies (If, Loop, Scan).
 *
 * docs/add-an-operator.md walks through a new one.
 */
#ifndef HONE_OP_H
#define HONE_OP_H

#include "attr.h"
#include "axes.h"
#include "build.h"
#include "graph.h"
#include "infer.h"
#include "step.h"

/* An input or output slot. Slots with the same letter `var` have the same element type. */
typedef struct op_arg {
    const char *name;
    dtype_set types;
    char var;      /* 0: not tied to another slot */
    uint8_t flags; /* ARG_* */
} op_arg;
#define ARG_OPTIONAL 1u
#define ARG_VARIADIC                                                                               \
    2u /* last slot only: any number more of the same kind; types may differ if var is 0 */
#define ARG_ANY_KIND 4u /* sequences and optionals too */

/* A meaning that began with opset `since`. `upgrade` rewrites a draft of that meaning into the next
 * row's; the last row is today's meaning and has none, unless it converts types that the operator
 * itself does not compute in. Rows are in rising order. A draft older than the first row is
 * unsupported. */
typedef struct op_version {
    int32_t since;
    hone_status (*upgrade)(builder *b, draft *d);
} op_version;

/* How much the results of two kernels may differ. */
typedef enum tol_kind {
    TOL_EXACT, /* bit for bit */
    TOL_ULP,   /* bound: units in the last place */
    TOL_REL,   /* bound: relative to the largest magnitude of the result */
    TOL_SUM /* bound: times 64 roundings of the largest magnitude of the result, or of 1 if that is
             * smaller: sums cancel */
} tol_kind;
typedef struct op_tolerance {
    tol_kind kind;
    double bound;
} op_tolerance;

/* How an operator becomes integer arithmetic. */
typedef enum quant_kind {
    QUANT_NONE,    /* stays in float */
    QUANT_PASS,    /* moves values: input and output share one scale */
    QUANT_REQUANT, /* computes in int32 and rescales to the output's own scale */
    QUANT_TABLE    /* a function of one value: a table of 256 */
} quant_kind;
typedef struct op_quant {
    quant_kind kind;
    uint32_t inputs;         /* bit i: input i is quantized */
    int8_t weight;           /* input that holds weights, or -1 */
    int8_t weight_axis;      /* its axis with a scale each, or -1 */
    const char *replacement; /* operator that computes it, or NULL for itself */
} op_quant;

#define OP_PURE_SHAPE 1u  /* the result depends on the shapes of the inputs alone */
#define OP_VIEW       2u  /* output 0 holds the bytes of input 0, under another shape */
#define OP_IMPURE     4u  /* random or stateful: never folded, merged or removed as equal */
#define OP_DYNAMIC    8u  /* run allocates outputs whose shape depends on data: run_output() */
#define OP_CUSTOM     16u /* registered by the caller: params are its attributes as they are */
#define OP_PICKS      32u /* of input 0, reads only the elements that output 0 gets */

struct op {
    const char *name;
    const char *domain; /* "" is ONNX's own; "hone" holds operators that only this library has */
    const op_version *versions;
    int32_t n_versions;

    const op_arg *in, *out;
    int32_t n_in, n_out; /* slots described; a variadic last slot stands for many */
    const attr_spec *attrs;
    int32_t n_attrs;
    size_t params_size;
    uint32_t flags;

    /* Composite: emits the nodes that replace the draft and sets d->out. What slots require has
     * been checked before. Of what is below, only the tolerance and the cases of the tests are used
     * then. */
    hone_status (*expand)(builder *b, draft *d);

    /* Types and shapes of the outputs from those of the inputs. Checks what the type table cannot.
     */
    hone_status (*infer)(infer *f);
    /* How input axes become output axes; NULL: opaque. */
    void (*axes)(const node *n, axis_map *map);
    /* Rewrites the node's axes so that it computes the same on permuted data: axis a of the inputs
     * of full rank becomes axis `to[a]`. The caller permutes the inputs and takes the output as
     * permuted. False (and nothing changed) when it cannot; NULL: never. */
    bool (*permute)(builder *b, node *n, const int32_t *to, int32_t rank);
    /* Chooses kernels, books scratch, keeps what run needs in the step's state. NULL: nothing to
     * choose. */
    hone_status (*plan)(plan_ctx *p, step *s);
    hone_status (*run)(run_ctx *r, const step *s);
    /* Emits the gradient of every differentiable input; NULL: not differentiable. */
    hone_status (*grad)(gradient *g);
    const op_quant *quant;
    /* Bit i: output 0 may overwrite input i when their sizes agree. */
    uint32_t inplace;
    /* Floating-point or integer operations of one run (a multiply-add is two). NULL: one an output
     * element. */
    uint64_t (*flops)(const step *s);
    /* Layout an input's constant should be packed into, or LAYOUT_DENSE. NULL: dense. */
    layout (*pack)(const node *n, int32_t input);
    /* May it be in this other layout too? NULL: no. */
    bool (*reads)(const node *n, int32_t input, layout l);
    /* Products and convolutions: offset of the fused_params (fused.h) in the params struct, plus
     * one. Their inputs are data, weight, bias (one value an element of the last output axis),
     * residual. */
    size_t fused;
    op_tolerance tolerance;
    const void *row; /* what a family's shared functions need to know about this member */
    /* Problem lines (see tests/support/problem.h) for the operator's tests and benchmarks;
     * NULL-terminated. */
    const char *const *cases;
};

/* The operator of that name, or NULL. */
const op *op_find(const char *domain, const char *name);
/* The same, those that the caller registered for this version of the domain first. */
const op *op_known(const ctx *c, const char *domain, const char *name, int32_t opset);
/* All operators in (domain, name) order. */
const op *const *op_all(int32_t *count);
/* Its number there; -1 for one that a caller registered. */
int32_t op_number(const op *o);
/* The opset in which today's meaning of the operator began; 0 if it never changed. */
int32_t op_since(const op *o);
/* The slot that describes input or output i, or NULL when there is none. */
const op_arg *op_input(const op *o, int32_t i);
const op_arg *op_output(const op *o, int32_t i);

/* Operators that differ only by a formula are rows of one table: a file that ends in a family. */
typedef struct op_family {
    const op *const *ops;
    int32_t count;
} op_family;

/* Ready-made `permute`: nothing names an axis; attributes of kind ATTR_AXIS and ATTR_AXES do; the
 * same and the constant vector of axes in input 1. */
bool permute_elementwise(builder *b, node *n, const int32_t *to, int32_t rank);
bool permute_attrs(builder *b, node *n, const int32_t *to, int32_t rank);
bool permute_axes_input(builder *b, node *n, const int32_t *to, int32_t rank);
/* The same for a list of axes in any input: what permute_axes_input does. */
bool permute_axes_list(builder *b, node *n, int32_t input, const int32_t *to, int32_t rank);

/* Helpers for the table of an op. */
#define COUNT_OF(a)    (int32_t)(sizeof(a) / sizeof((a)[0]))
#define OP_ARGS_IN(a)  .in = (a), .n_in = COUNT_OF(a)
#define OP_ARGS_OUT(a) .out = (a), .n_out = COUNT_OF(a)
#define OP_SLOTS(s)    OP_ARGS_IN(s##_in), OP_ARGS_OUT(s##_out)
#define OP_ATTRS(a, s) .attrs = (a), .n_attrs = COUNT_OF(a), .params_size = sizeof(s)
#define OP_VERSIONS(a) .versions = (a), .n_versions = COUNT_OF(a)

/* Every operator by name, for passes and expansions that need one: extern const op op_conv; ... */
#define OP(name)     extern const op op_##name;
#define FAMILY(name) extern const op_family family_##name;
#include "ops.def"

#endif
