/* SPDX-License-Identifier: Apache-2.0
 *
 * The peak of multiply-adds: PROBE_CHAINS accumulators hide the latency of each other.
 */
#ifndef HONE_PROBE_F32_BODY_H
#define HONE_PROBE_F32_BODY_H

#include "kernels.h"

static size_t SIMD_NAME(probe_f32)(size_t steps, float *state) {
    const vf x = vf_set1(0.5f), y = vf_set1(1.0f);
    vf acc[PROBE_CHAINS];
    SIMD_UNROLL for (int i = 0; i < PROBE_CHAINS; i++) acc[i] = vf_load(state + i * VF_LANES);
    for (size_t s = 0; s < steps; s++) {
        SIMD_UNROLL for (int i = 0; i < PROBE_CHAINS; i++) acc[i] = vf_fma(acc[i], x, y);
    }
    SIMD_UNROLL for (int i = 0; i < PROBE_CHAINS; i++) vf_store(state + i * VF_LANES, acc[i]);
    return steps * PROBE_CHAINS * VF_LANES * 2;
}

#endif
