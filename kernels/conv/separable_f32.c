/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/separable_f32.h"

#include "conv/dwconv_band.h"
#include "gemm/gemm_f32.h"
#include "gemm/sat_size.h"

/* Floats of the ring and the band: an eighth of L2. */
#define BAND_FLOATS ((size_t)1 << 16)
#define MAX_BAND    64
/* Tasks of an image: enough to balance, few because each expands the lines at its border again. */
#define MAX_TASKS 8

/* Scratch of a product of up to `lines` lines. */
static size_t work_bytes(const kernels *ks, size_t lines, int64_t width, int64_t k, int64_t n) {
    size_t most = 0;
    for (size_t i = 1; i <= lines; i++) {
        const gemm_f32_args args = {
            .m = i * (size_t)width, .n = (size_t)n, .k = (size_t)k, .form = GEMM_B_PACKED};
        most = larger(most, gemm_f32_plan(ks, &args).scratch);
    }
    return most;
}

static void plan_scratch(separable_f32_plan *plan) {
    const separable_f32_shape *s = &plan->shape;
    const conv_window *w = &s->window;
    const size_t in = sat_mul((size_t)w->in[2], (size_t)s->channels);
    const size_t out = sat_mul((size_t)w->out[2], (size_t)s->channels);
    size_t work = work_bytes(plan->ks, plan->band, w->out[2], s->channels, s->oc);
    if (s->expand)
        work = larger(work, work_bytes(plan->ks, plan->ring, w->in[2], s->ic, s->channels));
    size_t end = sat_align(sat_mul(dwconv_lines_under(w, plan->band), sizeof(float *)));
    plan->at_ring = end;
    if (s->expand) end = sat_align(sat_add(end, sat_mul(sat_mul(plan->ring, in), sizeof(float))));
    plan->at_band = end;
    end = sat_align(sat_add(end, sat_mul(sat_mul(plan->band, out), sizeof(float))));
    plan->at_work = end;
    plan->scratch = sat_align(sat_add(end, work));
}

separable_f32_plan separable_f32_make_plan(const kernels *ks, const separable_f32_shape *s) {
    separable_f32_plan plan = {.shape = *s, .ks = ks};
    const conv_window *w = &s->window;
    const size_t height = (size_t)w->out[1], channels = (size_t)s->channels;
    if (s->n == 0 || height == 0 || w->out[2] == 0 || channels == 0 || s->oc == 0) return plan;
    const size_t in = s->expand ? sat_mul((size_t)w->in[2], channels) : 0;
    const size_t line =
        sat_add(sat_mul(in, (size_t)w->stride[1]), sat_mul((size_t)w->out[2], channels));
    const size_t before = smaller(sat_mul(in, (size_t)w->kernel[1]), BAND_FLOATS);
    /* An even number, because two lines at once are faster. */
    plan.band = smaller((BAND_FLOATS - before) / line / 2 * 2 + 2, MAX_BAND);
    plan.band = smaller(plan.band, height);
    plan.ring = dwconv_lines_under(w, plan.band);
    const size_t wanted = smaller(ceil_div(height, plan.band), MAX_TASKS);
    plan.task_lines = ceil_div(ceil_div(height, wanted), 2) * 2;
    plan.image_tasks = ceil_div(height, plan.task_lines);
    plan.tasks = plan.image_tasks * (size_t)s->n;
    plan_scratch(&plan);
    return plan;
}

/* A run over some lines of one image. */
typedef struct separable_job {
    const separable_f32_plan *plan;
    const separable_f32_args *args;
    size_t image;
    int64_t have; /* expanded lines up to this one are in the ring */
    const float **lines;
    float *ring, *band;
    void *work;
} separable_job;

/* c = a * part, for m pixels. */
static void multiply(const separable_job *job, const separable_f32_part *part,
                     const epilogue_f32 *ep, const float *a, size_t k, float *c, size_t n,
                     size_t m) {
    const gemm_f32_args args = {
        .m = m,
        .n = n,
        .k = k,
        .a = a,
        .lda = k,
        .b = part->w,
        .form = GEMM_B_PACKED,
        .c = c,
        .ldc = n,
        .ep = ep,
    };
    const gemm_sweep sweep = gemm_f32_plan(job->plan->ks, &args);
    gemm_f32_run(&sweep, &args, 0, gemm_sweep_tasks(&sweep), job->work);
}

