/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds kernel tables: the scalar filler sets every slot, each level on the way up overrides what
 * it improves.
 */
#include "kernels.h"

#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "isa/fillers.h"

/* In ascending order; a level without a row of its own uses the best row below it. */
static const struct {
    isa_level level;
    void (*fill)(kernels *k);
} fillers[] = {
    {ISA_SCALAR, kernels_fill_scalar},
#if defined(__x86_64__)
    {ISA_AVX2, kernels_fill_avx2},
    {ISA_AVX512, kernels_fill_avx512},
#elif defined(__aarch64__)
    {ISA_NEON, kernels_fill_neon},
#endif
};

void kernels_fill(isa_level level, kernels *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++)
        if (fillers[i].level <= level) fillers[i].fill(out);
    out->level = level;
}

static kernels default_table;

static void build_default_table(void) {
    isa_level level = isa_detect();
    const char *cap = getenv("HONE_ISA");
    if (cap) {
        const isa_level asked = isa_from_name(cap);
        if (asked != ISA_COUNT && isa_supported(asked)) level = asked;
    }
    kernels_fill(level, &default_table);
}

const kernels *kernels_default(void) {
    static once_flag once = ONCE_FLAG_INIT;
    call_once(&once, build_default_table);
    return &default_table;
}

size_t ktype_size(ktype t) {
    static const uint8_t size[KT_COUNT] = {
        [KT_F32] = 4, [KT_F64] = 8, [KT_I8] = 1,  [KT_I16] = 2, [KT_I32] = 4,  [KT_I64] = 8,
        [KT_U8] = 1,  [KT_U16] = 2, [KT_U32] = 4, [KT_U64] = 8, [KT_BOOL] = 1,
    };
    return (unsigned)t < KT_COUNT ? size[t] : 0;
}
