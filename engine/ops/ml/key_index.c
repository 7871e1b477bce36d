/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::KeyIndex: the place of each element among the keys, or the number of keys where it is none
 * of them. The first of equal keys counts; NaN is a key like others.
 */
#include <math.h>
#include <string.h>

#include "op.h"

typedef struct key_params {
    bool strict; /* an element that is no key is an error */
} key_params;

enum { ELEMENT, KEYS };
#define TYPES (DT(HONE_STRING) | DT_INTS | DT(HONE_F32) | DT(HONE_F64))
static const attr_spec key_attrs[] = {ATTR_ROW(BOOL, key_params, strict)};
static const op_arg key_in[] = {{"X", TYPES, 'T', 0}, {"keys", TYPES, 'T', 0}};
static const op_arg key_out[] = {{"index", DT(HONE_I64), 0, 0}};

static hone_status key_infer(infer *f) {
    TRY(infer_check_rank(f, KEYS, 1, 1));
    infer_set(f, 0, HONE_I64, infer_shape(f, ELEMENT));
    return HONE_OK;
}

/* Open addressing: each slot has the number of a key plus one. */
typedef struct key_table {
    uint64_t mask;
    int32_t slot[];
} key_table;

static uint64_t scramble(uint64_t v) {
    v = (v ^ (v >> 32)) * 0x9E3779B97F4A7C15u;
    return v ^ (v >> 29);
}

/* Equal for equal elements. */
static uint64_t key_hash(const tensor *t, int64_t i) {
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a */
    if (t->dtype == HONE_STRING) {
        for (const char *c = tensor_string(t, i); *c; c++)
            h = (h ^ (unsigned char)*c) * 0x100000001B3u;
        return scramble(h);
    }
    if (!dtype_in(t->dtype, DT_FLOATS)) return scramble((uint64_t)tensor_i64(t, i));
    const double v = tensor_f64(t, i) + 0.0; /* -0 becomes 0 */
    if (isnan(v)) return h;
    memcpy(&h, &v, sizeof h);
    return scramble(h);
}

static bool keys_equal(const tensor *a, int64_t i, const tensor *b, int64_t j) {
    if (a->dtype == HONE_STRING) return strcmp(tensor_string(a, i), tensor_string(b, j)) == 0;
    if (!dtype_in(a->dtype, DT_FLOATS)) return tensor_i64(a, i) == tensor_i64(b, j);
    const double x = tensor_f64(a, i), y = tensor_f64(b, j);
    return x == y || (isnan(x) && isnan(y));
}

/* The slot of the key that equals element i of t, or the empty one where it would be. */
static uint64_t key_find(const key_table *k, const tensor *keys, const tensor *t, int64_t i) {
    uint64_t at = key_hash(t, i) & k->mask;
    while (k->slot[at] && !keys_equal(keys, k->slot[at] - 1, t, i)) at = (at + 1) & k->mask;
    return at;
}

static hone_status key_plan(plan_ctx *p, step *s) {
    const tensor *keys = &s->in[KEYS];
    const int64_t n = tensor_count(keys);
    uint64_t slots = 8;
    if (!keys->data && n) return fail(p->c, HONE_E_UNSUPPORTED, "the keys are no constants");
    if (n > INT32_MAX / 4) return fail(p->c, HONE_E_LIMIT, "%lld keys", (long long)n);
    while (slots < 2 * (uint64_t)n) slots *= 2;
    key_table *k = plan_state(p, s, sizeof *k + slots * sizeof k->slot[0]);
    if (!k) return HONE_E_NOMEM;
    k->mask = slots - 1;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t at = key_find(k, keys, keys, i);
        if (!k->slot[at]) k->slot[at] = (int32_t)i + 1;
    }
    return HONE_OK;
}

static void do_elements(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const key_table *k = s->state;
    const int64_t missing = tensor_count(&s->in[KEYS]);
    int64_t *index = s->out[0].data;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        const int32_t found = k->slot[key_find(k, &s->in[KEYS], &s->in[ELEMENT], i)];
        index[i] = found ? found - 1 : missing;
    }
}

static hone_status key_run(run_ctx *r, const step *s) {
    const int64_t n = tensor_count(&s->in[ELEMENT]), missing = tensor_count(&s->in[KEYS]);
    const int64_t *index = s->out[0].data;
    team_run(r->team, n, 1024, do_elements, (void *)(uintptr_t)s);
    if (!((const key_params *)step_params(s))->strict) return HONE_OK;
    for (int64_t i = 0; i < n; i++)
        if (index[i] == missing)
            return run_fail(r, "element %lld is none of the categories", (long long)i);
    return HONE_OK;
}

static const char *const key_cases[] = {"i64[3,4] i64{5,0,3,3}",
                                        "f32{1,-0,nan,7} f32{0,1,nan,2}",
                                        "f64{1,2,0.5} f64{0.5,1,2} strict=1",
                                        "str{a,b,,c} str{c,,a}",
                                        "i32[0,2] i32{1}",
                                        "u8[5] u8{}",
                                        "i64[2,700] i64{6,5,4,3,2}",
                                        NULL};

const op op_key_index = {.name = "KeyIndex",
                         .domain = "hone",
                         OP_ARGS_IN(key_in),
                         OP_ARGS_OUT(key_out),
                         OP_ATTRS(key_attrs, key_params),
                         .infer = key_infer,
                         .plan = key_plan,
                         .run = key_run,
                         .tolerance = {TOL_EXACT, 0},
                         .cases = key_cases};
