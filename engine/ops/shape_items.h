/* SPDX-License-Identifier: Apache-2.0
 *
 * What the elements of a vector are that a model computes out of shapes: numbers, or dimensions of
 * values, which may be unknown numbers.
 */
#ifndef HONE_SHAPE_ITEMS_H
#define HONE_SHAPE_ITEMS_H

#include "graph.h"

typedef struct shape_item {
    const value *of; /* dimension `axis` of this value; NULL: the number, if it is known */
    int32_t axis;
    bool known;
    int64_t number;
} shape_item;

/* Elements of v, a vector or scalar of integers: their number, or -1 when there are more than
 * HONE_MAX_RANK or nothing is known. */
int32_t shape_items(const value *v, shape_item items[HONE_MAX_RANK]);
/* Is it that number? Is it certainly dimension `axis` of v? */
bool item_is_number(const shape_item *i, int64_t number);
bool item_is_dim(const shape_item *i, const value *v, int32_t axis);
/* The item as a dimension: a size, a symbol, or unknown. A number below 0 is no size. */
int64_t item_dim(const shape_item *i);

#endif
