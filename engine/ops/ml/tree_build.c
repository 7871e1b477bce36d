/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_build.h"

#include <math.h>
#include <string.h>

#include "checked.h"

hone_status trees_init(builder *b, raw_trees *t, int64_t n) {
    *t = (raw_trees){.n_nodes = 0};
    arena_init(&t->temporary, b->c->alloc);
    if (n < 0 || n > INT32_MAX / 8)
        return builder_fail(b, HONE_E_LIMIT, "has %lld nodes", (long long)n);
    t->node = arena_array(&t->temporary, (size_t)n, sizeof *t->node);
    t->root = arena_array(&t->temporary, (size_t)n, sizeof *t->root);
    if (!t->node || !t->root) return fail_nomem(b->c, (size_t)n * sizeof *t->node);
    t->n_nodes = t->cap_nodes = (int32_t)n;
    return b->status;
}

void trees_fini(raw_trees *t) { arena_fini(&t->temporary); }

/* One more node, or -1. */
static int32_t add_node(builder *b, raw_trees *t) {
    if (t->n_nodes == t->cap_nodes) {
        const int32_t next = t->cap_nodes * 2 + 8;
        raw_node *grown = arena_array(&t->temporary, (size_t)next, sizeof *grown);
        if (!grown || next > INT32_MAX / 8) {
            builder_fail(b, HONE_E_LIMIT, "has too many nodes");
            return -1;
        }
        memcpy(grown, t->node, (size_t)t->n_nodes * sizeof *grown);
        t->node = grown;
        t->cap_nodes = next;
    }
    return t->n_nodes++;
}

hone_status trees_member(builder *b, raw_trees *t, int32_t i, const tensor *values, int64_t first,
                         int64_t n) {
    const raw_node given = t->node[i];
    t->node[i].mode = MODE_EQ;
    t->node[i].threshold = n ? tensor_f64(values, first) : NAN;
    for (int64_t v = 1; v < n; v++) {
        const int32_t next = add_node(b, t);
        if (next < 0) return b->status;
        t->node[next] = given;
        t->node[next].mode = MODE_EQ;
        t->node[next].threshold = tensor_f64(values, first + v);
        t->node[i].child[0] = next;
        i = next;
    }
    return b->status;
}

hone_status trees_votes(builder *b, raw_trees *t, const int32_t *of, const int64_t *targets,
                        const tensor *weights, int64_t n_targets) {
    const int64_t n = tensor_count(weights);
    arena *a = &t->temporary;
    t->start = arena_array(a, (size_t)t->n_nodes + 2, sizeof *t->start);
    t->target = arena_array(a, (size_t)n, sizeof *t->target);
    t->weight = arena_array(a, (size_t)n, sizeof *t->weight);
    if (!t->start || !t->target || !t->weight)
        return fail_nomem(b->c, (size_t)n * sizeof *t->weight);
    for (int64_t v = 0; v < n; v++) {
        if (targets[v] < 0 || targets[v] >= n_targets)
            return builder_fail(b, HONE_E_FORMAT, "a leaf votes for %lld: expected 0 to %lld",
                                (long long)targets[v], (long long)n_targets - 1);
        if (of[v] >= 0) t->start[of[v] + 2]++;
    }
    for (int32_t i = 0; i < t->n_nodes; i++) t->start[i + 2] += t->start[i + 1];
    for (int64_t v = 0; v < n; v++) {
        if (of[v] < 0) continue;
        const int32_t at = t->start[of[v] + 1]++;
        t->target[at] = (int32_t)targets[v];
        t->weight[at] = tensor_f64(weights, v);
    }
    return b->status;
}

/* ---- Order ----------------------------------------------------------------------------------- */

/* One slot of the result. */
typedef struct slot {
    double threshold;
    uint32_t feature;
    int32_t child, row;
} slot;

typedef struct layout_job {
    builder *b;
    const raw_trees *t;
    arena *a;
    uint8_t *mark;   /* of each node: not met, being walked, done */
    int32_t *order;  /* inner nodes, every one before its children */
    int32_t n_order; /* of them */
    int32_t *reads;  /* how many parents and roots lead to a node */
    int32_t *place;  /* slot of a node, or the last one that waits for it; -1 */
    int32_t *row;    /* of a leaf: its row of votes, or -1 */
    slot *slot;
    int32_t n_slots, n_rows;
    int32_t *leaf; /* node of each row */
} layout_job;

