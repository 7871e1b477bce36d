/* SPDX-License-Identifier: Apache-2.0 */
#include "views.h"

#include <string.h>

#include "checked.h"
#include "items.h"

static const char *const kind_names[] = {"tensor", "sequence", "optional", "map"};

static hone_status check_tensor(const ctx *c, const char *name, const hone_view *v, const type *t) {
    const size_t size = dtype_size(v->dtype);
    size_t bytes;
    int64_t count;
    if (v->dtype != t->dtype && t->dtype != HONE_UNDEFINED)
        return fail(c, HONE_E_INPUT, "input '%s' has type %s: expected %s", name,
                    hone_dtype_name(v->dtype), hone_dtype_name(t->dtype));
    if (v->rank < 0 || v->rank > HONE_MAX_RANK)
        return fail(c, HONE_E_ARG, "rank %d: expected 0 to %d", v->rank, HONE_MAX_RANK);
    const shape s = shape_make(v->rank, v->dim);
    if (!shape_count(&s, &count) || !dtype_bytes(v->dtype, count, &bytes) ||
        bytes > c->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "input '%s' exceeds the limit of %llu bytes a tensor", name,
                    (unsigned long long)c->limits->tensor_bytes);
    if (v->bytes != bytes)
        return fail(c, HONE_E_INPUT, "input '%s' has %zu bytes: its shape needs %zu", name,
                    v->bytes, bytes);
    if (bytes && !v->data) return fail(c, HONE_E_ARG, "the data of input '%s' is NULL", name);
    if (size && (uintptr_t)v->data % (size > 8 ? 8 : size))
        return fail(c, HONE_E_INPUT, "input '%s' is not aligned to its elements", name);
    return HONE_OK;
}

/* The type of item i; keys of a map are a tensor of its own element type. */
static type item_type(const type *t, int64_t i) {
    const shape unknown = shape_unknown();
    if (t->kind == HONE_MAP && i == 0) return type_tensor(t->dtype, &unknown);
    return t->element ? *t->element : type_tensor(HONE_UNDEFINED, &unknown);
}

/* Recursion ends with the type. */
hone_status view_check(const ctx *c, const char *name, const hone_view *v, const type *t) {
    if (v->kind != t->kind)
        return fail(c, HONE_E_INPUT, "input '%s' is a value of kind %d: expected a %s", name,
                    (int)v->kind, kind_names[t->kind]);
    if (t->kind == HONE_TENSOR) return check_tensor(c, name, v, t);
    const int64_t n = v->rank == 1 ? v->dim[0] : -1;
    const hone_view *items = v->data;
    if (n < 0 || (n && !items)) return fail(c, HONE_E_ARG, "input '%s' is no list of values", name);
    if ((t->kind == HONE_OPTIONAL && n > 1) || (t->kind == HONE_MAP && n != 2))
        return fail(c, HONE_E_INPUT, "input '%s': a %s with %lld values", name, kind_names[t->kind],
                    (long long)n);
    for (int64_t i = 0; i < n; i++) {
        const type inner = item_type(t, i);
        TRY(view_check(c, name, &items[i], &inner));
    }
    if (t->kind == HONE_MAP && (items[0].rank != 1 || items[0].dim[0] != items[1].dim[0]))
        return fail(c, HONE_E_INPUT, "input '%s': a map with other than one value a key", name);
    return HONE_OK;
}

const hone_view *view_as(const hone_view *v, const type *t, hone_view *some) {
    if (t->kind != HONE_OPTIONAL || v->kind == HONE_OPTIONAL) return v;
    *some = (hone_view){.kind = HONE_OPTIONAL, .rank = 1, .dim = {1}, .data = (void *)v};
    return some;
}

hone_status view_take(run_ctx *r, const hone_view *v, tensor *out) {
    *out = (tensor){.dtype = v->dtype,
                    .kind = v->kind,
                    .shape = shape_make(v->rank, v->dim),
                    .data = v->data,
                    .bytes = v->bytes};
    if (v->kind == HONE_TENSOR) return HONE_OK;
    const hone_view *items = v->data;
    tensor list;
    TRY(items_make(r, NULL, 0, v->kind, &list));
    for (int64_t i = 0; i < v->dim[0]; i++) {
        tensor item;
        TRY(view_take(r, &items[i], &item));
        TRY(items_insert(r, &list, i, &item, &list));
    }
    *out = list;
    return HONE_OK;
}

static hone_status own_tensor(run_ctx *r, tensor *t) {
    TRY(items_keep(r, t, t));
    if (t->dtype != HONE_STRING) return HONE_OK;
    const char **s = t->data;
    for (int64_t i = 0; i < tensor_count(t); i++) {
        s[i] = run_text(r, tensor_string(t, i), strlen(tensor_string(t, i)));
        if (!s[i]) return HONE_E_NOMEM;
    }
    return HONE_OK;
}

hone_status view_own(run_ctx *r, tensor *t) {
    if (t->kind == HONE_TENSOR) return own_tensor(r, t);
    tensor list;
    TRY(items_make(r, items_of(t), items_count(t), t->kind, &list));
    for (int64_t i = 0; i < items_count(&list); i++) TRY(view_own(r, (tensor *)list.data + i));
    *t = list;
    return HONE_OK;
}

hone_view view_of_tensor(const tensor *t) {
    hone_view v = {.data = t->data, .bytes = t->bytes, .dtype = t->dtype, .rank = t->shape.rank};
    memcpy(v.dim, t->shape.dim, sizeof v.dim);
    return v;
}

hone_status view_give(run_ctx *r, const tensor *t, hone_view *out) {
    *out = view_of_tensor(t);
    out->kind = t->kind;
    if (t->kind == HONE_TENSOR) {
        tensor_settle_strings(t);
        return HONE_OK;
    }
    const int64_t n = items_count(t);
    hone_view *items = run_memory(r, (size_t)n * sizeof *items);
    if (!items) return HONE_E_NOMEM;
    for (int64_t i = 0; i < n; i++) TRY(view_give(r, items_of(t) + i, &items[i]));
    out->data = items;
    out->bytes = (size_t)n * sizeof *items;
    return HONE_OK;
}
