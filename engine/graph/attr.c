/* SPDX-License-Identifier: Apache-2.0 */
#include "attr.h"

#include <string.h>

#include "custom.h"

/* What a file has to use for an attribute of this kind. */
static attr_kind file_kind(attr_kind k) {
    switch (k) {
    case ATTR_BOOL:
    case ATTR_DTYPE:
    case ATTR_AXIS: return ATTR_INT;
    case ATTR_CHOICE: return ATTR_STRING;
    case ATTR_AXES: return ATTR_INTS;
    default: return k;
    }
}

const char *attr_kind_name(attr_kind k) {
    static const char *const names[] = {"int",     "int",    "float", "string", "string",
                                        "int",     "int",    "ints",  "ints",   "floats",
                                        "strings", "tensor", "graph", "type"};
    return names[k];
}

static hone_status check_int(const ctx *c, const attr_spec *s, int64_t v) {
    if (attr_allows(s, v)) return HONE_OK;
    return fail(c, HONE_E_FORMAT, "attribute '%s' is %lld: expected %lld to %lld", s->name,
                (long long)v, (long long)s->min, (long long)s->max);
}

static hone_status decode_choice(const ctx *c, const attr_spec *s, const char *text, int32_t *out) {
    for (int32_t i = 0; s->choices[i]; i++) {
        if (strcmp(s->choices[i], text) == 0) {
            *out = i;
            return HONE_OK;
        }
    }
    char name[64];
    return fail(c, HONE_E_FORMAT, "attribute '%s' is '%s', which is not one of its values", s->name,
                escape_name(name, sizeof name, text));
}

/* Copies `count` elements of a list attribute. */
static hone_status copy_list(const ctx *c, arena *a, const void *src, int32_t count, size_t size,
                             void *out) {
    void *copy = arena_array(a, (size_t)count, size);
    if (!copy) return fail_nomem(c, (size_t)count * size);
    if (count) memcpy(copy, src, (size_t)count * size);
    memcpy(out, &copy, sizeof copy);
    return HONE_OK;
}

static hone_status decode_list(const ctx *c, arena *a, const attr_spec *s, const attr *at,
                               void *field) {
    if (s->kind == ATTR_FLOATS) {
        float_list l = {.n = at->count, .set = true};
        TRY(copy_list(c, a, at->floats, at->count, sizeof *l.v, &l.v));
        memcpy(field, &l, sizeof l);
        return HONE_OK;
    }
    if (s->kind == ATTR_STRINGS) {
        const char **v = arena_array(a, (size_t)at->count, sizeof *v);
        if (!v) return fail_nomem(c, (size_t)at->count * sizeof *v);
        for (int32_t i = 0; i < at->count; i++) {
            v[i] = arena_strdup(a, at->strings[i]);
            if (!v[i]) return fail_nomem(c, strlen(at->strings[i]));
        }
        const string_list l = {v, at->count, true};
        memcpy(field, &l, sizeof l);
        return HONE_OK;
    }
    for (int32_t i = 0; i < at->count; i++) TRY(check_int(c, s, at->ints[i]));
    int_list l = {.n = at->count, .set = true};
    TRY(copy_list(c, a, at->ints, at->count, sizeof *l.v, &l.v));
    memcpy(field, &l, sizeof l);
    return HONE_OK;
}

