/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "import.h"

/* ---- Scopes ---------------------------------------------------------------------------------- */

void scope_init(scope *s, importer *im, builder *b, scope *outer) {
    *s = (scope){.im = im, .builder = b, .outer = outer, .depth = 1};
    names_init(&s->values, &im->scratch);
    names_init(&s->hints, &im->scratch);
    names_init(&s->captured, &im->scratch);
    if (!outer) return;
    s->call = outer->call;
    s->opsets = outer->opsets;
    s->depth = outer->depth + 1;
}

hone_status scope_check_depth(const scope *s) {
    if (s->depth <= s->im->c->limits->depth) return HONE_OK;
    return fail(s->im->c, HONE_E_LIMIT, "graphs and functions are nested deeper than %d (depth)",
                s->im->c->limits->depth);
}

hone_status scope_define(scope *s, const char *name, value *v) {
    char escaped[96];
    void **slot = names_slot(&s->values, name);
    if (!slot) return fail_nomem(s->im->c, sizeof(name_entry));
    if (*slot)
        return fail(s->im->c, HONE_E_FORMAT, "the value '%s' is defined twice",
                    escape_name(escaped, sizeof escaped, name));
    *slot = v;
    return HONE_OK;
}

hone_status scope_hint(scope *s, const Onnx__ValueInfoProto *v) {
    if (!v->name || !v->type) return HONE_OK;
    void **slot = names_slot(&s->hints, v->name);
    if (!slot) return fail_nomem(s->im->c, sizeof(name_entry));
    *slot = (void *)(uintptr_t)v;
    return HONE_OK;
}

/* Makes a value of the scope around s an input of the body. */
static hone_status add_capture(scope *s, const char *name, value *outer, value **out) {
    importer *im = s->im;
    capture *item = arena_alloc(&im->scratch, sizeof *item);
    void **slot = names_slot(&s->captured, name);
    if (!item || !slot) return fail_nomem(im->c, sizeof *item);
    if (s->n_captures == s->cap_captures) {
        const size_t next = s->cap_captures ? s->cap_captures * 2 : 8;
        capture **grown = arena_array(&im->scratch, next, sizeof *grown);
        if (!grown) return fail_nomem(im->c, next * sizeof *grown);
        if (s->n_captures) memcpy(grown, s->captures, s->n_captures * sizeof *grown);
        s->captures = grown;
        s->cap_captures = next;
    }
    *out = graph_add_input(s->builder->graph, label(name), &outer->type);
    if (!*out) return fail_nomem(im->c, sizeof **out);
    *item = (capture){name, outer, *out};
    *slot = item;
    s->captures[s->n_captures++] = item;
    return HONE_OK;
}

/* Constants are repeated inside bodies instead of captured: their value matters to lowering, and
 * their data is not copied. */
hone_status scope_find(scope *s, const char *name, value **out) {
    const ctx *c = s->im->c;
    char escaped[96];
    value *v = names_find(&s->values, name);
    if (!v && !s->outer)
        return fail(c, HONE_E_FORMAT, "'%s' is not defined",
                    escape_name(escaped, sizeof escaped, name));
    if (!v) {
        value *outer;
        TRY(scope_find(s->outer, name, &outer));
        if (!outer) {
            v = &s->im->omitted;
        } else if (outer->constant) {
            v = graph_add_constant(s->builder->graph, name, outer->constant);
            if (!v) return fail_nomem(c, sizeof *v);
        } else {
            TRY(add_capture(s, name, outer, &v));
        }
        TRY(scope_define(s, name, v));
    }
    *out = v == &s->im->omitted ? NULL : v;
    return HONE_OK;
}

/* ---- Types ----------------------------------------------------------------------------------- */

/* Code of a named dimension. Files with a flood of names get unknown dimensions beyond the first
 * few thousand: symbol_code looks through a list. */
static hone_status import_symbol(scope *s, const char *name, int64_t *out) {
    enum { MAX_SYMBOLS = 4096 };
    importer *im = s->im;
    void **slot = names_slot(&im->symbols, name);
    if (!slot) return fail_nomem(im->c, sizeof(name_entry));
    if (!*slot) {
        int64_t *code = arena_alloc(&im->scratch, sizeof *code);
        if (!code) return fail_nomem(im->c, sizeof *code);
        *code = DIM_UNKNOWN;
        if (im->symbols.count <= MAX_SYMBOLS) {
            *code = symbol_code(s->builder->graph, name);
            if (*code == DIM_UNKNOWN) return fail_nomem(im->c, strlen(name));
        }
        *slot = code;
    }
    *out = *(const int64_t *)*slot;
    return HONE_OK;
}

