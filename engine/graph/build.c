/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "op.h"

void builder_init(builder *b, const ctx *c, graph *g, node *before, const char *name) {
    *b = (builder){
        .c = c, .graph = g, .before = before, .name = name ? name : "", .status = HONE_OK};
}

hone_status builder_fail(builder *b, hone_status code, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (b->status == HONE_OK) b->status = fail(b->c, code, "%s", text);
    return b->status;
}

static hone_status builder_nomem(builder *b) {
    if (b->status == HONE_OK) b->status = fail_nomem(b->c, 0);
    return b->status;
}

/* Names of a core node's outputs. Kernels write every output that its slot does not call optional,
 * so those exist even if the draft does not want them. *count becomes the number of outputs. */
static const char *const *output_names(builder *b, const op *o, const draft *d, int32_t *count) {
    *count = d->n_out;
    while (*count < o->n_out && !(o->out[*count].flags & (ARG_OPTIONAL | ARG_VARIADIC))) ++*count;
    const char **list = arena_array(b->graph->arena, (size_t)*count, sizeof *list);
    for (int32_t i = 0; list && i < *count; i++) {
        const op_arg *slot = op_output(o, i);
        const bool needed = slot && !(slot->flags & (ARG_OPTIONAL | ARG_VARIADIC));
        list[i] = needed ? "" : NULL;
        if (i < d->n_out && (!d->out_names || d->out_names[i]))
            list[i] = d->out_names ? d->out_names[i] : "";
    }
    return list;
}

static hone_status check_outputs(const builder *b, const op *o, int32_t n_out) {
    if (n_out <= o->n_out || op_output(o, n_out - 1)) return HONE_OK;
    return fail(b->c, HONE_E_FORMAT, "has %d outputs: expected at most %d", n_out, o->n_out);
}

/* What is drawn depends on the name of the result (random_stream.h): inside of a formula it gets
 * one from the file's value that the formula is for. */
static hone_status name_drawn(builder *b, node *n) {
    value *v = n->n_out ? n->out[0] : NULL;
    if (!v || *v->name || !b->result) return HONE_OK;
    const size_t size = strlen(b->result) + sizeof "/drawn";
    char *name = arena_alloc(b->graph->arena, size);
    if (!name) return builder_nomem(b);
    snprintf(name, size, "%s/drawn", b->result);
    v->name = name;
    return HONE_OK;
}

/* Emits the node of a core operator from a draft in its current meaning. */
static hone_status emit_node(builder *b, const op *o, draft *d) {
    attr_values values;
    TRY(attrs_decode(b->c, b->graph->arena, o, d->attrs, d->n_attrs, &values));
    int32_t n_in = d->n_in;
    while (n_in > 0 && !d->in[n_in - 1]) n_in--; /* trailing omitted inputs */
    int32_t n_out;
    const char *const *names = output_names(b, o, d, &n_out);
    if (!names) return builder_nomem(b);
    const node_desc desc = {.op = o,
                            .name = d->name,
                            .params = values.params,
                            .in = d->in,
                            .n_in = n_in,
                            .n_out = n_out,
                            .n_captured = d->n_captured,
                            .body = values.body,
                            .n_body = values.n_body,
                            .out_names = names,
                            .before = b->before};
    TRY(check_outputs(b, o, d->n_out));
    node *n = graph_add_node(b->graph, &desc);
    if (!n) return builder_nomem(b);
    for (int32_t i = 0; i < d->n_out; i++) d->out[i] = n->out[i];
    if (o->flags & OP_IMPURE) TRY(name_drawn(b, n));
    return graph_infer_node(b->c, n);
}

/* The version row that a draft of this opset has the meaning of, or -1. */
static int32_t version_row(const op *o, int32_t opset) {
    int32_t row = -1;
    for (int32_t i = 0; i < o->n_versions && o->versions[i].since <= opset; i++) row = i;
    return row;
}

bool lower_known(const ctx *c, const char *domain, const char *name, int32_t opset,
                 const char **reason) {
    const op *o = op_known(c, domain, name, opset);
    *reason = !o ? "no such operator" : "this version is too old";
    return o && (o->n_versions == 0 || version_row(o, opset) >= 0);
}

/* The inputs and outputs of a composite against its tables, as infer_node checks those of a core
 * node: expansions find what they need, in types that they know. Trailing ones that are omitted or
 * not wanted do not count. */
static hone_status check_composite(builder *b, const op *o, const draft *d) {
    int32_t n_in = d->n_in, n_out = d->n_out;
    while (n_in > 0 && !d->in[n_in - 1]) n_in--;
    while (n_out > 0 && d->out_names && !d->out_names[n_out - 1]) n_out--;
    const type **types = arena_array(b->graph->arena, (size_t)n_in, sizeof *types);
    if (!types) return builder_nomem(b);
    for (int32_t i = 0; i < n_in; i++) types[i] = d->in[i] ? &d->in[i]->type : NULL;
    TRY(infer_check_inputs(b->c, o, types, n_in, d->n_captured));
    return check_outputs(b, o, n_out);
}

