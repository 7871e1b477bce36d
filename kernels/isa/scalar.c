/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernels of level "scalar", which run on every machine of the architecture: the typed
 * templates for each element type, and the bodies that have no typed form over the one-lane
 * vocabulary.
 */
#include "../simd/scalar.h"

#include "kernels.h"

#include "../body/cast_body.h"
#include "../body/half_body.h"
#include "../body/probe_f32_body.h"
#include "../body/quantize_body.h"
#include "../body/rows_f32_body.h"
#include "../body/softmax_columns_body.h"
#include "../body/transpose_body.h"
#include "../body/transpose_word_body.h"
#include "../conv/dwband_f32_body.h"
#include "../conv/window_f32_body.h"
#include "../conv/winograd_f32_body.h"
#include "../gemm/gemm_f32_body.h"
#include "../gemm/gemm_f64_body.h"
#include "fillers.h"

#define T            float
#define T_KT         KT_F32
#define T_NAME(base) base##_f32_scalar
#define T_FN(base)   base##f
#define T_FILL       fill_f32
#include "../body/typed_float.h"

#define T            double
#define T_KT         KT_F64
#define T_NAME(base) base##_f64_scalar
#define T_FN(base)   base
#define T_FILL       fill_f64
#include "../body/typed_float.h"

#define T            int8_t
#define T_KT         KT_I8
#define T_NAME(base) base##_i8_scalar
#define T_WRAP       uint32_t
#define T_LOW        INT8_MIN
#define T_HIGH       INT8_MAX
#define T_SIGNED     1
#define T_HAS_POW    0
#define T_FILL       fill_i8
#include "../body/typed_int.h"

#define T            int16_t
#define T_KT         KT_I16
#define T_NAME(base) base##_i16_scalar
#define T_WRAP       uint32_t
#define T_LOW        INT16_MIN
#define T_HIGH       INT16_MAX
#define T_SIGNED     1
#define T_HAS_POW    0
#define T_FILL       fill_i16
#include "../body/typed_int.h"

#define T            int32_t
#define T_KT         KT_I32
#define T_NAME(base) base##_i32_scalar
#define T_WRAP       uint32_t
#define T_LOW        INT32_MIN
#define T_HIGH       INT32_MAX
#define T_SIGNED     1
#define T_HAS_POW    1
#define T_FILL       fill_i32
#include "../body/typed_int.h"

#define T            int64_t
#define T_KT         KT_I64
#define T_NAME(base) base##_i64_scalar
#define T_WRAP       uint64_t
#define T_LOW        INT64_MIN
#define T_HIGH       INT64_MAX
#define T_SIGNED     1
#define T_HAS_POW    1
#define T_FILL       fill_i64
#include "../body/typed_int.h"

#define T            uint8_t
#define T_KT         KT_U8
#define T_NAME(base) base##_u8_scalar
#define T_WRAP       uint32_t
#define T_LOW        0
#define T_HIGH       UINT8_MAX
#define T_SIGNED     0
#define T_HAS_POW    0
#define T_FILL       fill_u8
#include "../body/typed_int.h"

#define T            uint16_t
#define T_KT         KT_U16
#define T_NAME(base) base##_u16_scalar
#define T_WRAP       uint32_t
#define T_LOW        0
#define T_HIGH       UINT16_MAX
#define T_SIGNED     0
#define T_HAS_POW    0
#define T_FILL       fill_u16
#include "../body/typed_int.h"

#define T            uint32_t
#define T_KT         KT_U32
#define T_NAME(base) base##_u32_scalar
#define T_WRAP       uint32_t
#define T_LOW        0
#define T_HIGH       UINT32_MAX
#define T_SIGNED     0
#define T_HAS_POW    0
#define T_FILL       fill_u32
#include "../body/typed_int.h"

#define T            uint64_t
#define T_KT         KT_U64
#define T_NAME(base) base##_u64_scalar
#define T_WRAP       uint64_t
#define T_LOW        0
#define T_HIGH       UINT64_MAX
#define T_SIGNED     0
#define T_HAS_POW    0
#define T_FILL       fill_u64
#include "../body/typed_int.h"

#define T            uint8_t
#define T_KT         KT_BOOL
#define T_NAME(base) base##_bool_scalar
#define T_FILL       fill_bool
#include "../body/typed_bool.h"

void kernels_fill_scalar(kernels *k) {
    fill_f32(k), fill_f64(k);
    fill_i8(k), fill_i16(k), fill_i32(k), fill_i64(k);
    fill_u8(k), fill_u16(k), fill_u32(k), fill_u64(k);
    fill_bool(k);
    fill_rows_f32(k);
    fill_softmax_columns(k);
    fill_half(k);
    fill_cast(k);
    fill_quantize(k);
    fill_transpose_words(k);
    fill_gemm(k);
    k->gemm_f64 = SIMD_NAME(gemm_f64);
    fill_window(k);
    fill_winograd(k);
    k->dwband_f32 = SIMD_NAME(dwband_f32);
    k->probe_f32 = SIMD_NAME(probe_f32);
    k->transpose_b32 = SIMD_NAME(transpose_b32);
}