static hone_status import_shape(scope *s, const Onnx__TensorShapeProto *p, shape *out) {
    const ctx *c = s->im->c;
    *out = shape_unknown();
    if (!p) return HONE_OK;
    if (p->n_dim > HONE_MAX_RANK)
        return fail(c, HONE_E_UNSUPPORTED, "%zu dimensions: at most %d are supported", p->n_dim,
                    HONE_MAX_RANK);
    *out = shape_of_rank((int32_t)p->n_dim);
    for (size_t i = 0; i < p->n_dim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = p->dim[i];
        if (d->has_dim_value && d->dim_value >= 0) {
            out->dim[i] = d->dim_value; /* some writers use -1 for unknown ones */
        } else if (d->dim_param && *d->dim_param) {
            TRY(import_symbol(s, d->dim_param, &out->dim[i]));
        }
    }
    return HONE_OK;
}

/* A sequence or optional of another type. Recursion ends with the depth of messages. */
static hone_status import_container(scope *s, hone_kind kind, const Onnx__TypeProto *element,
                                    type *out) {
    type *inner = arena_alloc(&s->im->model->arena, sizeof *inner);
    if (!inner) return fail_nomem(s->im->c, sizeof *inner);
    TRY(import_type(s, element, inner));
    int32_t depth = 1;
    for (const type *t = inner; t->element; t = t->element) depth++;
    if (depth > s->im->c->limits->depth)
        return fail(s->im->c, HONE_E_LIMIT, "a type nested deeper than %d (depth)",
                    s->im->c->limits->depth);
    *out = type_of(kind, inner);
    return HONE_OK;
}

static hone_status import_map(scope *s, const Onnx__TypeProto__Map *m, type *out) {
    TRY(import_container(s, HONE_MAP, m->value_type, out));
    const dtype_set keys = DT_INTS | DT(HONE_STRING);
    if (m->key_type <= 0 || m->key_type >= HONE_DTYPE_COUNT || !(keys & DT(m->key_type)))
        return fail(s->im->c, HONE_E_FORMAT, "a map with keys of type %d", m->key_type);
    out->dtype = (hone_dtype)m->key_type;
    return HONE_OK;
}

hone_status import_type(scope *s, const Onnx__TypeProto *t, type *out) {
    const ctx *c = s->im->c;
    *out = (type){.kind = HONE_TENSOR, .shape = shape_unknown()};
    if (!t) return HONE_OK;
    if (t->sequence_type)
        return import_container(s, HONE_SEQUENCE, t->sequence_type->elem_type, out);
    if (t->optional_type)
        return import_container(s, HONE_OPTIONAL, t->optional_type->elem_type, out);
    if (t->map_type) return import_map(s, t->map_type, out);
    if (t->opaque_type || t->sparse_tensor_type)
        return fail(c, HONE_E_UNSUPPORTED, "the type is a sparse tensor or opaque");
    if (!t->tensor_type) return HONE_OK;
    const int32_t dtype = t->tensor_type->elem_type;
    if (dtype < HONE_UNDEFINED || dtype >= HONE_DTYPE_COUNT)
        return fail(c, dtype > 0 ? HONE_E_UNSUPPORTED : HONE_E_FORMAT, "element type %d", dtype);
    out->dtype = (hone_dtype)dtype;
    return import_shape(s, t->tensor_type->shape, &out->shape);
}

/* What the file says of a result is used where inference does not know better, and only the element
 * type and the rank: exporters often write dimensions that were true of one example. */
static hone_status apply_hint(scope *s, const char *name, value *v) {
    const Onnx__ValueInfoProto *hint = names_find(&s->hints, name);
    if (!hint || v->type.kind != HONE_TENSOR || !hint->type->tensor_type) return HONE_OK;
    if (v->type.dtype != HONE_UNDEFINED && v->type.shape.rank != RANK_UNKNOWN) return HONE_OK;
    const Onnx__TypeProto__Tensor *t = hint->type->tensor_type;
    if (v->type.dtype == HONE_UNDEFINED && t->elem_type > 0 && t->elem_type < HONE_DTYPE_COUNT)
        v->type.dtype = (hone_dtype)t->elem_type;
    if (v->type.shape.rank == RANK_UNKNOWN && t->shape && t->shape->n_dim <= HONE_MAX_RANK)
        v->type.shape = shape_of_rank((int32_t)t->shape->n_dim);
    return HONE_OK;
}

/* ---- Nodes ----------------------------------------------------------------------------------- */

/* The values that a node reads, without those its bodies capture; NULL for omitted ones. */
static hone_status find_inputs(scope *s, const Onnx__NodeProto *n, value ***out) {
    value **in = arena_array(&s->im->scratch, n->n_input, sizeof *in);
    if (!in) return fail_nomem(s->im->c, n->n_input * sizeof *in);
    for (size_t i = 0; i < n->n_input; i++)
        if (*n->input[i]) TRY(scope_find(s, n->input[i], &in[i]));
    *out = in;
    return HONE_OK;
}

