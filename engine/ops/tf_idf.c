/* SPDX-License-Identifier: Apache-2.0
 *
 * TfIdfVectorizer: how often each n-gram of a pool stands in a row of tokens, also with the same
 * number of tokens skipped between any two; weighted or not.
 *
 * The pool becomes a trie. Its tokens are numbered in their order, its edges are a hash table from
 * (node, token number) to the next node, so that a row costs one search a token and one probe a
 * step.
 */
#include <string.h>

#include "checked.h"
#include "n_gram_trie.h"
#include "op.h"
#include "wide.h"

typedef struct tf_idf_params {
    int64_t max_gram_length, max_skip_count, min_gram_length;
    int32_t mode;
    int_list ngram_counts, ngram_indexes, pool_int64s;
    string_list pool_strings;
    float_list weights;
} tf_idf_params;

enum { TF, IDF, TFIDF };
static const char *const modes[] = {"TF", "IDF", "TFIDF", NULL};
#define LENGTH .required = true, .min = 1, .max = INT32_MAX
static const attr_spec tf_idf_attrs[] = {
    ATTR_ROW(INT, tf_idf_params, max_gram_length, LENGTH),
    ATTR_ROW(INT, tf_idf_params, max_skip_count, .required = true, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INT, tf_idf_params, min_gram_length, LENGTH),
    ATTR_ROW(CHOICE, tf_idf_params, mode, .required = true, .choices = modes),
    ATTR_ROW(INTS, tf_idf_params, ngram_counts, .required = true, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, tf_idf_params, ngram_indexes, .required = true, .min = 0, .max = INT32_MAX),
    ATTR_ROW(INTS, tf_idf_params, pool_int64s),
    ATTR_ROW(STRINGS, tf_idf_params, pool_strings),
    ATTR_ROW(FLOATS, tf_idf_params, weights),
};
#define TOKENS (DT(HONE_STRING) | DT_INDEX)
static const op_arg tf_idf_in[] = {{"X", TOKENS, 0, 0}};
static const op_arg tf_idf_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version tf_idf_versions[] = {{9, NULL}};

static token_pool pool_of(const tf_idf_params *p) {
    return p->pool_strings.n ? (token_pool){.text = p->pool_strings.v, .n = p->pool_strings.n}
                             : (token_pool){.number = p->pool_int64s.v, .n = p->pool_int64s.n};
}

/* Tokens of the n-grams of this length in the pool: [*from, result). */
static int64_t gram_range(const tf_idf_params *p, int32_t length, int64_t *from) {
    const int_list *starts = &p->ngram_counts;
    *from = starts->v[length - 1];
    return length < starts->n ? starts->v[length] : pool_of(p).n;
}

static hone_status check_pool(const infer *f) {
    const tf_idf_params *p = f->params;
    const bool text = infer_dtype(f, 0) == HONE_STRING;
    int64_t grams = 0;
    if ((text ? p->pool_int64s.n : p->pool_strings.n) > 0)
        return infer_fail(f, "the pool holds %s: expected the kind of 'X'",
                          text ? "numbers" : "text");
    if (p->max_gram_length < p->min_gram_length)
        return infer_fail(f, "max_gram_length is %lld: expected at least min_gram_length, %lld",
                          (long long)p->max_gram_length, (long long)p->min_gram_length);
    for (int32_t length = 1; length <= p->ngram_counts.n; length++) {
        int64_t from;
        const int64_t to = gram_range(p, length, &from);
        if (from > to || to > pool_of(p).n || (to - from) % length != 0)
            return infer_fail(f, "the %d-grams are tokens %lld to %lld of a pool of %d", length,
                              (long long)from, (long long)to, pool_of(p).n);
        grams += (to - from) / length;
    }
    if (p->ngram_indexes.n != grams)
        return infer_fail(f, "ngram_indexes has %d entries: expected one an n-gram, %lld",
                          p->ngram_indexes.n, (long long)grams);
    return HONE_OK;
}

static int64_t columns(const tf_idf_params *p) {
    int64_t most = -1;
    for (int32_t i = 0; i < p->ngram_indexes.n; i++)
        if (p->ngram_indexes.v[i] > most) most = p->ngram_indexes.v[i];
    return most + 1;
}

