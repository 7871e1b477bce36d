/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "element.h"

bool element_is_signed(hone_dtype dtype) {
    switch (dtype) {
    case HONE_I2:
    case HONE_I4:
    case HONE_I8:
    case HONE_I16:
    case HONE_I32:
    case HONE_I64: return true;
    default: return false;
    }
}

bool element_is_integer(hone_dtype dtype) {
    switch (dtype) {
    case HONE_U2:
    case HONE_U4:
    case HONE_U8:
    case HONE_U16:
    case HONE_U32:
    case HONE_U64:
    case HONE_BOOL: return true;
    default: return element_is_signed(dtype);
    }
}

/* The bits of element `index` of a type of `width` bits, at most 8; low bits first. */
static int packed_bits(const uint8_t *data, int64_t index, int width) {
    const int64_t per_byte = 8 / width;
    const int shift = (int)(index % per_byte) * width;
    return data[index / per_byte] >> shift & ((1 << width) - 1);
}

static int packed_signed(const uint8_t *data, int64_t index, int width) {
    const int value = packed_bits(data, index, width);
    return value >> (width - 1) ? value - (1 << width) : value;
}

uint64_t element_integer_get(hone_dtype dtype, const void *data, int64_t index) {
    switch (dtype) {
    case HONE_BOOL:
    case HONE_U8: return ((const uint8_t *)data)[index];
    case HONE_I8: return (uint64_t)(int64_t)((const int8_t *)data)[index];
    case HONE_U16: return ((const uint16_t *)data)[index];
    case HONE_I16: return (uint64_t)(int64_t)((const int16_t *)data)[index];
    case HONE_U32: return ((const uint32_t *)data)[index];
    case HONE_I32: return (uint64_t)(int64_t)((const int32_t *)data)[index];
    case HONE_U64: return ((const uint64_t *)data)[index];
    case HONE_I64: return (uint64_t)((const int64_t *)data)[index];
    case HONE_U4: return (uint64_t)packed_bits(data, index, 4);
    case HONE_I4: return (uint64_t)(int64_t)packed_signed(data, index, 4);
    case HONE_U2: return (uint64_t)packed_bits(data, index, 2);
    case HONE_I2: return (uint64_t)(int64_t)packed_signed(data, index, 2);
    default: return 0;
    }
}

bool element_integer_less(hone_dtype dtype, uint64_t a, uint64_t b) {
    return element_is_signed(dtype) ? (int64_t)a < (int64_t)b : a < b;
}

static bool parse_signed(int64_t *out, const char *text, int bits) {
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    const int64_t most = INT64_MAX >> (64 - bits);
    if (errno != 0 || end == text || *end || value > most || value < -most - 1) return false;
    *out = value;
    return true;
}

/* strtoull takes a minus sign and wraps around. */
static bool parse_unsigned(uint64_t *out, const char *text, uint64_t most) {
    char *end;
    if (*text == '-') {
        int64_t zero;
        if (!parse_signed(&zero, text, 64) || zero != 0) return false;
        *out = 0;
        return true;
    }
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end || value > most) return false;
    *out = value;
    return true;
}

bool element_integer_parse(hone_dtype dtype, void *data, int64_t index, const char *text) {
    const int bits = (int)hone_dtype_bits(dtype);
    int64_t value = 0;
    uint64_t magnitude = 0;
    if (!element_is_integer(dtype) || bits < 8 || isspace((unsigned char)*text)) return false;
    if (element_is_signed(dtype)) {
        if (!parse_signed(&value, text, bits)) return false;
        magnitude = (uint64_t)value;
    } else if (!parse_unsigned(&magnitude, text,
                               dtype == HONE_BOOL ? 1 : UINT64_MAX >> (64 - bits))) {
        return false;
    }
    switch (bits) {
    case 8: ((uint8_t *)data)[index] = (uint8_t)magnitude; break;
    case 16: ((uint16_t *)data)[index] = (uint16_t)magnitude; break;
    case 32: ((uint32_t *)data)[index] = (uint32_t)magnitude; break;
    default: ((uint64_t *)data)[index] = magnitude; break;
    }
    return true;
}

number_text element_integer_text(hone_dtype dtype, uint64_t value) {
    number_text out;
    if (element_is_signed(dtype))
        snprintf(out.s, sizeof out.s, "%" PRId64, (int64_t)value);
    else
        snprintf(out.s, sizeof out.s, "%" PRIu64, value);
    return out;
}
