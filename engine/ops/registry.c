/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "custom.h"

/* Both lists come from ops.def. */
static const op *const single[] = {
#define OP(name) &op_##name,
#define FAMILY(name)
#include "ops.def"
};
static const op_family *const families[] = {
#define OP(name)
#define FAMILY(name) &family_##name,
#include "ops.def"
};

enum { MAX_OPS = 4096 }; /* far more than there are */
static const op *sorted[MAX_OPS];
static int32_t n_sorted;
static atomic_int state; /* 0: empty, 1: being filled, 2: ready */

static int compare(const char *domain, const char *name, const op *o) {
    const int d = strcmp(domain, o->domain);
    return d ? d : strcmp(name, o->name);
}

static int compare_ops(const void *a, const void *b) {
    const op *const *x = a, *const *y = b;
    return compare((*x)->domain, (*x)->name, *y);
}

static void fill(void) {
    int32_t n = 0;
    for (int32_t i = 0; i < COUNT_OF(single); i++) sorted[n++] = single[i];
    for (int32_t i = 0; i < COUNT_OF(families); i++)
        for (int32_t j = 0; j < families[i]->count; j++) {
            assert(n < MAX_OPS);
            sorted[n++] = families[i]->ops[j];
        }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_ops);
    n_sorted = n;
}

const op *const *op_all(int32_t *count) {
    int expected = 0;
    if (atomic_compare_exchange_strong(&state, &expected, 1)) {
        fill();
        atomic_store_explicit(&state, 2, memory_order_release);
    }
    while (atomic_load_explicit(&state, memory_order_acquire) != 2) {
    }
    *count = n_sorted;
    return sorted;
}

static int32_t find_number(const char *domain, const char *name) {
    int32_t n;
    const op *const *all = op_all(&n);
    int32_t lo = 0, hi = n;
    while (lo < hi) {
        const int32_t mid = lo + (hi - lo) / 2;
        const int c = compare(domain, name, all[mid]);
        if (c == 0) return mid;
        *(c < 0 ? &hi : &lo) = c < 0 ? mid : mid + 1;
    }
    return -1;
}

const op *op_find(const char *domain, const char *name) {
    const int32_t i = find_number(domain, name);
    return i < 0 ? NULL : sorted[i];
}

int32_t op_number(const op *o) {
    return o->flags & OP_CUSTOM ? -1 : find_number(o->domain, o->name);
}

const op *op_known(const ctx *c, const char *domain, const char *name, int32_t opset) {
    const op *o = custom_ops_find(c->custom, domain, name), *own = op_find(domain, name);
    return o && (!own || o->versions[0].since <= opset) ? o : own;
}

int32_t op_since(const op *o) { return o->n_versions ? o->versions[o->n_versions - 1].since : 0; }

static const op_arg *slot(const op_arg *args, int32_t n, int32_t i) {
    if (i < n) return &args[i];
    return n > 0 && (args[n - 1].flags & ARG_VARIADIC) ? &args[n - 1] : NULL;
}

const op_arg *op_input(const op *o, int32_t i) { return slot(o->in, o->n_in, i); }
const op_arg *op_output(const op *o, int32_t i) { return slot(o->out, o->n_out, i); }
