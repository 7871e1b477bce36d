/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of any type in order: as unsigned integers that compare like them, and the smallest few
 * of many.
 */
#ifndef HONE_ORDER_H
#define HONE_ORDER_H

#include "op.h"

/* Types that have keys. */
#define ORDER_TYPES (DT_NUMBERS | DT_BOOL)

/* keys[i] for element i * apart of x, i < n. -0 and 0 have one key; NaN is above everything. */
void order_keys(hone_dtype t, const void *x, int64_t apart, int64_t n, uint64_t *keys);

typedef struct ranked {
    uint64_t key;
    int64_t index; /* decides between equal keys: the lower one comes first */
} ranked;

/* The `capacity` first of all that were pushed. */
typedef struct ranking {
    ranked *heap; /* the last of those kept is in front */
    int64_t capacity, count;
} ranking;

void ranking_push(ranking *r, ranked v);
/* Would an element with this key, pushed after all others and with a higher index, be dropped? */
static inline bool ranking_drops(const ranking *r, uint64_t key) {
    return r->count == r->capacity && r->count > 0 && key >= r->heap[0].key;
}
/* Takes out the last of those kept; count > 0. */
ranked ranking_take(ranking *r);
/* Puts the heap in rising order. Nothing may be pushed afterwards. */
void ranking_sort(ranking *r);

/* Stable sort of n numbers; less(arg, a, b) tells whether a comes before b. tmp has room for n. */
typedef bool order_less(const void *arg, int64_t a, int64_t b);
void order_sort(int64_t *v, int64_t *tmp, int64_t n, order_less *less, const void *arg);
/* order = the numbers of n keys in rising order, equal ones as they are. tmp has room for n. */
void order_by_keys(const uint64_t *keys, int64_t n, int64_t *order, int64_t *tmp);

#endif
