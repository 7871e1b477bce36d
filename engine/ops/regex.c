/* SPDX-License-Identifier: Apache-2.0 */
#include "regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "frame.h"
#include "utf8.h"

enum { MATCH_STEPS = 10000000, MATCH_KIBIBYTES = 65536, PATTERN_BYTES = 65536, DFA_STATES = 2000 };
/* Steps of a run: what any may take, more for each byte of its texts, and how many are between two
 * looks at the clock. */
enum { RUN_STEPS = 30000000, BYTE_STEPS = 256, STEPS_A_LOOK = 65536 };

struct regex {
    allocator *allocator;
    pcre2_general_context *memory;
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    regex_run *run;
    const char *text; /* that is searched */
    size_t length, seen;
};

static void *take(PCRE2_SIZE size, void *from) { return mem_alloc(from, size, 16); }

static void give(void *p, void *to) { mem_free(to, p); }

static hone_status take_steps(regex_run *run, size_t steps) {
    const frame *f = run->r->frame; /* NULL while planning */
    if (steps < run->next_look) {
        run->next_look -= steps;
        return HONE_OK;
    }
    steps = STEPS_A_LOOK - run->next_look + steps;
    run->next_look = STEPS_A_LOOK;
    if (steps > run->steps)
        return fail(run->r->c, HONE_E_LIMIT, "the pattern takes too many steps on these texts");
    run->steps -= steps;
    return f ? run_interrupted(run->r->c, f->shared) : HONE_OK;
}

/* PCRE2 calls this in front of each item of a pattern that it tries: a step, and one for each byte
 * that it went over since the last call. Its own limits count neither what a repeated character
 * takes nor, for the longest match, any plain item. */
static int on_item(pcre2_callout_block *at, void *arg) {
    regex *x = arg;
    const size_t from = x->seen, to = at->current_position;
    x->seen = to;
    x->run->status = take_steps(x->run, 1 + (to > from ? to - from : from - to));
    return x->run->status == HONE_OK ? 0 : PCRE2_ERROR_CALLOUT;
}

static hone_status compile(regex *x, const ctx *c, const char *pattern, bool whole) {
    const uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
                             PCRE2_AUTO_CALLOUT | (whole ? PCRE2_ANCHORED | PCRE2_ENDANCHORED : 0);
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
    pcre2_set_callout(x->limits, on_item, x);
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

regex_run regex_begin(run_ctx *r) {
    return (regex_run){.r = r, .steps = RUN_STEPS, .next_look = STEPS_A_LOOK};
}

hone_status regex_text(regex *x, regex_run *run, const char *text, size_t length) {
    x->run = run;
    x->text = text;
    x->length = length;
    run->steps += length * BYTE_STEPS;
    TRY(take_steps(run, 1));
    if (utf8_is_text(text, length)) return HONE_OK;
    return fail(run->r->c, HONE_E_INPUT, "the text is not valid UTF-8");
}

/* What pcre2 says about a search: n >= 0 is a match. */
static hone_status report(const regex *x, int n, text_span *out) {
    const ctx *c = x->run->r->c;
    *out = (text_span){-1, -1};
    if (n == PCRE2_ERROR_NOMATCH) return HONE_OK;
    if (n >= 0) {
        const PCRE2_SIZE *places = pcre2_get_ovector_pointer(x->match);
        *out = (text_span){(int64_t)places[0], (int64_t)places[1]};
        return HONE_OK;
    }
    if (n == PCRE2_ERROR_CALLOUT) return x->run->status;
    if (n == PCRE2_ERROR_DFA_UITEM || n == PCRE2_ERROR_DFA_UCOND)
        return fail(c, HONE_E_UNSUPPORTED, "the pattern refers back to what it matched");
    if (n == PCRE2_ERROR_DFA_WSSIZE || n == PCRE2_ERROR_DFA_RECURSE ||
        n == PCRE2_ERROR_MATCHLIMIT || n == PCRE2_ERROR_HEAPLIMIT || n == PCRE2_ERROR_DEPTHLIMIT)
        return fail(c, HONE_E_LIMIT, "the pattern takes too many steps on this text");
    if (n == PCRE2_ERROR_NOMEMORY) return fail_nomem(c, x->length);
    return fail(c, HONE_E_INPUT, "the text cannot be searched (PCRE2 error %d)", n);
}

hone_status regex_find(regex *x, size_t from, text_span *out) {
    x->seen = from;
    const int n = pcre2_match(x->code, (PCRE2_SPTR)x->text, x->length, from, PCRE2_NO_UTF_CHECK,
                              x->match, x->limits);
    return report(x, n, out);
}

hone_status regex_find_longest(regex *x, size_t from, text_span *out) {
    int states[DFA_STATES];
    x->seen = from;
    const int n = pcre2_dfa_match(x->code, (PCRE2_SPTR)x->text, x->length, from, PCRE2_NO_UTF_CHECK,
                                  x->match, x->limits, states, DFA_STATES);
    return report(x, n, out);
}
