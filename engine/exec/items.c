/* SPDX-License-Identifier: Apache-2.0 */
#include "items.h"

#include <string.h>

#include "checked.h"
#include "frame.h"

typedef struct item_list {
    int64_t used, capacity; /* used: by the longest version */
    tensor item[];
} item_list;

void *run_memory(run_ctx *r, size_t bytes) {
    size_t need;
    char *p = size_add(bytes, TENSOR_ALIGN, &need) ? arena_alloc(r->pool, need) : NULL;
    if (!p) {
        fail_nomem(r->c, bytes);
        return NULL;
    }
    return p + (TENSOR_ALIGN - (uintptr_t)p % TENSOR_ALIGN);
}

char *run_text_room(run_ctx *r, size_t length) {
    size_t need;
    char *room = size_add(length, 1, &need) ? arena_alloc(r->pool, need) : NULL;
    if (!room) fail_nomem(r->c, length);
    return room;
}

const char *run_text(run_ctx *r, const char *text, size_t length) {
    char *copy = run_text_room(r, length);
    if (copy && length) memcpy(copy, text, length);
    return copy;
}

static item_list *list_new(run_ctx *r, int64_t capacity) {
    size_t bytes;
    if (capacity < 4) capacity = 4;
    if (!size_mul((size_t)capacity, sizeof(tensor), &bytes) ||
        !size_add(bytes, sizeof(item_list), &bytes)) {
        fail_nomem(r->c, SIZE_MAX);
        return NULL;
    }
    item_list *l = run_memory(r, bytes);
    if (l) l->capacity = capacity;
    return l;
}

static tensor list_value(item_list *l, int64_t n, hone_kind kind) {
    return (tensor){.kind = kind,
                    .shape = shape_vector(n),
                    .data = l->item,
                    .bytes = (size_t)n * sizeof(tensor)};
}

hone_status items_make(run_ctx *r, const tensor *items, int64_t n, hone_kind kind, tensor *out) {
    item_list *l = list_new(r, n);
    if (!l) return HONE_E_NOMEM;
    if (n) memcpy(l->item, items, (size_t)n * sizeof *items);
    l->used = n;
    *out = list_value(l, n, kind);
    return HONE_OK;
}

/* Every list of a run is in the pool: view_take() makes one of what a caller gave. */
static item_list *list_with_room(const tensor *list, int64_t at) {
    const int64_t n = items_count(list);
    item_list *l = (item_list *)(void *)((char *)list->data - offsetof(item_list, item));
    return at == n && l->used == n && n < l->capacity ? l : NULL;
}

hone_status items_insert(run_ctx *r, const tensor *list, int64_t at, const tensor *item,
                         tensor *out) {
    const int64_t n = items_count(list);
    item_list *l = list_with_room(list, at);
    if (!l) {
        int64_t capacity;
        if (!i64_mul(n + 1, 2, &capacity)) capacity = n + 1;
        l = list_new(r, capacity);
        if (!l) return HONE_E_NOMEM;
        if (at) memcpy(l->item, items_of(list), (size_t)at * sizeof *item);
        if (at < n) memcpy(&l->item[at + 1], items_of(list) + at, (size_t)(n - at) * sizeof *item);
    }
    l->item[at] = *item;
    l->used = n + 1;
    *out = list_value(l, n + 1, list->kind);
    return HONE_OK;
}

hone_status items_keep(run_ctx *r, const tensor *t, tensor *out) {
    const void *from = t->data; /* out may be t */
    *out = *t;
    if (t->kind != HONE_TENSOR) return HONE_OK;
    out->data = run_memory(r, out->bytes);
    if (!out->data) return HONE_E_NOMEM;
    if (out->bytes) memcpy(out->data, from, out->bytes);
    return HONE_OK;
}

void run_value(run_ctx *r, const step *s, int32_t i, const tensor *t) {
    if (s->out_place[i].kind == PLACE_NONE) return;
    s->out[i] = *t;
    r->frame->dynamic[s->out_place[i].index] = *t;
}