/* Writes the value of one attribute (at, or the default when NULL) into its field. */
static hone_status decode_one(const ctx *c, arena *a, const attr_spec *s, const attr *at,
                              void *field) {
    switch (s->kind) {
    case ATTR_INT:
    case ATTR_AXIS: {
        const int64_t v = at ? at->i : s->i;
        if (at) TRY(check_int(c, s, v));
        memcpy(field, &v, sizeof v);
        return HONE_OK;
    }
    case ATTR_BOOL: *(bool *)field = (at ? at->i : s->i) != 0; return HONE_OK;
    case ATTR_DTYPE: {
        const int64_t v = at ? at->i : s->i;
        if (at && (v <= HONE_UNDEFINED || v >= HONE_DTYPE_COUNT))
            return fail(c, HONE_E_FORMAT, "attribute '%s' is %lld, which is no element type",
                        s->name, (long long)v);
        *(hone_dtype *)field = (hone_dtype)v;
        return HONE_OK;
    }
    case ATTR_FLOAT: *(float *)field = at ? at->f : s->f; return HONE_OK;
    case ATTR_STRING: {
        const char *v = at ? arena_strdup(a, at->s) : s->s;
        if (at && !v) return fail_nomem(c, strlen(at->s));
        memcpy(field, &v, sizeof v);
        return HONE_OK;
    }
    case ATTR_CHOICE:
        *(int32_t *)field = (int32_t)s->i;
        return at ? decode_choice(c, s, at->s, field) : HONE_OK;
    case ATTR_TENSOR: {
        const tensor *t = at ? at->tensor : NULL;
        if (at && !t) return fail(c, HONE_E_FORMAT, "attribute '%s' holds no tensor", s->name);
        memcpy(field, &t, sizeof t);
        return HONE_OK;
    }
    case ATTR_TYPE: {
        const type *t = at ? at->type : NULL;
        memcpy(field, &t, sizeof t);
        return HONE_OK;
    }
    case ATTR_GRAPH: return HONE_OK;
    default: return at ? decode_list(c, a, s, at, field) : HONE_OK;
    }
}

const attr *attr_find(const attr *attrs, int32_t n, const char *name) {
    for (int32_t i = 0; i < n; i++)
        if (strcmp(attrs[i].name, name) == 0) return &attrs[i];
    return NULL;
}

const char *attr_spec_kind_name(const attr_spec *s) { return attr_kind_name(file_kind(s->kind)); }

static const attr_spec *spec_find(const op *o, const char *name) {
    for (int32_t i = 0; i < o->n_attrs; i++)
        if (strcmp(o->attrs[i].name, name) == 0) return &o->attrs[i];
    return NULL;
}

/* One attribute with copies of all it points to but data of tensors. */
static hone_status copy_raw(const ctx *c, arena *a, const attr *from, attr *to) {
    const size_t n = (size_t)from->count;
    *to = *from;
    if (from->graph || from->type)
        return fail(c, HONE_E_UNSUPPORTED, "attribute '%s' is a graph or a type", from->name);
    to->name = arena_strdup(a, from->name);
    if (!to->name) return fail_nomem(c, strlen(from->name));
    if (from->s && !(to->s = arena_strdup(a, from->s))) return fail_nomem(c, strlen(from->s));
    if (from->ints) TRY(copy_list(c, a, from->ints, from->count, sizeof *to->ints, &to->ints));
    if (from->floats)
        TRY(copy_list(c, a, from->floats, from->count, sizeof *to->floats, &to->floats));
    const char **texts = from->strings ? arena_array(a, n, sizeof *texts) : NULL;
    if (from->strings && !texts) return fail_nomem(c, n * sizeof *texts);
    for (size_t i = 0; from->strings && i < n; i++)
        if (!(texts[i] = arena_strdup(a, from->strings[i]))) return fail_nomem(c, 0);
    to->strings = texts;
    tensor *t = from->tensor ? arena_alloc(a, sizeof *t) : NULL;
    if (from->tensor && !t) return fail_nomem(c, sizeof *t);
    if (t) *t = *from->tensor;
    to->tensor = t;
    return HONE_OK;
}

static hone_status keep_raw(const ctx *c, arena *a, const attr *attrs, int32_t n,
                            custom_params *out) {
    out->attrs = arena_array(a, (size_t)n, sizeof *out->attrs);
    if (!out->attrs) return fail_nomem(c, (size_t)n * sizeof *out->attrs);
    for (; out->count < n; out->count++)
        TRY(copy_raw(c, a, &attrs[out->count], &out->attrs[out->count]));
    return HONE_OK;
}

