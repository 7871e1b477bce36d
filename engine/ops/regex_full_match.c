/* SPDX-License-Identifier: Apache-2.0
 *
 * RegexFullMatch: does a pattern match the whole of each text?
 */
#include <string.h>

#include "op.h"
#include "regex.h"

typedef struct match_params {
    const char *pattern;
} match_params;

static const attr_spec match_attrs[] = {ATTR_ROW(STRING, match_params, pattern, .required = true)};
static const op_arg match_in[] = {{"X", DT(HONE_STRING), 0, 0}};
static const op_arg match_out[] = {{"Y", DT_BOOL, 0, 0}};
static const op_version match_versions[] = {{20, NULL}};

static hone_status match_infer(infer *f) {
    const match_params *p = f->params;
    regex *x;
    TRY(regex_open(&x, f->c, p->pattern, true)); /* a wrong pattern shows before anything runs */
    regex_close(x);
    infer_set(f, 0, HONE_BOOL, infer_shape(f, 0));
    return HONE_OK;
}

static hone_status match_all(run_ctx *r, const step *s, regex *x) {
    uint8_t *out = s->out[0].data;
    regex_run run = regex_begin(r);
    for (int64_t i = 0; i < tensor_count(&s->in[0]); i++) {
        const char *text = tensor_string(&s->in[0], i);
        text_span found;
        TRY(regex_text(x, &run, text, strlen(text)));
        TRY(regex_find(x, 0, &found));
        out[i] = found.end >= 0;
    }
    return HONE_OK;
}

static hone_status match_run(run_ctx *r, const step *s) {
    const match_params *p = step_params(s);
    regex *x;
    TRY(regex_open(&x, r->c, p->pattern, true));
    const hone_status status = match_all(r, s, x);
    regex_close(x);
    return status;
}

static const char *const match_cases[] = {"str{ab,b,} pattern=a*b", "str[0]{} pattern=a",
                                          "str[]{w} pattern=w", NULL};

const op op_regex_full_match = {.name = "RegexFullMatch",
                                .domain = "",
                                OP_VERSIONS(match_versions),
                                OP_ARGS_IN(match_in),
                                OP_ARGS_OUT(match_out),
                                OP_ATTRS(match_attrs, match_params),
                                .infer = match_infer,
                                .run = match_run,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = match_cases};
