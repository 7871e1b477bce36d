/* SPDX-License-Identifier: Apache-2.0 */
#include "conv_winograd.h"

/* Height and width of an image about whose size nothing is known: networks that see images have
 * about so many channels times pixels in a line, at any depth. */
static int64_t usual_size(int64_t channels) {
    const int64_t size = 2560 / channels;
    return size < 8 ? 8 : size > 56 ? 56 : size;
}

static bool all_one(const int_list *l) {
    for (int32_t i = 0; l->set && i < l->n; i++)
        if (l->v[i] != 1) return false;
    return true;
}

bool conv_winograd_fits(const node *n) {
    const conv_params *p = n->params;
    const type *w = &n->in[CONV_W].value->type;
    return n->op == &op_conv && w->dtype == HONE_F32 && w->shape.rank == 4 &&
           w->shape.dim[1] == 3 && w->shape.dim[2] == 3 && p->group == 1 &&
           all_one(&p->window.strides) && all_one(&p->window.dilations);
}

static int64_t known_or_usual(const shape *s, int32_t axis, int64_t channels) {
    return s->rank == 4 && dim_known(s->dim[axis]) ? s->dim[axis] : usual_size(channels);
}

layout conv_winograd_choose(const node *n) {
    layout l = {LAYOUT_DENSE, 1};
    if (!conv_winograd_fits(n)) return l;
    const shape *y = &n->out[0]->type.shape, *w = &n->in[CONV_W].value->type.shape;
    const int64_t ic = w->dim[3], oc = w->dim[0], channels = ic > oc ? ic : oc;
    const int tile =
        winograd_f32_choose(known_or_usual(y, 1, channels), known_or_usual(y, 2, channels), ic, oc);
    if (tile) l.kind = tile == 2 ? LAYOUT_WINOGRAD_2 : LAYOUT_WINOGRAD_4;
    return l;
}

winograd_f32_shape conv_winograd_shape(const conv_f32_shape *c, int tile) {
    const conv_window *w = &c->window;
    return (winograd_f32_shape){.tile = tile,
                                .n = c->n,
                                .in = {w->in[1], w->in[2]},
                                .out = {w->out[1], w->out[2]},
                                .pad = {w->pad[1], w->pad[2]},
                                .ic = c->ic,
                                .oc = c->oc,
                                .ldx = c->ldx,
                                .ldy = c->ldy};
}
