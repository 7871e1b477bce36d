/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include "checked.h"

const char *const window_auto_pad[] = {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID", NULL};

/* Element i of a list that is absent or has n entries. */
static hone_status list_length(const infer *f, const int_list *l, int32_t n, const char *name) {
    if (!l->set || l->n == n) return HONE_OK;
    return infer_fail(f, "attribute '%s' has %d values: expected %d", name, l->n, n);
}

static int64_t entry(const int_list *l, int32_t i, int64_t fallback) {
    return l->set ? l->v[i] : fallback;
}

/* Pads that make the output ceil(in / stride). */
static void same_pads(window *w, int32_t i, int64_t reach, bool upper) {
    const int64_t rest = w->in[i] % w->stride[i], out = w->in[i] / w->stride[i] + (rest != 0);
    /* The last window starts so many elements before the end of the input. */
    const int64_t room = rest ? rest : w->stride[i];
    const int64_t total = out > 0 && reach > room ? reach - room : 0;
    w->pad_begin[i] = upper ? total / 2 : total - total / 2;
    w->pad_end[i] = total - w->pad_begin[i];
    w->out[i] = out;
}

/* Output size of one axis whose sizes are known. */
static hone_status axis_output(const infer *f, const window_params *p, window *w, int32_t i) {
    int64_t reach, padded;
    if (!i64_mul(w->kernel[i] - 1, w->dilation[i], &reach) || !i64_add(reach, 1, &reach))
        return infer_fail(f, "the window of spatial axis %d overflows", i);
    if (p->auto_pad == WINDOW_AUTO_SAME_UPPER || p->auto_pad == WINDOW_AUTO_SAME_LOWER) {
        same_pads(w, i, reach, p->auto_pad == WINDOW_AUTO_SAME_UPPER);
        return HONE_OK;
    }
    if (!i64_add(w->in[i], w->pad_begin[i] + w->pad_end[i], &padded) || padded < 0)
        return infer_fail(f, "the padded size of spatial axis %d is out of range", i);
    if (padded < reach) {
        if (w->in[i] > 0)
            return infer_fail(
                f, "spatial axis %d has %lld elements with padding: its window needs %lld", i,
                (long long)padded, (long long)reach);
        w->out[i] = 0;
        return HONE_OK;
    }
    const int64_t room = padded - reach;
    w->out[i] = room / w->stride[i] + 1;
    /* Rounding up adds a window, unless it would start in the padding at the end. */
    int64_t start, end;
    if (p->ceil_mode && room % w->stride[i] && i64_mul(w->out[i], w->stride[i], &start) &&
        i64_add(w->in[i], w->pad_begin[i], &end) && start < end)
        w->out[i]++;
    return HONE_OK;
}

hone_status window_resolve(const infer *f, const window_params *p, int32_t rank,
                           const int64_t *kernel, const int64_t *in, window *out) {
    window w = {.rank = rank};
    if (rank < 1 || rank > WINDOW_MAX_RANK)
        return infer_fail(f, "%d spatial axes: expected 1 to %d", rank, WINDOW_MAX_RANK);
    TRY(list_length(f, &p->strides, rank, "strides"));
    TRY(list_length(f, &p->dilations, rank, "dilations"));
    TRY(list_length(f, &p->pads, 2 * rank, "pads"));
    for (int32_t i = 0; i < rank; i++) {
        const bool pads = p->auto_pad == WINDOW_AUTO_NOTSET;
        w.kernel[i] = kernel[i];
        w.in[i] = in[i];
        w.stride[i] = entry(&p->strides, i, 1);
        w.dilation[i] = entry(&p->dilations, i, 1);
        w.pad_begin[i] = pads ? entry(&p->pads, i, 0) : 0;
        w.pad_end[i] = pads ? entry(&p->pads, i + rank, 0) : 0;
        w.out[i] = DIM_UNKNOWN;
        if (w.kernel[i] == 0) return infer_fail(f, "spatial axis %d has an empty window", i);
        if (dim_known(w.kernel[i]) && dim_known(w.in[i])) TRY(axis_output(f, p, &w, i));
    }
    *out = w;
    return HONE_OK;
}

void window_tap(const window *w, int64_t pixel, int64_t tap, int64_t *at) {
    for (int32_t a = w->rank - 1; a >= 0; a--) {
        at[a] = pixel % w->out[a] * w->stride[a] - w->pad_begin[a] +
                tap % w->kernel[a] * w->dilation[a];
        pixel /= w->out[a];
        tap /= w->kernel[a];
    }
}

int64_t window_tap_index(const window *w, int64_t pixel, int64_t tap) {
    int64_t at[WINDOW_MAX_RANK], index = 0;
    window_tap(w, pixel, tap, at);
    for (int32_t a = 0; a < w->rank; a++) {
        if (at[a] < 0 || at[a] >= w->in[a]) return -1;
        index = index * w->in[a] + at[a];
    }
    return index;
}

conv_window window_for_kernels(const window *w) {
    conv_window c;
    for (int32_t i = 0; i < 3; i++) {
        const int32_t a = i - (3 - w->rank);
        c.in[i] = a < 0 ? 1 : w->in[a];
        c.out[i] = a < 0 ? 1 : w->out[a];
        c.kernel[i] = a < 0 ? 1 : w->kernel[a];
        c.stride[i] = a < 0 ? 1 : w->stride[a];
        c.dilation[i] = a < 0 ? 1 : w->dilation[a];
        c.pad[i] = a < 0 ? 0 : w->pad_begin[a];
    }
    return c;
}