enum { UNSEEN, OPEN, DONE };

static bool is_leaf(const layout_job *j, int32_t i) { return j->t->node[i].mode == MODE_LEAF; }

/* Walks everything below a root, children first, without recursion. The order is filled from its
 * end. */
static hone_status walk_below(layout_job *j, int32_t root, int32_t *stack, int32_t *at) {
    int32_t depth = 0;
    if (is_leaf(j, root) || j->mark[root] == DONE) return HONE_OK;
    stack[depth++] = root;
    j->mark[root] = OPEN;
    while (depth) {
        const int32_t i = stack[depth - 1];
        int32_t next = -1;
        for (int32_t c = 1; c >= 0; c--) {
            const int32_t child = j->t->node[i].child[c];
            if (is_leaf(j, child) || j->mark[child] == DONE) continue;
            if (j->mark[child] == OPEN)
                return builder_fail(j->b, HONE_E_FORMAT, "the nodes of a tree form a cycle");
            next = child;
            break;
        }
        if (next < 0) {
            j->mark[i] = DONE;
            j->order[--*at] = i;
            depth--;
        } else {
            j->mark[next] = OPEN;
            stack[depth++] = next;
        }
    }
    return HONE_OK;
}

static hone_status order_trees(layout_job *j) {
    const int32_t n = j->t->n_nodes;
    int32_t *stack = arena_array(j->a, (size_t)n, sizeof *stack), at = n;
    if (!stack) return fail_nomem(j->b->c, (size_t)n * sizeof *stack);
    for (int32_t i = j->t->n_roots - 1; i >= 0; i--) TRY(walk_below(j, j->t->root[i], stack, &at));
    j->n_order = n - at;
    j->order += at;
    for (int32_t i = 0; i < j->n_order; i++)
        for (int32_t c = 0; c < 2; c++) j->reads[j->t->node[j->order[i]].child[c]]++;
    /* A root has a slot of its own, also when it is part of another tree. */
    for (int32_t i = 0; i < j->t->n_roots; i++) j->reads[j->t->root[i]] = INT32_MAX;
    return HONE_OK;
}

/* ---- Slots ----------------------------------------------------------------------------------- */

static const slot forwarder = {.threshold = NAN};

static void put_leaf(layout_job *j, int32_t at, int32_t raw) {
    if (j->row[raw] < 0) {
        j->leaf[j->n_rows] = raw;
        j->row[raw] = j->n_rows++;
    }
    j->slot[at] = forwarder;
    j->slot[at].child = at;
    j->slot[at].row = j->row[raw];
}

/* Slot `at` leads to the node. One that several lead to gets its slot later, behind all of them: so
 * long its `place` begins a list of the forwarders that wait. */
static void put_child(layout_job *j, int32_t at, int32_t raw) {
    if (is_leaf(j, raw)) {
        put_leaf(j, at, raw);
        return;
    }
    j->slot[at] = forwarder;
    j->slot[at].child = j->place[raw];
    j->place[raw] = at;
}

static void put_shared(layout_job *j, int32_t raw) {
    const int32_t home = j->n_slots++;
    for (int32_t at = j->place[raw], next; at >= 0; at = next) {
        next = j->slot[at].child;
        j->slot[at].child = home;
    }
    j->place[raw] = home;
}

/* The largest number of the type below v, or NaN. */
static double number_below(hone_dtype t, double v) {
    if (v == -INFINITY) return NAN;
    return t == HONE_F32 ? (double)nextafterf((float)v, -INFINITY) : nextafter(v, -INFINITY);
}

/* Rewrites a comparison into <= or ==. Returns whether it is turned around: then the child for
 * which it holds is the one that the file takes when it does not. */
