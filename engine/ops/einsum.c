/* SPDX-License-Identifier: Apache-2.0
 *
 * Einsum: operands are combined from left to right. Every axis has a label; of two operands
 *
 *     labels of both that are needed later     become batch axes
 *     labels of both that are not              are summed by a matrix product
 *     labels of one                            become its rows or columns
 *
 * and labels of one operand that nobody needs are summed before. Axes of an ellipsis have labels of
 * their own, counted from the right.
 */
#include <string.h>

#include "composite.h"
#include "op.h"

enum { LETTERS = 52, LABELS = LETTERS + HONE_MAX_RANK };
/* Labels of the axes of an operand, in order. */
typedef struct term {
    uint8_t label[HONE_MAX_RANK];
    int32_t n;
} term;

typedef struct einsum {
    builder *b;
    const draft *d;
    term in[HONE_MAX_RANK * 2]; /* of the operands */
    term out;
    value *size[LABELS]; /* scalars; NULL: a label that does not occur */
    int32_t uses[LABELS];
} einsum;
enum { MAX_OPERANDS = HONE_MAX_RANK * 2 };

static int32_t find(const term *t, uint8_t label) {
    for (int32_t i = 0; i < t->n; i++)
        if (t->label[i] == label) return i;
    return -1;
}

static bool push(term *t, uint8_t label) {
    if (t->n == HONE_MAX_RANK) return false;
    t->label[t->n++] = label;
    return true;
}

