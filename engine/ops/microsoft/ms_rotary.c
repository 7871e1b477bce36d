/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft RotaryEmbedding and MRotaryEmbedding, written as ONNX's: they state places and
 * heads in other ways, and the second has three places a token, each for a part of the pairs.
 */
#include "composite.h"
#include "op.h"

enum { ROT_X, ROT_PLACES, ROT_COS, ROT_SIN };
enum { STREAMS = 3 };
enum { LAYOUT_SECTIONS, LAYOUT_INTERLEAVED };

typedef struct ms_rotary_params {
    int64_t num_heads, rotary_embedding_dim; /* 0: all of a head is turned, which the cache tells */
    int64_t mrope_layout;
    int_list mrope_section;
    float scale;
    bool interleaved, is_packed_batching;
} ms_rotary_params;

#define COMMON                                                                                     \
    ATTR_ROW(INT, ms_rotary_params, num_heads, .max = INT32_MAX),                                  \
        ATTR_ROW(INT, ms_rotary_params, rotary_embedding_dim, .max = INT32_MAX),                   \
        ATTR_ROW(FLOAT, ms_rotary_params, scale, .f = 1.0f),                                       \
        ATTR_ROW(BOOL, ms_rotary_params, interleaved),                                             \
        ATTR_ROW(BOOL, ms_rotary_params, is_packed_batching)
static const attr_spec ms_rotary_attrs[] = {COMMON};
static const attr_spec ms_mrotary_attrs[] = {
    COMMON, ATTR_ROW(INT, ms_rotary_params, mrope_layout, .max = LAYOUT_INTERLEAVED),
    ATTR_ROW(INTS, ms_rotary_params, mrope_section, .required = true, .max = INT32_MAX)};

static hone_status check(builder *b, const draft *d) {
    const ms_rotary_params *p = d->params;
    if (p->scale != 1.0f)
        return builder_fail(b, HONE_E_UNSUPPORTED, "scale is %g: expected 1", (double)p->scale);
    const int32_t rank = emit_rank(b, d->in[ROT_X]);
    if (rank >= 0 && rank != 3 && rank != 4)
        return builder_fail(b, HONE_E_FORMAT, "input has rank %d: expected 3 or 4", rank);
    emit_assume_rank(d->in[ROT_COS], 2);
    if (emit_rank(b, d->in[ROT_COS]) != 2)
        return builder_fail(b, HONE_E_FORMAT, "'cos_cache' has rank %d: expected 2",
                            d->in[ROT_COS]->type.shape.rank);
    return b->status;
}

/* The turned input, whose places are as ONNX states them. Without a number of heads a head is as
 * wide as two cache rows. */
static hone_status turn(builder *b, draft *d, value *cos, value *sin, value *places) {
    const ms_rotary_params *p = d->params;
    value *x = d->in[ROT_X];
    const bool flat = x->type.shape.rank == 3, split = flat && p->num_heads == 0;
    const int64_t half = d->in[ROT_COS]->type.shape.dim[1];
    if (split && (!dim_known(half) || half < 1))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the number of heads is not known");
    if (split && half > INT32_MAX)
        return builder_fail(b, HONE_E_FORMAT, "the cache has rows of %lld", (long long)half);
    if (split) {
        const int64_t by_head[] = {0, 0, -1, 2 * half}, perm[] = {0, 2, 1, 3};
        x = expand_reshape(b, x, by_head, 4);
        x = emit(b, "Transpose", IN(x), ATTRS(A_INTS("perm", perm, 4)));
    }
    const attr attrs[] = {A_INT("interleaved", p->interleaved),
                          A_INT("rotary_embedding_dim", p->rotary_embedding_dim),
                          A_INT("num_heads", flat && !split ? p->num_heads : 0)};
    value *y = emit(b, "RotaryEmbedding", IN(x, cos, sin, places), attrs, 3);
    if (split) {
        const int64_t perm[] = {0, 2, 1, 3};
        y = emit(b, "Transpose", IN(y), ATTRS(A_INTS("perm", perm, 4)));
        y = expand_reshape(b, y, (const int64_t[]){0, 0, -1}, 3);
    }
    return draft_done(b, d, y);
}

/* One place that the first token has, as the places of all: [1, S]. */
static value *places_from(builder *b, const draft *d, value *first) {
    value *x = d->in[ROT_X];
    value *steps = expand_size_of(b, x, x->type.shape.rank == 3 ? 1 : 2);
    value *range = emit(b, "Range", IN(emit_i64(b, 0), steps, emit_i64(b, 1)), NO_ATTRS);
    first = expand_reshape(b, first, (const int64_t[]){1, 1}, 2);
    return expand_binary(b, "Add", first, expand_unsqueeze(b, range, 0));
}

