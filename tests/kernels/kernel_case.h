/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel tests share: the slots as data, the levels of this machine, values of every type
 * and comparisons that say what went wrong.
 */
#ifndef HONE_KERNEL_CASE_H
#define HONE_KERNEL_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "kernels.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* ---- Slots ----------------------------------------------------------------------------------- */

typedef struct slot {
    const char *name;
    const char *type; /* "unary_fn" and so on */
    unsigned mask;    /* element types; 0 when the slot is one pointer */
    size_t offset;    /* in struct kernels */
} slot;

extern const slot slots[];
extern const size_t slot_count;
bool slot_has_type(const slot *s, const char *type);

/* The slot's pointer for a type (any type when the slot has no mask). */
typedef void any_fn(void);
any_fn *slot_get(const kernels *k, const slot *s, ktype t);
/* "exp_f32", for messages. The text lives until the next call. */
const char *slot_label(const slot *s, ktype t);
const char *ktype_name(ktype t);

/* ---- Levels ---------------------------------------------------------------------------------- */

/* The table of a level, or NULL when this machine cannot run it. */
const kernels *level_table(isa_level level);

/* Does the level bring its own kernel, or inherit that of a level below? Inherited ones are tested
 * there. */
bool level_overrides(isa_level level, const slot *s, ktype t);

/* ---- Values ---------------------------------------------------------------------------------- */

/* Wide enough for every value of every integer type and for their products. */
typedef __int128 wide;

bool ktype_is_float(ktype t);
bool ktype_is_signed(ktype t);
wide load_wide(ktype t, const void *p, size_t i);
double load_double(ktype t, const void *p, size_t i);
/* v modulo 2^bits, as the type shows it. */
wide wrap_wide(ktype t, wide v);
/* a * b modulo 2^128: products of two 64-bit values can pass the range of wide. */
wide multiply_wide(wide a, wide b);
wide lowest_wide(ktype t);
wide highest_wide(ktype t);

/* `n` elements that are part of one fixed sequence for each type: edge values first (0, 1, limits,
 * NaN, infinities, subnormals, ...), then random ones, small ones more often. */
void fill_values(ktype t, size_t n, size_t start, void *out);
/* Random floats in [-limit, limit]. */
void fill_uniform(size_t n, uint64_t seed, float limit, float *out);
uint64_t next_random(uint64_t *state);

/* ---- Runs ------------------------------------------------------------------------------------ */

/* Where the operands of one run lie: right before a guard page (offset GUARD_END), or behind one
 * at an offset of 0 to 15 elements. */
typedef struct placement {
    size_t n;
    size_t start;              /* in the sequence of values */
    size_t offset_x, offset_y; /* in elements, or GUARD_END */
} placement;

/* Calls f for lengths around every vector size and all placements. */
typedef void placement_fn(void *user, const placement *p);
void for_each_placement(placement_fn *f, void *user);
/* guard_place for `n` elements. */
void *place(guard *g, size_t n, size_t size, size_t offset);

/* ---- Comparisons ----------------------------------------------------------------------------- */

/* |got - expected| in units of the last place of `scale` in type t; 0 when both are NaN, the same
 * infinity, or expected rounds to what was got; infinite when only one is NaN or infinite. */
double ulp_error(ktype t, double got, double expected, double scale);

#endif