static bool put_comparison(const raw_node *n, hone_dtype t, slot *s) {
    const bool greater = (n->mode == MODE_GT || n->mode == MODE_GTE) && !isnan(n->threshold);
    const bool equal = n->mode == MODE_EQ || n->mode == MODE_NEQ;
    const bool strict = n->mode == MODE_LT || n->mode == MODE_GTE;
    bool nan_holds = n->missing_true;
    if (greater) nan_holds = !n->missing_true;
    if (n->mode == MODE_NEQ) nan_holds = false; /* NaN differs from everything */
    s->threshold = strict ? number_below(t, n->threshold) : n->threshold;
    s->feature = (uint32_t)n->feature | (equal ? TREE_EQUAL : 0) | (nan_holds ? TREE_NAN_HOLDS : 0);
    return greater || n->mode == MODE_NEQ;
}

static hone_status put_nodes(layout_job *j, hone_dtype t) {
    const int64_t most = 3 * (int64_t)j->n_order + j->t->n_roots;
    j->slot = arena_array(j->a, (size_t)most, sizeof *j->slot);
    if (!j->slot || most > INT32_MAX / 4)
        return fail_nomem(j->b->c, (size_t)most * sizeof *j->slot);
    for (int32_t i = 0; i < j->t->n_roots; i++) {
        const int32_t root = j->t->root[i];
        if (is_leaf(j, root) && j->place[root] < 0) {
            j->place[root] = j->n_slots++;
            put_leaf(j, j->place[root], root);
        }
    }
    for (int32_t i = 0; i < j->n_order; i++) {
        const int32_t raw = j->order[i];
        const raw_node *n = &j->t->node[raw];
        if (j->reads[raw] > 1) put_shared(j, raw);
        const int32_t at = j->place[raw], pair = j->n_slots;
        const bool turned = put_comparison(n, t, &j->slot[at]);
        j->n_slots += 2;
        j->slot[at].child = pair;
        put_child(j, pair, n->child[turned]);
        put_child(j, pair + 1, n->child[!turned]);
    }
    return HONE_OK;
}

/* ---- Constants ------------------------------------------------------------------------------- */

static bool goes_on(const slot *s) {
    return !isnan(s->threshold) || (s->feature & TREE_NAN_HOLDS) != 0;
}

/* Roots with the number of steps to the deepest leaf below. */
static value *emit_roots(layout_job *j) {
    int32_t *steps = arena_array(j->a, (size_t)j->n_slots, sizeof *steps);
    int32_t *roots = arena_array(j->a, (size_t)j->t->n_roots, 2 * sizeof *roots);
    if (!steps || !roots) return NULL;
    for (int32_t i = j->n_slots - 1; i >= 0; i--) {
        const slot *s = &j->slot[i];
        if (s->child == i) continue;
        steps[i] = steps[s->child] + 1;
        if (goes_on(s) && steps[s->child + 1] >= steps[i]) steps[i] = steps[s->child + 1] + 1;
    }
    for (int32_t i = 0; i < j->t->n_roots; i++) {
        roots[2 * i] = j->place[j->t->root[i]];
        roots[2 * i + 1] = steps[roots[2 * i]];
    }
    const shape s = shape_make(2, (const int64_t[]){j->t->n_roots, 2});
    return emit_constant(j->b, HONE_I32, &s, roots);
}

static value *emit_nodes(layout_job *j, hone_dtype t) {
    const bool wide = t == HONE_F64;
    const shape s = shape_make(2, (const int64_t[]){j->n_slots, wide ? 4 : 3});
    value *v = emit_constant(j->b, HONE_I32, &s, NULL);
    for (int32_t i = 0; v && i < j->n_slots; i++) {
        const slot *from = &j->slot[i];
        if (wide)
            ((tree_node_f64 *)v->constant->data)[i] =
                (tree_node_f64){from->threshold, from->feature, from->child};
        else
            ((tree_node_f32 *)v->constant->data)[i] =
                (tree_node_f32){(float)from->threshold, from->feature, from->child};
    }
    return v;
}

static value *emit_rows_of_slots(layout_job *j) {
    const shape s = shape_vector(j->n_slots);
    value *v = emit_constant(j->b, HONE_I32, &s, NULL);
    for (int32_t i = 0; v && i < j->n_slots; i++)
        ((int32_t *)v->constant->data)[i] = j->slot[i].row;
    return v;
}

