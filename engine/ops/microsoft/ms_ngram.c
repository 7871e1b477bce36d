/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft's helpers for generating text: NGramRepeatBlock hides tokens that would repeat a
 * sequence of n tokens, BifurcationDetector takes over predicted tokens as long as they agree with
 * a source and finds where the result continues in it.
 */
#include <math.h>
#include <string.h>

#include "movement.h"
#include "op.h"

typedef struct ngram_params {
    int64_t ngram_size, min_ngram_size, max_ngram_size;
} ngram_params;

#define SIZE_ROW(field, ...)                                                                       \
    ATTR_ROW(INT, ngram_params, field, .min = 1, .max = INT32_MAX, __VA_ARGS__)
static const attr_spec block_attrs[] = {SIZE_ROW(ngram_size, .required = true)};
static const attr_spec detector_attrs[] = {SIZE_ROW(min_ngram_size, .i = 1),
                                           SIZE_ROW(max_ngram_size, .i = 3)};

static const op_arg block_in[] = {{"input_ids", DT(HONE_I64), 0, 0},
                                  {"scores", DT(HONE_F32), 0, 0}};
static const op_arg block_out[] = {{"scores_out", DT(HONE_F32), 0, 0}};

static hone_status block_infer(infer *f) {
    const shape *ids = infer_shape(f, 0), *scores = infer_shape(f, 1);
    TRY(infer_check_rank(f, 0, 2, 2));
    TRY(infer_check_rank(f, 1, 2, 2));
    if (ids->rank == 2 && scores->rank == 2 && !dim_compatible(ids->dim[0], scores->dim[0]))
        return infer_fail(f, "%lld rows of tokens have %lld rows of scores", (long long)ids->dim[0],
                          (long long)scores->dim[0]);
    return infer_same(f, 1);
}

/* Hides the token behind every place where the last n - 1 tokens have been before. */
static hone_status block_row(run_ctx *r, const int64_t *ids, int64_t length, int64_t n,
                             float *scores, int64_t tokens) {
    const size_t bytes = (size_t)(n - 1) * sizeof *ids;
    for (int64_t i = 0; i + n <= length; i++) {
        if (memcmp(ids + i, ids + length + 1 - n, bytes) != 0) continue;
        const int64_t token = ids[i + n - 1];
        if (token < 0 || token >= tokens)
            return run_fail(r, "token %lld is out of range: there are %lld scores",
                            (long long)token, (long long)tokens);
        scores[token] = -INFINITY;
    }
    return HONE_OK;
}

static hone_status block_run(run_ctx *r, const step *s) {
    const int64_t n = ((const ngram_params *)step_params(s))->ngram_size;
    const int64_t *ids = s->in[0].shape.dim, *scores = s->in[1].shape.dim;
    move_bytes(r, s->out[0].data, s->in[1].data, s->out[0].bytes);
    for (int64_t b = 0; b < ids[0]; b++)
        TRY(block_row(r, (const int64_t *)s->in[0].data + b * ids[1], ids[1], n,
                      (float *)s->out[0].data + b * scores[1], scores[1]));
    return HONE_OK;
}

static const char *const block_cases[] = {
    "i64[2,5]{1,2,3,1,2,0,0,0,0,0} f32[2,6] ngram_size=3", "i64[1,3]{1,2,1} f32[1,4] ngram_size=1",
    "i64[1,2]{1,2} f32[1,4] ngram_size=5", "i64[0,3]{} f32[0,4] ngram_size=2", NULL};