static hone_status tf_idf_infer(infer *f) {
    const tf_idf_params *p = f->params;
    shape y = *infer_shape(f, 0);
    TRY(infer_check_rank(f, 0, 1, 2));
    TRY(check_pool(f));
    if (p->weights.n && p->weights.n != p->ngram_indexes.n)
        return infer_fail(f, "weights has %d entries: expected one an n-gram, %d", p->weights.n,
                          p->ngram_indexes.n);
    if (y.rank > 0) y.dim[y.rank - 1] = columns(p);
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

static hone_status tf_idf_plan(plan_ctx *p, step *s) {
    const tf_idf_params *a = step_params(s);
    const token_pool pool = pool_of(a);
    n_gram_trie *t = plan_state(p, s, sizeof *t);
    size_t bytes, at;
    if (!t) return HONE_E_NOMEM;
    TRY(trie_init(t, p, &pool));
    if (!size_mul((size_t)tensor_count(&s->in[0]), sizeof(int32_t), &bytes)) bytes = SIZE_MAX;
    TRY(scratch_book(p, s, bytes, &at)); /* the numbers of all tokens */
    int64_t gram = 0;
    for (int32_t length = 1; length <= a->ngram_counts.n; length++) {
        int64_t from;
        const int64_t to = gram_range(a, length, &from);
        const bool counts = length >= a->min_gram_length && length <= a->max_gram_length;
        for (; from < to; from += length, gram++)
            if (counts) TRY(trie_add(t, p->c, from, length, gram));
    }
    return HONE_OK;
}

typedef struct tf_idf_job {
    const step *s;
    const tf_idf_params *p;
    int32_t *token;          /* numbers of all tokens */
    int64_t tokens, columns; /* of a row */
} tf_idf_job;

static void count_gram(const tf_idf_params *p, int64_t gram, float *y) {
    const float weight = p->mode != TF && p->weights.n ? p->weights.v[gram] : 1;
    float *to = &y[p->ngram_indexes.v[gram]];
    *to = p->mode == IDF ? weight : *to + weight;
}

/* Counts the n-grams that begin at one token, `skip` tokens apart. */
static void count_from(const tf_idf_job *j, const int32_t *token, int64_t at, int64_t skip,
                       int64_t shortest, float *y) {
    const n_gram_trie *t = j->s->state;
    int64_t where = TRIE_ROOT;
    for (int64_t length = 1; length <= j->p->max_gram_length && at < j->tokens; length++) {
        where = trie_next(t, where, token[at]);
        if (where < 0) return;
        const int64_t gram = trie_gram(t, where);
        if (gram >= 0 && length >= shortest) count_gram(j->p, gram, y);
        at += skip;
    }
}

/* Single tokens are counted once, whatever is skipped. */
static void count_row(const tf_idf_job *j, const int32_t *token, float *y) {
    int64_t shortest = j->p->min_gram_length;
    for (int64_t skip = 1; skip <= j->p->max_skip_count + 1 && skip <= j->tokens; skip++) {
        for (int64_t at = 0; at + skip * (shortest - 1) < j->tokens; at++)
            count_from(j, token, at, skip, shortest, y);
        if (shortest == 1) shortest = 2;
        if (shortest > j->p->max_gram_length) return;
    }
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const tf_idf_job *j = arg;
    (void)worker;
    for (int64_t row = first; row < last; row++) {
        float *y = (float *)j->s->out[0].data + row * j->columns;
        int32_t *token = j->token + row * j->tokens;
        for (int64_t i = 0; i < j->tokens; i++)
            token[i] = trie_token(j->s->state, &j->s->in[0], row * j->tokens + i);
        memset(y, 0, (size_t)j->columns * sizeof *y);
        count_row(j, token, y);
    }
}

static hone_status tf_idf_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    tf_idf_job j = {.s = s,
                    .p = step_params(s),
                    .token = r->scratch,
                    .tokens = x->dim[x->rank - 1],
                    .columns = columns(step_params(s))};
    team_run(r->team, x->rank == 2 ? x->dim[0] : 1, 4096 / (j.tokens + 1) + 1, do_rows, &j);
    return HONE_OK;
}

#define GRAMS "ngram_counts=0,4 ngram_indexes=0,1,2,3,4,5,6 "
#define POOL  "pool_int64s=2,3,5,4,5,6,7,8,6,7 "
static const char *const tf_idf_cases[] = {
    "i64{1,2,3,5,4,5,6,7} mode=TF min_gram_length=1 max_gram_length=2 max_skip_count=5 " GRAMS POOL,
    "i32[3,6] mode=IDF min_gram_length=1 max_gram_length=1 max_skip_count=0 " GRAMS POOL,
    "i32[2,0] mode=TF min_gram_length=2 max_gram_length=2 max_skip_count=0 " GRAMS POOL,
    "str[2,3]{a,b,c,b,b,a} mode=TFIDF min_gram_length=1 max_gram_length=1 max_skip_count=0 "
    "ngram_counts=0, ngram_indexes=1,0 pool_strings=a,b weights=0.5,2",
    NULL};

const op op_tf_idf = {.name = "TfIdfVectorizer",
                      .domain = "",
                      OP_VERSIONS(tf_idf_versions),
                      OP_ARGS_IN(tf_idf_in),
                      OP_ARGS_OUT(tf_idf_out),
                      OP_ATTRS(tf_idf_attrs, tf_idf_params),
                      .infer = tf_idf_infer,
                      .plan = tf_idf_plan,
                      .run = tf_idf_run,
                      .tolerance = {TOL_EXACT, 0},
                      .cases = tf_idf_cases};
