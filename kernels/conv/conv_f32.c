/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_f32.h"

#include "conv/conv_rows.h"
#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Up to this many channels, lines of the window are worth more than the copies at the border. */
#define LINES_MAX_CHANNELS 4

/* Below that many columns, groups share the search for their rows, above it copies of the rows. */
#define SHARED_MAX_CHANNELS 64

/* One grid of the convolution, and the product that computes it for one group, or for all. */
typedef struct conv_part {
    conv_grid grid;
    gemm_sweep sweep;
} conv_part;

static conv_rows choose_rows(const conv_f32_shape *s) {
    const conv_window *w = &s->window;
    bool dense = true;
    for (int d = 0; d < 3; d++)
        dense = dense && w->kernel[d] == w->stride[d] && w->pad[d] == 0 &&
                w->out[d] == w->in[d] * w->stride[d] && (s->transposed || w->stride[d] == 1) &&
                (w->dilation[d] == 1 || w->kernel[d] == 1);
    if (dense) return CONV_DENSE;
    if (s->transposed) return CONV_TAPS;
    const bool lines =
        s->groups == 1 && s->ic <= LINES_MAX_CHANNELS && s->ldx == s->ic && w->dilation[2] == 1;
    return lines ? CONV_LINES : CONV_TAPS;
}

/* Products of a part: groups that do not share their rows are apart. */
static size_t part_products(const conv_f32_shape *s) {
    return s->oc < SHARED_MAX_CHANNELS ? 1 : (size_t)s->groups;
}

static int64_t part_count(const conv_f32_shape *s) {
    return s->transposed ? conv_phases(&s->window) : 1;
}

static conv_part part_at(const conv_f32_plan *plan, int64_t index) {
    const conv_f32_shape *s = &plan->shape;
    conv_part part = {.grid = s->transposed ? conv_phase_grid(&s->window, index)
                                            : conv_forward_grid(&s->window)};
    const conv_axis *width = &part.grid.axis[2];
    const size_t taps = (size_t)conv_grid_taps(&part.grid), ic = (size_t)s->ic;
    const size_t line = plan->rows == CONV_LINES ? (size_t)width->taps * ic : ic;
    const size_t groups = (size_t)s->groups / part_products(s);
    part.sweep = (gemm_sweep){
        .m = (size_t)(s->n * conv_grid_outputs(&part.grid)),
        .n = (size_t)s->oc,
        .taps = plan->rows == CONV_LINES ? taps / (size_t)width->taps : taps,
        .k = line,
        .stride = (size_t)width->out_step,
        .zeros = plan->rows == CONV_DENSE ? 0 : sat_mul(line, groups),
        .spare = plan->rows == CONV_LINES ? line : 0,
        .form = GEMM_B_PACKED,
        .groups = groups,
    };
    part.sweep.run = s->transposed ? (size_t)width->count : part.sweep.m;
    gemm_sweep_plan(plan->ks, &part.sweep);
    return part;
}

conv_f32_plan conv_f32_make_plan(const kernels *ks, const conv_f32_shape *s) {
    conv_f32_plan plan = {.shape = *s, .ks = ks, .rows = choose_rows(s)};
    for (int64_t i = 0; i < part_count(s); i++) {
        const gemm_sweep sweep = part_at(&plan, i).sweep;
        plan.kernel = sweep.kernel;
        plan.tasks += gemm_sweep_tasks(&sweep) * part_products(s);
        if (sweep.scratch > plan.scratch) plan.scratch = sweep.scratch;
    }
    return plan;
}

/* Tasks first <= i < last of the product of a part that starts with group g. */
static void run_group(const conv_f32_plan *plan, const conv_f32_args *args, const conv_part *part,
                      size_t g, size_t first, size_t last, void *scratch) {
    static void (*const rows[])(const void *, const gemm_span *) = {
        [CONV_DENSE] = conv_dense_rows,
        [CONV_TAPS] = conv_tap_rows,
        [CONV_LINES] = conv_line_rows,
    };
    const conv_f32_shape *s = &plan->shape;
    const size_t ic = (size_t)s->ic, oc = (size_t)s->oc;
    const size_t panels = ceil_div(oc, GEMM_PANEL) * GEMM_PANEL;
    const size_t before =
        s->transposed ? (size_t)conv_grid_taps_before(&s->window, &part->grid) : 0;
    const size_t group = conv_f32_packed_floats(s) / (size_t)s->groups;
    const conv_source source = {part->grid, args->x + g * ic, s->ldx, (int64_t)part->sweep.k};
    epilogue_f32 ep;
    gemm_operands x = {
        .rows = rows[plan->rows],
        .place = s->transposed ? conv_place : NULL,
        .source = &source,
        .b = args->w + g * group + before * ic * panels,
        .ldg = group,
        .c = args->y + g * oc,
        .ldc = (size_t)s->ldy,
    };
    if (args->ep) {
        ep = *args->ep;
        if (ep.bias) ep.bias += g * oc;
        if (ep.residual) ep.residual += g * oc;
        x.ep = &ep;
    }
    gemm_sweep_run(&part->sweep, &x, first, last, scratch);
}

void conv_f32_run(const conv_f32_plan *plan, const conv_f32_args *args, size_t first, size_t last,
                  void *scratch) {
    size_t base = 0;
    for (int64_t i = 0; i < part_count(&plan->shape) && base < last; i++) {
        const conv_part part = part_at(plan, i);
        const size_t tasks = gemm_sweep_tasks(&part.sweep);
        for (size_t g = 0; g < part_products(&plan->shape) && base < last; g++, base += tasks) {
            if (base + tasks <= first) continue;
            const size_t begin = first > base ? first - base : 0;
            const size_t end = last - base < tasks ? last - base : tasks;
            run_group(plan, args, &part, g, begin, end, scratch);
        }
    }
}
