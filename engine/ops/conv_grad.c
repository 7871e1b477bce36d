/* SPDX-License-Identifier: Apache-2.0
 *
 * The gradient of a convolution is two convolutions and a sum.
 *
 *   dX = ConvTranspose(dY, W'), W' being W with its channel axes exchanged: every output pixel
 * gives back what it took, along the same window. dW = Conv of X and dY with the images as channels
 * and strides and dilations exchanged: element (oc, k, ic) sums x(n, o * stride + k * dilation -
 * pad, ic) * dy(n, o, oc) over n and o. Rows that the stride left unread make it larger than W; the
 * rest is cut off. db = sum of dY over everything but channels.
 */
#include "conv_grad.h"

/* v with axes first and last exchanged. */
static value *swap_ends(builder *b, value *v) {
    const int32_t rank = v ? v->type.shape.rank : 0;
    int64_t perm[HONE_MAX_RANK];
    for (int32_t i = 0; i < rank; i++) perm[i] = i;
    if (rank > 1) {
        perm[0] = rank - 1;
        perm[rank - 1] = 0;
    }
    return emit(b, "Transpose", IN(v), ATTRS(A_INTS("perm", perm, rank)));
}

/* The window with everything resolved, from shapes that are known. */
static hone_status resolve(gradient *g, window *w) {
    const conv_params *p = g->node->params;
    const infer f = {.c = g->b->c, .node = g->node};
    const shape *x = &node_in(g->node, CONV_X)->type.shape,
                *k = &node_in(g->node, CONV_W)->type.shape;
    if (!shape_known(x) || !shape_known(k))
        return builder_fail(g->b, HONE_E_UNSUPPORTED, "the gradient needs known shapes");
    return window_resolve(&f, &p->window, x->rank - 2, k->dim + 1, x->dim + 1, w);
}

static value *data_gradient(gradient *g, const window *w) {
    int64_t pads[2 * WINDOW_MAX_RANK];
    for (int32_t i = 0; i < w->rank; i++) {
        pads[i] = w->pad_begin[i];
        pads[i + w->rank] = w->pad_end[i];
    }
    /* What the stride left over at the end belongs to the output. */
    int64_t over[WINDOW_MAX_RANK];
    for (int32_t i = 0; i < w->rank; i++) {
        const int64_t read =
            (w->out[i] - 1) * w->stride[i] + (w->kernel[i] - 1) * w->dilation[i] + 1;
        over[i] = w->in[i] + w->pad_begin[i] + w->pad_end[i] - read;
    }
    return emit(
        g->b, "hone::ConvTranspose", IN(g->dy[0], swap_ends(g->b, node_in(g->node, CONV_W))),
        ATTRS(A_INTS("strides", w->stride, w->rank), A_INTS("dilations", w->dilation, w->rank),
              A_INTS("pads", pads, 2 * w->rank), A_INTS("output_padding", over, w->rank)));
}

static value *weight_gradient(gradient *g, const window *w) {
    builder *b = g->b;
    int64_t pads[2 * WINDOW_MAX_RANK], from[WINDOW_MAX_RANK], to[WINDOW_MAX_RANK],
        axes[WINDOW_MAX_RANK];
    for (int32_t i = 0; i < w->rank; i++) {
        pads[i] = w->pad_begin[i];
        pads[i + w->rank] = w->pad_end[i];
        from[i] = 0;
        to[i] = w->kernel[i];
        axes[i] = i + 1;
    }
    /* [IC, spatial.., N] with filters [OC, out.., N] gives [IC, kernel.., OC]. */
    value *dw =
        emit(b, "hone::Conv", IN(swap_ends(b, node_in(g->node, CONV_X)), swap_ends(b, g->dy[0])),
             ATTRS(A_INTS("strides", w->dilation, w->rank), A_INTS("dilations", w->stride, w->rank),
                   A_INTS("pads", pads, 2 * w->rank)));
    dw = emit(
        b, "Slice",
        IN(dw, emit_i64s(b, from, w->rank), emit_i64s(b, to, w->rank), emit_i64s(b, axes, w->rank)),
        NO_ATTRS);
    return swap_ends(b, dw);
}

hone_status conv_grad(gradient *g) {
    const conv_params *p = g->node->params;
    window w;
    if (p->group != 1 || fused_any(&p->fused))
        return builder_fail(g->b, HONE_E_UNSUPPORTED,
                            "grouped or fused convolutions have no gradient");
    TRY(resolve(g, &w));
    g->dx[CONV_X] = data_gradient(g, &w);
    g->dx[CONV_W] = weight_gradient(g, &w);
    value *bias = node_in(g->node, CONV_BIAS);
    if (bias) g->dx[CONV_BIAS] = emit(g->b, "hone::SumTo", IN(g->dy[0], bias), NO_ATTRS);
    if (node_in(g->node, CONV_RESIDUAL)) g->dx[CONV_RESIDUAL] = g->dy[0];
    return g->b->status;
}
