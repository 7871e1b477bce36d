/* SPDX-License-Identifier: Apache-2.0 */
#include "narrow.h"

#include <math.h>
#include <string.h>

/* A small binary floating-point format. */
typedef struct small_float {
    int exponent_bits, mantissa_bits, bias;
    bool has_inf;     /* all-ones exponent with zero mantissa is infinity */
    bool nan_is_zero; /* the FNUZ kinds: NaN is the code of -0, and there is no -0 */
} small_float;

static const small_float f16_format = {5, 10, 15, true, false};
static const small_float f8_format[] = {
    [HONE_F8E4M3FN - HONE_F8E4M3FN] = {4, 3, 7, false, false},
    [HONE_F8E4M3FNUZ - HONE_F8E4M3FN] = {4, 3, 8, false, true},
    [HONE_F8E5M2 - HONE_F8E4M3FN] = {5, 2, 15, true, false},
    [HONE_F8E5M2FNUZ - HONE_F8E4M3FN] = {5, 2, 16, false, true},
};

static uint32_t float_bits(float f) {
    uint32_t u;
    memcpy(&u, &f, sizeof u);
    return u;
}

static float bits_float(uint32_t u) {
    float f;
    memcpy(&f, &u, sizeof f);
    return f;
}

static float small_decode(const small_float *s, uint32_t code) {
    const int m_bits = s->mantissa_bits;
    const uint32_t e_max = (1u << s->exponent_bits) - 1, m_mask = (1u << m_bits) - 1;
    const uint32_t m = code & m_mask, e = (code >> m_bits) & e_max;
    const bool negative = (code >> (m_bits + s->exponent_bits)) & 1;
    double v;
    if (s->nan_is_zero && negative && e == 0 && m == 0) return NAN;
    if (!s->nan_is_zero && e == e_max) {
        if (s->has_inf) return m ? NAN : negative ? -INFINITY : INFINITY;
        if (m == m_mask) return NAN;
    }
    v = e ? ldexp((double)(m | (1u << m_bits)), (int)e - s->bias - m_bits)
          : ldexp((double)m, 1 - s->bias - m_bits);
    return (float)(negative ? -v : v);
}

/* Largest finite code without the sign. */
static uint32_t small_max(const small_float *s) {
    const uint32_t all = (1u << (s->exponent_bits + s->mantissa_bits)) - 1;
    if (s->nan_is_zero) return all;
    return s->has_inf ? all - (1u << s->mantissa_bits) : all - 1;
}

static uint32_t small_encode(const small_float *s, float f, bool saturate) {
    const uint32_t sign = (uint32_t)(signbit(f) != 0) << (s->exponent_bits + s->mantissa_bits);
    const uint32_t max = small_max(s);
    const uint32_t nan =
        s->nan_is_zero ? 1u << (s->exponent_bits + s->mantissa_bits)
                       : sign | (s->has_inf ? max + 1 + (1u << (s->mantissa_bits - 1)) : max + 1);
    const uint32_t overflow = saturate ? sign | max : s->has_inf ? sign | (max + 1) : nan;
    if (isnan(f)) return nan;
    if (isinf(f)) return overflow;
    int e;
    const double a = fabs((double)f);
    frexp(a, &e); /* a = x * 2^e, x in [0.5, 1) */
    int exponent = e - 1 + s->bias;
    if (exponent < 1) exponent = 1; /* subnormals share the smallest exponent */
    /* The mantissa as an integer with its leading one, rounded to nearest even. */
    const double scaled = nearbyint(ldexp(a, s->mantissa_bits - (exponent - s->bias)));
    if (a == 0.0) return s->nan_is_zero ? 0 : sign;
    if (exponent > 64) return overflow;
    const uint32_t code = ((uint32_t)(exponent - 1) << s->mantissa_bits) + (uint32_t)scaled;
    if (code > max) return overflow;
    return code == 0 && s->nan_is_zero ? 0 : sign | code;
}

float f16_to_f32(uint16_t h) { return small_decode(&f16_format, h); }

uint16_t f32_to_f16(float f) { return (uint16_t)small_encode(&f16_format, f, false); }

float bf16_to_f32(uint16_t b) { return bits_float((uint32_t)b << 16); }

uint16_t f32_to_bf16(float f) {
    const uint32_t u = float_bits(f);
    if (isnan(f)) return (uint16_t)((u >> 16) | 0x40);
    return (uint16_t)((u + 0x7FFF + ((u >> 16) & 1)) >> 16);
}

