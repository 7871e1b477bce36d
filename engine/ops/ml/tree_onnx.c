/* SPDX-License-Identifier: Apache-2.0
 *
 * TreeEnsembleClassifier, TreeEnsembleRegressor and TreeEnsemble, lowered onto hone::TreeEnsemble.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "composite.h"
#include "ml_composite.h"
#include "post_transform.h"
#include "tree_build.h"

/* ---- Nodes in lists with numbers of their own ------------------------------------------------ */

/* The attributes of the classifier and the regressor. */
typedef struct legacy_params {
    int_list nodes_treeids, nodes_nodeids, nodes_featureids, nodes_truenodeids, nodes_falsenodeids;
    int_list nodes_missing_value_tracks_true;
    float_list nodes_values, nodes_hitrates, base_values;
    string_list nodes_modes;
    const tensor *nodes_values_as_tensor, *nodes_hitrates_as_tensor, *base_values_as_tensor;
    /* Votes: class_ids or target_ids and so on. */
    int_list vote_treeids, vote_nodeids, vote_ids;
    float_list vote_weights;
    const tensor *vote_weights_as_tensor;
    label_lists labels;
    int64_t n_targets;
    int32_t post_transform, aggregate_function;
} legacy_params;

#define ROW(kind, field) ATTR_ROW(kind, legacy_params, field)
#define VOTE_ATTRS(prefix)                                                                         \
    ATTR_NAMED(INTS, prefix "_treeids", legacy_params, vote_treeids),                              \
        ATTR_NAMED(INTS, prefix "_nodeids", legacy_params, vote_nodeids),                          \
        ATTR_NAMED(INTS, prefix "_ids", legacy_params, vote_ids),                                  \
        ATTR_NAMED(FLOATS, prefix "_weights", legacy_params, vote_weights),                        \
        ATTR_NAMED(TENSOR, prefix "_weights_as_tensor", legacy_params, vote_weights_as_tensor)
#define NODE_ATTRS                                                                                 \
    ROW(INTS, nodes_treeids), ROW(INTS, nodes_nodeids), ROW(INTS, nodes_featureids),               \
        ROW(INTS, nodes_truenodeids), ROW(INTS, nodes_falsenodeids),                               \
        ROW(INTS, nodes_missing_value_tracks_true), ROW(FLOATS, nodes_values),                     \
        ROW(FLOATS, nodes_hitrates), ROW(FLOATS, base_values), ROW(STRINGS, nodes_modes),          \
        ROW(TENSOR, nodes_values_as_tensor), ROW(TENSOR, nodes_hitrates_as_tensor),                \
        ROW(TENSOR, base_values_as_tensor), POST_TRANSFORM_ATTR(legacy_params)
