/* SPDX-License-Identifier: Apache-2.0
 *
 * GatherBlockQuantized: slices of data quantized in blocks, as real numbers. Slices of codes and of
 * their scales are gathered first and only those are decoded, unless the blocks run along the
 * gathered axis. An index that is out of range gives zeros.
 */
#include "composite.h"
#include "op.h"

enum { DATA, INDICES, SCALES, ZEROS };

typedef struct gather_block_params {
    int64_t bits, block_size, gather_axis, quantize_axis;
} gather_block_params;
static const attr_spec gather_block_attrs[] = {
    ATTR_ROW(INT, gather_block_params, bits, .i = 4, .min = 2, .max = 8),
    ATTR_ROW(INT, gather_block_params, block_size, .i = 128, .min = 0, .max = INT32_MAX),
    ATTR_ROW(AXIS, gather_block_params, gather_axis),
    ATTR_ROW(AXIS, gather_block_params, quantize_axis, .i = 1),
};

typedef struct gather_block {
    builder *b;
    draft *d;
    const gather_block_params *p;
    int32_t rank, gather_axis, quantize_axis; /* of the data */
    value *indices, *valid;
} gather_block;

static hone_status read_axes(gather_block *g) {
    const gather_block_params *p = g->p;
    const int32_t rank = g->rank = emit_rank(g->b, g->d->in[DATA]);
    if (rank < 0) return g->b->status;
    if (!axis_normalize(p->gather_axis, rank, &g->gather_axis) ||
        !axis_normalize(p->quantize_axis, rank, &g->quantize_axis))
        return builder_fail(g->b, HONE_E_FORMAT, "an axis is out of range for rank %d", rank);
    return emit_rank(g->b, g->d->in[INDICES]) < 0 ? g->b->status : HONE_OK;
}

/* Splits the indices into those that are in range and where they are. */
static void read_indices(gather_block *g) {
    builder *b = g->b;
    value *index = expand_cast(b, g->d->in[INDICES], HONE_I64);
    value *size = expand_size_of(b, g->d->in[DATA], g->gather_axis);
    value *low = expand_binary(b, "GreaterOrEqual", index, expand_unary(b, "Neg", size));
    g->valid = expand_binary(b, "And", low, expand_binary(b, "Less", index, size));
    g->indices = emit(b, "Where", IN(g->valid, index, emit_i64(b, 0)), NO_ATTRS);
}

static value *gathered(const gather_block *g, value *v) {
    if (!v) return NULL;
    return emit(g->b, "Gather", IN(v, g->indices), ATTRS(A_INT("axis", g->gather_axis)));
}

/* Zeros where the index was out of range. */
static value *masked(const gather_block *g, value *v) {
    builder *b = g->b;
    int64_t axes[HONE_MAX_RANK];
    const int32_t rank = g->d->in[INDICES]->type.shape.rank, after = g->rank - g->gather_axis - 1;
    for (int32_t i = 0; i < after; i++) axes[i] = rank + i;
    value *valid =
        after == 0 ? g->valid : expand_binary(b, "Unsqueeze", g->valid, emit_i64s(b, axes, after));
    return emit(b, "Where", IN(valid, v, emit_scalar(b, g->d->in[SCALES]->type.dtype, 0)),
                NO_ATTRS);
}

/* Codes in bytes, whose rows are the last axis. */
static value *decode_bytes(const gather_block *g) {
    builder *b = g->b;
    value *const *in = g->d->in;
    const int64_t bytes = in[DATA]->type.shape.dim[g->rank - 1], bits = g->p->bits;
    if (g->gather_axis != 0 || g->quantize_axis != g->rank - 1 || g->rank < 2) {
        builder_fail(b, HONE_E_UNSUPPORTED,
                     "uint8 data is gathered along axis 0 and has its blocks "
                     "along the last one");
        return NULL;
    }
    if (!dim_known(bytes) || bytes < 1) {
        builder_fail(b, HONE_E_UNSUPPORTED, "the width of the data is not known");
        return NULL;
    }
    value *scales = gathered(g, expand_cast(b, in[SCALES], HONE_F32));
    value *zeros = gathered(g, draft_in(g->d, ZEROS));
    value *y = emit(b, "hone::DequantizeNBits", IN(gathered(g, in[DATA]), scales, zeros),
                    ATTRS(A_INT("K", dim_mul(bytes, 8 / bits)), A_INT("bits", bits),
                          A_INT("block_size", g->p->block_size)));
    return expand_cast(b, y, in[SCALES]->type.dtype);
}

