/* SPDX-License-Identifier: Apache-2.0 */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum { MATCH_STEPS = 10000000, MATCH_KIBIBYTES = 65536, PATTERN_BYTES = 65536, DFA_STATES = 2000 };

struct regex {
    allocator *allocator;
    pcre2_general_context *memory;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static void *take(PCRE2_SIZE size, void *from) { return mem_alloc(from, size, 16); }

static void give(void *p, void *to) { mem_free(to, p); }

static hone_status compile(regex *x, const ctx *c, const char *pattern, bool whole) {
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
                             (whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);
    int code;
    PCRE2_SIZE offset;
    PCRE2_UCHAR why[120];
    pcre2_compile_context *rules = pcre2_compile_context_create(x->memory);
    if (!rules) return fail_nomem(c, sizeof *x);
    pcre2_set_max_pattern_length(rules, PATTERN_BYTES);
    x->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, rules);
    pcre2_compile_context_free(rules);
    if (x->code) return HONE_OK;
    pcre2_get_error_message(code, why, sizeof why);
    return fail(c, HONE_E_FORMAT, "the pattern is wrong at byte %lld: %s", (long long)offset,
                (const char *)why);
}

static hone_status prepare(regex *x, const ctx *c, const char *pattern, bool whole) {
    x->memory = pcre2_general_context_create(take, give, c->alloc);
    if (!x->memory) return fail_nomem(c, sizeof *x);
    TRY(compile(x, c, pattern, whole));
    x->match = pcre2_match_data_create_from_pattern(x->code, x->memory);
    x->limits = pcre2_match_context_create(x->memory);
    if (!x->match || !x->limits) return fail_nomem(c, sizeof *x);
    pcre2_set_match_limit(x->limits, MATCH_STEPS);
    pcre2_set_heap_limit(x->limits, MATCH_KIBIBYTES);
    return HONE_OK;
}

hone_status regex_open(regex **out, const ctx *c, const char *pattern, bool whole) {
    regex *x = mem_zalloc(c->alloc, 1, sizeof *x);
    if (!x) return fail_nomem(c, sizeof *x);
    x->allocator = c->alloc;
    const hone_status status = prepare(x, c, pattern, whole);
    if (status == HONE_OK)
        *out = x;
    else
        regex_close(x);
    return status;
}

void regex_close(regex *x) {
    if (!x) return;
    pcre2_match_context_free(x->limits);
    pcre2_match_data_free(x->match);
    pcre2_code_free(x->code);
    pcre2_general_context_free(x->memory);
    mem_free(x->allocator, x);
}

/* What pcre2 says about a search: n >= 0 is a match. */
static hone_status report(const regex *x, const ctx *c, const char *text, int n, text_span *out) {
    *out = (text_span){-1, -1};
    if (n == PCRE2_ERROR_NOMATCH) return HONE_OK;
    if (n >= 0) {
        const PCRE2_SIZE *places = pcre2_get_ovector_pointer(x->match);
        *out = (text_span){(int64_t)places[0], (int64_t)places[1]};
        return HONE_OK;
    }
    if (n == PCRE2_ERROR_DFA_UITEM || n == PCRE2_ERROR_DFA_UCOND)
        return fail(c, HONE_E_UNSUPPORTED, "the pattern refers back to what it matched");
    if (n == PCRE2_ERROR_DFA_WSSIZE || n == PCRE2_ERROR_DFA_RECURSE ||
        n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_HEAPLIMIT || n == PCRE2_ERROR_DEPTHLIMIT)
        return fail(c, HONE_E_LIMIT, "the pattern takes too many steps on this text");
    if (n == PCRE2_ERROR_NOMEMORY) return fail_nomem(c, strlen(text));
    return fail(c, HONE_E_INPUT, "the text is not valid UTF-8");
}

hone_status regex_find(regex *x, const ctx *c, const char *text, size_t from, text_span *out) {
    const int n =
        pcre2_match(x->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, from, 0, x->match, x->limits);
    return report(x, c, text, n, out);
}

hone_status regex_find_longest(regex *x, const ctx *c, const char *text, size_t from,
                               text_span *out) {
    int states[DFA_STATES];
    const int n = pcre2_dfa_match(x->code, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, from, 0,
                                  x->match, x->limits, states, DFA_STATES);
    return report(x, c, text, n, out);
}
