/* SPDX-License-Identifier: Apache-2.0 */
#include "element.h"

#include <math.h>
#include <string.h>

bool element_is_float(hone_dtype dtype) {
    return dtype == HONE_F32 || dtype == HONE_F64 || dtype == HONE_F16 || dtype == HONE_BF16;
}

bool element_is_writable(hone_dtype dtype) {
    return element_is_float(dtype) || (element_is_integer(dtype) && hone_dtype_bits(dtype) >= 8);
}

/* Floats of 8, 6 and 4 bits. What the largest exponent means, and whether the negative zero is the
 * NaN instead, is different in each. */
typedef struct narrow_float {
    hone_dtype dtype;
    int fraction_bits;
    int bias;
    int nan_from; /* magnitudes from here on are NaN; 0: there is none */
    int infinity; /* the magnitude that is infinite; 0: none */
    bool negative_zero_is_nan;
} narrow_float;

static const narrow_float *narrow_find(hone_dtype dtype) {
    static const narrow_float list[] = {
        {HONE_F8E4M3FN, 3, 7, 0x7F, 0, false},   {HONE_F8E4M3FNUZ, 3, 8, 0, 0, true},
        {HONE_F8E5M2, 2, 15, 0x7D, 0x7C, false}, {HONE_F8E5M2FNUZ, 2, 16, 0, 0, true},
        {HONE_F4E2M1, 1, 1, 0, 0, false},        {HONE_F6E2M3, 3, 1, 0, 0, false},
        {HONE_F6E3M2, 2, 3, 0, 0, false},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
        if (list[i].dtype == dtype) return &list[i];
    return NULL;
}

/* `size` has no sign bit. */
static double narrow_get(const narrow_float *f, int size, bool negative) {
    const int one = 1 << f->fraction_bits;
    const int exponent = size >> f->fraction_bits, fraction = size & (one - 1);
    if ((f->nan_from && size >= f->nan_from) || (f->negative_zero_is_nan && negative && size == 0))
        return NAN;
    double value = exponent == 0 ? ldexp(fraction, 1 - f->bias - f->fraction_bits)
                                 : ldexp(fraction + one, exponent - f->bias - f->fraction_bits);
    if (f->infinity && size == f->infinity) value = INFINITY;
    return negative ? -value : value;
}

bool element_is_readable(hone_dtype dtype) {
    return element_is_writable(dtype) || element_is_integer(dtype) || narrow_find(dtype) ||
           dtype == HONE_F8E8M0;
}

static double half_get(uint16_t bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31  ? (fraction ? NAN : INFINITY)
                   : exponent == 0 ? ldexp(fraction, -24)
                                   : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -value : value;
}

static uint16_t half_set(double value) {
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double size = fabs(value);
    if (isnan(value)) return sign | 0x7E00;
    if (size >= 65520) return sign | 0x7C00;
    const int exponent = size < 0x1p-14 ? -14 : ilogb(size);
    const double fraction = nearbyint(ldexp(size, 10 - exponent));
    /* Adding, not or-ing, lets a fraction that rounds up to 2048 carry into the exponent. */
    return sign | (uint16_t)(((exponent + 14) << 10) + (int)fraction);
}

static double bfloat_get(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

static uint16_t bfloat_set(double value) {
    const float single = (float)value;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    if (isnan(single)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

/* Floats that are not wider than a byte. */
static double small_float_get(hone_dtype dtype, const uint8_t *data, int64_t index) {
    const narrow_float *f = narrow_find(dtype);
    if (dtype == HONE_F8E8M0) return data[index] == 0xFF ? NAN : ldexp(1, data[index] - 127);
    if (!f) return NAN;
    const int width = (int)hone_dtype_bits(dtype), sign = 1 << (width - 1);
    const uint8_t *byte = data + index / 8 * width + index % 8 * width / 8;
    const int shift = (int)(index % 8) * width % 8;
    const int bits = byte[0] >> shift | (shift + width > 8 ? byte[1] << (8 - shift) : 0);
    return narrow_get(f, bits & (sign - 1), (bits & sign) != 0);
}

double element_get(hone_dtype dtype, const void *data, int64_t index) {
    switch (dtype) {
    case HONE_F32: return (double)((const float *)data)[index];
    case HONE_F64: return ((const double *)data)[index];
    case HONE_F16: return half_get(((const uint16_t *)data)[index]);
    case HONE_BF16: return bfloat_get(((const uint16_t *)data)[index]);
    default: break;
    }
    if (!element_is_integer(dtype)) return small_float_get(dtype, data, index);
    const uint64_t value = element_integer_get(dtype, data, index);
    return element_is_signed(dtype) ? (double)(int64_t)value : (double)value;
}

static double rounded(double value, double low, double high) {
    if (isnan(value)) return 0;
    return fmin(fmax(nearbyint(value), low), high);
}

/* The bounds of 64-bit integers are not doubles: the conversion itself would overflow there. */
static int64_t to_i64(double value) {
    const double whole = rounded(value, -0x1p63, 0x1p63);
    return whole >= 0x1p63 ? INT64_MAX : (int64_t)whole;
}

static uint64_t to_u64(double value) {
    const double whole = rounded(value, 0, 0x1p64);
    return whole >= 0x1p64 ? UINT64_MAX : (uint64_t)whole;
}

void element_set(hone_dtype dtype, void *data, int64_t index, double value) {
    switch (dtype) {
    case HONE_F32: ((float *)data)[index] = (float)value; break;
    case HONE_F64: ((double *)data)[index] = value; break;
    case HONE_F16: ((uint16_t *)data)[index] = half_set(value); break;
    case HONE_BF16: ((uint16_t *)data)[index] = bfloat_set(value); break;
    case HONE_BOOL: ((uint8_t *)data)[index] = value != 0; break;
    case HONE_U8: ((uint8_t *)data)[index] = (uint8_t)rounded(value, 0, UINT8_MAX); break;
    case HONE_I8: ((int8_t *)data)[index] = (int8_t)rounded(value, INT8_MIN, INT8_MAX); break;
    case HONE_U16: ((uint16_t *)data)[index] = (uint16_t)rounded(value, 0, UINT16_MAX); break;
    case HONE_I16: ((int16_t *)data)[index] = (int16_t)rounded(value, INT16_MIN, INT16_MAX); break;
    case HONE_U32: ((uint32_t *)data)[index] = (uint32_t)rounded(value, 0, UINT32_MAX); break;
    case HONE_I32: ((int32_t *)data)[index] = (int32_t)rounded(value, INT32_MIN, INT32_MAX); break;
    case HONE_U64: ((uint64_t *)data)[index] = to_u64(value); break;
    case HONE_I64: ((int64_t *)data)[index] = to_i64(value); break;
    default: break;
    }
}

bool element_count(int32_t rank, const int64_t *dim, int64_t *out) {
    int64_t count = 1;
    for (int32_t i = 0; i < rank; i++)
        if (dim[i] < 0 || __builtin_mul_overflow(count, dim[i], &count)) return false;
    *out = count;
    return true;
}

number_text element_text(hone_dtype dtype, const void *data, int64_t index) {
    if (element_is_integer(dtype))
        return element_integer_text(dtype, element_integer_get(dtype, data, index));
    return human_real(element_get(dtype, data, index));
}