/* Scales that one dimension repeats, for each index of it. */
static value *expanded(const gather_block *g, value *v) {
    const shape *data = &g->d->in[DATA]->type.shape;
    shape full = v->type.shape;
    bool same = full.rank == g->rank;
    for (int32_t a = 0; a < g->rank && full.rank == g->rank; a++) {
        if (a == g->quantize_axis || full.dim[a] != 1) continue;
        same = same && data->dim[a] == 1;
        full.dim[a] = data->dim[a];
    }
    if (same || !shape_known(&full)) return v;
    return expand_binary(g->b, "Expand", v, emit_i64s(g->b, full.dim, full.rank));
}

/* Elements of 4 bits, which slices would cut bytes of, in the byte that holds the same values. */
static value *in_bytes(builder *b, value *v) {
    const hone_dtype t = v ? v->type.dtype : HONE_UNDEFINED;
    return t == HONE_I4       ? expand_cast(b, v, HONE_I8)
           : t == HONE_U4     ? expand_cast(b, v, HONE_U8)
           : t == HONE_F4E2M1 ? expand_cast(b, v, HONE_F8E4M3FN)
                              : v;
}

/* Elements of a quantized type. */
static value *decode_elements(const gather_block *g) {
    builder *b = g->b;
    value *data = in_bytes(b, g->d->in[DATA]), *scales = expanded(g, g->d->in[SCALES]);
    value *zeros = in_bytes(b, draft_in(g->d, ZEROS));
    const int64_t size = g->d->in[DATA]->type.shape.dim[g->quantize_axis];
    const int64_t block = g->p->block_size ? g->p->block_size : size;
    if (!dim_known(block)) {
        builder_fail(b, HONE_E_UNSUPPORTED, "the size of the quantized axis is not known");
        return NULL;
    }
    const int32_t more = g->d->in[INDICES]->type.shape.rank - 1;
    int32_t axis = g->quantize_axis;
    if (axis != g->gather_axis) {
        data = gathered(g, data);
        scales = gathered(g, scales);
        zeros = gathered(g, zeros);
        axis += axis > g->gather_axis ? more : 0;
    }
    value *y = emit(b, "DequantizeLinear", IN(data, scales, zeros),
                    ATTRS(A_INT("axis", axis), A_INT("block_size", block > 0 ? block : 1)));
    return g->quantize_axis == g->gather_axis ? gathered(g, y) : y;
}

static hone_status gather_block_expand(builder *b, draft *d) {
    gather_block g = {.b = b, .d = d, .p = d->params};
    TRY(read_axes(&g));
    if (d->in[DATA]->type.dtype == HONE_U8 && 8 % g.p->bits)
        return builder_fail(b, HONE_E_FORMAT, "bits is %lld: expected 2, 4 or 8",
                            (long long)g.p->bits);
    read_indices(&g);
    value *y = d->in[DATA]->type.dtype == HONE_U8 ? decode_bytes(&g) : decode_elements(&g);
    return draft_done(b, d, masked(&g, y));
}

static const char *const gather_block_cases[] = {
    "u8[5,20] i64{2,-1,7} f32[5,3]+ u8[5,2] block_size=16",
    "u8[5,16] i32[2,2]{0,1,-5,4} f16[5,1]+ bits=8 block_size=16",
    "u8[5,3,8] i64[]{2} f32[5,3,2]+ bits=2 block_size=16 quantize_axis=-1",
    "i4[4,20] i64{2,0} f32[4,2]+ i4[4,2] block_size=16",
    "u4[20,3] i64{2,0,19} f32[2,3]+ block_size=16 quantize_axis=0",
    "i8[2,3,20] i64{2,0} f32[1,3,1]+ block_size=0 quantize_axis=2 gather_axis=1",
    "u8[5,16] i64{} f32[5,1]+ bits=8 block_size=16",
    NULL};

static const op_arg gather_block_in[] = {
    {"data", DT_PACKED | DT_BYTES | DT_FLOAT8S, 'Q', 0},
    {"indices", DT_INDEX, 0, 0},
    {"scales", DT_FLOATS, 'T', 0},
    {"zero_points", DT_PACKED | DT_BYTES | DT_FLOAT8S, 'Q', ARG_OPTIONAL}};
static const op_arg gather_block_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
const op op_ms_gather_block = {.name = "GatherBlockQuantized",
                               .domain = "com.microsoft",
                               OP_VERSIONS(since_1),
                               OP_SLOTS(gather_block),
                               OP_ATTRS(gather_block_attrs, gather_block_params),
                               .expand = gather_block_expand,
                               .cases = gather_block_cases};
