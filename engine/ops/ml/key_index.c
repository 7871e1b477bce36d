/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::KeyIndex: the place of each element among the keys, or the number of keys where it is none
 * of them. The first of equal keys counts; NaN is a key like others.
 */
#include <string.h>

#include "op.h"
#include "order.h"

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

/* The keys in rising order, which no choice of keys makes slow to search. */
typedef struct key_table {
    uint64_t *code;  /* as order_keys has it; NULL for text */
    int64_t *number; /* of each among the keys */
} key_table;

static bool text_before(const void *keys, int64_t a, int64_t b) {
    return strcmp(tensor_string(keys, a), tensor_string(keys, b)) < 0;
}

/* Sorts the keys; equal ones stay in order. */
static void sort_keys(const tensor *keys, key_table *k, int64_t n, uint64_t *code, int64_t *tmp) {
    if (!k->code) {
        for (int64_t i = 0; i < n; i++) k->number[i] = i;
        order_sort(k->number, tmp, n, text_before, keys);
        return;
    }
    order_keys(keys->dtype, keys->data, 1, n, code);
    order_by_keys(code, n, k->number, tmp);
    for (int64_t i = 0; i < n; i++) k->code[i] = code[k->number[i]];
}

static hone_status key_plan(plan_ctx *p, step *s) {
    const tensor *keys = &s->in[KEYS];
    const int64_t n = tensor_count(keys);
    const size_t bytes = (size_t)n * sizeof(uint64_t);
    const bool text = keys->dtype == HONE_STRING;
    if (!keys->data && n) return fail(p->c, HONE_E_UNSUPPORTED, "the keys are no constants");
    if (n > INT32_MAX / 4) return fail(p->c, HONE_E_LIMIT, "%lld keys", (long long)n);
    key_table *k = plan_state(p, s, sizeof *k + (text ? 1 : 2) * bytes);
    if (!k) return HONE_E_NOMEM;
    k->number = (int64_t *)(k + 1);
    if (!text) k->code = (uint64_t *)(k->number + n);
    if (n == 0) return HONE_OK;
    uint64_t *tmp = mem_alloc(p->c->alloc, 2 * bytes, sizeof *tmp);
    if (!tmp) return fail_nomem(p->c, 2 * bytes);
    sort_keys(keys, k, n, tmp, (int64_t *)(tmp + n));
    mem_free(p->c->alloc, tmp);
    return HONE_OK;
}

/* The first of the keys that equal a text. */
static int64_t find_text(const tensor *keys, const int64_t *number, int64_t n, const char *text) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t mid = low + (high - low) / 2;
        if (strcmp(tensor_string(keys, number[mid]), text) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && strcmp(tensor_string(keys, number[low]), text) == 0 ? number[low] : n;
}

/* The same for a code. Without branches: which half it is in cannot be foreseen. */
static int64_t find_code(const key_table *k, int64_t n, uint64_t code) {
    const uint64_t *at = k->code;
    for (int64_t left = n; left > 1; left -= left / 2) at += at[left / 2 - 1] < code ? left / 2 : 0;
    return n && *at == code ? k->number[at - k->code] : n;
}

static void do_elements(void *arg, int64_t first, int64_t last, int32_t worker) {
    const step *s = arg;
    const tensor *x = &s->in[ELEMENT], *keys = &s->in[KEYS];
    const key_table *k = s->state;
    const int64_t n = tensor_count(keys);
    const size_t size = dtype_size(x->dtype);
    int64_t *index = s->out[0].data;
    (void)worker;
    for (int64_t i = first; i < last; i++) {
        if (!k->code) {
            index[i] = find_text(keys, k->number, n, tensor_string(x, i));
            continue;
        }
        uint64_t code;
        order_keys(x->dtype, (const char *)x->data + (size_t)i * size, 1, 1, &code);
        index[i] = find_code(k, n, code);
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
