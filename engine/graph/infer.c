/* SPDX-License-Identifier: Apache-2.0 */
#include "infer.h"

#include <stdarg.h>
#include <stdio.h>

#include "op.h"

static const shape no_shape = {.rank = RANK_UNKNOWN};

const shape *infer_shape(const infer *f, int32_t i) {
    return infer_has(f, i) ? &f->in[i]->shape : &no_shape;
}

int32_t infer_rank(const infer *f, int32_t i) { return infer_shape(f, i)->rank; }

hone_dtype infer_dtype(const infer *f, int32_t i) {
    return infer_has(f, i) ? f->in[i]->dtype : HONE_UNDEFINED;
}

void infer_set(infer *f, int32_t i, hone_dtype dtype, const shape *s) {
    if (i < f->n_out) f->out[i] = type_tensor(dtype, s);
}

hone_status infer_same(infer *f, int32_t i) {
    if (infer_has(f, i) && f->n_out > 0) f->out[0] = *f->in[i];
    return HONE_OK;
}

hone_status infer_broadcast(infer *f, int32_t first, hone_dtype dtype) {
    shape s = *infer_shape(f, first);
    for (int32_t i = first + 1; i < f->n_in; i++) {
        const shape *next = infer_shape(f, i);
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        if (!shape_broadcast(&s, next, &s))
            return infer_fail(f, "shapes %s and %s do not broadcast", shape_text(a, sizeof a, &s),
                              shape_text(b, sizeof b, next));
    }
    infer_set(f, 0, dtype, &s);
    return HONE_OK;
}

hone_status infer_axis(const infer *f, int64_t axis, int32_t rank, int32_t *out) {
    if (axis_normalize(axis, rank, out)) return HONE_OK;
    return infer_fail(f, "axis %lld is out of range: expected %d to %d", (long long)axis, -rank,
                      rank - 1);
}

hone_status infer_check_rank(const infer *f, int32_t i, int32_t lo, int32_t hi) {
    const int32_t rank = infer_rank(f, i);
    if (rank < 0 || (rank >= lo && rank <= hi)) return HONE_OK;
    const op_arg *arg = op_input(f->node->op, i);
    if (lo == hi) return infer_fail(f, "input '%s' has rank %d: expected %d", arg->name, rank, lo);
    return infer_fail(f, "input '%s' has rank %d: expected %d to %d", arg->name, rank, lo, hi);
}

hone_status infer_ints(const infer *f, int32_t i, int64_t *v, int32_t max, int32_t *n) {
    const tensor *t = infer_value(f, i);
    const op_arg *arg = op_input(f->node->op, i);
    const int64_t count = tensor_count(t);
    if (t->shape.rank > 1)
        return infer_fail(f, "input '%s' has rank %d: expected a vector", arg->name, t->shape.rank);
    if (count > max)
        return infer_fail(f, "input '%s' has %lld elements: expected at most %d", arg->name,
                          (long long)count, max);
    for (int64_t j = 0; j < count; j++) v[j] = tensor_i64(t, j);
    *n = (int32_t)count;
    return HONE_OK;
}

hone_status infer_fail(const infer *f, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fail(f->c, HONE_E_FORMAT, "%s", text);
}

/* Input i, which `t` describes (NULL: omitted), against its slot. bound: the types of letters so
 * far.
 */
static hone_status check_slot(const ctx *c, const op_arg *arg, const type *t, hone_dtype *bound) {
    if (!t) {
        if (arg->flags & (ARG_OPTIONAL | ARG_VARIADIC)) return HONE_OK;
        return fail(c, HONE_E_FORMAT, "input '%s' is missing", arg->name);
    }
    if (!shape_fits(&t->shape))
        return fail(c, HONE_E_LIMIT, "input '%s' has 2^59 elements or more", arg->name);
    if (t->kind != HONE_TENSOR && !(arg->flags & ARG_ANY_KIND))
        return fail(c, HONE_E_UNSUPPORTED, "input '%s' is a sequence or optional", arg->name);
    if (t->dtype == HONE_UNDEFINED) return HONE_OK;
    if (!dtype_in(t->dtype, arg->types))
        return fail(c, HONE_E_UNSUPPORTED, "input '%s' has type %s, which is not supported",
                    arg->name, hone_dtype_name(t->dtype));
    hone_dtype *b = &bound[(unsigned char)arg->var & 127];
    if (arg->var && *b != HONE_UNDEFINED && *b != t->dtype)
        return fail(c, HONE_E_FORMAT, "input '%s' has type %s: expected %s", arg->name,
                    hone_dtype_name(t->dtype), hone_dtype_name(*b));
    *b = t->dtype;
    return HONE_OK;
}

