/* SPDX-License-Identifier: Apache-2.0
 *
 * RotaryEmbedding: pairs of elements of each head are rotated by the angle of their position. The
 * partner of an element is its neighbour (interleaved) or lies half a head away.
 */
#include "composite.h"
#include "op.h"

enum { ROT_X, ROT_COS, ROT_SIN, ROT_POSITIONS };

typedef struct rotary_params {
    int64_t num_heads;            /* 0: the input has an axis of them */
    int64_t rotary_embedding_dim; /* elements of a head that are turned; 0: all */
    bool interleaved;
} rotary_params;

static const attr_spec rotary_attrs[] = {
    ATTR_ROW(INT, rotary_params, num_heads, .max = INT32_MAX),
    ATTR_ROW(INT, rotary_params, rotary_embedding_dim, .max = INT32_MAX),
    ATTR_ROW(BOOL, rotary_params, interleaved),
};

/* The cosines or sines of each position, in a shape that meets the heads. */
static value *angles(builder *b, const draft *d, int32_t input, bool heads_first) {
    value *cache = d->in[input], *at = draft_in(d, ROT_POSITIONS);
    if (at) cache = emit(b, "Gather", IN(cache, at), ATTRS(A_INT("axis", 0)));
    return expand_unsqueeze(b, cache, heads_first ? 1 : 2);
}

/* Both members of each pair. */
static void split_pairs(builder *b, value *x, bool interleaved, value **pair) {
    if (interleaved) {
        pair[0] = expand_slice(b, x, -1, 0, INT64_MAX, 2);
        pair[1] = expand_slice(b, x, -1, 1, INT64_MAX, 2);
    } else {
        emit_n(b, "Split", IN(x), ATTRS(A_INT("axis", -1), A_INT("num_outputs", 2)), pair, 2);
    }
}

static value *join_pairs(builder *b, value *x, bool interleaved, value *const *pair) {
    const attr last = A_INT("axis", -1);
    if (!interleaved) return emit(b, "Concat", IN(pair[0], pair[1]), &last, 1);
    value *first = expand_unsqueeze(b, pair[0], -1), *second = expand_unsqueeze(b, pair[1], -1);
    value *both = emit(b, "Concat", IN(first, second), &last, 1);
    return expand_binary(b, "Reshape", both, expand_unary(b, "Shape", x));
}

/* 16-bit floats are turned in float32: the products cancel. */
static value *rotate(builder *b, const draft *d, value *v, bool heads_first) {
    const bool interleaved = ((const rotary_params *)d->params)->interleaved;
    const hone_dtype t = d->in[ROT_X]->type.dtype, wide = t == HONE_F64 ? t : HONE_F32;
    value *cos = expand_cast(b, angles(b, d, ROT_COS, heads_first), wide);
    value *sin = expand_cast(b, angles(b, d, ROT_SIN, heads_first), wide);
    value *x = expand_cast(b, v, wide), *pair[2], *turned[2];
    split_pairs(b, x, interleaved, pair);
    turned[0] = expand_binary(b, "Sub", expand_binary(b, "Mul", pair[0], cos),
                              expand_binary(b, "Mul", pair[1], sin));
    turned[1] = expand_binary(b, "Add", expand_binary(b, "Mul", pair[0], sin),
                              expand_binary(b, "Mul", pair[1], cos));
    return expand_cast(b, join_pairs(b, x, interleaved, turned), t);
}

static hone_status rotary_expand(builder *b, draft *d) {
    value *x = d->in[ROT_X], *y;
    const int32_t rank = emit_rank(b, x);
    const rotary_params *p = d->params;
    const int64_t heads = p->num_heads, width = p->rotary_embedding_dim;
    if (rank < 0) return b->status;
    if ((rank != 3 && rank != 4) || (rank == 3 && heads < 1))
        return builder_fail(b, HONE_E_FORMAT, "input of rank %d with %lld heads", rank,
                            (long long)heads);
    if (rank == 3) x = expand_reshape(b, x, (const int64_t[]){0, 0, heads, -1}, 4);
    if (width == 0) {
        y = rotate(b, d, x, rank == 4);
    } else {
        value *rest = expand_slice(b, x, -1, width, INT64_MAX, 1);
        y = rotate(b, d, expand_slice(b, x, -1, 0, width, 1), rank == 4);
        y = emit(b, "Concat", IN(y, rest), ATTRS(A_INT("axis", -1)));
    }
    if (rank == 3) y = expand_reshape(b, y, (const int64_t[]){0, 0, -1}, 3);
    return draft_done(b, d, y);
}

static const char *const rotary_cases[] = {
    "f32[2,3,4,8] f32[2,4,4] f32[2,4,4]",
    "f32[2,4,24] f32[10,4] f32[10,4] i64[2,4] num_heads=3 interleaved=1",
    "f16[1,2,3,8] f16[1,3,2] f16[1,3,2] rotary_embedding_dim=4",
    "f32[0,4,24] f32[10,4] f32[10,4] i64[0,4]{} num_heads=3",
    "f32[0,2,3,4] f32[0,3,2] f32[0,3,2]",
    NULL};

static const op_arg rotary_in[] = {{"X", DT_FLOATS, 'T', 0},
                                   {"cos_cache", DT_FLOATS, 'T', 0},
                                   {"sin_cache", DT_FLOATS, 'T', 0},
                                   {"position_ids", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg rotary_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{23, NULL}};
const op op_rotary_embedding = {.name = "RotaryEmbedding",
                                .domain = "",
                                OP_VERSIONS(versions),
                                OP_SLOTS(rotary),
                                OP_ATTRS(rotary_attrs, rotary_params),
                                .expand = rotary_expand,
                                .tolerance = {TOL_REL, 1e-6},
                                .cases = rotary_cases};
