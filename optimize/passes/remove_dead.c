/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "op.h"

static bool is_dead(const node *n) {
    if (n->op->flags & OP_IMPURE) return false;
    for (int32_t i = 0; i < n->n_out; i++)
        if (n->out[i] && value_use_count(n->out[i]) > 0) return false;
    return true;
}

/* Last to first, so that one walk removes whole dead chains. */
static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    for (node *n = g->last, *prev; n; n = prev) {
        prev = n->prev;
        if (is_dead(n)) {
            graph_remove_node(n);
            ++*changes;
            continue;
        }
        for (int32_t i = 0; i < n->n_body; i++) TRY(run(c, m, n->body[i], changes));
    }
    return HONE_OK;
}

const pass pass_remove_dead = {"remove_dead", "removes nodes whose results nothing reads", run,
                               NULL};
