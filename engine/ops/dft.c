/* SPDX-License-Identifier: Apache-2.0
 *
 * DFT along one axis of a real ([.., 1]) or complex ([.., 2]) signal, and STFT, which cuts a signal
 * into frames first. Before opset 20 the axis was an attribute.
 */
#include <string.h>

#include "checked.h"
#include "composite.h"
#include "fft.h"
#include "wide.h"

enum { DFT_X, DFT_LENGTH, DFT_AXIS };

typedef struct dft_params {
    bool inverse, onesided;
} dft_params;

static const attr_spec dft_attrs[] = {ATTR_ROW(BOOL, dft_params, inverse),
                                      ATTR_ROW(BOOL, dft_params, onesided)};
static const op_arg dft_in[] = {{"input", DT_FLOATS, 'T', 0},
                                {"dft_length", DT_INDEX, 0, ARG_OPTIONAL},
                                {"axis", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg dft_out[] = {{"output", DT_FLOATS, 'T', 0}};

static hone_status dft_upgrade(builder *b, draft *d) {
    const int64_t axis = draft_int(d, "axis", 1);
    draft_drop(d, "axis");
    return draft_set_in(b, d, DFT_AXIS, emit_i64(b, axis));
}
static const op_version dft_versions[] = {{17, dft_upgrade}, {20, NULL}};

/* A transform of known shapes. */
typedef struct dft_size {
    int32_t axis;
    int64_t n;    /* of the transform */
    int64_t read; /* elements of the axis that it may read */
    int64_t write;
} dft_size;

/* length and axis are the values of the inputs, or NULL. */
static hone_status dft_size_of(const ctx *c, const dft_params *p, const shape *x,
                               const tensor *length, const tensor *axis, dft_size *d) {
    const int64_t at = axis ? tensor_i64(axis, 0) : -2;
    if (x->rank < 2 || !axis_normalize(at, x->rank, &d->axis) || d->axis == x->rank - 1)
        return fail(c, HONE_E_FORMAT, "axis %lld is out of range for a signal of rank %d",
                    (long long)at, x->rank);
    const bool real_result = p->inverse && p->onesided;
    const int64_t in = x->dim[d->axis];
    d->n = length ? tensor_i64(length, 0) : in;
    if (!length && real_result && !i64_mul(2, in - 1, &d->n)) d->n = 0;
    if (d->n < 1) return fail(c, HONE_E_FORMAT, "the length %lld is not positive", (long long)d->n);
    d->read = real_result ? d->n / 2 + 1 : d->n;
    d->write = p->onesided && !p->inverse ? d->n / 2 + 1 : d->n;
    return HONE_OK;
}

static hone_status check_scalar(const infer *f, int32_t i) {
    int64_t count;
    if (!shape_count(infer_shape(f, i), &count) || count == 1) return HONE_OK;
    return infer_fail(f, "input '%s' has %lld elements: expected 1", dft_in[i].name,
                      (long long)count);
}

static hone_status dft_infer(infer *f) {
    const dft_params *p = f->params;
    const shape *x = infer_shape(f, DFT_X);
    const tensor *length = infer_value(f, DFT_LENGTH), *axis = infer_value(f, DFT_AXIS);
    shape y = *x;
    dft_size d;
    TRY(check_scalar(f, DFT_LENGTH));
    TRY(check_scalar(f, DFT_AXIS));
    if (x->rank < 0) {
        infer_set(f, 0, infer_dtype(f, DFT_X), x);
        return HONE_OK;
    }
    const int64_t parts = x->rank > 0 ? x->dim[x->rank - 1] : 0;
    if (dim_known(parts) && parts != 1 && parts != 2)
        return infer_fail(f, "the last axis has %lld elements: expected 1 or 2", (long long)parts);
    const bool pending = (infer_has(f, DFT_LENGTH) && !length) || (infer_has(f, DFT_AXIS) && !axis);
    if (pending || !shape_known(x)) {
        y = shape_of_rank(x->rank);
    } else {
        TRY(dft_size_of(f->c, p, x, length, axis, &d));
        y.dim[d.axis] = d.write;
    }
    y.dim[y.rank - 1] = p->inverse && p->onesided ? 1 : 2;
    infer_set(f, 0, infer_dtype(f, DFT_X), &y);
    return HONE_OK;
}

typedef struct dft {
    dft_size size;
    fft f;
    int64_t outer, in, inner; /* the signal as [outer, in, inner, parts] */
    int64_t parts_in, parts_out;
    size_t worker_bytes;
} dft;

static hone_status dft_plan(plan_ctx *p, step *s) {
    const shape *x = &s->in[DFT_X].shape, *y = &s->out[0].shape;
    dft *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    TRY(dft_size_of(p->c, step_params(s), x, step_has(s, DFT_LENGTH) ? &s->in[DFT_LENGTH] : NULL,
                    step_has(s, DFT_AXIS) ? &s->in[DFT_AXIS] : NULL, &st->size));
    const int32_t axis = st->size.axis;
    st->outer = shape_span(x, 0, axis);
    st->in = x->dim[axis];
    st->inner = shape_span(x, axis + 1, x->rank - 1);
    st->parts_in = x->dim[x->rank - 1];
    st->parts_out = y->dim[y->rank - 1];
    TRY(fft_plan(p, st->size.n, &st->f));
    size_t bytes;
    if (!size_mul((size_t)(st->size.n + fft_room(&st->f)), sizeof(complex_f64), &bytes))
        return fail(p->c, HONE_E_LIMIT, "the transform is too long");
    return scratch_book_workers(p, s, bytes, &st->worker_bytes);
}

typedef struct dft_job {
    const dft *st;
    const step *s;
    const dft_params *p;
    char *scratch;
} dft_job;

/* Reads a signal as complex numbers, filled up with zeros. */
static void read_signal(const dft_job *job, int64_t o, int64_t i, complex_f64 *z) {
    const dft *st = job->st;
    const tensor *x = &job->s->in[DFT_X];
    const int64_t n = st->in < st->size.read ? st->in : st->size.read;
    memset(z, 0, (size_t)st->size.n * sizeof *z);
    for (int64_t j = 0; j < n; j++) {
        const int64_t at = ((o * st->in + j) * st->inner + i) * st->parts_in;
        z[j].re = x->dtype == HONE_F32 ? (double)((const float *)x->data)[at] : tensor_f64(x, at);
        if (st->parts_in == 2)
            z[j].im = x->dtype == HONE_F32 ? (double)((const float *)x->data)[at + 1]
                                           : tensor_f64(x, at + 1);
    }
}

/* The other half of the spectrum of a real signal. */
static void mirror(int64_t n, complex_f64 *z) {
    z[0].im = 0;
    if (n % 2 == 0) z[n / 2].im = 0;
    for (int64_t k = n / 2 + 1; k < n; k++) z[k] = (complex_f64){z[n - k].re, -z[n - k].im};
}

static void write_signal(const dft_job *job, int64_t o, int64_t i, const complex_f64 *z) {
    const dft *st = job->st;
    const tensor *y = &job->s->out[0];
    const double scale = job->p->inverse ? 1.0 / (double)st->size.n : 1;
    for (int64_t k = 0; k < st->size.write; k++) {
        const int64_t at = ((o * st->size.write + k) * st->inner + i) * st->parts_out;
        const double im = job->p->inverse ? -z[k].im : z[k].im;
        if (y->dtype == HONE_F32) {
            ((float *)y->data)[at] = (float)(z[k].re * scale);
            if (st->parts_out == 2) ((float *)y->data)[at + 1] = (float)(im * scale);
        } else {
            tensor_set_f64(y, at, z[k].re * scale);
            if (st->parts_out == 2) tensor_set_f64(y, at + 1, im * scale);
        }
    }
}

static void do_signals(void *arg, int64_t first, int64_t last, int32_t worker) {
    const dft_job *job = arg;
    const dft *st = job->st;
    complex_f64 *z = (complex_f64 *)(void *)(job->scratch + (size_t)worker * st->worker_bytes);
    for (int64_t t = first; t < last; t++) {
        read_signal(job, t / st->inner, t % st->inner, z);
        if (job->p->inverse && job->p->onesided) mirror(st->size.n, z);
        /* The inverse is the forward transform between conjugates. */
        for (int64_t k = 0; k < st->size.n && job->p->inverse; k++) z[k].im = -z[k].im;
        fft_run(&st->f, z, z + st->size.n);
        write_signal(job, t / st->inner, t % st->inner, z);
    }
}

static hone_status dft_run(run_ctx *r, const step *s) {
    dft_job job = {.st = s->state, .s = s, .p = step_params(s), .scratch = r->scratch};
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    const int64_t grain = 2048 / job.st->size.n + 1;
    team_run(r->team, job.st->outer * job.st->inner, grain, do_signals, &job);
    return HONE_OK;
}

static const char *const dft_cases[] = {"f32[2,16,1]",
                                        "f32[2,30,2] _ i64{1}",
                                        "f32[3,97,1] onesided=1",
                                        "f32[2,9,2] inverse=1 onesided=1",
                                        "f64[5,6,4,2] i64{8} i64{1} inverse=1",
                                        NULL};

static const op core_dft = {.name = "DFT",
                            .domain = "",
                            OP_VERSIONS(dft_versions),
                            OP_ARGS_IN(dft_in),
                            OP_ARGS_OUT(dft_out),
                            OP_ATTRS(dft_attrs, dft_params),
                            .infer = dft_infer,
                            .plan = dft_plan,
                            .run = dft_run,
                            .tolerance = {TOL_REL, 1e-6},
                            .cases = dft_cases};

typedef struct stft_params {
    bool onesided;
} stft_params;

static const attr_spec stft_attrs[] = {ATTR_ROW(BOOL, stft_params, onesided, .i = 1)};
enum { STFT_SIGNAL, STFT_STEP, STFT_WINDOW, STFT_LENGTH };

/* Frames are gathered by index: frame f has elements f * step + 0, 1, .. A real signal may lack its
 * last axis of size 1: PyTorch writes it so. */
static hone_status stft_expand(builder *b, draft *d) {
    value *x = d->in[STFT_SIGNAL], *window = draft_in(d, STFT_WINDOW);
    const int32_t rank = emit_rank(b, x);
    if (rank < 0) return b->status;
    if (rank != 2 && rank != 3)
        return builder_fail(b, HONE_E_FORMAT, "the signal has rank %d: expected 2 or 3", rank);
    if (rank == 2) x = expand_unsqueeze(b, x, 2);
    value *zero = emit_i64(b, 0), *one = emit_i64(b, 1), *all = expand_size_of(b, x, 1), *n = all;
    if (draft_in(d, STFT_LENGTH))
        n = expand_reshape(b, expand_cast(b, d->in[STFT_LENGTH], HONE_I64), NULL, 0);
    else if (window && emit_rank(b, window) == 1)
        n = expand_size_of(b, window, 0);
    value *by = expand_reshape(b, expand_cast(b, d->in[STFT_STEP], HONE_I64), NULL, 0);
    value *room = expand_binary(b, "Sub", all, n);
    value *count = expand_binary(b, "Add", expand_binary(b, "Div", room, by), one);
    value *starts = expand_binary(b, "Mul", emit(b, "Range", IN(zero, count, one), NO_ATTRS), by);
    value *within = emit(b, "Range", IN(zero, n, one), NO_ATTRS);
    value *at = expand_binary(b, "Add", expand_unsqueeze(b, starts, 1), within);
    value *frames = emit(b, "Gather", IN(x, at), ATTRS(A_INT("axis", 1)));
    if (window) frames = expand_binary(b, "Mul", frames, expand_unsqueeze(b, window, 1));
    return draft_done(b, d,
                      emit(b, "DFT", IN(frames, NULL, emit_i64(b, 2)),
                           ATTRS(A_INT("onesided", ((const stft_params *)d->params)->onesided))));
}

static const char *const stft_cases[] = {"f32[2,32,1] i64[]{8} _ i64[]{16}",
                                         "f32[1,20,1] i64[]{5} f32[10] onesided=0",
                                         "f64[1,20,2] i64[]{4} f64[8] i64[]{8} onesided=0",
                                         "f32[0,16,1] i64[]{4} _ i64[]{8}",
                                         "f32[2,32] i64[]{8} f32[16]",
                                         NULL};

static const op_arg stft_in[] = {{"signal", DT_FLOATS, 'T', 0},
                                 {"frame_step", DT_INDEX, 0, 0},
                                 {"window", DT_FLOATS, 'T', ARG_OPTIONAL},
                                 {"frame_length", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg stft_out[] = {{"output", DT_FLOATS, 'T', 0}};
static const op_version stft_versions[] = {{17, NULL}};
static const op onnx_stft = {.name = "STFT",
                             .domain = "",
                             OP_VERSIONS(stft_versions),
                             OP_SLOTS(stft),
                             OP_ATTRS(stft_attrs, stft_params),
                             .expand = stft_expand,
                             .tolerance = {TOL_REL, 1e-6},
                             .cases = stft_cases};

static const op *const members[] = {&core_dft, &onnx_stft};
const op_family family_dft = {members, COUNT_OF(members)};
