/* SPDX-License-Identifier: Apache-2.0 */
#include "conv_winograd.h"

#include "pack.h"

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

/* The filter of a node of hone::Conv, of some tile; false when Winograd's algorithm is not for it.
 */
static bool filter_of(const node *n, winograd_f32_filter *f) {
    const conv_params *p = n->params;
    const type *w = &n->in[CONV_W].value->type;
    return w->dtype == HONE_F32 && p->group == 1 && all_one(&p->window.strides) &&
           all_one(&p->window.dilations) &&
           layout_filter((layout){LAYOUT_WINOGRAD_2, 1}, &w->shape, f);
}

bool conv_winograd_fits(const node *n) {
    winograd_f32_filter f;
    return filter_of(n, &f);
}

static int64_t known_or(const shape *s, int32_t axis, int64_t usual) {
    return s->rank > axis && dim_known(s->dim[axis]) ? s->dim[axis] : usual;
}

layout conv_winograd_choose(const node *n) {
    layout l = {LAYOUT_DENSE, 1};
    winograd_f32_filter f;
    if (!filter_of(n, &f)) return l;
    const shape *y = &n->out[0]->type.shape, *w = &n->in[CONV_W].value->type.shape;
    const int64_t size = usual_size(f.ic > f.oc ? f.ic : f.oc);
    /* a signal has about as many samples as an image has pixels */
    const int64_t high = w->rank == 3 ? 1 : known_or(y, 1, size);
    const int64_t wide = w->rank == 3 ? known_or(y, 1, size * size) : known_or(y, 2, size);
    const int tile = winograd_f32_choose(&f, high, wide);
    if (tile) l.kind = tile == 2 ? LAYOUT_WINOGRAD_2 : LAYOUT_WINOGRAD_4;
    return l;
}

winograd_f32_shape conv_winograd_shape(const conv_f32_shape *c, int tile) {
    const conv_window *w = &c->window;
    return (winograd_f32_shape){.filter = {tile, {w->kernel[1], w->kernel[2]}, c->ic, c->oc},
                                .n = c->n,
                                .in = {w->in[1], w->in[2]},
                                .out = {w->out[1], w->out[2]},
                                .pad = {w->pad[1], w->pad[2]},
                                .ldx = c->ldx,
                                .ldy = c->ldy};
}
