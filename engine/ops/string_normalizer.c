/* SPDX-License-Identifier: Apache-2.0
 *
 * StringNormalizer: drops stop words and changes the case of the others. Case follows Unicode
 * whatever the attribute `locale` says. Text beyond ASCII needs the locale C.UTF-8 on the machine.
 */
#include <string.h>

#include "case_text.h"
#include "items.h"
#include "op.h"

typedef struct normalizer_params {
    int32_t case_change_action; /* as text_case */
    bool is_case_sensitive;
    const char *locale;
    string_list stopwords;
} normalizer_params;

static const char *const actions[] = {"NONE", "LOWER", "UPPER", NULL};
static const attr_spec normalizer_attrs[] = {
    ATTR_ROW(CHOICE, normalizer_params, case_change_action, .choices = actions),
    ATTR_ROW(BOOL, normalizer_params, is_case_sensitive),
    ATTR_ROW(STRING, normalizer_params, locale), ATTR_ROW(STRINGS, normalizer_params, stopwords)};
static const op_arg normalizer_in[] = {{"X", DT(HONE_STRING), 0, 0}};
static const op_arg normalizer_out[] = {{"Y", DT(HONE_STRING), 0, 0}};
static const op_version normalizer_versions[] = {{10, NULL}};

static hone_status normalizer_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    shape y = *x;
    TRY(infer_check_rank(f, 0, 1, 2));
    if (y.rank == 2 && dim_known(y.dim[0]) && y.dim[0] != 1)
        return infer_fail(f, "input has %lld rows: expected 1", (long long)y.dim[0]);
    if (y.rank > 0) y.dim[y.rank - 1] = DIM_UNKNOWN;
    infer_set(f, 0, HONE_STRING, &y);
    return HONE_OK;
}

/* The stop words as words are compared with them. */
static hone_status prepare_stops(case_changer *w, const normalizer_params *p, const char ***out) {
    const text_case same = p->is_case_sensitive ? CASE_KEEP : CASE_LOWER;
    *out = run_memory(w->r, (size_t)p->stopwords.n * sizeof **out);
    if (!*out) return HONE_E_NOMEM;
    for (int32_t i = 0; i < p->stopwords.n; i++)
        TRY(text_change_case(w, p->stopwords.v[i], same, &(*out)[i]));
    return HONE_OK;
}

static hone_status is_stop_word(case_changer *w, const normalizer_params *p,
                                const char *const *stops, const char *word, bool *found) {
    *found = false;
    if (!p->is_case_sensitive) TRY(text_change_case(w, word, CASE_LOWER, &word));
    for (int32_t i = 0; i < p->stopwords.n && !*found; i++) *found = strcmp(stops[i], word) == 0;
    return HONE_OK;
}

static hone_status normalize(case_changer *w, const step *s) {
    const normalizer_params *p = step_params(s);
    const int64_t count = tensor_count(&s->in[0]);
    const char **stops, **kept = run_memory(w->r, (size_t)(count + 1) * sizeof *kept);
    int64_t n = 0;
    if (!kept) return HONE_E_NOMEM;
    TRY(prepare_stops(w, p, &stops));
    for (int64_t i = 0; i < count; i++) {
        const char *word = tensor_string(&s->in[0], i);
        bool dropped;
        TRY(is_stop_word(w, p, stops, word, &dropped));
        if (dropped) continue;
        TRY(text_change_case(w, word, (text_case)p->case_change_action, &kept[n++]));
    }
    if (n == 0) kept[n++] = ""; /* as the specification says, also when nothing came in */
    shape y = s->in[0].shape;
    y.dim[y.rank - 1] = n;
    TRY(run_output(w->r, s, 0, &y));
    if (s->out[0].bytes) memcpy(s->out[0].data, kept, s->out[0].bytes);
    return HONE_OK;
}

static hone_status normalizer_run(run_ctx *r, const step *s) {
    case_changer w = {.r = r};
    const hone_status status = normalize(&w, s);
    case_changer_close(&w);
    return status;
}

static const char *const normalizer_cases[] = {
    "str{Monday,tuesday} case_change_action=UPPER", "str[1,2]{Monday,tuesday} stopwords=monday",
    "str{a,b} stopwords=a,b is_case_sensitive=1", "str{}", NULL};

const op op_string_normalizer = {.name = "StringNormalizer",
                                 .domain = "",
                                 OP_VERSIONS(normalizer_versions),
                                 OP_ARGS_IN(normalizer_in),
                                 OP_ARGS_OUT(normalizer_out),
                                 OP_ATTRS(normalizer_attrs, normalizer_params),
                                 .flags = OP_DYNAMIC,
                                 .infer = normalizer_infer,
                                 .run = normalizer_run,
                                 .tolerance = {TOL_EXACT, 0},
                                 .cases = normalizer_cases};
