/* SPDX-License-Identifier: Apache-2.0
 *
 * Lets convolutions pad themselves: zeros that a Pad puts around the spatial axes of their data
 * become part of their window.
 */
#include "conv.h"
#include "match.h"
#include "model.h"
#include "pad.h"
#include "rewrite.h"
#include "transpose.h"

/* The window of a convolution that can pad; both kinds of params begin with it. */
static window_params *padding_window(const node *n) {
    if (n->op != &op_conv && n->op != &op_depthwise_conv) return NULL;
    window_params *w = n->params;
    const bool stated = w->auto_pad == WINDOW_AUTO_NOTSET;
    return stated || (w->auto_pad == WINDOW_AUTO_VALID && !w->pads.set) ? w : NULL;
}

/* The pads of w with `more` before and after each axis of [N, spatial.., C]; false where they
 * cannot be. */
static bool add_pads(const window_params *w, int32_t spatial, const int64_t *before,
                     const int64_t *after, int64_t *pads) {
    const int32_t last = spatial + 1;
    if (before[0] || after[0] || before[last] || after[last]) return false;
    if (w->pads.set && w->pads.n != 2 * spatial) return false;
    for (int32_t i = 0; i < 2 * spatial; i++) {
        const int64_t own = w->pads.set ? w->pads.v[i] : 0;
        const int64_t more = i < spatial ? before[1 + i] : after[1 + i - spatial];
        if (own < 0 || more < 0 || more > INT32_MAX - own) return false;
        pads[i] = own + more;
    }
    return true;
}

/* A Pad in front of the data of a convolution, or of the Transpose in front of that, whose counts
 * are put in its order. */
typedef struct padding {
    const node *pad;
    node *reader; /* whose input 0 it is */
    int64_t before[HONE_MAX_RANK], after[HONE_MAX_RANK];
} padding;

static bool find_padding(padding *p, node *n) {
    node *t = match_single(node_in(n, CONV_X), &op_transpose);
    int64_t before[HONE_MAX_RANK], after[HONE_MAX_RANK];
    int32_t perm[HONE_MAX_RANK], rank;
    p->reader = t ? t : n;
    p->pad = match_op(node_in(p->reader, 0), &op_pad);
    if (!p->pad || !pad_zeros(p->pad, before, after)) return false;
    rank = p->pad->out[0]->type.shape.rank;
    for (int32_t a = 0; a < rank; a++) perm[a] = a;
    if (t && !transpose_perm(t, perm, &rank)) return false;
    for (int32_t a = 0; a < rank; a++) {
        p->before[a] = before[perm[a]];
        p->after[a] = after[perm[a]];
    }
    return rank >= 3;
}

static hone_status fold_node(const ctx *c, node *n, int64_t *changes) {
    padding p;
    window_params *w = padding_window(n);
    if (!w || !find_padding(&p, n)) return HONE_OK;
    const int32_t spatial = p.pad->out[0]->type.shape.rank - 2;
    int64_t *pads = arena_array(n->graph->arena, 2 * HONE_MAX_RANK, sizeof *pads);
    if (!pads) return fail_nomem(c, 2 * HONE_MAX_RANK * sizeof *pads);
    if (!add_pads(w, spatial, p.before, p.after, pads)) return HONE_OK;
    w->pads = (int_list){.v = pads, .n = 2 * spatial, .set = true};
    w->auto_pad = WINDOW_AUTO_NOTSET;
    node_set_input(p.reader, 0, node_in(p.pad, 0));
    ++*changes;
    if (p.reader == n) return HONE_OK;
    p.reader->out[0]->type.shape = shape_unknown(); /* that of the padded data */
    return graph_infer_node(c, p.reader);
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    (void)m;
    return rewrite_nodes(c, g, fold_node, changes);
}

const pass pass_fold_pads = {"fold_pads", "lets convolutions pad themselves", run,
                             "sink_transposes,remove_dead"};
