/* SPDX-License-Identifier: Apache-2.0
 *
 * Attributes, in two forms. A draft carries them by name, as a model file does. A node carries them
 * as its operator's own struct, decoded, defaulted and range-checked through the operator's table.
 */
#ifndef HONE_ATTR_H
#define HONE_ATTR_H

#include "graph.h"

typedef enum attr_kind {
    ATTR_INT,     /* int64_t */
    ATTR_BOOL,    /* bool; an integer in files */
    ATTR_FLOAT,   /* float */
    ATTR_STRING,  /* const char * */
    ATTR_CHOICE,  /* int32_t, index into choices; a string in files */
    ATTR_DTYPE,   /* hone_dtype; an integer in files */
    ATTR_AXIS,    /* int64_t, an axis of input 0; may be negative */
    ATTR_INTS,    /* int_list */
    ATTR_AXES,    /* int_list of axes of input 0 */
    ATTR_FLOATS,  /* float_list */
    ATTR_STRINGS, /* string_list */
    ATTR_TENSOR,  /* const tensor *, or NULL */
    ATTR_GRAPH,   /* bodies go to node.body in the order of the table */
    ATTR_TYPE     /* const type *, or NULL; only composites have it */
} attr_kind;

/* `set` tells an empty list from an absent one. */
typedef struct int_list {
    const int64_t *v;
    int32_t n;
    bool set;
} int_list;
typedef struct float_list {
    const float *v;
    int32_t n;
    bool set;
} float_list;
typedef struct string_list {
    const char *const *v;
    int32_t n;
    bool set;
} string_list;

/* One row of an operator's attribute table. */
typedef struct attr_spec {
    const char *name;
    attr_kind kind;
    uint32_t offset; /* in the params struct */
    bool required;
    int64_t i;                  /* default of integer kinds and choices */
    float f;                    /* default of floats */
    const char *s;              /* default of strings */
    int64_t min, max;           /* range of integers and of list elements; min == max: any */
    const char *const *choices; /* NULL-terminated */
} attr_spec;

/* Rows: ATTR_ROW(INT, conv_params, group, .i = 1, .min = 1, .max = INT32_MAX) */
#define ATTR_ROW(k, type, field, ...) ATTR_NAMED(k, #field, type, field, __VA_ARGS__)
#define ATTR_NAMED(k, label, type, field, ...)                                                     \
    { .name = label, .kind = ATTR_##k, .offset = offsetof(type, field), __VA_ARGS__ }

/* An attribute by name. Which members count depends on `kind`; ATTR_AXIS, ATTR_BOOL and ATTR_DTYPE
 * appear as ATTR_INT, ATTR_CHOICE as ATTR_STRING, ATTR_AXES as ATTR_INTS. */
typedef struct attr {
    const char *name;
    attr_kind kind;
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
    const char *const *strings;
    int32_t count;
    const tensor *tensor;
    graph *graph;
    const type *type;
} attr;

#define A_INT(n, v)        ((attr){.name = (n), .kind = ATTR_INT, .i = (v)})
#define A_FLOAT(n, v)      ((attr){.name = (n), .kind = ATTR_FLOAT, .f = (v)})
#define A_STRING(n, v)     ((attr){.name = (n), .kind = ATTR_STRING, .s = (v)})
#define A_INTS(n, v, c)    ((attr){.name = (n), .kind = ATTR_INTS, .ints = (v), .count = (c)})
#define A_FLOATS(n, v, c)  ((attr){.name = (n), .kind = ATTR_FLOATS, .floats = (v), .count = (c)})
#define A_STRINGS(n, v, c) ((attr){.name = (n), .kind = ATTR_STRINGS, .strings = (v), .count = (c)})

/* Attributes in the form of a node. */
#define ATTR_MAX_GRAPHS 2
typedef struct attr_values {
    void *params; /* op->params_size bytes */
    graph *body[ATTR_MAX_GRAPHS];
    int32_t n_body;
} attr_values;

/* Decodes named attributes with defaults and range checks. Unknown names and wrong kinds are
 * HONE_E_FORMAT. params, lists and strings are allocated from `a`; graphs become bodies in the
 * order of the table. */
hone_status attrs_decode(const ctx *c, arena *a, const op *o, const attr *attrs, int32_t n_attrs,
                         attr_values *out);
/* The reverse: attribute number i of a node by name. False past the end. */
bool attrs_encode(const op *o, const void *params, int32_t i, attr *out);

/* What the errors call a kind, as files know it. */
const char *attr_kind_name(attr_kind k);
/* The same for what a row of a table expects in a file. */
const char *attr_spec_kind_name(const attr_spec *s);

/* Is v in the range of an integer attribute? A default outside of it stands for "absent". */
static inline bool attr_allows(const attr_spec *s, int64_t v) {
    return s->min == s->max || (v >= s->min && v <= s->max);
}

/* The attribute of that name in a list, or NULL. */
const attr *attr_find(const attr *attrs, int32_t n, const char *name);

/* Has attribute number i of a node a value to write down? An absent list, tensor or string and a
 * default outside of the range are none: decoding without them gives the same params. */
bool attr_is_present(const op *o, int32_t i, const attr *a);

/* Turns a possibly negative axis into 0..rank-1; false when it is out of range. rank >= 0. */
bool axis_normalize(int64_t axis, int32_t rank, int32_t *out);

#endif
