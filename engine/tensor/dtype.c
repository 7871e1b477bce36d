/* SPDX-License-Identifier: Apache-2.0 */
#include "dtype.h"

#include "checked.h"

typedef struct dtype_row {
    const char *name;
    uint8_t bits;
    uint8_t kernel; /* ktype, KT_COUNT for none */
} dtype_row;

static const dtype_row rows[HONE_DTYPE_COUNT] = {
    [HONE_UNDEFINED] = {"undefined", 0, KT_COUNT},
    [HONE_F32] = {"float32", 32, KT_F32},
    [HONE_U8] = {"uint8", 8, KT_U8},
    [HONE_I8] = {"int8", 8, KT_I8},
    [HONE_U16] = {"uint16", 16, KT_U16},
    [HONE_I16] = {"int16", 16, KT_I16},
    [HONE_I32] = {"int32", 32, KT_I32},
    [HONE_I64] = {"int64", 64, KT_I64},
    [HONE_STRING] = {"string", 8 * sizeof(char *), KT_COUNT}, /* pointers to text */
    [HONE_BOOL] = {"bool", 8, KT_BOOL},
    [HONE_F16] = {"float16", 16, KT_COUNT},
    [HONE_F64] = {"float64", 64, KT_F64},
    [HONE_U32] = {"uint32", 32, KT_U32},
    [HONE_U64] = {"uint64", 64, KT_U64},
    [HONE_C64] = {"complex64", 64, KT_COUNT},
    [HONE_C128] = {"complex128", 128, KT_COUNT},
    [HONE_BF16] = {"bfloat16", 16, KT_COUNT},
    [HONE_F8E4M3FN] = {"float8e4m3fn", 8, KT_COUNT},
    [HONE_F8E4M3FNUZ] = {"float8e4m3fnuz", 8, KT_COUNT},
    [HONE_F8E5M2] = {"float8e5m2", 8, KT_COUNT},
    [HONE_F8E5M2FNUZ] = {"float8e5m2fnuz", 8, KT_COUNT},
    [HONE_U4] = {"uint4", 4, KT_COUNT},
    [HONE_I4] = {"int4", 4, KT_COUNT},
    [HONE_F4E2M1] = {"float4e2m1", 4, KT_COUNT},
    [HONE_F8E8M0] = {"float8e8m0", 8, KT_COUNT},
    [HONE_U2] = {"uint2", 2, KT_COUNT},
    [HONE_I2] = {"int2", 2, KT_COUNT},
    [HONE_F6E2M3] = {"float6e2m3", 6, KT_COUNT},
    [HONE_F6E3M2] = {"float6e3m2", 6, KT_COUNT},
};

static const dtype_row *row_of(hone_dtype t) {
    return &rows[t > HONE_UNDEFINED && t < HONE_DTYPE_COUNT ? t : HONE_UNDEFINED];
}

const char *hone_dtype_name(hone_dtype t) { return row_of(t)->name; }

size_t hone_dtype_bits(hone_dtype t) { return t == HONE_STRING ? 0 : row_of(t)->bits; }

size_t dtype_size(hone_dtype t) { return row_of(t)->bits / 8u; }

bool dtype_bytes(hone_dtype t, int64_t count, size_t *out) {
    const size_t bits = row_of(t)->bits;
    if (count < 0 || bits == 0) return false;
    if (bits >= 8) return size_mul((size_t)count, bits / 8, out);
    /* Eight elements take as many bytes as one has bits. */
    *out = (size_t)count / 8 * bits + ((size_t)count % 8 * bits + 7) / 8;
    return true;
}

ktype dtype_ktype(hone_dtype t) { return (ktype)row_of(t)->kernel; }
