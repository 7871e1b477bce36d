/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of hone::TreeEnsemble. Votes of a row are added up in the order of the trees whatever is
 * done side by side, so results depend neither on the number of threads nor on the other rows.
 *
 *   many rows   blocks of rows are items; a tree is walked for all rows of a block while it is in
 *               cache
 *   few rows    blocks of trees are items; where they end is noted, the votes are counted
 * afterwards
 */
#include "tree_ensemble.h"

#include <math.h>
#include <string.h>

#include "checked.h"
#include "wide.h"

typedef struct tree_params {
    int64_t n_targets;
    int32_t aggregate;
} tree_params;

static const char *const aggregate_names[] = {"AVERAGE", "SUM", "MIN", "MAX", NULL};
static const attr_spec tree_attrs[] = {
    ATTR_ROW(INT, tree_params, n_targets, .required = true, .min = 1, .max = INT32_MAX),
    ATTR_ROW(CHOICE, tree_params, aggregate, .i = TREE_SUM, .choices = aggregate_names)};
#define REAL (DT(HONE_F32) | DT(HONE_F64))
static const op_arg tree_in[] = {
    {"X", REAL, 'T', 0},          {"nodes", DT(HONE_I32), 0, 0},  {"roots", DT(HONE_I32), 0, 0},
    {"rows", DT(HONE_I32), 0, 0}, {"starts", DT(HONE_I32), 0, 0}, {"targets", DT(HONE_I32), 0, 0},
    {"weights", REAL, 'T', 0},
};
static const op_arg tree_out[] = {{"scores", REAL, 'T', 0}, {"voted", DT_BOOL, 0, ARG_OPTIONAL}};

static hone_status tree_infer(infer *f) {
    static const int8_t ranks[TREE_INPUTS] = {2, 2, 2, 1, 1, 1, 1};
    const shape *x = infer_shape(f, TREE_X), *nodes = infer_shape(f, TREE_NODES);
    const int64_t words = infer_dtype(f, TREE_X) == HONE_F64 ? 4 : 3;
    for (int32_t i = 0; i < TREE_INPUTS; i++) TRY(infer_check_rank(f, i, ranks[i], ranks[i]));
    if (nodes->rank > 0 && !dim_compatible(nodes->dim[1], words))
        return infer_fail(f, "a node has %lld words: expected %lld", (long long)nodes->dim[1],
                          (long long)words);
    const shape y = shape_make(2, (const int64_t[]){x->rank > 0 ? x->dim[0] : DIM_UNKNOWN,
                                                    ((const tree_params *)f->params)->n_targets});
    infer_set(f, 0, infer_dtype(f, TREE_X), &y);
    infer_set(f, 1, HONE_BOOL, &y);
    return HONE_OK;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

typedef struct tree_state {
    tree_kind kind;
    bool single;   /* every row of votes is one: vote number `row` */
    bool by_trees; /* few rows */
    size_t ends;   /* where walks ended, in scratch */
    int64_t steps; /* of one row through all trees, roughly */
} tree_state;

static const int32_t *ints_of(const step *s, int32_t i) { return s->in[i].data; }

/* Is every element in [lo, hi)? */
static bool all_between(const tensor *t, int64_t lo, int64_t hi) {
    for (int64_t i = 0; i < tensor_count(t); i++)
        if (((const int32_t *)t->data)[i] < lo || ((const int32_t *)t->data)[i] >= hi) return false;
    return true;
}

/* Number of the first node that does not keep to the form, or -1. */
static int64_t find_bad_node(const step *s, tree_state *state) {
    const tensor *nodes = &s->in[TREE_NODES];
    const int64_t n = nodes->shape.dim[0], width = s->in[TREE_X].shape.dim[1];
    const bool wide = s->in[TREE_X].dtype == HONE_F64;
    const tree_node_f64 *f64 = nodes->data;
    const tree_node_f32 *f32 = nodes->data;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t feature = wide ? f64[i].feature : f32[i].feature;
        const int64_t child = wide ? f64[i].child : f32[i].child;
        const bool never = wide ? isnan(f64[i].threshold) : isnan(f32[i].threshold);
        const bool ends = never && !(feature & TREE_NAN_HOLDS); /* goes to `child` at any rate */
        if ((feature & TREE_FEATURE) >= width || child + !ends >= n || child < i ||
            (child == i && !ends))
            return i;
        if (feature & TREE_EQUAL) state->kind = TREE_ANY;
        if (feature & TREE_NAN_HOLDS && state->kind == TREE_PLAIN) state->kind = TREE_MISSING;
    }
    return -1;
}

