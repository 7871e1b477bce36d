/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets products and convolutions finish their result while it is in the cache: a residual that is
 * added, then a clamp, then an activation, then a factor and a summand.
 */
#include "build.h"
#include "clip.h"
#include "elementwise.h"
#include "fused.h"
#include "match.h"
#include "model.h"

/* Are the shapes the same as far as anybody can tell before running? Dimensions that are unknown in
 * both pass: the operators check again when shapes are known and add a residual that must be
 * broadcast afterwards. */
static bool same_shape(const shape *a, const shape *b) {
    if (a->rank < 1 || a->rank != b->rank || !dim_known(a->dim[a->rank - 1])) return false;
    return shape_equal(a, b);
}

static hone_status take_residual(const ctx *c, node *n, node *add, bool *done) {
    value *other = match_other(add, n->out[0]);
    const fused_params *fused = node_fused(n);
    if (!other || other == n->out[0] || other->constant || node_in(n, FUSED_RESIDUAL))
        return HONE_OK;
    if (fused_any(fused) || !same_shape(&other->type.shape, &n->out[0]->type.shape)) return HONE_OK;
    if (other->type.dtype != HONE_F32) return HONE_OK;
    TRY(node_append_input(c, n, FUSED_RESIDUAL, other));
    node_move(n, add); /* behind whatever makes the residual */
    *done = true;
    return HONE_OK;
}

static bool take_clip(node *n, const node *clip) {
    float lo, hi;
    return clip_bounds(clip, &lo, &hi) && fused_take_clamp(node_fused(n), lo, hi);
}

static bool take_affine(node *n, const node *user) {
    float k[2];
    if (match_affine(user, k) != n->out[0]) return false;
    return user->op == &op_mul ? fused_take_factor(node_fused(n), k[0])
                               : fused_take_summand(node_fused(n), k[1]);
}

static hone_status take_user_of(const ctx *c, node *n, node *user, bool *done) {
    const op *o = user->op;
    *done = false;
    if (o == &op_clip)
        *done = take_clip(n, user);
    else if (o == &op_add || o == &op_sub || o == &op_mul)
        *done = take_affine(n, user);
    else
        *done = fused_take(node_fused(n), user);
    return !*done && o == &op_add ? take_residual(c, n, user, done) : HONE_OK;
}

/* Folds the only reader of n's result into n; *done tells whether there may be another. */
static hone_status take_user(const ctx *c, node *n, bool *done) {
    node *user = value_only_user(n->out[0]);
    *done = false;
    if (!user || user->graph != n->graph || n->out[0]->type.dtype != HONE_F32) return HONE_OK;
    TRY(take_user_of(c, n, user, done));
    if (!*done) return HONE_OK;
    graph_replace(user->out[0], n->out[0]);
    graph_remove_node(user);
    return HONE_OK;
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->first, *next; n; n = next) {
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
        node *const prev = n->prev, *const follower = n->next;
        bool more = node_fused(n) != NULL;
        while (more) {
            TRY(take_user(c, n, &more));
            *changes += more;
        }
        /* If n moved down behind its residual, go on where it was. */
        next = n->prev == prev ? n->next : follower;
    }
    return HONE_OK;
}

const pass pass_fuse_epilogue = {"fuse_epilogue",
                                 "fuses residuals, activations and factors into what makes them",
                                 run, "remove_dead"};