static const char *const aggregate_names[] = {"AVERAGE", "SUM", "MIN", "MAX", NULL};
static const attr_spec classifier_attrs[] = {
    NODE_ATTRS,
    VOTE_ATTRS("class"),
    ATTR_NAMED(INTS, "classlabels_int64s", legacy_params, labels.ints),
    ATTR_NAMED(STRINGS, "classlabels_strings", legacy_params, labels.strings),
};
static const attr_spec regressor_attrs[] = {
    NODE_ATTRS,
    VOTE_ATTRS("target"),
    ATTR_ROW(INT, legacy_params, n_targets, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(CHOICE, legacy_params, aggregate_function, .i = TREE_SUM, .choices = aggregate_names),
};

/* Floats that a file states as a list or as a tensor, as a tensor. */
static tensor given_floats(const float_list *l, const tensor *t) {
    if (t) return *t;
    return (tensor){
        .dtype = HONE_F32, .shape = shape_vector(l->n), .data = (void *)(uintptr_t)l->v};
}

static bool is_double(const tensor *t) { return t && t->dtype == HONE_F64; }

/* What everything is compared and added up in. */
static hone_dtype tree_type(const value *x, bool wide) {
    return wide || x->type.dtype == HONE_F64 ? HONE_F64 : HONE_F32;
}

static hone_status check_length(builder *b, const char *name, int64_t n, int64_t expected) {
    if (n == expected) return b->status;
    return builder_fail(b, HONE_E_FORMAT, "'%s' has %lld elements: expected %lld", name,
                        (long long)n, (long long)expected);
}

/* Where a node with these two numbers is in the lists. */
typedef struct node_key {
    int64_t tree, node;
    int32_t at;
} node_key;

static int compare_keys(const void *a, const void *b) {
    const node_key *x = a, *y = b;
    if (x->tree != y->tree) return x->tree < y->tree ? -1 : 1;
    return (x->node > y->node) - (x->node < y->node);
}

/* Number of a node, or -1 after recording that there is none. */
static int32_t find_node(builder *b, const node_key *keys, int64_t n, int64_t tree, int64_t id) {
    const node_key wanted = {tree, id, 0};
    const node_key *found =
        n ? bsearch(&wanted, keys, (size_t)n, sizeof *keys, compare_keys) : NULL;
    if (found) return found->at;
    builder_fail(b, HONE_E_FORMAT, "tree %lld has no node %lld", (long long)tree, (long long)id);
    return -1;
}

static hone_status sort_keys(builder *b, const legacy_params *p, raw_trees *t, node_key **out) {
    const int32_t n = p->nodes_treeids.n;
    node_key *keys = arena_array(&t->temporary, (size_t)n, sizeof *keys);
    bool sorted = true;
    if (!keys) return fail_nomem(b->c, (size_t)n * sizeof *keys);
    for (int32_t i = 0; i < n; i++) {
        keys[i] = (node_key){p->nodes_treeids.v[i], p->nodes_nodeids.v[i], i};
        sorted = sorted && (i == 0 || compare_keys(&keys[i - 1], &keys[i]) < 0);
    }
    if (!sorted) qsort(keys, (size_t)n, sizeof *keys, compare_keys);
    for (int32_t i = 1; i < n; i++)
        if (compare_keys(&keys[i - 1], &keys[i]) == 0)
            return builder_fail(b, HONE_E_FORMAT, "tree %lld has two nodes %lld",
                                (long long)keys[i].tree, (long long)keys[i].node);
    *out = keys;
    return HONE_OK;
}

/* The root of a tree is the first of its nodes. */
static void find_roots(raw_trees *t, const node_key *keys, int32_t n) {
    for (int32_t i = 0; i < n;) {
        int32_t first = keys[i].at;
        const int64_t tree = keys[i].tree;
        for (; i < n && keys[i].tree == tree; i++)
            if (keys[i].at < first) first = keys[i].at;
        t->node[first].is_root = true;
    }
    for (int32_t i = 0; i < n; i++)
        if (t->node[i].is_root) t->root[t->n_roots++] = i;
}

static int32_t mode_from_name(const char *name) {
    static const char *const names[] = {"BRANCH_LEQ", "BRANCH_LT",  "BRANCH_GTE",    "BRANCH_GT",
                                        "BRANCH_EQ",  "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"};
    for (int32_t i = 0; i < MODE_COUNT; i++)
        if (i != MODE_MEMBER && strcmp(names[i], name) == 0) return i;
    return -1;
}

static hone_status read_node(builder *b, const legacy_params *p, const node_key *keys,
                             const tensor *values, int32_t i, raw_node *out) {
    const int32_t mode = mode_from_name(p->nodes_modes.v[i]), n = p->nodes_treeids.n;
    const int64_t tree = p->nodes_treeids.v[i];
    const int_list *missing = &p->nodes_missing_value_tracks_true;
    if (mode < 0) return builder_fail(b, HONE_E_FORMAT, "node %d has an unknown mode", i);
    out->mode = (uint8_t)mode;
    if (mode == MODE_LEAF) return b->status;
    out->threshold = tensor_f64(values, i);
    out->feature = p->nodes_featureids.v[i];
    out->missing_true = missing->n && missing->v[i] == 1;
    out->child[0] = find_node(b, keys, n, tree, p->nodes_falsenodeids.v[i]);
    out->child[1] = find_node(b, keys, n, tree, p->nodes_truenodeids.v[i]);
    return b->status;
}

/* Votes for inner nodes occur in files of old converters, and count nothing. */
static hone_status read_votes(builder *b, const legacy_params *p, raw_trees *t,
                              const node_key *keys, int64_t n_targets) {
    const tensor weights = given_floats(&p->vote_weights, p->vote_weights_as_tensor);
    const int32_t n = p->vote_ids.n;
    TRY(check_length(b, "weights of the leaves", tensor_count(&weights), n));
    TRY(check_length(b, "trees of the leaves", p->vote_treeids.n, n));
    TRY(check_length(b, "nodes of the leaves", p->vote_nodeids.n, n));
    int32_t *of = arena_array(&t->temporary, (size_t)n, sizeof *of);
    if (!of) return fail_nomem(b->c, (size_t)n * sizeof *of);
    for (int32_t v = 0; v < n; v++) {
        of[v] = find_node(b, keys, p->nodes_treeids.n, p->vote_treeids.v[v], p->vote_nodeids.v[v]);
        if (of[v] < 0) return b->status;
        if (t->node[of[v]].mode != MODE_LEAF) of[v] = -1;
    }
    return trees_votes(b, t, of, p->vote_ids.v, &weights, n_targets);
}

static hone_status read_lists(builder *b, const legacy_params *p, raw_trees *t, int64_t n_targets) {
    const int32_t n = p->nodes_treeids.n;
    const tensor values = given_floats(&p->nodes_values, p->nodes_values_as_tensor);
    node_key *keys = NULL;
    TRY(check_length(b, "nodes_nodeids", p->nodes_nodeids.n, n));
    TRY(check_length(b, "nodes_featureids", p->nodes_featureids.n, n));
    TRY(check_length(b, "nodes_truenodeids", p->nodes_truenodeids.n, n));
    TRY(check_length(b, "nodes_falsenodeids", p->nodes_falsenodeids.n, n));
    TRY(check_length(b, "nodes_modes", p->nodes_modes.n, n));
    TRY(check_length(b, "nodes_values", tensor_count(&values), n));
    if (p->nodes_missing_value_tracks_true.n)
        TRY(check_length(b, "nodes_missing_value_tracks_true", p->nodes_missing_value_tracks_true.n,
                         n));
    TRY(trees_init(b, t, n));
    TRY(sort_keys(b, p, t, &keys));
    for (int32_t i = 0; i < n; i++) TRY(read_node(b, p, keys, &values, i, &t->node[i]));
    find_roots(t, keys, n);
    return read_votes(b, p, t, keys, n_targets);
}

/* The scores of the attributes' trees for the rows of x. */
static value *emit_lists(builder *b, const legacy_params *p, value *x, int64_t n_targets,
                         value **voted) {
    raw_trees t = {.n_nodes = 0};
    const bool wide = is_double(p->nodes_values_as_tensor) ||
                      is_double(p->vote_weights_as_tensor) || is_double(p->base_values_as_tensor);
    value *rows = emit_rows(b, x, tree_type(x, wide)), *scores = NULL;
    const hone_status status = read_lists(b, p, &t, n_targets);
    if (b->status == HONE_OK) b->status = status;
    if (b->status == HONE_OK)
        scores = emit_trees(b, &t, rows, n_targets, (tree_aggregate)p->aggregate_function, voted);
    trees_fini(&t);
    return scores;
}

/* The base values in the type of the scores; NULL when there are none. */
static value *emit_base(builder *b, const legacy_params *p, hone_dtype t) {
    const tensor base = given_floats(&p->base_values, p->base_values_as_tensor);
    return tensor_count(&base) ? expand_cast(b, emit_tensor_list(b, &base), t) : NULL;
}

/* ---- TreeEnsembleClassifier ------------------------------------------------------------------ */

/* Do all votes go to one class? And is none of them negative? */
static void survey_votes(const legacy_params *p, bool *one, bool *positive) {
    const tensor weights = given_floats(&p->vote_weights, p->vote_weights_as_tensor);
    *one = p->vote_ids.n > 0;
    *positive = true;
    for (int32_t i = 0; i < p->vote_ids.n; i++) {
        if (p->vote_ids.v[i] != p->vote_ids.v[0]) *one = false;
        if (tensor_f64(&weights, i) < 0) *positive = false;
    }
}

static hone_status classifier_expand(builder *b, draft *d) {
    legacy_params p = *(const legacy_params *)d->params;
    const int32_t classes = labels_count(&p.labels);
    bool one, positive;
    value *out[2], *voted;
    if (labels_check(b, &p.labels) != HONE_OK) return b->status;
    p.aggregate_function = TREE_SUM;
    value *scores = emit_lists(b, &p, d->in[0], classes, &voted);
    if (!scores) return b->status;
    survey_votes(&p, &one, &positive);
    emit_n(b, "hone::TreeClass", IN(scores, voted, emit_base(b, &p, scores->type.dtype)),
           ATTRS(A_INT("one_voted", one && classes == 2), A_INT("positive", positive),
                 A_STRING("post_transform", post_transform_names[p.post_transform])),
           out, 2);
    if (expand_wants(d, 1)) d->out[1] = out[1];
    return draft_done(b, d, emit_label_of(b, &p.labels, out[0]));
}

/* x[1] <= 0.5 ? (x[0] > 1 ? a : b) : c, and a single leaf. */
#define NODES                                                                                      \
    "nodes_treeids=0,0,0,0,0,1 nodes_nodeids=0,1,2,3,4,0 nodes_featureids=1,0,0,0,0,0 "            \
    "nodes_truenodeids=1,3,0,0,0,0 nodes_falsenodeids=2,4,0,0,0,0 nodes_values=0.5,1,0,0,0,0 "     \
    "nodes_modes=BRANCH_LEQ,BRANCH_GT,LEAF,LEAF,LEAF,LEAF "
#define VOTES(prefix, ids)                                                                         \
    prefix "_treeids=0,0,0,1 " prefix "_nodeids=2,3,4,0 " prefix "_ids=" ids " " prefix            \
           "_weights=0.5,0.25,1,0.125 "
static const char *const classifier_cases[] = {
    "f32[5,2] " NODES VOTES("class", "0,1,2,1") "classlabels_int64s=4,5,6 >2",
    "i64[30,2] " NODES VOTES("class", "0,0,0,0") "classlabels_strings=no,yes >2",
    "f64[0,2] " NODES VOTES("class", "0,1,1,0") "classlabels_int64s=0,1 post_transform=LOGISTIC >2",
    NULL};

/* ---- TreeEnsembleRegressor ------------------------------------------------------------------- */

static hone_status regressor_expand(builder *b, draft *d) {
    const legacy_params *p = d->params;
    value *y = emit_lists(b, p, d->in[0], p->n_targets, NULL);
    if (!y) return b->status;
    value *base = emit_base(b, p, y->type.dtype);
    if (base && base->type.shape.dim[0] == p->n_targets) y = expand_binary(b, "Add", y, base);
    y = expand_cast(b, y, HONE_F32);
    return draft_done(b, d,
                      emit_post_transform(b, y, (post_transform)p->post_transform, p->n_targets));
}

static const char *const regressor_cases[] = {
    "f32[5,2] " NODES VOTES("target", "0,0,0,0") "base_values=0.5",
    "f64[17,2] " NODES VOTES("target", "0,1,1,1") "n_targets=2 aggregate_function=MIN",
    "i32[2] " NODES VOTES("target", "0,1,1,1") "n_targets=2 post_transform=SOFTMAX",
    "f32[0,2] " NODES VOTES("target", "0,0,0,0"), NULL};

/* ---- TreeEnsemble ---------------------------------------------------------------------------- */

typedef struct ensemble_params {
    int64_t aggregate_function, n_targets, post_transform;
    int_list tree_roots, nodes_featureids, nodes_truenodeids, nodes_falsenodeids, nodes_trueleafs,
        nodes_falseleafs, nodes_missing_value_tracks_true, leaf_targetids;
    const tensor *nodes_modes, *nodes_splits, *nodes_hitrates, *leaf_weights, *membership_values;
} ensemble_params;

#define NEEDED(kind, field) ATTR_ROW(kind, ensemble_params, field, .required = true)
static const attr_spec ensemble_attrs[] = {
    ATTR_ROW(INT, ensemble_params, aggregate_function, .i = TREE_SUM, .max = TREE_MAX),
    ATTR_ROW(INT, ensemble_params, n_targets, .i = 1, .min = 1, .max = INT32_MAX),
    ATTR_ROW(INT, ensemble_params, post_transform, .max = POST_COUNT - 1),
    NEEDED(INTS, tree_roots),
    NEEDED(INTS, nodes_featureids),
    NEEDED(INTS, nodes_truenodeids),
    NEEDED(INTS, nodes_falsenodeids),
    NEEDED(INTS, nodes_trueleafs),
    NEEDED(INTS, nodes_falseleafs),
    ATTR_ROW(INTS, ensemble_params, nodes_missing_value_tracks_true),
    NEEDED(INTS, leaf_targetids),
    NEEDED(TENSOR, nodes_modes),
    NEEDED(TENSOR, nodes_splits),
    ATTR_ROW(TENSOR, ensemble_params, nodes_hitrates),
    NEEDED(TENSOR, leaf_weights),
    ATTR_ROW(TENSOR, ensemble_params, membership_values),
};

/* Inner nodes have the numbers 0 to n - 1, leaves those from n on. */
static int32_t ensemble_child(builder *b, const ensemble_params *p, int64_t id, bool leaf) {
    const int64_t n = p->nodes_featureids.n, most = leaf ? p->leaf_targetids.n : n;
    if (id >= 0 && id < most) return (int32_t)(leaf ? n + id : id);
    builder_fail(b, HONE_E_FORMAT, "a node leads to %s %lld of %lld", leaf ? "leaf" : "node",
                 (long long)id, (long long)most);
    return 0;
}

/* The set of each membership node in turn ends with a NaN, or with the list. */
static hone_status read_members(builder *b, const ensemble_params *p, raw_trees *t) {
    const tensor *values = p->membership_values;
    const int64_t count = values ? tensor_count(values) : 0;
    int64_t at = 0;
    for (int32_t i = 0; i < p->nodes_featureids.n; i++) {
        if (t->node[i].mode != MODE_MEMBER) continue;
        const int64_t first = at;
        while (at < count && !isnan(tensor_f64(values, at))) at++;
        TRY(trees_member(b, t, i, values, first, at - first));
        at++;
    }
    return b->status;
}

static hone_status check_ensemble(builder *b, const ensemble_params *p) {
    const int64_t n = p->nodes_featureids.n;
    TRY(check_length(b, "nodes_truenodeids", p->nodes_truenodeids.n, n));
    TRY(check_length(b, "nodes_falsenodeids", p->nodes_falsenodeids.n, n));
    TRY(check_length(b, "nodes_trueleafs", p->nodes_trueleafs.n, n));
    TRY(check_length(b, "nodes_falseleafs", p->nodes_falseleafs.n, n));
    TRY(check_length(b, "nodes_modes", tensor_count(p->nodes_modes), n));
    TRY(check_length(b, "nodes_splits", tensor_count(p->nodes_splits), n));
    TRY(check_length(b, "leaf_weights", tensor_count(p->leaf_weights), p->leaf_targetids.n));
    if (p->nodes_missing_value_tracks_true.n)
        TRY(check_length(b, "nodes_missing_value_tracks_true", p->nodes_missing_value_tracks_true.n,
                         n));
    if (p->nodes_modes->dtype != HONE_U8)
        return builder_fail(b, HONE_E_FORMAT, "'nodes_modes' has type %s: expected uint8",
                            hone_dtype_name(p->nodes_modes->dtype));
    const tensor *const reals[] = {p->nodes_splits, p->leaf_weights, p->membership_values};
    for (int32_t i = 0; i < 3; i++)
        if (reals[i] && !dtype_in(reals[i]->dtype, DT_FLOATS))
            return builder_fail(b, HONE_E_FORMAT, "splits or weights have type %s",
                                hone_dtype_name(reals[i]->dtype));
    return b->status;
}

static hone_status read_ensemble(builder *b, const ensemble_params *p, raw_trees *t) {
    const int32_t n = p->nodes_featureids.n, leaves = p->leaf_targetids.n;
    const int_list *missing = &p->nodes_missing_value_tracks_true;
    TRY(check_ensemble(b, p));
    TRY(trees_init(b, t, (int64_t)n + leaves));
    int32_t *of = arena_array(&t->temporary, (size_t)leaves, sizeof *of);
    t->root = arena_array(&t->temporary, (size_t)p->tree_roots.n, sizeof *t->root);
    if (!of || !t->root) return fail_nomem(b->c, (size_t)leaves * sizeof *of);
    for (int32_t i = 0; i < n; i++) {
        const int64_t mode = tensor_i64(p->nodes_modes, i);
        if (mode > MODE_MEMBER)
            return builder_fail(b, HONE_E_FORMAT, "node %d has the mode %lld", i, (long long)mode);
        t->node[i] = (raw_node){
            .threshold = tensor_f64(p->nodes_splits, i),
            .feature = p->nodes_featureids.v[i],
            .child = {ensemble_child(b, p, p->nodes_falsenodeids.v[i], p->nodes_falseleafs.v[i]),
                      ensemble_child(b, p, p->nodes_truenodeids.v[i], p->nodes_trueleafs.v[i])},
            .mode = (uint8_t)mode,
            .missing_true = missing->n && missing->v[i] == 1};
    }
    for (int32_t i = 0; i < leaves; i++) t->node[of[i] = n + i].mode = MODE_LEAF;
    for (int32_t i = 0; i < p->tree_roots.n; i++)
        t->root[t->n_roots++] = ensemble_child(b, p, p->tree_roots.v[i], false);
    TRY(read_members(b, p, t));
    return trees_votes(b, t, of, p->leaf_targetids.v, p->leaf_weights, p->n_targets);
}

static hone_status ensemble_expand(builder *b, draft *d) {
    const ensemble_params *p = d->params;
    const hone_dtype t = d->in[0]->type.dtype;
    const bool wide = is_double(p->nodes_splits) || is_double(p->leaf_weights);
    raw_trees trees = {.n_nodes = 0};
    value *x = emit_rows(b, d->in[0], tree_type(d->in[0], wide)), *y = NULL;
    const hone_status status = read_ensemble(b, p, &trees);
    if (b->status == HONE_OK) b->status = status;
    if (b->status == HONE_OK)
        y = emit_trees(b, &trees, x, p->n_targets, (tree_aggregate)p->aggregate_function, NULL);
    trees_fini(&trees);
    y = emit_post_transform(b, y, (post_transform)p->post_transform, p->n_targets);
    return draft_done(b, d, expand_cast(b, y, t));
}

static const char *const ensemble_cases[] = {
    "f32[5,2] tree_roots=0 nodes_featureids=0,1 nodes_truenodeids=0,1 nodes_falsenodeids=1,2 "
    "nodes_trueleafs=1,1 nodes_falseleafs=0,1 nodes_modes=u8{0,6} nodes_splits=f32{0.5,0} "
    "membership_values=f32{1,-1,0.5,nan} leaf_targetids=0,1,0 leaf_weights=f32{1,2,3} n_targets=2",
    "f64[20,2] tree_roots=0,1 nodes_featureids=0,1 nodes_truenodeids=0,1 nodes_falsenodeids=0,2 "
    "nodes_trueleafs=1,1 nodes_falseleafs=1,1 nodes_modes=u8{2,5} nodes_splits=f64{0.5,0} "
    "leaf_targetids=0,0,0 leaf_weights=f64{1,2,3}",
    "f16[3,1] tree_roots=0 nodes_featureids=0 nodes_truenodeids=0 nodes_falsenodeids=1 "
    "nodes_trueleafs=1 nodes_falseleafs=1 nodes_modes=u8{1} nodes_splits=f16{0.5} "
    "leaf_targetids=0,0 leaf_weights=f16{1,2} aggregate_function=0",
    NULL};

static const op_arg classifier_in[] = {{"X", DT_NUMBERS, 0, 0}};
static const op_arg classifier_out[] = {{"Y", DT_LABELS, 0, 0}, {"Z", DT(HONE_F32), 0, 0}};
static const op_arg regressor_in[] = {{"X", DT_NUMBERS, 0, 0}};
static const op_arg regressor_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_arg ensemble_in[] = {{"X", DT_FLOATS, 'T', 0}};
static const op_arg ensemble_out[] = {{"Y", DT_FLOATS, 'T', 0}};
static const op_version since_1[] = {{1, NULL}};
static const op_version since_5[] = {{5, NULL}};
#define COMPOSITE(ident, label, since, type)                                                       \
    static const op ml_##ident = {.name = label,                                                   \
                                  .domain = "ai.onnx.ml",                                          \
                                  OP_VERSIONS(since),                                              \
                                  OP_SLOTS(ident),                                                 \
                                  OP_ATTRS(ident##_attrs, type),                                   \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_ULP, 16},                                      \
                                  .cases = ident##_cases}
COMPOSITE(classifier, "TreeEnsembleClassifier", since_1, legacy_params);
COMPOSITE(regressor, "TreeEnsembleRegressor", since_1, legacy_params);
COMPOSITE(ensemble, "TreeEnsemble", since_5, ensemble_params);

static const op *const members[] = {&ml_classifier, &ml_regressor, &ml_ensemble};
const op_family family_tree_onnx = {members, COUNT_OF(members)};
