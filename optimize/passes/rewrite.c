/* SPDX-License-Identifier: Apache-2.0 */
#include "rewrite.h"

#include <string.h>

hone_status rewrite_copy(const ctx *c, hone_model *m, graph *g, const tensor *t, value **out) {
    tensor copy = *t;
    copy.data = model_buffer(c, m, t->bytes);
    if (!copy.data) return HONE_E_NOMEM;
    if (t->data)
        memcpy(copy.data, t->data, t->bytes);
    else
        memset(copy.data, 0, t->bytes);
    *out = graph_add_constant(g, "", &copy);
    return *out ? HONE_OK : fail_nomem(c, sizeof **out);
}

hone_status rewrite_nodes(const ctx *c, graph *g, node_rewrite *rewrite, int64_t *changes) {
    for (node *n = g->first, *next; n; n = next) {
        next = n->next;
        for (int32_t i = 0; i < n->n_body; i++) TRY(rewrite_nodes(c, n->body[i], rewrite, changes));
        TRY(rewrite(c, n, changes));
    }
    return HONE_OK;
}