/* The draft of an operator's node, all but its attributes. */
static hone_status make_draft(scope *s, const Onnx__NodeProto *n, value *const *given,
                              const bodies *b, draft *d) {
    importer *im = s->im;
    const size_t n_in = n->n_input + (size_t)b->n_captured;
    if (n_in > INT32_MAX || n->n_output > INT32_MAX)
        return fail(im->c, HONE_E_LIMIT, "too many inputs or outputs");
    value **in = arena_array(&im->scratch, n_in, sizeof *in);
    const char **out_names = arena_array(&im->scratch, n->n_output, sizeof *out_names);
    value **out = arena_array(&im->scratch, n->n_output, sizeof *out);
    if (!in || !out_names || !out) return fail_nomem(im->c, n_in * sizeof *in);
    for (size_t i = 0; i < n->n_input; i++) in[i] = given[i];
    for (int32_t i = 0; i < b->n_captured; i++) in[n->n_input + (size_t)i] = b->captured[i];
    for (size_t i = 0; i < n->n_output; i++) out_names[i] = *n->output[i] ? n->output[i] : NULL;
    d->domain = domain_name(n->domain);
    d->type = n->op_type;
    d->opset = opset_version(&s->opsets, n->domain);
    d->in = in;
    d->n_in = (int32_t)n_in;
    d->n_captured = b->n_captured;
    d->out = out;
    d->out_names = out_names;
    d->n_out = (int32_t)n->n_output;
    return HONE_OK;
}

/* Node names of inlined functions start with those of their calls; what would get too long, once
 * for each node, is left out. */
static hone_status draft_name(const scope *s, const Onnx__NodeProto *n, const char **out) {
    const char *name = node_label(n);
    *out = name;
    if (!s->call) return HONE_OK;
    const size_t size = strlen(s->call->prefix) + strlen(name) + 1;
    if (size > MAX_LABEL) return HONE_OK;
    char *full = arena_alloc(&s->im->scratch, size);
    if (!full) return fail_nomem(s->im->c, size);
    snprintf(full, size, "%s%s", s->call->prefix, name);
    *out = full;
    return HONE_OK;
}

static hone_status define_outputs(scope *s, const draft *d) {
    for (int32_t i = 0; i < d->n_out; i++) {
        if (!d->out_names[i]) continue;
        value *v = d->out[i];
        if (!v) return fail(s->im->c, HONE_E_FORMAT, "the operator has no output %d", i);
        if (!*v->name) v->name = arena_strdup(v->graph->arena, d->out_names[i]);
        if (!v->name) return fail_nomem(s->im->c, strlen(d->out_names[i]));
        TRY(apply_hint(s, d->out_names[i], v));
        TRY(scope_define(s, d->out_names[i], v));
    }
    return HONE_OK;
}

static hone_status import_operator(scope *s, const Onnx__NodeProto *n) {
    draft d = {0};
    bodies b = {0};
    value **in = NULL;
    TRY(find_inputs(s, n, &in));
    TRY(bodies_seed(s, n, in, &b));
    TRY(import_attrs(s, n, &b, &d.attrs, &d.n_attrs));
    TRY(bodies_settle(s->im, &b));
    TRY(make_draft(s, n, in, &b, &d));
    TRY(draft_name(s, n, &d.name));
    TRY(lower(s->builder, &d));
    return define_outputs(s, &d);
}

/* A node whose results nobody names has no effect. */
static bool is_dead(const Onnx__NodeProto *n) {
    for (size_t i = 0; i < n->n_output; i++)
        if (*n->output[i]) return false;
    return true;
}

static hone_status import_node(scope *s, const Onnx__NodeProto *n) {
    importer *im = s->im;
    function *f;
    if (is_dead(n)) return HONE_OK;
    TRY(function_find(im, n, &f));
    const hone_status status = f ? import_call(s, n, f) : import_operator(s, n);
    return fail_in_node(im->c, status, node_label(n), n->op_type);
}

hone_status import_nodes(scope *s, Onnx__NodeProto *const *nodes, size_t count) {
    importer *im = s->im;
    size_t *order;
    if (count > (size_t)(im->c->limits->nodes - im->nodes))
        return fail(im->c, HONE_E_LIMIT, "more than %lld nodes after functions are inlined (nodes)",
                    (long long)im->c->limits->nodes);
    im->nodes += (int64_t)count;
    for (size_t i = 0; i < count; i++) TRY(gradient_inputs(im, nodes[i]));
    TRY(order_nodes(im, nodes, count, &order));
    for (size_t i = 0; i < count; i++) {
        if (i % 256 == 0) TRY(report_progress(im->c, "import", (int64_t)i, (int64_t)count));
        TRY(import_node(s, nodes[order[i]]));
    }
    return HONE_OK;
}

