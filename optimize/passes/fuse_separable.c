/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins a depthwise convolution with the 1 x 1 convolutions around it, where what lies between them
 * is too large for L2:
 *
 *     Conv 1 x 1 -> DepthwiseConv -> Conv 1 x 1     or without the first
 */
#include <math.h>

#include "conv.h"
#include "match.h"
#include "rewrite.h"
#include "separable_conv.h"

/* Floats of the data between the convolutions from which on it pays. */
#define MIN_FLOATS ((int64_t)1 << 17)

static bool all_are(const int_list *l, int64_t number) {
    for (int32_t i = 0; l->set && i < l->n; i++)
        if (l->v[i] != number) return false;
    return true;
}

/* Is n, which may be NULL, a convolution of pixels? */
static bool is_pointwise(const node *n) {
    if (!n || n->op != &op_conv) return false;
    const conv_params *p = n->params;
    const type *w = &node_in(n, CONV_W)->type;
    return w->dtype == HONE_F32 && w->shape.rank == 4 && w->shape.dim[1] == 1 &&
           w->shape.dim[2] == 1 && p->group == 1 && all_are(&p->window.strides, 1) &&
           all_are(&p->window.pads, 0);
}

static bool usual_window(const node *n) {
    const window_params *p = n->params; /* the first member */
    const shape *w = &node_in(n, CONV_W)->type.shape;
    if (w->rank != 3 || w->dim[0] != w->dim[1] || (w->dim[0] != 3 && w->dim[0] != 5)) return false;
    for (int32_t i = 0; p->strides.set && i < p->strides.n; i++)
        if (p->strides.v[i] > 2) return false;
    return all_are(&p->dilations, 1);
}

/* Elements of one image; 0 if their number is not known. */
static int64_t image_floats(const value *v) {
    shape image = v->type.shape;
    int64_t floats;
    if (image.rank != 4) return 0;
    image.dim[0] = 1;
    return shape_count(&image, &floats) ? floats : 0;
}

static hone_status join(const ctx *c, node *expand, node *depthwise, node *project) {
    separable_params p = {
        .window = *(const window_params *)depthwise->params,
        .fused = *node_fused(project),
        .depthwise = *node_fused(depthwise),
        .expand = FUSED_NOTHING,
    };
    if (expand) p.expand = *node_fused(expand);
    value *in[SEPARABLE_INPUTS] = {
        [SEPARABLE_X] = node_in(expand ? expand : depthwise, CONV_X),
        [SEPARABLE_W] = node_in(project, CONV_W),
        [SEPARABLE_BIAS] = node_in(project, CONV_BIAS),
        [SEPARABLE_RESIDUAL] = node_in(project, CONV_RESIDUAL),
        [SEPARABLE_DEPTHWISE] = node_in(depthwise, CONV_W),
        [SEPARABLE_DEPTHWISE_BIAS] = node_in(depthwise, CONV_BIAS),
    };
    if (expand) {
        in[SEPARABLE_EXPAND] = node_in(expand, CONV_W);
        in[SEPARABLE_EXPAND_BIAS] = node_in(expand, CONV_BIAS);
    }
    const node_desc desc = {.op = &op_separable_conv,
                            .name = project->name,
                            .params = &p,
                            .in = in,
                            .n_in = expand ? SEPARABLE_INPUTS : SEPARABLE_EXPAND,
                            .n_out = 1,
                            .before = project};
    node *joined = graph_add_node(project->graph, &desc);
    if (!joined) return fail_nomem(c, sizeof *joined);
    joined->out[0]->type = project->out[0]->type;
    graph_replace(project->out[0], joined->out[0]);
    graph_remove_node(project);
    graph_remove_node(depthwise);
    if (expand) graph_remove_node(expand);
    return HONE_OK;
}

static hone_status fuse_node(const ctx *c, node *n, int64_t *changes) {
    if (!is_pointwise(n)) return HONE_OK;
    node *depthwise = match_single(node_in(n, CONV_X), &op_depthwise_conv);
    if (!depthwise || node_in(depthwise, CONV_RESIDUAL) || !usual_window(depthwise)) return HONE_OK;
    node *expand = match_single(node_in(depthwise, CONV_X), &op_conv);
    if (!is_pointwise(expand) || node_in(expand, CONV_RESIDUAL)) expand = NULL;
    const value *between = expand ? expand->out[0] : depthwise->out[0];
    if (image_floats(between) < MIN_FLOATS) return HONE_OK;
    ++*changes;
    return join(c, expand, depthwise, n);
}

static hone_status run(const ctx *c, hone_model *m, graph *g, int64_t *changes) {
    (void)m;
    return rewrite_nodes(c, g, fuse_node, changes); /* the nodes that go away precede the visited */
}

const pass pass_fuse_separable = {
    "fuse_separable", "joins depthwise convolutions with the 1 x 1 convolutions around them", run,
    "sink_transposes,fuse_epilogue,remove_dead"};