static hone_status ms_rotary_expand(builder *b, draft *d) {
    TRY(check(b, d));
    value *places = d->in[ROT_PLACES];
    const int32_t rank = emit_rank(b, places);
    if (rank >= 0 && rank < 2) places = places_from(b, d, places);
    return turn(b, d, d->in[ROT_COS], d->in[ROT_SIN], places);
}

/* Which stream of places pair i is turned by. */
static int32_t stream_of(const ms_rotary_params *p, int64_t i) {
    const int64_t *n = p->mrope_section.v;
    if (p->mrope_layout == LAYOUT_SECTIONS) return i < n[0] ? 0 : i < n[0] + n[1] ? 1 : 2;
    const int32_t stream = (int32_t)(i % STREAMS);
    return stream && i / STREAMS < n[stream] ? stream : 0;
}

/* The cosines or sines of three places [3, B, S], each pair's of its own stream. */
static value *mixed(builder *b, const draft *d, value *cache, int64_t pairs) {
    const ms_rotary_params *p = d->params;
    value *all = emit(b, "Gather", IN(cache, d->in[ROT_PLACES]), ATTRS(A_INT("axis", 0)));
    value *y = expand_squeeze(b, expand_slice(b, all, 0, 0, 1, 1), 0);
    for (int32_t stream = 1; stream < STREAMS; stream++) {
        value *own = expand_squeeze(b, expand_slice(b, all, 0, stream, stream + 1, 1), 0);
        const shape row = shape_vector(pairs);
        value *mine = emit_constant(b, HONE_BOOL, &row, NULL);
        for (int64_t i = 0; mine && i < pairs; i++)
            ((bool *)mine->constant->data)[i] = stream_of(p, i) == stream;
        y = emit(b, "Where", IN(mine, own, y), NO_ATTRS);
    }
    return y;
}

static hone_status ms_mrotary_expand(builder *b, draft *d) {
    TRY(check(b, d));
    const int_list *n = &((const ms_rotary_params *)d->params)->mrope_section;
    const int64_t pairs = d->in[ROT_COS]->type.shape.dim[1];
    if (n->n != STREAMS)
        return builder_fail(b, HONE_E_FORMAT, "mrope_section has %d values: expected %d", n->n,
                            STREAMS);
    if (!dim_known(pairs))
        return builder_fail(b, HONE_E_UNSUPPORTED, "the width of 'cos_cache' is not known");
    if (n->v[0] + n->v[1] + n->v[2] != pairs)
        return builder_fail(b, HONE_E_FORMAT, "mrope_section does not add up to %lld pairs",
                            (long long)pairs);
    return turn(b, d, mixed(b, d, d->in[ROT_COS], pairs), mixed(b, d, d->in[ROT_SIN], pairs), NULL);
}

static const char *const ms_rotary_cases[] = {
    "f32[2,4,24] i64[2,4] f32[10,4] f32[10,4]",
    "f32[2,4,24] i64{3} f32[10,2] f32[10,2] num_heads=3 rotary_embedding_dim=4 interleaved=1",
    "f32[2,3,4,8] i64[2,4] f32[10,4] f32[10,4]",
    "f16[1,3,4,8] i64[1]{0} f16[10,4] f16[10,4]",
    "f32[0,4,24] i64[0,4]{} f32[10,4] f32[10,4]",
    NULL};
static const char *const ms_mrotary_cases[] = {
    "f32[2,4,24] i64[3,2,4] f32[10,4] f32[10,4] mrope_section=2,1,1",
    "f32[1,3,2,12] i64[3,1,2] f32[10,6] f32[10,6] mrope_section=2,2,2 mrope_layout=1",
    "f32[0,4,24] i64[3,0,4]{} f32[10,4] f32[10,4] mrope_section=2,1,1", NULL};

static const op_arg rotary_in[] = {{"input", DT_FLOATS, 'T', 0},
                                   {"position_ids", DT_INDEX, 0, 0},
                                   {"cos_cache", DT_FLOATS, 'T', 0},
                                   {"sin_cache", DT_FLOATS, 'T', 0}};
static const op_arg rotary_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version versions[] = {{1, NULL}};
#define ROTARY(ident, label)                                                                       \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "com.microsoft",                                       \
                                  OP_VERSIONS(versions),                                           \
                                  OP_SLOTS(rotary),                                                \
                                  OP_ATTRS(ident##_attrs, ms_rotary_params),                       \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_REL, 1e-6},                                    \
                                  .cases = ident##_cases}
ROTARY(ms_rotary, "RotaryEmbedding");
ROTARY(ms_mrotary, "MRotaryEmbedding");

static const op *const members[] = {&op_ms_rotary, &op_ms_mrotary};
const op_family family_ms_rotary = {members, COUNT_OF(members)};