/* Number of a letter, or -1. */
static int32_t letter(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    return c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

/* Reads a term up to a comma, an arrow or the end; `dots` is how many axes an ellipsis has. Returns
 * where it stopped, or NULL when it is malformed. */
static const char *read_term(const char *s, int32_t dots, term *t) {
    bool seen = false;
    for (t->n = 0; *s && *s != ',' && *s != '-'; s++) {
        if (*s == ' ') continue;
        if (letter(*s) >= 0) {
            if (!push(t, (uint8_t)letter(*s))) return NULL;
        } else if (strncmp(s, "...", 3) == 0 && !seen) {
            seen = true;
            s += 2;
            for (int32_t i = dots - 1; i >= 0; i--)
                if (!push(t, (uint8_t)(LETTERS + i))) return NULL;
        } else {
            return NULL;
        }
    }
    return s;
}

/* Axes that the ellipsis of a term covers when it has `rank` axes in all. */
static int32_t count_dots(const char *s, int32_t rank) {
    bool any = false;
    for (; *s && *s != ',' && *s != '-'; s++) {
        if (letter(*s) >= 0) rank--;
        any = any || *s == '.';
    }
    return any && rank > 0 ? rank : 0;
}

/* Without an arrow: the ellipsis, then the labels that occur once, in alphabetical order. */
static bool implicit_result(einsum *e, int32_t dots) {
    for (int32_t i = dots - 1; i >= 0; i--)
        if (!push(&e->out, (uint8_t)(LETTERS + i))) return false;
    for (int32_t i = 0; i < LETTERS; i++)
        if (e->uses[i] == 1 && !push(&e->out, (uint8_t)i)) return false;
    return true;
}

typedef struct einsum_params {
    const char *equation;
} einsum_params;

static const attr_spec einsum_attrs[] = {
    ATTR_ROW(STRING, einsum_params, equation, .required = true)};

static hone_status read_equation(einsum *e) {
    builder *b = e->b;
    const draft *d = e->d;
    const char *s = ((const einsum_params *)d->params)->equation;
    int32_t dots = 0;
    if (d->n_in < 1 || d->n_in > MAX_OPERANDS)
        return builder_fail(b, HONE_E_FORMAT, "%d operands: expected 1 to %d", d->n_in,
                            MAX_OPERANDS);
    for (int32_t i = 0; i < d->n_in; i++) {
        const int32_t rank = expand_needs(b, d, i, "Inputs") ? emit_rank(b, d->in[i]) : -1;
        if (rank < 0) return b->status;
        const int32_t here = count_dots(s, rank);
        s = read_term(s, here, &e->in[i]);
        if (!s || e->in[i].n != rank || (i + 1 < d->n_in && *s++ != ','))
            return builder_fail(b, HONE_E_FORMAT, "the equation does not fit operand %d", i);
        if (here > dots) dots = here;
        for (int32_t a = 0; a < rank; a++) {
            const uint8_t l = e->in[i].label[a];
            const int64_t size = d->in[i]->type.shape.dim[a];
            e->uses[l]++;
            if (!e->size[l] || size != 1) e->size[l] = expand_size_of(b, d->in[i], a);
        }
    }
    bool ok = *s == '\0' ? implicit_result(e, dots)
                         : strncmp(s, "->", 2) == 0 && (s = read_term(s + 2, dots, &e->out)) && !*s;
    for (int32_t i = 0; ok && i < e->out.n; i++)
        ok = e->size[e->out.label[i]] && find(&e->out, e->out.label[i]) == i;
    return ok ? b->status : builder_fail(b, HONE_E_FORMAT, "the equation's result is malformed");
}

/* An operand on its way. */
typedef struct part {
    value *v;
    term t;
} part;

/* Brings the axes into the order of `want`, which has the same labels. */
static void reorder(einsum *e, part *p, const term *want) {
    int64_t perm[HONE_MAX_RANK];
    bool same = true;
    for (int32_t i = 0; i < want->n; i++) {
        perm[i] = find(&p->t, want->label[i]);
        same = same && perm[i] == i;
    }
    p->t = *want;
    if (!same) p->v = emit(e->b, "Transpose", IN(p->v), ATTRS(A_INTS("perm", perm, want->n)));
}

/* Product of the sizes of labels [from, to) of a term, as a vector of one. */
static value *merged_size(einsum *e, const term *t, int32_t from, int32_t to) {
    value *n = emit_i64(e->b, 1);
    for (int32_t i = from; i < to; i++) n = expand_binary(e->b, "Mul", n, e->size[t->label[i]]);
    return expand_unsqueeze(e->b, n, 0);
}

/* v in a shape of `n` sizes (vectors of one). */
static value *reshaped(einsum *e, value *v, value *const *sizes, int32_t n) {
    if (n == 0) {
        const shape none = shape_vector(0);
        value *dims = emit_constant(e->b, HONE_I64, &none, NULL);
        return expand_binary(e->b, "Reshape", v, dims);
    }
    value *dims = emit(e->b, "Concat", sizes, n, ATTRS(A_INT("axis", 0)));
    return emit(e->b, "Reshape", IN(v, dims), ATTRS(A_INT("allowzero", 1)));
}

/* Takes the diagonal of axes with the same label: both go last and are walked with a step of
 * n + 1. */
static void take_diagonals(einsum *e, part *p) {
    builder *b = e->b;
    for (int32_t i = 0; i < p->t.n; i++) {
        const uint8_t l = p->t.label[i];
        int32_t second = -1;
        for (int32_t j = i + 1; j < p->t.n; j++)
            if (p->t.label[j] == l) second = j;
        if (second < 0) continue;
        int64_t perm[HONE_MAX_RANK];
        value *sizes[HONE_MAX_RANK];
        term rest = {.n = 0};
        int32_t n = 0;
        for (int32_t a = 0; a < p->t.n; a++) {
            if (a == i || a == second) continue;
            sizes[n] = expand_unsqueeze(b, e->size[p->t.label[a]], 0);
            perm[n++] = a;
            push(&rest, p->t.label[a]);
        }
        sizes[n] = expand_unsqueeze(b, expand_binary(b, "Mul", e->size[l], e->size[l]), 0);
        perm[n] = i;
        perm[n + 1] = second;
        value *square = emit(b, "Transpose", IN(p->v), ATTRS(A_INTS("perm", perm, n + 2)));
        value *by = expand_binary(b, "Add", e->size[l], emit_i64(b, 1));
        const int64_t from = 0, to = INT64_MAX, axis = -1;
        p->v = emit(b, "Slice",
                    IN(reshaped(e, square, sizes, n + 1), emit_i64s(b, &from, 1),
                       emit_i64s(b, &to, 1), emit_i64s(b, &axis, 1), expand_unsqueeze(b, by, 0)),
                    NO_ATTRS);
        push(&rest, l);
        p->t = rest;
        i = -1; /* labels have moved */
    }
}

/* Is a label needed by the result or by operands from number `next` on? */
static bool needed(const einsum *e, uint8_t label, int32_t next) {
    for (int32_t i = next; i < e->d->n_in; i++)
        if (find(&e->in[i], label) >= 0) return true;
    return find(&e->out, label) >= 0;
}

/* Sums the labels that neither `other` (which may be NULL) nor anything later needs. */
static void sum_alone(einsum *e, part *p, const term *other, int32_t next) {
    int64_t axes[HONE_MAX_RANK];
    int32_t n = 0;
    term rest = {.n = 0};
    for (int32_t i = 0; i < p->t.n; i++) {
        const uint8_t l = p->t.label[i];
        if (needed(e, l, next) || (other && find(other, l) >= 0))
            push(&rest, l);
        else
            axes[n++] = i;
    }
    if (n == 0) return;
    p->t = rest;
    p->v = emit(e->b, "ReduceSum", IN(p->v, emit_i64s(e->b, axes, n)), ATTRS(A_INT("keepdims", 0)));
}

/* Labels of `from` (in its order) that are in `in` (SHARED) or not, and that are needed later
 * (LATER) or not. */
enum { SHARED = 1, LATER = 2 };
static void pick(const einsum *e, const term *from, const term *in, unsigned which, int32_t next,
                 term *out) {
    const bool both = which & SHARED, later = which & LATER;
    for (int32_t i = 0; i < from->n; i++) {
        const uint8_t l = from->label[i];
        if ((find(in, l) >= 0) == both && needed(e, l, next) == later) push(out, l);
    }
}

/* Labels of a, then those of b; false when there are too many. */
static bool join(term *a, const term *b) {
    for (int32_t i = 0; i < b->n; i++)
        if (!push(a, b->label[i])) return false;
    return true;
}

/* One operand of a matrix product: [batch.., first, second], each of the last two merged from the
 * labels of a term. */
static value *as_matrices(einsum *e, part *p, const term *batch, const term *first,
                          const term *second) {
    term want = *batch;
    value *sizes[HONE_MAX_RANK + 2];
    int32_t n = 0;
    join(&want, first);
    join(&want, second);
    reorder(e, p, &want);
    if (first->n == 1 && second->n == 1) return p->v;
    for (; n < batch->n; n++) {
        /* Its own size: an axis of size 1 is stretched by the product. */
        sizes[n] = expand_unsqueeze(e->b, expand_size_of(e->b, p->v, n), 0);
    }
    sizes[n++] = merged_size(e, first, 0, first->n);
    sizes[n++] = merged_size(e, second, 0, second->n);
    return reshaped(e, p->v, sizes, n);
}

/* Combines two operands by a product of matrices. */
static bool contract(einsum *e, part *x, part *y, const term *summed, int32_t next) {
    term batch = {.n = 0}, rows = {.n = 0}, columns = {.n = 0};
    value *sizes[HONE_MAX_RANK];
    pick(e, &x->t, &y->t, SHARED | LATER, next, &batch);
    pick(e, &x->t, &y->t, LATER, next, &rows);
    pick(e, &y->t, &x->t, LATER, next, &columns);
    term result = batch;
    if (batch.n + 2 > HONE_MAX_RANK || !join(&result, &rows) || !join(&result, &columns))
        return false;
    value *a = as_matrices(e, x, &batch, &rows, summed);
    value *c = as_matrices(e, y, &batch, summed, &columns);
    value *product = expand_binary(e->b, "hone::MatMul", a, c);
    for (int32_t i = 0; i < result.n; i++)
        sizes[i] = expand_unsqueeze(e->b, e->size[result.label[i]], 0);
    x->v = rows.n == 1 && columns.n == 1 ? product : reshaped(e, product, sizes, result.n);
    x->t = result;
    return true;
}

/* Combines two operands where nothing is summed: elements are multiplied. */
static bool multiply(einsum *e, part *x, part *y) {
    term result = x->t, order = {.n = 0};
    for (int32_t i = 0; i < y->t.n; i++)
        if (find(&x->t, y->t.label[i]) < 0 && !push(&result, y->t.label[i])) return false;
    for (int32_t i = 0; i < result.n; i++)
        if (find(&y->t, result.label[i]) >= 0) push(&order, result.label[i]);
    reorder(e, y, &order);
    for (int32_t i = 0; i < result.n; i++) {
        if (find(&x->t, result.label[i]) < 0) x->v = expand_unsqueeze(e->b, x->v, i);
        if (find(&y->t, result.label[i]) < 0) y->v = expand_unsqueeze(e->b, y->v, i);
    }
    x->v = expand_binary(e->b, "Mul", x->v, y->v);
    x->t = result;
    return true;
}

static hone_status einsum_expand(builder *b, draft *d) {
    einsum e = {.b = b, .d = d};
    TRY(read_equation(&e));
    const hone_dtype t = d->in[0]->type.dtype;
    const bool narrow = dtype_in(t, DT(HONE_I8) | DT(HONE_U8) | DT(HONE_I16) | DT(HONE_U16));
    part x = {.v = NULL};
    for (int32_t i = 0; i < d->n_in && b->status == HONE_OK; i++) {
        part y = {.v = expand_cast(b, d->in[i], narrow ? HONE_I32 : t), .t = e.in[i]};
        term summed = {.n = 0};
        bool fits = true;
        take_diagonals(&e, &y);
        sum_alone(&e, &y, i ? &x.t : NULL, i + 1);
        if (i == 0) {
            x = y;
            continue;
        }
        sum_alone(&e, &x, &y.t, i + 1);
        pick(&e, &x.t, &y.t, SHARED, i + 1, &summed);
        fits = summed.n ? contract(&e, &x, &y, &summed, i + 1) : multiply(&e, &x, &y);
        if (!fits)
            return builder_fail(b, HONE_E_UNSUPPORTED, "more than %d axes at once", HONE_MAX_RANK);
    }
    if (b->status == HONE_OK) reorder(&e, &x, &e.out);
    return draft_done(b, d, expand_cast(b, x.v, t));
}

static const char *const einsum_cases[] = {"f32[2,3] f32[3,4] equation=ij,jk->ik",
                                           "f32[2,3,4] equation=bij->bji",
                                           "f32[3,3] equation=ii",
                                           "f32[3,3] equation=ii->i",
                                           "f32[2,5] f32[2,5] equation=bi,bi->b",
                                           "f32[2,3,4] f32[2,4,5] equation=b...j,bjk->b...k",
                                           "f16[2,3] f16[3,4] equation=ij,jk",
                                           "i8[3] i8[3] equation=i,i",
                                           "f32[2,3] f32[3,4] f32[4,5] equation=ij,jk,kl->il",
                                           "f32[3] f32[4] equation=i,j->ij",
                                           "f32[0,3] f32[3,2] equation=ij,jk->ik",
                                           "f32[2,0] f32[0,3] equation=ij,jk->ik",
                                           NULL};

static const op_arg einsum_in[] = {{"Inputs", DT_NUMBERS, 'T', ARG_VARIADIC}};
static const op_arg einsum_out[] = {{"Output", DT_NUMBERS, 'T', 0}};
static const op_version versions[] = {{12, NULL}};
const op op_einsum = {.name = "Einsum",
                      .domain = "",
                      OP_VERSIONS(versions),
                      OP_SLOTS(einsum),
                      OP_ATTRS(einsum_attrs, einsum_params),
                      .expand = einsum_expand,
                      .tolerance = {TOL_SUM, 4},
                      .cases = einsum_cases};
