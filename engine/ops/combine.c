/* SPDX-License-Identifier: Apache-2.0 */
#include "combine.h"

#include "movement.h"

const char *const combine_names[] = {"none", "add", "mul", "max", "min", NULL};

bool combine_init(combine *c, const kernels *k, hone_dtype t, int32_t how) {
    *c = (combine){.size = dtype_size(t)};
    if (how == COMBINE_NONE) return true;
    if (!dtype_in(t, DT_NUMBERS)) return false;
    ktype kt = dtype_ktype(t);
    if (dtype_in(t, DT_FLOAT16S)) {
        kt = KT_F32;
        c->widen = t == HONE_F16 ? k->widen_f16 : k->widen_bf16;
        c->narrow = t == HONE_F16 ? k->narrow_f16 : k->narrow_bf16;
    }
    c->fn = how == COMBINE_ADD   ? k->add[kt]
            : how == COMBINE_MUL ? k->mul[kt]
            : how == COMBINE_MAX ? k->max[kt]
                                 : k->min[kt];
    return true;
}

static void combine_widened(const combine *c, int64_t n, const uint16_t *update, uint16_t *y) {
    enum { BLOCK = 256 };
    float a[BLOCK], b[BLOCK];
    for (int64_t at = 0; at < n; at += BLOCK) {
        const size_t now = (size_t)(n - at < BLOCK ? n - at : BLOCK);
        c->widen(now, y + at, a);
        c->widen(now, update + at, b);
        c->fn(now, a, 1, b, 1, a);
        c->narrow(now, a, y + at);
    }
}

void combine_run(const combine *c, int64_t n, const void *update, void *y) {
    if (c->widen)
        combine_widened(c, n, update, y);
    else if (c->fn)
        c->fn((size_t)n, y, 1, update, 1, y);
    else if (n == 1)
        move_element(c->size, update, y);
    else
        memcpy(y, update, (size_t)n * c->size);
}