/* E8M0: 2^(bits - 127); no zero, no sign. */
static float e8m0_to_f32(uint8_t bits) { return bits == 255 ? NAN : ldexpf(1.0f, bits - 127); }

uint8_t f32_to_e8m0(float f, bool saturate, e8m0_rounding round) {
    enum { CODE_NAN = 255, CODE_MAX = 254, BIAS = 127 };
    if (isnan(f)) return CODE_NAN;
    int e = 0;
    const float m = isinf(f) ? 0.5f : frexpf(fabsf(f), &e); /* |f| = m * 2^e, m in [0.5, 1) */
    const float next = round == E8M0_UP     ? nextafterf(0.5f, 1.0f)
                       : round == E8M0_DOWN ? 1.0f
                                            : 0.75f;
    const int code = BIAS + (m >= next ? e : e - 1);
    if (m != 0.0f && !isinf(f) && code >= 0 && code <= CODE_MAX) return (uint8_t)code;
    if (!saturate) return CODE_NAN;
    return m == 0.0f || (!isinf(f) && code < 0) ? 0 : CODE_MAX;
}

float f8_to_f32(hone_dtype t, uint8_t bits) {
    return t == HONE_F8E8M0 ? e8m0_to_f32(bits) : small_decode(&f8_format[t - HONE_F8E4M3FN], bits);
}

uint8_t f32_to_f8(hone_dtype t, float f, bool saturate) {
    return t == HONE_F8E8M0 ? f32_to_e8m0(f, saturate, E8M0_NEAREST)
                            : (uint8_t)small_encode(&f8_format[t - HONE_F8E4M3FN], f, saturate);
}

/* Fields of a minifloat. */
typedef struct mini_form {
    int bits, fraction, bias;
} mini_form;

static mini_form mini_form_of(hone_dtype t) {
    if (t == HONE_F4E2M1) return (mini_form){4, 1, 1};
    return t == HONE_F6E2M3 ? (mini_form){6, 3, 1} : (mini_form){6, 2, 3};
}

/* The value of a code without its sign bit. */
static float mini_magnitude(const mini_form *f, int code) {
    const int one = 1 << f->fraction, exponent = code >> f->fraction, rest = code & (one - 1);
    const int scale = (exponent ? exponent : 1) - f->bias - f->fraction;
    return ldexpf((float)(exponent ? one + rest : rest), scale);
}

float mini_to_f32(hone_dtype t, uint8_t bits) {
    const mini_form f = mini_form_of(t);
    const int sign = 1 << (f.bits - 1);
    const float v = mini_magnitude(&f, bits & (sign - 1));
    return bits & sign ? -v : v;
}

uint8_t f32_to_mini(hone_dtype t, float v) {
    const mini_form f = mini_form_of(t);
    const int sign = 1 << (f.bits - 1);
    const float a = fabsf(v);
    if (isnan(v)) return (uint8_t)sign; /* there is no NaN: -0, as ONNX has it */
    int code = 0;
    /* Midpoints go to the even code. */
    while (code < sign - 1) {
        const float mid = (mini_magnitude(&f, code) + mini_magnitude(&f, code + 1)) / 2;
        if (a < mid || (a == mid && code % 2 == 0)) break;
        code++;
    }
    return (uint8_t)((signbit(v) ? sign : 0) | code);
}

int64_t packed_get(const void *p, int64_t i, int bits, bool is_signed) {
    const uint8_t *byte = (const uint8_t *)p + i / 8 * bits + i % 8 * bits / 8;
    const int shift = (int)(i % 8) * bits % 8;
    unsigned v = *byte >> shift;
    if (shift + bits > 8) v |= (unsigned)byte[1] << (8 - shift);
    v &= (1u << bits) - 1;
    return is_signed && (v >> (bits - 1)) ? (int64_t)v - (1 << bits) : (int64_t)v;
}

void packed_set(void *p, int64_t i, int bits, uint8_t v) {
    uint8_t *byte = (uint8_t *)p + i / 8 * bits + i % 8 * bits / 8;
    const int shift = (int)(i % 8) * bits % 8;
    const unsigned mask = ((1u << bits) - 1) << shift, field = ((unsigned)v << shift) & mask;
    byte[0] = (uint8_t)((byte[0] & ~mask) | field);
    if (shift + bits > 8) byte[1] = (uint8_t)((byte[1] & ~(mask >> 8)) | field >> 8);
}