/* ---- Graphs ---------------------------------------------------------------------------------- */

static hone_status define_constant(scope *s, const char *name, const tensor *t) {
    if (!name || !*name) return fail(s->im->c, HONE_E_FORMAT, "an initializer without a name");
    value *v = graph_add_constant(s->builder->graph, name, t);
    return v ? scope_define(s, name, v) : fail_nomem(s->im->c, sizeof *v);
}

static hone_status import_constants(scope *s, const Onnx__GraphProto *g) {
    for (size_t i = 0; i < g->n_initializer; i++) {
        tensor t;
        TRY(import_tensor(s->im, g->initializer[i], &t));
        TRY(define_constant(s, g->initializer[i]->name, &t));
    }
    for (size_t i = 0; i < g->n_sparse_initializer; i++) {
        tensor t;
        TRY(import_sparse(s->im, g->sparse_initializer[i], &t));
        TRY(define_constant(s, g->sparse_initializer[i]->values->name, &t));
    }
    return HONE_OK;
}

/* Inputs that have an initializer are constants: before IR version 4 every initializer had to be an
 * input as well, and later ones are defaults that hone does not let the caller replace. */
static hone_status import_input(scope *s, const Onnx__ValueInfoProto *p, const type *seed) {
    importer *im = s->im;
    type t;
    if (!p->name || !*p->name) return fail(im->c, HONE_E_FORMAT, "an input without a name");
    const value *known = names_find(&s->values, p->name);
    if (known && known->constant) return HONE_OK;
    TRY(fail_in_part(im->c, import_type(s, p->type, &t), "input", p->name));
    if (seed && seed->kind != HONE_TENSOR && !p->type) t = *seed;
    if (seed && t.kind == HONE_TENSOR && t.dtype == HONE_UNDEFINED) t.dtype = seed->dtype;
    if (seed && t.kind == HONE_TENSOR && t.shape.rank == RANK_UNKNOWN) t.shape = seed->shape;
    /* What a loop carries may change its dimensions, whatever the file or the first value says. */
    if (s->outer && t.shape.rank >= 0) t.shape = shape_of_rank(t.shape.rank);
    if (!s->outer && type_inner(&t) == HONE_UNDEFINED)
        return fail_in_part(im->c, fail(im->c, HONE_E_FORMAT, "no element type"), "input", p->name);
    if (!s->outer) TRY(source_set_shape(im->c, im->source, p->name, &t.shape));
    value *v = graph_add_input(s->builder->graph, p->name, &t);
    return v ? scope_define(s, p->name, v) : fail_nomem(im->c, sizeof *v);
}

/* The caller of hone_model_output looks for this name. A value that already has a public one, as an
 * input or as another output, is copied. */
static hone_status name_output(scope *s, const char *name, value **v) {
    value *old = *v;
    if (s->outer || strcmp(old->name, name) == 0) return HONE_OK;
    if (old->producer && old->output_uses == 0) {
        old->name = arena_strdup(old->graph->arena, name);
        return old->name ? HONE_OK : fail_nomem(s->im->c, strlen(name));
    }
    value *copy = emit(s->builder, "Identity", IN(old), NO_ATTRS);
    if (!copy) return s->builder->status;
    copy->name = arena_strdup(copy->graph->arena, name);
    *v = copy;
    return copy->name ? HONE_OK : fail_nomem(s->im->c, strlen(name));
}

static hone_status import_output(scope *s, const char *name) {
    value *v = NULL;
    if (!name || !*name) return fail(s->im->c, HONE_E_FORMAT, "an output without a name");
    TRY(fail_in_part(s->im->c, scope_find(s, name, &v), "output", name));
    if (!v) return fail(s->im->c, HONE_E_UNSUPPORTED, "an omitted value as an output");
    TRY(name_output(s, name, &v));
    return graph_add_output(s->builder->graph, v) ? HONE_OK : fail_nomem(s->im->c, sizeof v);
}

hone_status import_graph(scope *s, const Onnx__GraphProto *g) {
    TRY(import_constants(s, g));
    for (size_t i = 0; i < g->n_input; i++)
        TRY(import_input(s, g->input[i], i < s->n_seeds ? &s->seeds[i] : NULL));
    for (size_t i = 0; i < g->n_value_info; i++) TRY(scope_hint(s, g->value_info[i]));
    for (size_t i = 0; i < g->n_output; i++) TRY(scope_hint(s, g->output[i]));
    TRY(import_nodes(s, g->node, g->n_node));
    for (size_t i = 0; i < g->n_output; i++) TRY(import_output(s, g->output[i]->name));
    return HONE_OK;
}