/* Brings lines before `end` of the expanded image into the ring. */
static void expand_lines(separable_job *job, int64_t end) {
    const separable_f32_shape *s = &job->plan->shape;
    const int64_t width = s->window.in[2], ring = (int64_t)job->plan->ring;
    const float *image = job->args->x + (int64_t)job->image * s->window.in[1] * width * s->ic;
    const separable_f32_part *part = &job->args->expand;
    while (job->have < end) {
        const int64_t slot = job->have % ring;
        const int64_t lines = end - job->have < ring - slot ? end - job->have : ring - slot;
        multiply(job, part, part->ep, image + job->have * width * s->ic, (size_t)s->ic,
                 job->ring + slot * width * s->channels, (size_t)s->channels,
                 (size_t)(lines * width));
        job->have += lines;
    }
}

/* Points at the lines first .. of the image that the depthwise convolution reads. */
static void find_lines(separable_job *job, int64_t first, int64_t count) {
    const separable_f32_shape *s = &job->plan->shape;
    const int64_t height = s->window.in[1], line = s->window.in[2] * s->channels;
    const float *image = job->args->x + (int64_t)job->image * height * line;
    for (int64_t l = first; l < first + count; l++) {
        const float *at =
            s->expand ? job->ring + l % (int64_t)job->plan->ring * line : image + l * line;
        job->lines[l - first] = l >= 0 && l < height ? at : NULL;
    }
}

/* Output lines o .. of the image. */
static void run_band(separable_job *job, size_t o, size_t count) {
    const separable_f32_shape *s = &job->plan->shape;
    const conv_window *w = &s->window;
    const int64_t first = (int64_t)o * w->stride[1] - w->pad[1];
    const int64_t under = (int64_t)dwconv_lines_under(w, count), end = first + under;
    if (job->have < first) job->have = first;
    if (s->expand) expand_lines(job, end < w->in[1] ? end : w->in[1]);
    find_lines(job, first, under);
    const dwconv_band band = {
        .ks = job->plan->ks,
        .window = w,
        .lines = job->lines,
        .w = job->args->depthwise.w,
        .ep = job->args->depthwise.ep,
        .y = job->band,
        .count = count,
        .channels = (size_t)s->channels,
        .ldx = (size_t)s->channels,
        .ldw = (size_t)s->channels,
        .ldy = (size_t)s->channels,
    };
    dwconv_band_convolve(&band);
    const size_t width = (size_t)w->out[2];
    const size_t pixel = (job->image * (size_t)w->out[1] + o) * width, oc = (size_t)s->oc;
    const separable_f32_part *part = &job->args->project;
    epilogue_f32 ep;
    if (part->ep) {
        ep = *part->ep;
        if (ep.residual) ep.residual += pixel * ep.ldr;
    }
    multiply(job, part, part->ep ? &ep : NULL, job->band, (size_t)s->channels,
             job->args->y + pixel * oc, oc, count * width);
}

void separable_f32_run(const separable_f32_plan *plan, const separable_f32_args *args, size_t first,
                       size_t last, void *scratch) {
    const size_t height = (size_t)plan->shape.window.out[1];
    char *at = scratch;
    while (first < last) {
        const size_t begin = first % plan->image_tasks;
        const size_t end = smaller(begin + (last - first), plan->image_tasks);
        separable_job job = {
            .plan = plan,
            .args = args,
            .image = first / plan->image_tasks,
            .lines = scratch,
            .ring = (float *)(void *)(at + plan->at_ring),
            .band = (float *)(void *)(at + plan->at_band),
            .work = at + plan->at_work,
        };
        const size_t stop = smaller(end * plan->task_lines, height);
        for (size_t o = begin * plan->task_lines, count; o < stop; o += count) {
            count = smaller(plan->band, stop - o);
            run_band(&job, o, count);
        }
        first += end - begin;
    }
}