hone_status attrs_decode(const ctx *c, arena *a, const op *o, const attr *attrs, int32_t n_attrs,
                         attr_values *out) {
    char name[64];
    *out = (attr_values){.params = arena_alloc(a, o->params_size)};
    if (!out->params) return fail_nomem(c, o->params_size);
    if (o->flags & OP_CUSTOM) return keep_raw(c, a, attrs, n_attrs, out->params);
    for (int32_t i = 0; i < n_attrs; i++) {
        const attr_spec *s = spec_find(o, attrs[i].name);
        if (!s)
            return fail(c, HONE_E_FORMAT, "unknown attribute '%s'",
                        escape_name(name, sizeof name, attrs[i].name));
        if (attrs[i].kind != file_kind(s->kind))
            return fail(c, HONE_E_FORMAT, "attribute '%s' is of kind %s: expected %s", s->name,
                        attr_kind_name(attrs[i].kind), attr_kind_name(s->kind));
        if (attr_find(attrs, i, attrs[i].name))
            return fail(c, HONE_E_FORMAT, "attribute '%s' is given twice", s->name);
    }
    for (int32_t i = 0; i < o->n_attrs; i++) {
        const attr_spec *s = &o->attrs[i];
        const attr *at = attr_find(attrs, n_attrs, s->name);
        if (!at && s->required) return fail(c, HONE_E_FORMAT, "attribute '%s' is missing", s->name);
        if (s->kind == ATTR_GRAPH && at) out->body[out->n_body++] = at->graph;
        TRY(decode_one(c, a, s, at, (char *)out->params + s->offset));
    }
    return HONE_OK;
}

/* Reads a list field into a named attribute; false when the list is absent. */
static bool encode_list(const attr_spec *s, const void *field, attr *out) {
    if (s->kind == ATTR_FLOATS) {
        const float_list *l = field;
        out->floats = l->v;
        out->count = l->n;
        return l->set;
    }
    if (s->kind == ATTR_STRINGS) {
        const string_list *l = field;
        out->strings = l->v;
        out->count = l->n;
        return l->set;
    }
    const int_list *l = field;
    out->ints = l->v;
    out->count = l->n;
    return l->set;
}

static bool encode_raw(const custom_params *p, int32_t i, attr *out) {
    if (i < 0 || i >= p->count) return false;
    *out = p->attrs[i];
    return true;
}

bool attrs_encode(const op *o, const void *params, int32_t i, attr *out) {
    if (o->flags & OP_CUSTOM) return encode_raw(params, i, out);
    if (i < 0 || i >= o->n_attrs) return false;
    const attr_spec *s = &o->attrs[i];
    const void *field = (const char *)params + s->offset;
    *out = (attr){.name = s->name, .kind = file_kind(s->kind)};
    switch (s->kind) {
    case ATTR_INT:
    case ATTR_AXIS: out->i = *(const int64_t *)field; break;
    case ATTR_BOOL: out->i = *(const bool *)field; break;
    case ATTR_DTYPE: out->i = *(const hone_dtype *)field; break;
    case ATTR_FLOAT: out->f = *(const float *)field; break;
    case ATTR_STRING: out->s = *(const char *const *)field; break;
    case ATTR_CHOICE: out->s = s->choices[*(const int32_t *)field]; break;
    case ATTR_TENSOR: out->tensor = *(const tensor *const *)field; break;
    case ATTR_GRAPH: break;
    default: encode_list(s, field, out);
    }
    return true;
}

bool attr_is_present(const op *o, int32_t i, const attr *a) {
    if (o->flags & OP_CUSTOM) return true;
    const attr_spec *s = &o->attrs[i];
    switch (a->kind) {
    case ATTR_INT: return s->kind == ATTR_DTYPE ? a->i != HONE_UNDEFINED : attr_allows(s, a->i);
    case ATTR_STRING: return a->s != NULL;
    case ATTR_INTS: return a->ints != NULL;
    case ATTR_FLOATS: return a->floats != NULL;
    case ATTR_STRINGS: return a->strings != NULL;
    case ATTR_TENSOR: return a->tensor != NULL;
    default: return true;
    }
}

bool axis_normalize(int64_t axis, int32_t rank, int32_t *out) {
    if (axis < -(int64_t)rank || axis >= rank) return false;
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}