static bool votes_fit(const step *s, tree_state *state) {
    const tensor *starts = &s->in[TREE_STARTS];
    const int64_t rows = starts->shape.dim[0] - 1, votes = tensor_count(&s->in[TREE_TARGETS]);
    const int32_t *start = starts->data;
    state->single = votes == rows;
    if (rows < 0 || start[0] < 0 || start[rows] > votes ||
        tensor_count(&s->in[TREE_WEIGHTS]) != votes ||
        tensor_count(&s->in[TREE_ROWS]) != s->in[TREE_NODES].shape.dim[0])
        return false;
    for (int64_t i = 0; i < rows; i++) {
        if (start[i] > start[i + 1]) return false;
        if (start[i] != i) state->single = false;
    }
    return all_between(&s->in[TREE_ROWS], 0, rows) &&
           all_between(&s->in[TREE_TARGETS], 0, s->out[0].shape.dim[1]);
}

static hone_status tree_check(plan_ctx *p, const step *s, tree_state *state) {
    const tensor *roots = &s->in[TREE_ROOTS];
    for (int32_t i = TREE_NODES; i < TREE_INPUTS; i++)
        if (!s->in[i].data && tensor_count(&s->in[i]))
            return fail(p->c, HONE_E_UNSUPPORTED, "input '%s' is no constant", tree_in[i].name);
    if ((uintptr_t)s->in[TREE_NODES].data % _Alignof(tree_node_f64))
        return fail(p->c, HONE_E_UNSUPPORTED, "the nodes are not aligned to 8 bytes");
    const int64_t bad = find_bad_node(s, state);
    if (bad >= 0)
        return fail(p->c, HONE_E_FORMAT,
                    "node %lld is malformed, or needs more than the %lld features there are",
                    (long long)bad, (long long)s->in[TREE_X].shape.dim[1]);
    if (roots->shape.dim[1] != 2 || !votes_fit(s, state))
        return fail(p->c, HONE_E_FORMAT, "the roots or the votes of the trees are malformed");
    for (int64_t i = 0; i < roots->shape.dim[0]; i++) {
        const int32_t *root = (const int32_t *)roots->data + 2 * i;
        if (root[0] < 0 || root[0] >= s->in[TREE_NODES].shape.dim[0] || root[1] < 0)
            return fail(p->c, HONE_E_FORMAT, "the root of tree %lld is malformed", (long long)i);
        state->steps += 4 + (root[1] < 16 ? root[1] : 16);
    }
    return HONE_OK;
}

/* ---- Plan ------------------------------------------------------------------------------------ */

/* Rows that are walked through one tree before the next; rows below which trees are the items. */
enum { BLOCK_ROWS = 64, FEW_ROWS = 16 };

static hone_status tree_plan(plan_ctx *p, step *s) {
    const int64_t rows = s->out[0].shape.dim[0], trees = s->in[TREE_ROOTS].shape.dim[0];
    tree_state *state = plan_state(p, s, sizeof *state);
    size_t bytes;
    if (!state) return HONE_E_NOMEM;
    TRY(tree_check(p, s, state));
    state->by_trees = rows < FEW_ROWS;
    plan_kernel(p, s, "%s, %s", state->by_trees ? "by trees" : "by rows",
                state->kind == TREE_PLAIN     ? "plain"
                : state->kind == TREE_MISSING ? "missing values"
                                              : "equality");
    if (!state->by_trees) return HONE_OK;
    if (!size_mul((size_t)trees, (size_t)rows * sizeof(int32_t), &bytes))
        return fail(p->c, HONE_E_LIMIT, "too many trees");
    return scratch_book(p, s, bytes, &state->ends);
}

/* ---- Votes ----------------------------------------------------------------------------------- */

typedef struct tree_job {
    const step *s;
    const tree_state *state;
    tree_walk_fn *walk;
    int32_t *ends; /* [rows, trees], when there are few rows */
    tree_aggregate aggregate;
    int64_t targets, trees;
} tree_job;