hone_status infer_check_inputs(const ctx *c, const op *o, const type *const *in, int32_t n_in,
                               int32_t n_captured) {
    hone_dtype bound[128] = {HONE_UNDEFINED};
    for (int32_t i = 0; i < o->n_in || i < n_in; i++) {
        const op_arg *arg = op_input(o, i);
        if (!arg && i < n_in - n_captured)
            return fail(c, HONE_E_FORMAT, "has %d inputs: expected at most %d", n_in, o->n_in);
        if (!arg) break;
        TRY(check_slot(c, arg, i < n_in ? in[i] : NULL, bound));
    }
    return HONE_OK;
}

static hone_status check_result(const infer *f) {
    for (int32_t i = 0; i < f->n_out; i++) {
        const shape *s = &f->out[i].shape;
        for (int32_t a = 0; a < s->rank; a++)
            if (s->dim[a] == DIM_OVERFLOW)
                return fail(f->c, HONE_E_LIMIT, "output dimension %d exceeds 2^63", a);
        if (!shape_fits(s)) return fail(f->c, HONE_E_LIMIT, "the output has 2^59 elements or more");
    }
    return HONE_OK;
}

hone_status infer_node(infer *f) {
    for (int32_t i = 0; i < f->n_out; i++) f->out[i] = (type){.shape = shape_unknown()};
    const node *n = f->node;
    hone_status status = infer_check_inputs(f->c, n->op, f->in, f->n_in, n->n_captured);
    if (status == HONE_OK) status = n->op->infer(f);
    if (status == HONE_OK) status = check_result(f);
    return fail_in_node(f->c, status, n->name, n->op->name);
}

void type_refine(type *t, const type *known) {
    if (t->kind != known->kind) return;
    if (t->kind != HONE_TENSOR && type_inner(t) == HONE_UNDEFINED) t->element = known->element;
    if (t->dtype == HONE_UNDEFINED) t->dtype = known->dtype;
    if (t->shape.rank < 0) t->shape = known->shape;
    if (t->shape.rank != known->shape.rank) return;
    for (int32_t i = 0; i < t->shape.rank; i++)
        t->shape.dim[i] = dim_merge(t->shape.dim[i], known->shape.dim[i]);
}

enum { SMALL = 16 };

hone_status graph_infer_node(const ctx *c, node *n) {
    const size_t in = (size_t)n->n_in, out = (size_t)n->n_out;
    const type *in_small[SMALL];
    const tensor *value_small[SMALL];
    type out_small[SMALL];
    const bool small = in <= SMALL && out <= SMALL;
    char *heap = small ? NULL
                       : mem_zalloc(c->alloc, 1,
                                    in * (sizeof(type *) + sizeof(tensor *)) + out * sizeof(type));
    if (!small && !heap) return fail_nomem(c, in * sizeof(type *));
    type *types = small ? out_small : (type *)(void *)heap;
    const type **in_types = small ? in_small : (const type **)(void *)(types + out);
    const tensor **values = small ? value_small : (const tensor **)(void *)(in_types + in);
    for (int32_t i = 0; i < n->n_in; i++) {
        const value *v = n->in[i].value;
        in_types[i] = v ? &v->type : NULL;
        values[i] =
            v && v->constant && v->constant->layout.kind == LAYOUT_DENSE ? v->constant : NULL;
    }
    infer f = {.c = c,
               .node = n,
               .params = n->params,
               .in = in_types,
               .value = values,
               .n_in = n->n_in,
               .out = types,
               .n_out = n->n_out};
    const hone_status status = infer_node(&f);
    for (int32_t i = 0; i < n->n_out && status == HONE_OK; i++) {
        if (!n->out[i]) continue;
        type_refine(&types[i], &n->out[i]->type);
        n->out[i]->type = types[i];
    }
    mem_free(c->alloc, heap);
    return status;
}
