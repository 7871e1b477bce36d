/* SPDX-License-Identifier: Apache-2.0
 *
 * What operators that only move elements share: copies between two strided boxes, whatever the
 * element type is.
 *
 *     for every index i of the box:  dst[sum i[a] * to[a]] = src[sum i[a] * from[a]]
 *
 * Axes that lie together in both are joined, runs that are contiguous in both become one unit, and
 * where source and result disagree about the fastest axis the transpose kernels turn planes over.
 */
#ifndef HONE_MOVEMENT_H
#define HONE_MOVEMENT_H

#include <string.h>

#include "op.h"

/* Tiling gives every axis twice. */
#define MOVE_MAX_AXES (2 * HONE_MAX_RANK)

typedef struct move_axis {
    int64_t n;
    int64_t from, to; /* distance of neighbours in bytes; may be 0 (source) or negative */
} move_axis;

typedef struct movement {
    size_t unit; /* bytes that lie together in both */
    int32_t rank;
    move_axis axis[MOVE_MAX_AXES]; /* outermost first */
} movement;

/* An empty box: one element of `size` bytes. */
void movement_init(movement *m, size_t size);
/* Puts an axis inside those there are. Strides are in elements of the size given to init. The
 * caller knows that the strides times the sizes do not overflow, as those of tensors do not. */
void movement_add(movement *m, int64_t n, int64_t from, int64_t to);
/* Does it leave the bytes as they are? */
bool movement_is_copy(const movement *m);
/* Copies. src and dst are where element (0, .., 0) is. */
void movement_run(run_ctx *r, const kernels *k, const movement *m, const void *src, void *dst);

/* A contiguous copy, split over the team. */
void move_bytes(run_ctx *r, void *dst, const void *src, size_t bytes);
/* n units between strided places; strides in bytes. */
void move_units(int64_t n, size_t unit, const void *src, int64_t from, void *dst, int64_t to);
/* One element of `size` bytes. */
static inline void move_element(size_t size, const void *src, void *dst) {
    switch (size) {
    case 1: memcpy(dst, src, 1); break;
    case 2: memcpy(dst, src, 2); break;
    case 4: memcpy(dst, src, 4); break;
    case 8: memcpy(dst, src, 8); break;
    default: memcpy(dst, src, size);
    }
}
/* n units from these places (in bytes) to neighbours. */
void move_gather(int64_t n, size_t unit, const void *src, const int64_t *from, void *dst);
/* n copies of one unit, side by side. */
void fill_units(int64_t n, size_t unit, const void *pattern, void *dst);
/* Fills a whole tensor with one element, split over the team. */
void fill_tensor(run_ctx *r, const tensor *t, const void *element);

/* Walks the outer axes of a box in order. */
typedef struct move_cursor {
    int64_t index[MOVE_MAX_AXES];
    int64_t from, to; /* byte offsets */
} move_cursor;
/* At position `item` of the first `rank` axes. */
void cursor_seek(move_cursor *c, const move_axis *axis, int32_t rank, int64_t item);
void cursor_next(move_cursor *c, const move_axis *axis, int32_t rank);

/* Strides of a dense tensor, in elements. */
void dense_strides(const shape *s, int64_t *stride);

/* Ready-made plan of operators that only repeat elements: as many as before are the same. */
hone_status repeat_plan(plan_ctx *p, step *s);

/* All inputs and the output share one scale; or input 0 and the output. */
extern const op_quant quant_moves, quant_moves_first;
/* Nothing is computed. */
uint64_t move_flops(const step *s);
/* Gradient of any operator whose elements of output 0 are elements of input 0: the node itself,
 * applied to the places of the elements, tells where each came from, and dy is added up there. */
hone_status move_grad(gradient *g);

#endif
