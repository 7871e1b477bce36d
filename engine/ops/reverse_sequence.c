/* SPDX-License-Identifier: Apache-2.0
 *
 * ReverseSequence: turns round the beginning of every sequence of a batch, each as far as it is
 * long.
 */
#include "movement.h"

typedef struct reverse_sequence_params {
    int64_t batch_axis, time_axis;
} reverse_sequence_params;

static const attr_spec reverse_sequence_attrs[] = {
    ATTR_ROW(INT, reverse_sequence_params, batch_axis, .i = 1, .min = 0, .max = 1),
    ATTR_ROW(INT, reverse_sequence_params, time_axis, .i = 0, .min = 0, .max = 1),
};
static const op_arg reverse_sequence_in[] = {{"input", DT_MOVABLE, 'T', 0},
                                             {"sequence_lens", DT(HONE_I64), 0, 0}};
static const op_arg reverse_sequence_out[] = {{"Y", DT_MOVABLE, 'T', 0}};
static const op_version reverse_sequence_versions[] = {{10, NULL}};

static hone_status reverse_sequence_infer(infer *f) {
    const reverse_sequence_params *p = f->params;
    const shape *x = infer_shape(f, 0), *lens = infer_shape(f, 1);
    TRY(infer_check_rank(f, 0, 2, HONE_MAX_RANK));
    TRY(infer_check_rank(f, 1, 1, 1));
    if (p->batch_axis == p->time_axis) return infer_fail(f, "the batch axis is the time axis");
    if (x->rank >= 0 && lens->rank >= 0 && !dim_compatible(x->dim[p->batch_axis], lens->dim[0]))
        return infer_fail(f, "'sequence_lens' has %lld elements: expected %lld",
                          (long long)lens->dim[0], (long long)x->dim[p->batch_axis]);
    return infer_same(f, 0);
}

static hone_status reverse_sequence_run(run_ctx *r, const step *s) {
    const reverse_sequence_params *p = step_params(s);
    const shape *x = &s->in[0].shape;
    const int64_t batch = x->dim[p->batch_axis], time = x->dim[p->time_axis];
    const int64_t *lens = s->in[1].data;
    const size_t unit = (size_t)shape_span(x, 2, x->rank) * dtype_size(s->in[0].dtype);
    const int64_t batch_step = p->batch_axis ? 1 : time, time_step = p->time_axis ? 1 : batch;
    for (int64_t b = 0; b < batch; b++)
        if (lens[b] < 0 || lens[b] > time)
            return run_fail(r, "sequence %lld has length %lld: expected 0 to %lld", (long long)b,
                            (long long)lens[b], (long long)time);
    for (int64_t b = 0; b < batch; b++)
        for (int64_t t = 0; t < time; t++) {
            const int64_t from = t < lens[b] ? lens[b] - 1 - t : t;
            memcpy((char *)s->out[0].data + (size_t)(b * batch_step + t * time_step) * unit,
                   (const char *)s->in[0].data + (size_t)(b * batch_step + from * time_step) * unit,
                   unit);
        }
    return HONE_OK;
}

static const char *const reverse_sequence_cases[] = {
    "f32[4,3] i64{4,1,0}", "f32[3,4,2] i64{1,2,4} batch_axis=0 time_axis=1", NULL};

const op op_reverse_sequence = {.name = "ReverseSequence",
                                .domain = "",
                                OP_VERSIONS(reverse_sequence_versions),
                                OP_ARGS_IN(reverse_sequence_in),
                                OP_ARGS_OUT(reverse_sequence_out),
                                OP_ATTRS(reverse_sequence_attrs, reverse_sequence_params),
                                .infer = reverse_sequence_infer,
                                .run = reverse_sequence_run,
                                .grad = move_grad,
                                .quant = &quant_moves_first,
                                .flops = move_flops,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = reverse_sequence_cases};
