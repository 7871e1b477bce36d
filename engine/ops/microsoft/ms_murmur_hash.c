/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft MurmurHash3: the 32-bit hash of that name (its x86 form) of the bytes of each
 * element.
 */
#include <string.h>

#include "op.h"

typedef struct hash_params {
    bool positive;
    int64_t seed;
} hash_params;

static const attr_spec hash_attrs[] = {
    ATTR_ROW(BOOL, hash_params, positive, .i = 1),
    ATTR_ROW(INT, hash_params, seed, .min = 0, .max = UINT32_MAX)};
#define HASHED                                                                                     \
    (DT_INDEX | DT(HONE_U32) | DT(HONE_U64) | DT(HONE_F32) | DT(HONE_F64) | DT(HONE_STRING))
static const op_arg hash_in[] = {{"X", HASHED, 0, 0}};
static const op_arg hash_out[] = {{"Y", DT(HONE_I32) | DT(HONE_U32), 0, 0}};
static const op_version hash_versions[] = {{1, NULL}};

static hone_status hash_infer(infer *f) {
    const bool positive = ((const hash_params *)f->params)->positive;
    infer_set(f, 0, positive ? HONE_U32 : HONE_I32, infer_shape(f, 0));
    return HONE_OK;
}

static uint32_t turn(uint32_t v, int bits) { return v << bits | v >> (32 - bits); }

static uint32_t scramble(uint32_t block) {
    return turn(block * UINT32_C(0xcc9e2d51), 15) * UINT32_C(0x1b873593);
}

static uint32_t hash_bytes(const uint8_t *bytes, size_t n, uint32_t h) {
    uint32_t rest = 0;
    for (size_t i = 0; i + 4 <= n; i += 4) {
        const uint32_t block = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
                               (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
        h = turn(h ^ scramble(block), 13) * 5 + UINT32_C(0xe6546b64);
    }
    for (size_t i = n & 3; i > 0; i--) rest = rest << 8 | bytes[(n & ~(size_t)3) + i - 1];
    h ^= scramble(rest) ^ (uint32_t)n;
    h = (h ^ h >> 16) * UINT32_C(0x85ebca6b);
    h = (h ^ h >> 13) * UINT32_C(0xc2b2ae35);
    return h ^ h >> 16;
}

static void do_elements(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const tensor *x = &s->in[0];
    const uint32_t seed = (uint32_t)((const hash_params *)step_params(s))->seed;
    uint32_t *y = s->out[0].data;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const char *text = x->dtype == HONE_STRING ? tensor_string(x, i) : NULL;
        const size_t size = text ? strlen(text) : dtype_size(x->dtype);
        const uint8_t *bytes =
            text ? (const uint8_t *)text : (const uint8_t *)x->data + (size_t)i * size;
        y[i] = hash_bytes(bytes, size, seed);
    }
}

static hone_status hash_run(run_ctx *r, const step *s) {
    step job = *s;
    team_run(r->team, tensor_count(&s->out[0]), 4096, do_elements, &job);
    return HONE_OK;
}

static const char *const hash_cases[] = {
    "i32[5]", "f64[2,3] seed=7 positive=0", "str{a,ab,abc,abcd,abcde}", "i64[0,2]", "u32[]", NULL};

const op op_ms_murmur_hash = {.name = "MurmurHash3",
                              .domain = "com.microsoft",
                              OP_VERSIONS(hash_versions),
                              OP_ARGS_IN(hash_in),
                              OP_ARGS_OUT(hash_out),
                              OP_ATTRS(hash_attrs, hash_params),
                              .infer = hash_infer,
                              .run = hash_run,
                              .tolerance = {TOL_EXACT, 0},
                              .cases = hash_cases};