/* A minimum or maximum is NaN until there is a vote, and 0 where there is none at the end. */
#define DEFINE_VOTES(suffix, type)                                                                 \
    static void begin_##suffix(const tree_job *j, int64_t first, int64_t last) {                   \
        const bool sum = j->aggregate == TREE_SUM || j->aggregate == TREE_AVERAGE;                 \
        type *y = j->s->out[0].data;                                                               \
        for (int64_t i = first * j->targets; i < last * j->targets; i++)                           \
            y[i] = sum ? (type)0 : (type)NAN;                                                      \
    }                                                                                              \
    /* Vote i is that of slot[i], for row + i * apart. */                                          \
    static void vote_##suffix(const tree_job *j, const int32_t *slot, int64_t n, int64_t row,      \
                              int64_t apart) {                                                     \
        const step *s = j->s;                                                                      \
        const int32_t *rows = ints_of(s, TREE_ROWS), *start = ints_of(s, TREE_STARTS);             \
        const int32_t *target = ints_of(s, TREE_TARGETS);                                          \
        const type *weight = s->in[TREE_WEIGHTS].data;                                             \
        bool *voted = step_wants(s, 1) ? s->out[1].data : NULL;                                    \
        const bool sum = j->aggregate == TREE_SUM || j->aggregate == TREE_AVERAGE;                 \
        for (int64_t i = 0; i < n; i++) {                                                          \
            const int32_t first = rows[slot[i]];                                                   \
            const int32_t last = j->state->single ? first + 1 : start[first + 1];                  \
            for (int32_t v = j->state->single ? first : start[first]; v < last; v++) {             \
                const int64_t at = (row + i * apart) * j->targets + target[v];                     \
                type *y = (type *)s->out[0].data + at;                                             \
                if (sum)                                                                           \
                    *y += weight[v];                                                               \
                else if (!(j->aggregate == TREE_MIN ? *y <= weight[v] : *y >= weight[v]))          \
                    *y = weight[v];                                                                \
                if (voted) voted[at] = true;                                                       \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    static void end_##suffix(const tree_job *j, int64_t first, int64_t last) {                     \
        type *y = j->s->out[0].data;                                                               \
        for (int64_t i = first * j->targets; i < last * j->targets; i++) {                         \
            if (j->aggregate == TREE_AVERAGE) y[i] /= (type)j->trees;                              \
            if (j->aggregate >= TREE_MIN && isnan(y[i])) y[i] = 0;                                 \
        }                                                                                          \
    }
DEFINE_VOTES(f32, float)
DEFINE_VOTES(f64, double)

/* ---- Run ------------------------------------------------------------------------------------- */

static bool is_wide(const tree_job *j) { return j->s->in[TREE_X].dtype == HONE_F64; }

static const char *features_of(const tree_job *j, int64_t row) {
    const tensor *x = &j->s->in[TREE_X];
    return (const char *)x->data + (size_t)(row * x->shape.dim[1]) * dtype_size(x->dtype);
}

static void begin_rows(const tree_job *j, int64_t first, int64_t last) {
    const size_t at = (size_t)(first * j->targets), n = (size_t)((last - first) * j->targets);
    (is_wide(j) ? begin_f64 : begin_f32)(j, first, last);
    if (n && step_wants(j->s, 1)) memset((bool *)j->s->out[1].data + at, 0, n);
}

static void end_rows(const tree_job *j, int64_t first, int64_t last) {
    (is_wide(j) ? end_f64 : end_f32)(j, first, last);
}

static void vote(const tree_job *j, const int32_t *slot, int64_t n, int64_t row, int64_t apart) {
    (is_wide(j) ? vote_f64 : vote_f32)(j, slot, n, row, apart);
}

/* One tree for n rows, a group of lanes at a time; x has as many more as fill the last group. */
static void walk_rows(const tree_job *j, const int32_t *root, const void *const *x, int64_t row,
                      int64_t n) {
    int32_t at[BLOCK_ROWS + TREE_LANES];
    for (int64_t i = 0; i < n; i += TREE_LANES) {
        for (int64_t l = i; l < i + TREE_LANES; l++) at[l] = root[0];
        j->walk(j->s->in[TREE_NODES].data, root[1], x + i, at + i);
    }
    vote(j, at, n, row, 1);
}

static void do_rows(void *arg, int64_t first, int64_t last, int32_t worker) {
    const tree_job *j = arg;
    const void *x[BLOCK_ROWS + TREE_LANES];
    (void)worker;
    for (int64_t row = first, n; row < last; row += n) {
        n = last - row < BLOCK_ROWS ? last - row : BLOCK_ROWS;
        for (int64_t i = 0; i < n + TREE_LANES; i++)
            x[i] = features_of(j, row + (i < n ? i : n - 1));
        begin_rows(j, row, row + n);
        for (int64_t t = 0; t < j->trees; t++)
            walk_rows(j, ints_of(j->s, TREE_ROOTS) + 2 * t, x, row, n);
        end_rows(j, row, row + n);
    }
}

/* Trees [first, first + n) for one row, n <= TREE_LANES. */
static void walk_trees(const tree_job *j, int64_t row, int64_t first, int64_t n) {
    const int32_t *roots = ints_of(j->s, TREE_ROOTS) + 2 * first;
    const void *x[TREE_LANES];
    int32_t at[TREE_LANES], steps = 0;
    for (int64_t i = 0; i < TREE_LANES; i++) {
        const int32_t *root = roots + 2 * (i < n ? i : n - 1);
        x[i] = features_of(j, row);
        at[i] = root[0];
        if (root[1] > steps) steps = root[1];
    }
    j->walk(j->s->in[TREE_NODES].data, steps, x, at);
    memcpy(j->ends + row * j->trees + first, at, (size_t)n * sizeof *at);
}

static void do_trees(void *arg, int64_t first, int64_t last, int32_t worker) {
    const tree_job *j = arg;
    (void)worker;
    for (int64_t row = 0; row < j->s->out[0].shape.dim[0]; row++)
        for (int64_t t = first; t < last; t += TREE_LANES)
            walk_trees(j, row, t, last - t < TREE_LANES ? last - t : TREE_LANES);
}

static void count_votes(const tree_job *j) {
    const int64_t rows = j->s->out[0].shape.dim[0];
    begin_rows(j, 0, rows);
    for (int64_t row = 0; row < rows && j->trees; row++)
        vote(j, j->ends + row * j->trees, j->trees, row, 0);
    end_rows(j, 0, rows);
}

/* Steps that are worth a task. */
enum { TASK_STEPS = 1 << 15 };

static hone_status tree_run(run_ctx *r, const step *s) {
    const tree_params *p = step_params(s);
    const tree_state *state = s->state;
    const int64_t rows = s->out[0].shape.dim[0], trees = s->in[TREE_ROOTS].shape.dim[0];
    tree_job j = {.s = s,
                  .state = state,
                  .walk = tree_walk(s->in[TREE_X].dtype, state->kind),
                  .aggregate = (tree_aggregate)p->aggregate,
                  .targets = p->n_targets,
                  .trees = trees};
    if (!state->by_trees) {
        team_run(r->team, rows, TASK_STEPS / (state->steps + 1) + TREE_LANES, do_rows, &j);
        return HONE_OK;
    }
    if (rows == 0) return HONE_OK;
    if (trees) {
        j.ends = (int32_t *)(void *)((char *)r->scratch + state->ends);
        const int64_t each = state->steps / trees * rows + 1;
        memset(j.ends, 0,
               (size_t)(rows * trees) * sizeof *j.ends); /* for a run that is cut short */
        team_run(r->team, trees, TASK_STEPS / each + TREE_LANES, do_trees, &j);
    }
    count_votes(&j);
    return HONE_OK;
}

/* As many comparisons as a tree of 16 levels has. */
static uint64_t tree_flops(const step *s) {
    return 16 * (uint64_t)s->in[TREE_X].shape.dim[0] * (uint64_t)s->in[TREE_ROOTS].shape.dim[0];
}

/* Two trees over 3 features: x[1] <= 0.5 ? 1 : 2, and a single leaf. Words of 0.5: 0x3F000000, of
 * NaN: 0x7FC00000. */
#define STUMP                                                                                      \
    "i32[4,3]{1056964608,1,1,2143289344,0,1,2143289344,0,2,2143289344,0,3} i32[2,2]{0,1,3,0} "     \
    "i32{0,0,1,2} i32{0,1,2,3} i32{0,0,0} "
static const char *const tree_cases[] = {"f32[5,3] " STUMP "f32{2,1,0.25} n_targets=1",
                                         "f32[9001,3] " STUMP "f32{2,1,0.25} n_targets=1",
                                         "f32[40,3] " STUMP "f32{2,1,4} n_targets=2 >2",
                                         "f32[17,2] " STUMP "f32{2,1,4} n_targets=2 aggregate=MIN",
                                         "f32[1,2] " STUMP "f32{2,1,4} n_targets=1 aggregate=MAX",
                                         "f32[0,2] " STUMP "f32{2,1,4} n_targets=1",
                                         "f32[3,2] " STUMP
                                         "f32{2,1,4} n_targets=1 aggregate=AVERAGE",
                                         NULL};

const op op_tree_ensemble = {.name = "TreeEnsemble",
                             .domain = "hone",
                             OP_ARGS_IN(tree_in),
                             OP_ARGS_OUT(tree_out),
                             OP_ATTRS(tree_attrs, tree_params),
                             .infer = tree_infer,
                             .plan = tree_plan,
                             .run = tree_run,
                             .flops = tree_flops,
                             .tolerance = {TOL_EXACT, 0},
                             .cases = tree_cases};
