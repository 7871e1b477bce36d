/* SPDX-License-Identifier: Apache-2.0 */
#include "element.h"

#include <math.h>
#include <string.h>

bool element_is_float(hone_dtype dtype) {
    return dtype == HONE_F32 || dtype == HONE_F64 || dtype == HONE_F16 || dtype == HONE_BF16;
}

bool element_is_writable(hone_dtype dtype) {
    switch (dtype) {
    case HONE_U8:
    case HONE_I8:
    case HONE_U16:
    case HONE_I16:
    case HONE_U32:
    case HONE_I32:
    case HONE_U64:
    case HONE_I64:
    case HONE_BOOL: return true;
    default: return element_is_float(dtype);
    }
}

bool element_is_readable(hone_dtype dtype) {
    const bool is_packed =
        dtype == HONE_U4 || dtype == HONE_I4 || dtype == HONE_U2 || dtype == HONE_I2;
    return is_packed || element_is_writable(dtype);
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

/* Element `index` of a type of `width` bits, 2 or 4, low bits first. */
static double packed_get(const uint8_t *data, int64_t index, int width, bool is_signed) {
    const int64_t per_byte = 8 / width;
    const int shift = (int)(index % per_byte) * width;
    const int value = data[index / per_byte] >> shift & ((1 << width) - 1);
    const bool negative = is_signed && value >> (width - 1);
    return negative ? value - (1 << width) : value;
}

double element_get(hone_dtype dtype, const void *data, int64_t index) {
    switch (dtype) {
    case HONE_F32: return (double)((const float *)data)[index];
    case HONE_F64: return ((const double *)data)[index];
    case HONE_F16: return half_get(((const uint16_t *)data)[index]);
    case HONE_BF16: return bfloat_get(((const uint16_t *)data)[index]);
    case HONE_BOOL:
    case HONE_U8: return ((const uint8_t *)data)[index];
    case HONE_I8: return ((const int8_t *)data)[index];
    case HONE_U16: return ((const uint16_t *)data)[index];
    case HONE_I16: return ((const int16_t *)data)[index];
    case HONE_U32: return ((const uint32_t *)data)[index];
    case HONE_I32: return ((const int32_t *)data)[index];
    case HONE_U64: return (double)((const uint64_t *)data)[index];
    case HONE_I64: return (double)((const int64_t *)data)[index];
    case HONE_U4: return packed_get(data, index, 4, false);
    case HONE_I4: return packed_get(data, index, 4, true);
    case HONE_U2: return packed_get(data, index, 2, false);
    case HONE_I2: return packed_get(data, index, 2, true);
    default: return NAN;
    }
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
