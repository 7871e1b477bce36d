/* SPDX-License-Identifier: Apache-2.0
 *
 * Weights of 2, 4 or 8 bits in blocks that share a scale: rows of K elements, where the codes of a
 * row start at a byte of their own and its scales are neighbours.
 *
 *     codes   row 0: | block 0 .. | block 1 .. | ..    lowest bits of a byte first
 *     scales  row 0:      s0           s1        ..
 *     zeros   row 0:      z0           z1        ..    float32, or packed as the codes are
 *
 *     element = (code - zero) * scale, or table[code] * scale
 *
 * Flat ones have no rows: codes and blocks run through all of them.
 */
#ifndef HONE_NBITS_H
#define HONE_NBITS_H

#include "op.h"

/* Attributes, as a member `form` of an operator's params. */
typedef struct nbits_params {
    int64_t k, block_size, bits;
    bool flat;
    float_list table; /* absent: codes are numbers */
} nbits_params;
#define NBITS_ATTRS(type)                                                                          \
    ATTR_NAMED(INT, "K", type, form.k, .required = true, .min = 1, .max = INT32_MAX),              \
        ATTR_NAMED(INT, "block_size", type, form.block_size, .required = true, .min = 1,           \
                   .max = INT32_MAX),                                                              \
        ATTR_NAMED(INT, "bits", type, form.bits, .i = 4, .min = 2, .max = 8),                      \
        ATTR_NAMED(BOOL, "flat", type, form.flat), ATTR_NAMED(FLOATS, "table", type, form.table)

/* Inputs of an operator, from number `first` on; what follows is the operator's own. */
enum { NBITS_CODES, NBITS_SCALES, NBITS_ZEROS, NBITS_GROUPS, NBITS_INPUTS };
#define NBITS_ARGS                                                                                 \
    {"codes", DT(HONE_U8), 0, 0}, {"scales", DT(HONE_F32), 0, 0},                                  \
        {"zero_points", DT(HONE_U8) | DT(HONE_F32), 0, ARG_OPTIONAL}, {                            \
        "groups", DT(HONE_I32), 0, ARG_OPTIONAL                                                    \
    }

/* Sizes that follow from the attributes. */
typedef struct nbits_sizes {
    int64_t rows, blocks; /* blocks of a row; of all when flat */
    int64_t row_bytes;    /* from a row's codes to the next one's */
    int64_t zero_bytes;   /* the same for packed zero points */
} nbits_sizes;

/* The attributes, and the sizes of the inputs for this many rows as far as they are known. Rows of
 * codes are padded to whole blocks, unless row_bytes states their size. */
hone_status nbits_check(const infer *f, int32_t first, const nbits_params *p, int64_t rows,
                        int64_t row_bytes);

/* One step's weights. */
typedef struct nbits_weights {
    const nbits_params *p;
    nbits_sizes s;
    const uint8_t *codes, *packed_zeros; /* one form of zeros, or neither */
    const float *scales, *zeros;
    const int32_t *groups; /* block of each element of a row, or NULL */
} nbits_weights;

/* Fills in weights of which p and the rows are set, and the row_bytes if they are not those of
 * whole blocks. HONE_E_INPUT when a group is out of range. */
hone_status nbits_weights_of(run_ctx *r, const step *s, int32_t first, nbits_weights *w);
/* Rows [first, last) as float32, K elements each. */
void nbits_decode(const nbits_weights *w, int64_t first, int64_t last, float *out);

#endif
