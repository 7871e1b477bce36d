/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft Tokenizer: the parts of every text between separators, or those that match an
 * expression, along a new last axis. An empty separator and the expression "." give characters.
 * Rows that are shorter than the longest are padded, after marks of their ends.
 */
#include <string.h>

#include "frame.h"
#include "items.h"
#include "op.h"
#include "regex.h"

typedef struct tokenizer_params {
    string_list separators;
    const char *tokenexp, *pad_value;
    int64_t mincharnum; /* shorter tokens are dropped */
    bool mark;
} tokenizer_params;

static const attr_spec tokenizer_attrs[] = {
    ATTR_ROW(STRINGS, tokenizer_params, separators), ATTR_ROW(STRING, tokenizer_params, tokenexp),
    ATTR_ROW(STRING, tokenizer_params, pad_value, .required = true),
    ATTR_ROW(INT, tokenizer_params, mincharnum, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(BOOL, tokenizer_params, mark, .required = true)};
static const op_arg tokenizer_in[] = {{"X", DT(HONE_STRING), 0, 0}};
static const op_arg tokenizer_out[] = {{"Y", DT(HONE_STRING), 0, 0}};
static const op_version tokenizer_versions[] = {{1, NULL}};

/* Characters instead of expressions? */
static bool by_character(const tokenizer_params *p) {
    if (p->tokenexp) return strcmp(p->tokenexp, ".") == 0;
    return p->separators.n == 1 && !*p->separators.v[0];
}

static int32_t expressions(const tokenizer_params *p) { return p->tokenexp ? 1 : p->separators.n; }

static const char *expression(const tokenizer_params *p, int32_t i) {
    return p->tokenexp ? p->tokenexp : p->separators.v[i];
}

static hone_status check_expressions(const infer *f, const tokenizer_params *p) {
    if ((p->tokenexp != NULL) == (p->separators.n > 0))
        return infer_fail(f, "one of 'tokenexp' and 'separators' is needed, and one only");
    if (by_character(p))
        return p->mincharnum < 2 ? HONE_OK : infer_fail(f, "tokens of one character are too short");
    for (int32_t i = 0; i < expressions(p); i++) { /* wrong ones show before anything runs */
        regex *x;
        if (!*expression(p, i)) return infer_fail(f, "separator %d is empty", i);
        TRY(regex_open(&x, f->c, expression(p, i), false));
        regex_close(x);
    }
    return HONE_OK;
}

static hone_status tokenizer_infer(infer *f) {
    const shape *x = infer_shape(f, 0);
    TRY(infer_check_rank(f, 0, 1, 2));
    TRY(check_expressions(f, f->params));
    shape y = x->rank < 0 ? shape_unknown() : *x; /* an empty input stays as it is */
    int64_t count;
    if (y.rank >= 0 && shape_count(x, &count) && count > 0)
        y.dim[y.rank++] = DIM_UNKNOWN;
    else if (y.rank >= 0 && !shape_known(x))
        y = shape_unknown();
    infer_set(f, 0, HONE_STRING, &y);
    return HONE_OK;
}

/* Part of an input text. */
typedef struct token {
    const char *at;
    size_t bytes;
} token;

typedef struct token_list {
    token *v;
    int64_t n, capacity;
} token_list;

typedef struct tokenizer {
    run_ctx *r;
    const tokenizer_params *p;
    regex **x; /* NULL: by character */
    regex_run run;
    token_list part[2]; /* of one text, in front of and behind an expression */
    token_list done;    /* of all texts */
} tokenizer;

static bool starts_character(char c) { return ((unsigned char)c & 0xc0) != 0x80; }

/* Bytes of the character at the beginning of a text. */
static size_t character_bytes(const char *text) {
    size_t n = *text ? 1 : 0;
    while (n && text[n] && !starts_character(text[n])) n++;
    return n;
}

/* Doubling a list leaves behind less of the pool than it takes in the end. */
static hone_status list_add(run_ctx *r, token_list *list, token t) {
    if (list->n == list->capacity) {
        const int64_t capacity = list->n ? 2 * list->n : 64;
        token *v = run_memory(r, (size_t)capacity * sizeof *v);
        if (!v) return HONE_E_NOMEM;
        if (list->n) memcpy(v, list->v, (size_t)list->n * sizeof *v);
        list->v = v;
        list->capacity = capacity;
    }
    list->v[list->n++] = t;
    return HONE_OK;
}

static hone_status add_token(tokenizer *w, token_list *list, const char *from, size_t bytes) {
    int64_t characters = 0;
    for (size_t i = 0; i < bytes; i++) characters += starts_character(from[i]);
    if (bytes == 0 || characters < w->p->mincharnum) return HONE_OK;
    return list_add(w->r, list, (token){from, bytes});
}

/* Takes matches from a text: the tokens are what lies between them, or the matches. A match of
 * nothing passes one character. */
static hone_status cut(tokenizer *w, regex *x, token t, token_list *list) {
    const bool matches = w->p->tokenexp;
    size_t from = 0;
    TRY(regex_text(x, &w->run, t.at, t.bytes));
    while (from <= t.bytes) {
        text_span m;
        TRY(regex_find_longest(x, from, &m));
        if (m.end < 0) break;
        const size_t begin = (size_t)m.begin, stop = (size_t)m.end;
        if (matches)
            TRY(add_token(w, list, t.at + begin, stop - begin));
        else
            TRY(add_token(w, list, t.at + from, begin - from));
        if (stop == begin && stop == t.bytes) return HONE_OK;
        from = stop > begin ? stop : stop + character_bytes(t.at + stop);
    }
    return matches || from >= t.bytes ? HONE_OK : add_token(w, list, t.at + from, t.bytes - from);
}

static hone_status cut_characters(tokenizer *w, const char *text) {
    for (size_t n; (n = character_bytes(text)) > 0; text += n) TRY(add_token(w, &w->done, text, n));
    return HONE_OK;
}

/* Each separator cuts what those before it left; what the last one leaves is done. */
static hone_status tokenize(tokenizer *w, const char *text) {
    if (!w->x) return cut_characters(w, text);
    const int32_t last = expressions(w->p) - 1;
    token_list *left = &w->part[0], *next = &w->part[1];
    left->n = 0;
    if (*text) TRY(list_add(w->r, left, (token){text, strlen(text)}));
    for (int32_t i = 0; i <= last; i++) {
        token_list *out = i < last ? next : &w->done;
        if (i < last) next->n = 0;
        for (int64_t t = 0; t < left->n; t++) TRY(cut(w, w->x[i], left->v[t], out));
        next = left;
        left = out;
    }
    return HONE_OK;
}

static hone_status put_row(const tokenizer *w, int64_t from, int64_t to, int64_t width,
                           const char **y) {
    int64_t n = 0;
    if (w->p->mark) y[n++] = "\x02";
    for (int64_t i = from; i < to; i++)
        if (!(y[n++] = run_text(w->r, w->done.v[i].at, w->done.v[i].bytes))) return HONE_E_NOMEM;
    if (w->p->mark) y[n++] = "\x03";
    while (n < width) y[n++] = w->p->pad_value;
    return HONE_OK;
}

static hone_status tokenize_all(tokenizer *w, const step *s) {
    const int64_t count = tensor_count(&s->in[0]);
    int64_t most = 0;
    shape y = s->in[0].shape;
    int64_t *end = run_memory(w->r, (size_t)(count + 1) * sizeof *end); /* of each row's tokens */
    if (!end) return HONE_E_NOMEM;
    for (int64_t i = 0; i < count; i++) {
        TRY(run_interrupted(w->r->c, w->r->frame->shared));
        TRY(tokenize(w, tensor_string(&s->in[0], i)));
        end[i + 1] = w->done.n;
        if (end[i + 1] - end[i] > most) most = end[i + 1] - end[i];
    }
    const int64_t width = most ? most + 2 * w->p->mark : 0;
    if (count) y.dim[y.rank++] = width;
    TRY(run_output(w->r, s, 0, &y));
    for (int64_t i = 0; i < count && width; i++)
        TRY(put_row(w, end[i], end[i + 1], width, (const char **)s->out[0].data + i * width));
    return HONE_OK;
}

static hone_status tokenizer_run(run_ctx *r, const step *s) {
    const tokenizer_params *p = step_params(s);
    const int32_t n = by_character(p) ? 0 : expressions(p);
    regex **x = n ? run_memory(r, (size_t)n * sizeof *x) : NULL;
    hone_status status = n && !x ? HONE_E_NOMEM : HONE_OK;
    for (int32_t i = 0; i < n && status == HONE_OK; i++)
        status = regex_open(&x[i], r->c, expression(p, i), false);
    tokenizer w = {.r = r, .p = p, .x = x, .run = regex_begin(r)};
    if (status == HONE_OK) status = tokenize_all(&w, s);
    for (int32_t i = 0; i < n && x; i++) regex_close(x[i]);
    return status;
}

static const char *const tokenizer_cases[] = {
    "str{a_bc_d,ef} separators=b+,x mark=1 mincharnum=1 pad_value=p",
    "str[2,1]{abc,d} tokenexp=a+ mark=0 mincharnum=1 pad_value=p",
    "str{,} separators=x mark=1 mincharnum=1 pad_value=p",
    "str[2,0]{} separators=x mark=1 mincharnum=1 pad_value=p", NULL};

const op op_ms_tokenizer = {.name = "Tokenizer",
                            .domain = "com.microsoft",
                            OP_VERSIONS(tokenizer_versions),
                            OP_ARGS_IN(tokenizer_in),
                            OP_ARGS_OUT(tokenizer_out),
                            OP_ATTRS(tokenizer_attrs, tokenizer_params),
                            .flags = OP_DYNAMIC,
                            .infer = tokenizer_infer,
                            .run = tokenizer_run,
                            .tolerance = {TOL_EXACT, 0},
                            .cases = tokenizer_cases};
