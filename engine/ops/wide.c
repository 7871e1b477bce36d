/* SPDX-License-Identifier: Apache-2.0 */
#include "wide.h"

#include "checked.h"

static hone_status too_large(plan_ctx *p) {
    return fail(p->c, HONE_E_LIMIT, "scratch memory exceeds the address space");
}

hone_status scratch_book(plan_ctx *p, step *s, size_t bytes, size_t *at) {
    size_t room, total;
    if (!size_align(bytes, TENSOR_ALIGN, &room) || !size_add(s->scratch_bytes, room, &total))
        return too_large(p);
    *at = s->scratch_bytes;
    s->scratch_bytes = total;
    return HONE_OK;
}

hone_status scratch_book_workers(plan_ctx *p, step *s, size_t bytes, size_t *each) {
    size_t all, at;
    if (!size_align(bytes, TENSOR_ALIGN, each) || !size_mul(*each, (size_t)p->threads, &all))
        return too_large(p);
    return scratch_book(p, s, all, &at);
}

hone_status wide_book_always(plan_ctx *p, step *s, const tensor *t, wide_block *b) {
    size_t bytes;
    if (!size_mul((size_t)tensor_count(t), sizeof(float), &bytes)) return too_large(p);
    b->copied = true;
    return scratch_book(p, s, bytes, &b->at);
}

hone_status wide_book(plan_ctx *p, step *s, const tensor *t, wide_block *b) {
    return t->dtype == HONE_F32 ? HONE_OK : wide_book_always(p, s, t, b);
}

const float *wide_read(const wide_block *b, const kernels *k, const tensor *t, char *scratch) {
    if (!b->copied) return t->data;
    float *copy = (float *)(void *)(scratch + b->at);
    (t->dtype == HONE_F16 ? k->widen_f16 : k->widen_bf16)((size_t)tensor_count(t), t->data, copy);
    return copy;
}

float *wide_result(const wide_block *b, const tensor *t, char *scratch) {
    return b->copied ? (float *)(void *)(scratch + b->at) : t->data;
}

void wide_write(const wide_block *b, const kernels *k, const tensor *t, char *scratch) {
    if (!b->copied) return;
    const float *copy = (const float *)(const void *)(scratch + b->at);
    (t->dtype == HONE_F16 ? k->narrow_f16 : k->narrow_bf16)((size_t)tensor_count(t), copy, t->data);
}