/* Votes in the order of rows: starts, targets, weights. */
static void emit_votes(layout_job *j, hone_dtype t, value **out) {
    const raw_trees *r = j->t;
    int32_t count = 0;
    for (int32_t i = 0; i < j->n_rows; i++)
        count += r->start[j->leaf[i] + 1] - r->start[j->leaf[i]];
    const shape starts = shape_vector(j->n_rows + 1), votes = shape_vector(count);
    out[0] = emit_constant(j->b, HONE_I32, &starts, NULL);
    out[1] = emit_constant(j->b, HONE_I32, &votes, NULL);
    out[2] = emit_constant(j->b, t, &votes, NULL);
    if (!out[2]) return;
    for (int32_t i = 0, to = 0; i < j->n_rows; i++) {
        for (int32_t v = r->start[j->leaf[i]]; v < r->start[j->leaf[i] + 1]; v++, to++) {
            ((int32_t *)out[1]->constant->data)[to] = r->target[v];
            tensor_set_f64(out[2]->constant, to, r->weight[v]);
        }
        ((int32_t *)out[0]->constant->data)[i + 1] = to;
    }
}

static hone_status check_features(builder *b, const raw_trees *t, const value *x) {
    const int64_t width = x->type.shape.rank == 2 ? x->type.shape.dim[1] : DIM_UNKNOWN;
    const int64_t most = dim_known(width) && width <= TREE_MAX_FEATURE ? width : TREE_MAX_FEATURE;
    for (int32_t i = 0; i < t->n_nodes; i++) {
        const raw_node *n = &t->node[i];
        if (n->mode == MODE_LEAF || (n->feature >= 0 && n->feature < most)) continue;
        return builder_fail(b, HONE_E_FORMAT, "a node compares feature %lld of %lld",
                            (long long)n->feature, (long long)most);
    }
    return b->status;
}

static hone_status lay_out(layout_job *j, hone_dtype t) {
    const size_t n = (size_t)j->t->n_nodes;
    j->mark = arena_array(j->a, n, sizeof *j->mark);
    j->order = arena_array(j->a, n, sizeof *j->order);
    j->reads = arena_array(j->a, n, sizeof *j->reads);
    j->place = arena_array(j->a, n, sizeof *j->place);
    j->row = arena_array(j->a, n, sizeof *j->row);
    j->leaf = arena_array(j->a, n, sizeof *j->leaf);
    if (!j->mark || !j->order || !j->reads || !j->place || !j->row || !j->leaf)
        return fail_nomem(j->b->c, n * sizeof *j->order);
    for (size_t i = 0; i < n; i++) j->place[i] = j->row[i] = -1;
    TRY(order_trees(j));
    return put_nodes(j, t);
}

value *emit_trees(builder *b, const raw_trees *t, value *x, int64_t n_targets,
                  tree_aggregate aggregate, value **voted) {
    static const char *const names[] = {"AVERAGE", "SUM", "MIN", "MAX"};
    if (!x || b->status != HONE_OK || check_features(b, t, x) != HONE_OK) return NULL;
    arena temporary;
    arena_init(&temporary, b->c->alloc);
    layout_job j = {.b = b, .t = t, .a = &temporary};
    const hone_dtype dtype = x->type.dtype;
    value *votes[3] = {NULL}, *out[2] = {NULL};
    const hone_status status = lay_out(&j, dtype);
    if (status == HONE_OK) {
        value *nodes = emit_nodes(&j, dtype), *roots = emit_roots(&j),
              *rows = emit_rows_of_slots(&j);
        if (!roots) builder_fail(b, HONE_E_NOMEM, "out of memory");
        emit_votes(&j, dtype, votes);
        emit_n(b, "hone::TreeEnsemble", IN(x, nodes, roots, rows, votes[0], votes[1], votes[2]),
               ATTRS(A_INT("n_targets", n_targets), A_STRING("aggregate", names[aggregate])), out,
               voted ? 2 : 1);
    } else if (b->status == HONE_OK) {
        b->status = status;
    }
    arena_fini(&temporary);
    if (voted) *voted = out[1];
    return out[0];
}
