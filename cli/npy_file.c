/* SPDX-License-Identifier: Apache-2.0 */
#include "npy_file.h"

#include <stdlib.h>

#include "cli_error.h"
#include "element.h"

/* The type that stands in for one that NumPy does not have, or HONE_UNDEFINED. */
static hone_dtype stand_in(hone_dtype dtype) {
    switch (dtype) {
    case HONE_BF16: return HONE_U16;
    case HONE_F8E4M3FN:
    case HONE_F8E4M3FNUZ:
    case HONE_F8E5M2:
    case HONE_F8E5M2FNUZ:
    case HONE_F8E8M0:
    case HONE_F4E2M1:
    case HONE_F6E2M3:
    case HONE_F6E3M2:
    case HONE_U4:
    case HONE_I4:
    case HONE_U2:
    case HONE_I2: return HONE_U8;
    default: return HONE_UNDEFINED;
    }
}

const char *npy_stand_in_text(hone_dtype dtype) {
    const size_t bits = hone_dtype_bits(dtype);
    if (stand_in(dtype) == HONE_UNDEFINED) return "";
    return bits == 16  ? " of uint16, the bits of each element"
           : bits == 8 ? " of uint8, the bits of each element"
                       : " of uint8, one element a byte";
}

/* Replaces bytes that hold one element each by elements of `bits` bits, low bits first. */
static hone_status pack(input_value *value, hone_dtype dtype, const char *path, hone_error *err) {
    const size_t bits = hone_dtype_bits(dtype), count = value->view.bytes;
    const uint8_t *from = value->view.data;
    hone_view view = value->view;
    view.dtype = dtype;
    view.bytes = count / 8 * bits + (count % 8 * bits + 7) / 8;
    uint8_t *to = cli_alloc(err, view.bytes, 1);
    if (!to) return HONE_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if (from[i] >> bits) {
            free(to);
            return cli_fail_file(err, HONE_E_INPUT, path,
                                 "expected bytes below %d for %s, got %d at element %zu", 1 << bits,
                                 hone_dtype_name(dtype), from[i], i);
        }
        uint8_t *byte = to + i / 8 * bits + i % 8 * bits / 8;
        const size_t shift = i % 8 * bits % 8;
        byte[0] |= (uint8_t)(from[i] << shift);
        if (shift + bits > 8) byte[1] |= (uint8_t)(from[i] >> (8 - shift));
    }
    view.data = to;
    input_value_release(value);
    *value = (input_value){.view = view};
    return HONE_OK;
}

hone_status npy_load_as(input_value *out, hone_dtype dtype, const char *path,
                        const hone_limits *limits, hone_error *err) {
    *out = (input_value){.from_library = false};
    TRY(hone_npy_load(&out->view, path, limits, err));
    out->from_library = true;
    if (out->view.dtype != stand_in(dtype)) return HONE_OK;
    out->view.dtype = dtype;
    const hone_status status = hone_dtype_bits(dtype) < 8 ? pack(out, dtype, path, err) : HONE_OK;
    if (status != HONE_OK) input_value_release(out);
    return status;
}

hone_status npy_load(input_value *out, const input_target *target, const char *path) {
    return npy_load_as(out, target->port->dtype, path, &target->set->limits, target->err);
}