/* The attributes of a composite: checked and decoded for its expansion. */
static hone_status decode_composite(builder *b, const op *o, draft *d) {
    attr_values values;
    TRY(attrs_decode(b->c, b->graph->arena, o, d->attrs, d->n_attrs, &values));
    d->params = values.params;
    return HONE_OK;
}

static hone_status lower_draft(builder *b, draft *d) {
    const op *o =
        d->own ? op_find(d->domain, d->type) : op_known(b->c, d->domain, d->type, d->opset);
    if (!o) return fail(b->c, HONE_E_UNSUPPORTED, "no such operator in domain '%s'", d->domain);
    const int32_t row = o->n_versions ? version_row(o, d->opset) : 0;
    if (row < 0)
        return fail(b->c, HONE_E_UNSUPPORTED, "opset %d is too old: the oldest supported is %d",
                    d->opset, o->versions[0].since);
    for (int32_t i = row; i < o->n_versions && !d->done; i++)
        if (o->versions[i].upgrade) TRY(o->versions[i].upgrade(b, d));
    if (d->done || b->status != HONE_OK) return b->status;
    if (!o->expand) return emit_node(b, o, d);
    TRY(decode_composite(b, o, d));
    TRY(check_composite(b, o, d));
    return o->expand(b, d);
}

/* Results of expansions get the names that the file gave them. */
static hone_status name_outputs(builder *b, const draft *d) {
    for (int32_t i = 0; i < d->n_out && d->out_names; i++) {
        value *v = d->out[i];
        if (!v || !d->out_names[i] || *v->name || value_is_input(v)) continue;
        v->name = arena_strdup(b->graph->arena, d->out_names[i]);
        if (!v->name) return fail_nomem(b->c, strlen(d->out_names[i]));
    }
    return HONE_OK;
}

hone_status lower(builder *b, draft *d) {
    if (b->status != HONE_OK) return b->status;
    const char *outer = b->name, *outer_result = b->result;
    if (d->name && *d->name) b->name = d->name;
    if (d->n_out && d->out_names && d->out_names[0] && *d->out_names[0])
        b->result = d->out_names[0];
    d->b = b;
    hone_status status = lower_draft(b, d);
    if (status == HONE_OK) status = b->status;
    if (status == HONE_OK) status = name_outputs(b, d);
    b->name = outer;
    b->result = outer_result;
    b->status = fail_in_node(b->c, status, d->name, d->type);
    return b->status;
}

void emit_n(builder *b, const char *name, value *const *in, int32_t n_in, const attr *attrs,
            int32_t n_attrs, value **out, int32_t n_out) {
    for (int32_t i = 0; i < n_out; i++) out[i] = NULL;
    if (b->status != HONE_OK) return;
    const char *colons = strstr(name, "::");
    const char *domain =
        colons ? arena_strndup(b->graph->arena, name, (size_t)(colons - name)) : "";
    draft d = {.domain = domain,
               .type = colons ? colons + 2 : name,
               .name = b->name,
               .opset = INT32_MAX,
               .own = true,
               .n_in = n_in,
               .n_attrs = n_attrs,
               .out = out,
               .n_out = n_out};
    /* Lowering may change its draft's lists, so it gets copies. */
    d.in = arena_array(b->graph->arena, (size_t)n_in, sizeof *d.in);
    d.attrs = arena_array(b->graph->arena, (size_t)n_attrs, sizeof *d.attrs);
    if (!domain || !d.in || !d.attrs) {
        builder_nomem(b);
        return;
    }
    for (int32_t i = 0; i < n_in; i++) d.in[i] = in[i];
    for (int32_t i = 0; i < n_attrs; i++) d.attrs[i] = attrs[i];
    lower(b, &d);
}

value *emit(builder *b, const char *name, value *const *in, int32_t n_in, const attr *attrs,
            int32_t n_attrs) {
    value *out;
    emit_n(b, name, in, n_in, attrs, n_attrs, &out, 1);
    return out;
}

static bool copy_elements(arena *a, const tensor *to, int64_t count, const void *from) {
    memcpy(to->data, from, to->bytes);
    char **text = to->data;
    for (int64_t i = 0; to->dtype == HONE_STRING && i < count; i++)
        if (!(text[i] = arena_strdup(a, text[i]))) return false;
    return true;
}

value *emit_constant(builder *b, hone_dtype dtype, const shape *s, const void *data) {
    if (b->status != HONE_OK) return NULL;
    tensor t = {.dtype = dtype, .shape = *s};
    int64_t count;
    if (!shape_count(s, &count) || !dtype_bytes(dtype, count, &t.bytes)) {
        builder_fail(b, HONE_E_UNSUPPORTED, "would need a constant of type %s",
                     hone_dtype_name(dtype));
        return NULL;
    }
    t.data = arena_alloc(b->graph->arena, t.bytes);
    if (t.data && t.bytes && data && !copy_elements(b->graph->arena, &t, count, data))
        t.data = NULL;
    value *v = t.data ? graph_add_constant(b->graph, "", &t) : NULL;
    if (!v) builder_nomem(b);
    return v;
}