enum { SOURCE, CURRENT, MATCHED, PREDICTED };
static const op_arg detector_in[] = {{"src_tokens", DT(HONE_I64), 0, 0},
                                     {"cur_tokens", DT(HONE_I64), 0, 0},
                                     {"prev_suffix_match_idx", DT(HONE_I64), 0, 0},
                                     {"pred_tokens", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg detector_out[] = {{"tokens", DT(HONE_I64), 0, 0},
                                      {"suffix_match_idx", DT(HONE_I64), 0, 0}};

static hone_status detector_infer(infer *f) {
    const shape some = shape_of_rank(1);
    for (int32_t i = SOURCE; i <= PREDICTED; i++)
        TRY(infer_check_rank(f, i, i == MATCHED ? 0 : 1, 1));
    infer_set(f, 0, HONE_I64, &some);
    infer_set(f, 1, HONE_I64, infer_shape(f, MATCHED));
    return HONE_OK;
}

typedef struct token_list {
    const int64_t *at;
    int64_t n;
} token_list;

static token_list list_of(const tensor *t) { return (token_list){t->data, tensor_count(t)}; }

/* How many predicted tokens are taken over: those that agree with the source from where it was
 * matched on, and the one after them. */
static hone_status count_taken(run_ctx *r, const step *s, int64_t *taken) {
    const token_list source = list_of(&s->in[SOURCE]);
    *taken = 0;
    if (tensor_count(&s->in[MATCHED]) != 1)
        return run_fail(r, "'prev_suffix_match_idx' is not a single number");
    if (!step_has(s, PREDICTED)) return HONE_OK;
    const token_list predicted = list_of(&s->in[PREDICTED]);
    const int64_t from = *(const int64_t *)s->in[MATCHED].data;
    if (from < 0 || from > source.n)
        return run_fail(r, "the source has %lld tokens: none has index %lld", (long long)source.n,
                        (long long)from);
    if (predicted.n != source.n + 1 - from)
        return run_fail(r, "there are %lld predicted tokens: expected %lld", (long long)predicted.n,
                        (long long)(source.n + 1 - from));
    while (*taken < source.n - from && predicted.at[*taken] == source.at[from + *taken]) ++*taken;
    ++*taken;
    return HONE_OK;
}

/* The first place from `from` on where the list has these n tokens, or -1. */
static int64_t find_tokens(token_list list, int64_t from, const int64_t *tokens, int64_t n) {
    for (int64_t i = from; i + n <= list.n; i++)
        if (memcmp(list.at + i, tokens, (size_t)n * sizeof *tokens) == 0) return i;
    return -1;
}

/* Behind the only place where the source has the last tokens of the result; -1: there is none, or
 * several. More tokens are looked for as long as there are several. */
static int64_t find_suffix(const ngram_params *p, token_list source, token_list tokens) {
    int64_t found = -1;
    for (int64_t n = p->min_ngram_size; n <= p->max_ngram_size && n <= tokens.n; n++) {
        const int64_t *last = tokens.at + tokens.n - n;
        const int64_t at = find_tokens(source, 0, last, n);
        if (at < 0) return found;
        found = at + n;
        if (found >= source.n) return found;
        if (find_tokens(source, at + 1, last, n) >= 0) found = -1;
    }
    return found;
}

static hone_status detector_run(run_ctx *r, const step *s) {
    const token_list current = list_of(&s->in[CURRENT]);
    int64_t taken;
    TRY(count_taken(r, s, &taken));
    const shape y = shape_vector(current.n + taken);
    TRY(run_output(r, s, 0, &y));
    TRY(run_output(r, s, 1, &s->in[MATCHED].shape));
    int64_t *tokens = s->out[0].data;
    if (current.n) memcpy(tokens, current.at, (size_t)current.n * sizeof *tokens);
    if (taken) memcpy(tokens + current.n, s->in[PREDICTED].data, (size_t)taken * sizeof *tokens);
    *(int64_t *)s->out[1].data =
        find_suffix(step_params(s), list_of(&s->in[SOURCE]), list_of(&s->out[0]));
    return HONE_OK;
}

static const char *const detector_cases[] = {
    "i64{1,5,3,4,2} i64{5} i64{0} i64{1,5,3,9,2,7}", "i64{1,2,1,2,3} i64{1,2} i64[]{0}",
    "i64{} i64{1} i64{0} i64{4}", "i64{1,2} i64{} i64{0}", NULL};

static const op_version versions[] = {{1, NULL}};
static const op op_block = {.name = "NGramRepeatBlock",
                            .domain = "com.microsoft",
                            OP_VERSIONS(versions),
                            OP_ARGS_IN(block_in),
                            OP_ARGS_OUT(block_out),
                            OP_ATTRS(block_attrs, ngram_params),
                            .infer = block_infer,
                            .run = block_run,
                            .tolerance = {TOL_EXACT, 0},
                            .cases = block_cases};
static const op op_detector = {.name = "BifurcationDetector",
                               .domain = "com.microsoft",
                               OP_VERSIONS(versions),
                               OP_ARGS_IN(detector_in),
                               OP_ARGS_OUT(detector_out),
                               OP_ATTRS(detector_attrs, ngram_params),
                               .flags = OP_DYNAMIC,
                               .infer = detector_infer,
                               .run = detector_run,
                               .tolerance = {TOL_EXACT, 0},
                               .cases = detector_cases};

static const op *const members[] = {&op_block, &op_detector};
const op_family family_ms_ngram = {members, COUNT_OF(members)};
