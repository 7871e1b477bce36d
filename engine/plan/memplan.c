/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory planning: lifetimes of intermediate tensors become offsets in one arena.
 *
 *   1. Views share the buffer of what they view, or of which they are a part.
 *   2. What is joined is made in its place, where it fills a buffer of its own.
 *   3. An operator that may work in place takes over an input's buffer when nothing reads it later.
 *   4. Buffers are placed largest first, each at the lowest offset that is free during its lifetime
 *      (greedy by size: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
 *      Inference", 2020). Where there are too many to compare each with each, in the order of time,
 *      each in the first gap between those that live then.
 */
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "op.h"
#include "plan.h"

typedef struct buffer {
    int32_t first, last; /* steps, inclusive */
    int32_t merged;      /* buffer that it became part of, or -1 */
    size_t at;           /* where in that one */
    size_t bytes, offset;
} buffer;

typedef struct memplanner {
    const ctx *c;
    plan *p;
    buffer *buffers;
    int32_t n_buffers;
    int32_t *of; /* buffer of each value, or -1 */
    size_t *at;  /* where in what it is a view of; 0 for others */
} memplanner;

static int32_t buffer_root(const memplanner *m, int32_t b) {
    while (m->buffers[b].merged >= 0) b = m->buffers[b].merged;
    return b;
}

static void buffer_extend(buffer *b, int32_t last) {
    if (last > b->last) b->last = last;
}

static int32_t buffer_new(memplanner *m, int32_t first, size_t bytes) {
    m->buffers[m->n_buffers] =
        (buffer){.first = first, .last = first, .merged = -1, .bytes = bytes};
    return m->n_buffers++;
}

static bool in_arena(const memplanner *m, int32_t id) {
    return id >= 0 && m->p->places[id].kind == PLACE_ARENA;
}

static size_t buffer_offset(const memplanner *m, int32_t b) {
    size_t at = 0;
    for (; m->buffers[b].merged >= 0; b = m->buffers[b].merged) at += m->buffers[b].at;
    return at + m->buffers[b].offset;
}

/* Value `out` is what lies in value `in` from byte `at` on. */
static void view_value(memplanner *m, int32_t out, int32_t in, size_t at) {
    const place *from = &m->p->places[in];
    char *data = m->p->values[in].data;
    m->p->places[out] = *from;
    if (from->kind == PLACE_INPUT) m->p->places[out].offset += at;
    m->p->values[out].data = data && at ? data + at : data;
    m->of[out] = m->of[in];
    m->at[out] = m->at[in] + at;
    if (m->of[in] >= 0) buffer_extend(&m->buffers[m->of[in]], m->p->last_use[out]);
}

/* Outputs of a view get the place of input 0, or parts of it. */
static bool make_view(memplanner *m, step *s) {
    const int32_t in = s->in_place[0].index;
    const bool view = (s->node->op->flags & OP_VIEW) || s->keeps_bytes || s->part_at;
    if (!view || in < 0 || (!s->part_at && s->out_place[0].index < 0)) return false;
    if (m->p->places[in].kind == PLACE_DYNAMIC || s->in[0].layout.kind != LAYOUT_DENSE)
        return false;
    s->is_view = true;
    for (int32_t i = 0; i < (s->part_at ? s->n_out : 1); i++)
        if (s->out_place[i].index >= 0)
            view_value(m, s->out_place[i].index, in, s->part_at ? s->part_at[i] : 0);
    return true;
}

static void find_buffers(memplanner *m) {
    for (int32_t t = 0; t < m->p->n_steps; t++) {
        step *s = &m->p->steps[t];
        if (s->is_constant || s->is_dynamic || make_view(m, s)) continue;
        for (int32_t i = 0; i < s->n_out; i++) {
            const int32_t id = s->out_place[i].index;
            if (id < 0) continue;
            const int32_t b = buffer_new(m, t, s->out[i].bytes);
            m->of[id] = b;
            buffer_extend(&m->buffers[b], m->p->last_use[id]);
        }
    }
}

/* Can value `in`, which fills a buffer of its own, be made inside another buffer? */
static bool can_join(const memplanner *m, int32_t in, size_t bytes) {
    if (!in_arena(m, in) || m->at[in] != 0 || m->of[in] < 0 || bytes == 0) return false;
    const buffer *b = &m->buffers[m->of[in]];
    return b->merged < 0 && b->bytes == bytes;
}

/* Inputs of a Concat are made where it would copy them to. One whose buffer is part of another one
 * already, as when it comes twice, is left to be copied. */
static void merge_joined(memplanner *m) {
    for (int32_t t = 0; t < m->p->n_steps; t++) {
        const step *s = &m->p->steps[t];
        if (!s->joins_bytes || s->is_constant || s->is_dynamic || s->is_view) continue;
        if (s->out_place[0].index < 0) continue;
        const int32_t into = m->of[s->out_place[0].index];
        buffer *all = &m->buffers[into];
        size_t at = 0;
        for (int32_t i = 0; i < s->n_in; at += s->in[i++].bytes) {
            const int32_t in = s->in_place[i].index;
            if (!can_join(m, in, s->in[i].bytes)) continue;
            buffer *b = &m->buffers[m->of[in]];
            b->merged = into;
            b->at = at;
            buffer_extend(all, b->last);
            if (b->first < all->first) all->first = b->first;
        }
    }
}

/* May step t write output 0 over input i? */
static bool can_overwrite(const memplanner *m, const step *s, int32_t t, int32_t i) {
    const int32_t in = s->in_place[i].index;
    if (!in_arena(m, in) || s->in[i].bytes != s->out[0].bytes || s->in[i].bytes == 0) return false;
    if (dtype_size(s->in[i].dtype) != dtype_size(s->out[0].dtype)) return false;
    const int32_t b = buffer_root(m, m->of[in]);
    if (m->buffers[b].last != t) return false;
    for (int32_t j = 0; j < s->n_in; j++) {
        const int32_t other = s->in_place[j].index;
        if (j == i || !in_arena(m, other) || buffer_root(m, m->of[other]) != b) continue;
        /* Another view of the same memory, or the same value where it is not read in step. */
        if (other != in || !(s->node->op->inplace >> j & 1)) return false;
    }
    return true;
}

static void merge_inplace(memplanner *m) {
    for (int32_t t = 0; t < m->p->n_steps; t++) {
        step *s = &m->p->steps[t];
        if (s->is_constant || s->is_dynamic || s->is_view || !s->node->op->inplace) continue;
        if (s->n_out < 1 || s->out_place[0].index < 0) continue;
        buffer *own = &m->buffers[m->of[s->out_place[0].index]];
        if (own->merged >= 0) continue; /* made where it is joined */
        for (int32_t i = 0; i < s->n_in && i < 32; i++) {
            if (!(s->node->op->inplace >> i & 1) || !can_overwrite(m, s, t, i)) continue;
            const int32_t in = s->in_place[i].index;
            own->merged = m->of[in];
            own->at = m->at[in];
            buffer_extend(&m->buffers[buffer_root(m, m->of[in])], own->last);
            s->is_inplace = true;
            break;
        }
    }
}

/* Largest first; ties by time, so that plans are reproducible. */
static int by_size(const void *a, const void *b) {
    const buffer *const *x = a, *const *y = b;
    if ((*x)->bytes != (*y)->bytes) return (*x)->bytes < (*y)->bytes ? 1 : -1;
    return *x < *y ? -1 : *x > *y;
}

/* Lowest offset for b beside those of `placed` (in order of offset) that live at the same time.
 * Returns where b belongs in that order, or -1 on overflow. */
static int32_t find_offset(buffer *b, buffer *const *placed, int32_t n) {
    size_t offset = 0;
    int32_t at = 0;
    for (int32_t i = 0; i < n; i++) {
        const buffer *o = placed[i];
        if (o->last < b->first || o->first > b->last) continue;
        size_t end;
        if (o->offset >= offset && o->offset - offset >= b->bytes) break;
        if (!size_add(o->offset, o->bytes, &end)) return -1;
        if (end > offset) offset = end;
    }
    b->offset = offset;
    while (at < n && placed[at]->offset <= offset) at++;
    return at;
}

/* Puts b, whose offset is found, at place `at` of the n that are placed; -1: it has none. */
static hone_status place_one(memplanner *m, buffer **placed, int32_t n, int32_t at, buffer *b) {
    size_t end;
    if (at < 0 || !size_add(b->offset, b->bytes, &end))
        return fail(m->c, HONE_E_LIMIT, "intermediate tensors exceed the address space");
    memmove(&placed[at + 1], &placed[at], (size_t)(n - at) * sizeof *placed);
    placed[at] = b;
    if (end > m->p->arena_bytes) m->p->arena_bytes = end;
    return HONE_OK;
}

static int by_time(const void *a, const void *b) {
    const buffer *const *x = a, *const *y = b;
    if ((*x)->first != (*y)->first) return (*x)->first < (*y)->first ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

/* From this many buffers on, and as long as no more than this many live at once. */
enum { MANY = 4096, MANY_ALIVE = 256 };

/* Drops those that are dead when b begins; returns how many are left, in order of offset. */
static int32_t drop_dead(buffer **alive, int32_t n, const buffer *b) {
    int32_t left = 0;
    for (int32_t i = 0; i < n; i++)
        if (alive[i]->last >= b->first) alive[left++] = alive[i];
    return left;
}

/* In the order of time; `alive` holds all that live, in order of offset. Where those are many, gaps
 * are not looked for, and the dead among them now and then only. */
static hone_status place_by_time(memplanner *m, buffer **order, buffer **alive, int32_t count) {
    int32_t n = 0, waited = 0;
    qsort(order, (size_t)count, sizeof *order, by_time);
    for (int32_t i = 0; i < count; i++) {
        buffer *b = order[i];
        if (n < MANY_ALIVE || ++waited > n) {
            n = drop_dead(alive, n, b);
            waited = 0;
        }
        int32_t at = n;
        if (n < MANY_ALIVE)
            at = find_offset(b, alive, n);
        else
            b->offset = m->p->arena_bytes;
        TRY(place_one(m, alive, n, at, b));
        n++;
    }
    return HONE_OK;
}

/* The largest sum of buffers that live at one step. Sums cannot overflow: unshared_bytes did not.
 */
static hone_status find_lower_bound(memplanner *m, buffer *const *order, int32_t count) {
    const size_t steps = (size_t)m->p->n_steps + 2; /* outputs live one step longer than the last */
    size_t *begins = arena_array(&m->p->arena, 2 * steps, sizeof *begins);
    if (!begins) return fail_nomem(m->c, 2 * steps * sizeof *begins);
    size_t *ends = begins + steps, alive = 0;
    for (int32_t i = 0; i < count; i++) {
        begins[order[i]->first] += order[i]->bytes;
        ends[order[i]->last + 1] += order[i]->bytes;
    }
    for (size_t t = 0; t < steps; t++) {
        alive += begins[t] - ends[t];
        if (alive > m->p->lower_bytes) m->p->lower_bytes = alive;
    }
    return HONE_OK;
}

static hone_status place_buffers(memplanner *m) {
    const size_t n = (size_t)m->n_buffers;
    buffer **order = arena_array(&m->p->arena, n * 2, sizeof *order);
    if (!order) return fail_nomem(m->c, n * 2 * sizeof *order);
    buffer **placed = order + n;
    int32_t count = 0;
    for (int32_t i = 0; i < m->n_buffers; i++) {
        buffer *b = &m->buffers[i];
        if (b->merged >= 0) continue;
        if (!size_align(b->bytes, TENSOR_ALIGN, &b->bytes) ||
            !size_add(m->p->unshared_bytes, b->bytes, &m->p->unshared_bytes))
            return fail(m->c, HONE_E_LIMIT, "intermediate tensors exceed the address space");
        if (b->bytes) order[count++] = b;
    }
    TRY(find_lower_bound(m, order, count));
    if (count >= MANY) return place_by_time(m, order, placed, count);
    qsort(order, (size_t)count, sizeof *order, by_size);
    for (int32_t i = 0; i < count; i++)
        TRY(place_one(m, placed, i, find_offset(order[i], placed, i), order[i]));
    return HONE_OK;
}

/* Copies final places from the value table into the steps. */
static void resolve_places(memplanner *m, const int32_t *scratch) {
    plan *p = m->p;
    for (int32_t id = 0; id < p->n_values; id++)
        if (p->places[id].kind == PLACE_ARENA && m->of[id] >= 0)
            p->places[id].offset = buffer_offset(m, m->of[id]) + m->at[id];
    for (int32_t t = 0; t < p->n_steps; t++) {
        step *s = &p->steps[t];
        if (scratch[t] >= 0) s->scratch_offset = m->buffers[scratch[t]].offset;
        for (int32_t i = 0; i < s->n_in + s->n_out; i++) {
            place *at = &s->in_place[i]; /* inputs, then outputs */
            const int32_t id = at->index;
            *at = id >= 0 ? p->places[id] : (place){.kind = PLACE_NONE};
            if (id >= 0) s->in[i].data = p->values[id].data;
        }
    }
}

hone_status memplan_assign(const ctx *c, plan *p) {
    size_t most = 0;
    for (int32_t t = 0; t < p->n_steps; t++) most += (size_t)p->steps[t].n_out + 1;
    memplanner m = {.c = c, .p = p};
    m.buffers = arena_array(&p->arena, most, sizeof *m.buffers);
    m.of = arena_array(&p->arena, (size_t)p->n_values, sizeof *m.of);
    m.at = arena_array(&p->arena, (size_t)p->n_values, sizeof *m.at);
    int32_t *scratch = arena_array(&p->arena, (size_t)p->n_steps, sizeof *scratch);
    if (!m.buffers || !m.of || !m.at || !scratch) return fail_nomem(c, most * sizeof *m.buffers);
    for (int32_t i = 0; i < p->n_values; i++) m.of[i] = -1;
    find_buffers(&m);
    merge_joined(&m);
    merge_inplace(&m);
    for (int32_t t = 0; t < p->n_steps; t++) {
        const step *s = &p->steps[t];
        const bool wants = s->scratch_bytes && !s->is_dynamic && !s->is_constant && !s->is_view;
        scratch[t] = wants ? buffer_new(&m, t, s->scratch_bytes) : -1;
    }
    TRY(place_buffers(&m));
    resolve_places(&m, scratch);
    return HONE_OK;
}
