/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that a vector level improves, over the vocabulary of the simd header included before.
 * Defines fill_level, which sets the slots.
 */
#include "kernels.h"

#include "../conv/dwband_f32_body.h"
#include "../conv/window_f32_body.h"
#include "../conv/winograd_f32_body.h"
#include "../gemm/gemm_f32_body.h"
#include "../gemm/gemm_f64_body.h"
#include "binary_f32_body.h"
#include "cast_body.h"
#include "half_body.h"
#include "probe_f32_body.h"
#include "quantize_body.h"
#include "reduce_f32_body.h"
#include "rows_f32_body.h"
#include "softmax_columns_body.h"
#include "transpose_body.h"
#include "unary_f32_body.h"

static void fill_level(kernels *k) {
    fill_unary_f32(k);
    fill_binary_f32(k);
    fill_reduce_f32(k);
    fill_rows_f32(k);
    fill_softmax_columns(k);
    fill_half(k);
    fill_cast(k);
    fill_quantize(k);
    fill_gemm(k);
    k->gemm_f64 = SIMD_NAME(gemm_f64);
    fill_window(k);
    fill_winograd(k);
    k->dwband_f32 = SIMD_NAME(dwband_f32);
    k->probe_f32 = SIMD_NAME(probe_f32);
    k->transpose_b32 = SIMD_NAME(transpose_b32);
}