value *emit_i64(builder *b, int64_t v) {
    const shape s = shape_scalar();
    return emit_constant(b, HONE_I64, &s, &v);
}

value *emit_i64s(builder *b, const int64_t *v, int32_t n) {
    const shape s = shape_vector(n);
    return emit_constant(b, HONE_I64, &s, v);
}

value *emit_scalar(builder *b, hone_dtype dtype, double v) {
    const shape s = shape_scalar();
    value *c = emit_constant(b, dtype, &s, NULL);
    if (c) tensor_set_f64(c->constant, 0, v);
    return c;
}

/* The attribute of that name, or NULL when there is none of this kind. */
static const attr *find_kind(const draft *d, const char *name, attr_kind kind) {
    const attr *a = attr_find(d->attrs, d->n_attrs, name);
    if (!a || a->kind == kind) return a;
    if (d->b)
        builder_fail(d->b, HONE_E_FORMAT, "attribute '%s' is of kind %s: expected %s", name,
                     attr_kind_name(a->kind), attr_kind_name(kind));
    return NULL;
}

int64_t draft_int(const draft *d, const char *name, int64_t fallback) {
    const attr *a = find_kind(d, name, ATTR_INT);
    return a ? a->i : fallback;
}

float draft_float(const draft *d, const char *name, float fallback) {
    const attr *a = find_kind(d, name, ATTR_FLOAT);
    return a ? a->f : fallback;
}

const char *draft_string(const draft *d, const char *name, const char *fallback) {
    const attr *a = find_kind(d, name, ATTR_STRING);
    return a ? a->s : fallback;
}

hone_status draft_no_attrs(builder *b, const draft *d) {
    char name[64];
    if (d->n_attrs == 0) return b->status;
    return builder_fail(b, HONE_E_FORMAT, "unknown attribute '%s'",
                        escape_name(name, sizeof name, d->attrs[0].name));
}

bool draft_drop(draft *d, const char *name) {
    for (int32_t i = 0; i < d->n_attrs; i++) {
        if (strcmp(d->attrs[i].name, name) != 0) continue;
        memmove(&d->attrs[i], &d->attrs[i + 1], (size_t)(d->n_attrs - i - 1) * sizeof *d->attrs);
        d->n_attrs--;
        return true;
    }
    return false;
}

hone_status draft_set_in(builder *b, draft *d, int32_t i, value *v) {
    if (i >= d->n_in) {
        value **grown = arena_array(b->graph->arena, (size_t)i + 1, sizeof *grown);
        if (!grown) return builder_nomem(b);
        if (d->n_in) memcpy(grown, d->in, (size_t)d->n_in * sizeof *grown);
        d->in = grown;
        d->n_in = i + 1;
    }
    d->in[i] = v;
    return b->status;
}

hone_status draft_set_attr(builder *b, draft *d, attr a) {
    for (int32_t i = 0; i < d->n_attrs; i++) {
        if (strcmp(d->attrs[i].name, a.name) != 0) continue;
        d->attrs[i] = a;
        return HONE_OK;
    }
    attr *grown = arena_array(b->graph->arena, (size_t)d->n_attrs + 1, sizeof *grown);
    if (!grown) return builder_nomem(b);
    if (d->n_attrs) memcpy(grown, d->attrs, (size_t)d->n_attrs * sizeof *grown);
    grown[d->n_attrs] = a;
    d->attrs = grown;
    d->n_attrs++;
    return HONE_OK;
}

hone_status draft_ints_to_input(builder *b, draft *d, const char *name, int32_t i) {
    const attr *a = attr_find(d->attrs, d->n_attrs, name);
    if (!a) return HONE_OK;
    if (a->kind != ATTR_INTS && a->kind != ATTR_INT)
        return builder_fail(b, HONE_E_FORMAT, "attribute '%s' is not a list of integers", name);
    value *v = a->kind == ATTR_INT ? emit_i64(b, a->i) : emit_i64s(b, a->ints, a->count);
    draft_drop(d, name);
    return draft_set_in(b, d, i, v);
}

hone_status draft_done(builder *b, draft *d, value *v) {
    d->done = true;
    d->out[0] = v;
    return b->status;
}

int32_t emit_rank(builder *b, const value *v) {
    if (!v || b->status != HONE_OK) return -1;
    if (v->type.shape.rank < 0) {
        char name[64];
        builder_fail(b, HONE_E_UNSUPPORTED, "the rank of '%s' is not known before running",
                     escape_name(name, sizeof name, v->name));
    }
    return v->type.shape.rank;
}

void emit_assume_rank(value *v, int32_t rank) {
    if (v->type.shape.rank < 0) v->type.shape = shape_of_rank(rank);
}
