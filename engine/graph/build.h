/* SPDX-License-Identifier: Apache-2.0
 *
 * Building graphs: what importers, expansions of composite operators, passes and gradients use.
 *
 * A builder remembers its first failure: after it every call does nothing and returns NULL, so that
 * formulas can be written without a check each; the caller looks at builder.status once.
 *
 *     value *s = emit(b, "Sigmoid", IN(x), NO_ATTRS);
 *     d->out[0] = emit(b, "Mul", IN(x, s), NO_ATTRS);
 *     return b->status;
 */
#ifndef HONE_BUILD_H
#define HONE_BUILD_H

#include "attr.h"

typedef struct builder {
    const ctx *c;
    graph *graph;
    node *before;       /* where nodes go; NULL: the end */
    const char *name;   /* prefix for the names of emitted nodes */
    const char *result; /* name of the file's value that is being expanded, or NULL */
    hone_status status;
} builder;

void builder_init(builder *b, const ctx *c, graph *g, node *before, const char *name);

/* An operator as a file states it: any version, attributes by name. */
typedef struct draft {
    const char *domain, *type, *name;
    int32_t opset; /* of the domain */
    value **in;    /* NULL entries: omitted */
    int32_t n_in;
    attr *attrs;
    int32_t n_attrs;
    int32_t n_captured;           /* trailing inputs that only bodies read */
    value **out;                  /* results, set by lowering */
    const char *const *out_names; /* NULL entry: the output is not wanted */
    int32_t n_out;
    const void *params; /* for expansions: the attributes as the operator's struct */
    bool own;           /* hone's own formula: operators of the caller's have no part in it */
    bool done;          /* an upgrade or expansion has set the outputs: nothing is left to emit */
    builder *b;         /* of lower(): where an attribute of the wrong kind is recorded */
} draft;

/* Lowers a draft into nodes of b->graph: upgrades old meanings, expands composites, or emits one
 * core node. Sets every wanted d->out. */
hone_status lower(builder *b, draft *d);
/* Would lower() find an operator? Otherwise returns false and a static reason. */
bool lower_known(const ctx *c, const char *domain, const char *name, int32_t opset,
                 const char **reason);

#define IN(...)                                                                                    \
    (value *const[]){__VA_ARGS__},                                                                 \
        (int32_t)(sizeof((value *const[]){__VA_ARGS__}) / sizeof(value *))
#define ATTRS(...)                                                                                 \
    (const attr[]){__VA_ARGS__}, (int32_t)(sizeof((const attr[]){__VA_ARGS__}) / sizeof(attr))
#define NO_ATTRS NULL, 0

/* Emits one operator in its current meaning ("Add", or "hone::Conv" for one of another domain than
 * ONNX's own) and returns output 0; the composite form is expanded. NULL inputs are omitted ones.
 */
value *emit(builder *b, const char *op, value *const *in, int32_t n_in, const attr *attrs,
            int32_t n_attrs);
/* The same with n_out outputs into out[]. */
void emit_n(builder *b, const char *op, value *const *in, int32_t n_in, const attr *attrs,
            int32_t n_attrs, value **out, int32_t n_out);

/* Constants. Data is copied into the graph's arena. */
value *emit_constant(builder *b, hone_dtype dtype, const shape *s, const void *data);
value *emit_i64(builder *b, int64_t v);                     /* scalar */
value *emit_i64s(builder *b, const int64_t *v, int32_t n);  /* vector */
value *emit_scalar(builder *b, hone_dtype dtype, double v); /* scalar of any number type */

/* Records a failure. */
__attribute__((format(printf, 3, 4))) hone_status builder_fail(builder *b, hone_status code,
                                                               const char *format, ...);

/* Facts about drafts, for upgrades and expansions. */
static inline value *draft_in(const draft *d, int32_t i) { return i < d->n_in ? d->in[i] : NULL; }
/* Is an attribute of that name there? */
static inline bool draft_has(const draft *d, const char *name) {
    return attr_find(d->attrs, d->n_attrs, name) != NULL;
}
/* An attribute of a draft that has not been decoded yet, for upgrades. Another kind is recorded as
 * a failure and gives the fallback. */
int64_t draft_int(const draft *d, const char *name, int64_t fallback);
float draft_float(const draft *d, const char *name, float fallback);
const char *draft_string(const draft *d, const char *name, const char *fallback);
/* For upgrades that emit nodes instead of changing the draft: fails unless all attributes have been
 * taken out of it. */
hone_status draft_no_attrs(builder *b, const draft *d);
/* Removes an attribute; false if there was none. */
bool draft_drop(draft *d, const char *name);
/* Sets input i, growing the list. */
hone_status draft_set_in(builder *b, draft *d, int32_t i, value *v);
/* Sets or replaces an attribute. */
hone_status draft_set_attr(builder *b, draft *d, attr a);
/* Moves a list-of-integers attribute to input i as a constant vector, if it is there: the commonest
 * upgrade. */
hone_status draft_ints_to_input(builder *b, draft *d, const char *name, int32_t i);
/* Ends an upgrade that emitted nodes instead of changing the draft: v is output 0. */
hone_status draft_done(builder *b, draft *d, value *v);
/* Rank of a value; when it is unknown, fails as unsupported and returns -1. */
int32_t emit_rank(builder *b, const value *v);
/* An operator can only mean that v has this rank: where it is unknown so far, it is known from now
 * on. */
void emit_assume_rank(value *v, int32_t rank);

/* Gradients: `node` computes y = f(x); the operator's grad emits dx from dy. */
typedef struct gradient {
    builder *b;
    const node *node;
    value *const *dy; /* gradient of each output; NULL: none flows here */
    value **dx;       /* to set: gradient of each input, or leave NULL; same shape as the input */
} gradient;

#endif
