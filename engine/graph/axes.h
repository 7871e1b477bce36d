/* SPDX-License-Identifier: Apache-2.0
 *
 * Axis relations: which axis of an input is which axis of an output. One table per operator from
 * which layout changes, per-channel quantization, structured pruning and batching are derived.
 */
#ifndef HONE_AXES_H
#define HONE_AXES_H

#include "graph.h"

typedef enum axis_relation {
    AXIS_SAME,       /* element j of the input axis meets element j of the output axis only */
    AXIS_BROADCAST,  /* the input axis has size 1 and meets every element of the output axis */
    AXIS_WINDOW,     /* sliding window: the sizes differ, the order is kept */
    AXIS_JOINED,     /* AXIS_SAME after an offset: concatenation, slices, padding */
    AXIS_REDUCED,    /* the output axis has size 1 (kept) or is gone (out_axis -1) */
    AXIS_CONTRACTED, /* summed against an axis of another input with the same `group` */
    AXIS_MIXED       /* every element of the axis meets every other, as in softmax */
} axis_relation;

typedef struct axis_link {
    int8_t input, in_axis;
    int8_t output, out_axis; /* out_axis -1: the axis is gone */
    uint8_t relation;        /* axis_relation */
    uint8_t group;           /* ties contracted axes together */
} axis_link;

#define AXIS_MAX_LINKS 64
typedef struct axis_map {
    axis_link link[AXIS_MAX_LINKS];
    int32_t n;
    bool opaque; /* nothing is known */
} axis_map;

void axis_add(axis_map *m, int32_t input, int32_t in_axis, int32_t output, int32_t out_axis,
              axis_relation relation);

/* Relations of a node; opaque when its operator states none or a rank is unknown. */
void axis_relations(const node *n, axis_map *out);

/* Ready-made: all inputs broadcast to output 0. */
void axes_elementwise(const node *n, axis_map *m);

#endif
