/* SPDX-License-Identifier: Apache-2.0
 *
 * A step is one product of the hidden states of all sequences with R, to which the gates of that
 * step are added as the residual, then elementwise formulas row by row. Rows of gates:
 *
 *     Lstm  input | output | forget | cell        Gru  update | reset | hidden       Rnn  hidden
 */
#include "recurrent.h"

#include <math.h>
#include <string.h>

#include "checked.h"
#include "gemm/gemm_f32.h"
#include "wide.h"

typedef enum rnn_kind { RNN_LSTM, RNN_GRU, RNN_PLAIN } rnn_kind;

/* What the three differ in. */
typedef struct rnn_form {
    rnn_kind kind;
    int32_t gates, activations;
    int32_t
        products; /* the gates are computed in so many products, each with rows of R to itself */
} rnn_form;

typedef struct rnn_params {
    string_list activations; /* f, g, h as far as the form has them */
    float_list alpha, beta;  /* one for each of them */
    float clip;              /* bound of what activations see; 0: none */
    bool reverse;
    bool input_forget;        /* Lstm: the forget gate is 1 - the input gate */
    bool linear_before_reset; /* Gru */
    bool round_states;
} rnn_params;

static const attr_spec rnn_attrs[] = {
    ATTR_ROW(STRINGS, rnn_params, activations, .required = true),
    ATTR_ROW(FLOATS, rnn_params, alpha, .required = true),
    ATTR_ROW(FLOATS, rnn_params, beta, .required = true),
    ATTR_ROW(FLOAT, rnn_params, clip),
    ATTR_ROW(BOOL, rnn_params, reverse),
    ATTR_ROW(BOOL, rnn_params, input_forget),
    ATTR_ROW(BOOL, rnn_params, linear_before_reset),
    ATTR_ROW(BOOL, rnn_params, round_states),
};
static const op_arg rnn_in[] = {
    {"gates", DT(HONE_F32), 0, 0},         {"R", DT(HONE_F32), 0, 0},
    {"lens", DT_INDEX, 0, ARG_OPTIONAL},   {"h0", DT(HONE_F32), 0, ARG_OPTIONAL},
    {"c0", DT(HONE_F32), 0, ARG_OPTIONAL}, {"extra", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg rnn_out[] = {{"Y", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"Y_h", DT(HONE_F32), 0, ARG_OPTIONAL},
                                 {"Y_c", DT(HONE_F32), 0, ARG_OPTIONAL}};

static const rnn_form *form_of(const node *n) { return n->op->row; }

static hone_status check_count(const infer *f, int32_t i, int64_t expected) {
    int64_t count;
    if (!infer_has(f, i) || !dim_known(expected) || !shape_count(infer_shape(f, i), &count) ||
        count == expected)
        return HONE_OK;
    return infer_fail(f, "input '%s' has %lld elements: expected %lld", rnn_in[i].name,
                      (long long)count, (long long)expected);
}

static hone_status check_activations(const infer *f) {
    const rnn_params *p = f->params;
    const int32_t n = form_of(f->node)->activations;
    if (p->activations.n != n || p->alpha.n != n || p->beta.n != n)
        return infer_fail(f, "%d activations: expected %d", p->activations.n, n);
    for (int32_t i = 0; i < n; i++)
        if (!rnn_activation_find(p->activations.v[i])) return infer_fail(f, "unknown activation");
    return HONE_OK;
}

static hone_status rnn_infer(infer *f) {
    const rnn_form *form = form_of(f->node);
    TRY(check_activations(f));
    TRY(infer_check_rank(f, RNN_GATES, 3, 3));
    TRY(infer_check_rank(f, RNN_R, 2, 2));
    shape y = shape_of_rank(3), last = shape_of_rank(2);
    if (infer_rank(f, RNN_GATES) >= 0) y = *infer_shape(f, RNN_GATES);
    const int64_t width = y.dim[2];
    y.dim[2] = DIM_UNKNOWN;
    if (infer_rank(f, RNN_R) >= 0) {
        const shape *r = infer_shape(f, RNN_R);
        const int64_t rows = dim_mul(r->dim[1], form->gates);
        if (!dim_compatible(rows, r->dim[0]) || !dim_compatible(rows, width))
            return infer_fail(f, "%lld gates and weights of %lld x %lld do not fit together",
                              (long long)width, (long long)r->dim[0], (long long)r->dim[1]);
        y.dim[2] = r->dim[1];
    }
    last.dim[0] = y.dim[1];
    last.dim[1] = y.dim[2];
    const int64_t state = dim_known(last.dim[0]) && dim_known(last.dim[1])
                              ? dim_mul(last.dim[0], last.dim[1])
                              : DIM_UNKNOWN;
    TRY(check_count(f, RNN_LENS, last.dim[0]));
    TRY(check_count(f, RNN_H0, state));
    TRY(check_count(f, RNN_C0, state));
    TRY(check_count(f, RNN_EXTRA, dim_mul(last.dim[1], form->kind == RNN_LSTM ? 3 : 1)));
    infer_set(f, 0, HONE_F32, &y);
    infer_set(f, 1, HONE_F32, &last);
    infer_set(f, 2, HONE_F32, &last);
    return HONE_OK;
}

/* Gru's products read their rows of R one after the other. */
static layout rnn_pack(const node *n, int32_t input) {
    const bool packs = input == RNN_R && node_in(n, RNN_R)->type.shape.rank == 2;
    return packs ? (layout){LAYOUT_PANELS_NK, form_of(n)->products} : (layout){LAYOUT_DENSE, 1};
}

/* What plan leaves for run. */
typedef struct rnn_state {
    int64_t steps, batch, hidden;
    int64_t width; /* gates * hidden */
    gemm_sweep sweep;
    bool pack_at_run;
    size_t worker_bytes;
    size_t at_packed, at_h, at_c, at_gates, at_rows, at_reset, at_rounded;
    rnn_activation act[3];
} rnn_state;

static gemm_f32_args product_args(const rnn_state *st, const rnn_form *form) {
    return (gemm_f32_args){.m = (size_t)st->batch,
                           .n = (size_t)(st->width / form->products),
                           .k = (size_t)st->hidden,
                           .lda = (size_t)st->hidden,
                           .form = GEMM_B_PACKED,
                           .ldc = (size_t)st->width};
}

static hone_status rnn_plan(plan_ctx *p, step *s) {
    const rnn_form *form = form_of(s->node);
    const rnn_params *params = step_params(s);
    const shape *gates = &s->in[RNN_GATES].shape;
    rnn_state *st = plan_state(p, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    st->steps = gates->dim[0];
    st->batch = gates->dim[1];
    st->width = gates->dim[2];
    st->hidden = s->in[RNN_R].shape.dim[1];
    const gemm_f32_args args = product_args(st, form);
    st->sweep = gemm_f32_plan(s->k, &args);
    if (st->sweep.kernel) s->kernel = st->sweep.kernel->name;
    const size_t packed = gemm_f32_packed_floats(args.k, args.n);
    const size_t state = (size_t)(st->batch * st->hidden), rows = (size_t)(st->batch * st->width);
    size_t packed_bytes, row_bytes, state_bytes;
    if (!size_mul(packed, (size_t)form->products * sizeof(float), &packed_bytes) ||
        !size_mul(rows, sizeof(float), &row_bytes) || !size_mul(state, sizeof(float), &state_bytes))
        return fail(p->c, HONE_E_LIMIT, "the layer is too large");
    TRY(scratch_book_workers(p, s, st->sweep.scratch, &st->worker_bytes));
    TRY(scratch_book(p, s, state_bytes, &st->at_h));
    TRY(scratch_book(p, s, state_bytes, &st->at_c));
    TRY(scratch_book(p, s, state_bytes, &st->at_reset));
    TRY(scratch_book(p, s, row_bytes, &st->at_gates));
    if (params->round_states) TRY(scratch_book(p, s, state_bytes, &st->at_rounded));
    if (step_has(s, RNN_LENS)) TRY(scratch_book(p, s, row_bytes, &st->at_rows));
    st->pack_at_run = s->in[RNN_R].layout.kind == LAYOUT_DENSE;
    if (st->pack_at_run) TRY(scratch_book(p, s, packed_bytes, &st->at_packed));
    for (int32_t i = 0; i < form->activations; i++)
        st->act[i] = rnn_activation_make(rnn_activation_find(params->activations.v[i]), s->k,
                                         params->alpha.v[i], params->beta.v[i]);
    return HONE_OK;
}

/* One run. */
typedef struct rnn_job {
    run_ctx *r;
    const step *s;
    const rnn_state *st;
    const rnn_form *form;
    const rnn_params *p;
    const kernels *k;
    const float *packed; /* R */
    int64_t step;
    float *h, *c;      /* [B, H] */
    float *gates;      /* [B, G * H], of this step */
    const float *rows; /* the same shape: what the inputs add */
    float *reset;      /* [B, H]: reset gate times hidden state */
    gemm_f32_args args;
    epilogue_f32 ep;
} rnn_job;

static void product_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const rnn_job *job = arg;
    gemm_f32_run(&job->st->sweep, &job->args, (size_t)first, (size_t)last,
                 (char *)job->r->scratch + (size_t)worker * job->st->worker_bytes);
}

/* Steps of sequence b. */
static int64_t length_of(const rnn_job *job, int64_t b) {
    return step_has(job->s, RNN_LENS) ? tensor_i64(&job->s->in[RNN_LENS], b) : job->st->steps;
}

/* [B, H] with the values that 8 bits have over its range. */
static const float *rounded_states(const rnn_job *job, const float *from) {
    const rnn_state *st = job->st;
    float *out = (float *)(void *)((char *)job->r->scratch + st->at_rounded), lo = 0, hi = 0;
    for (int64_t i = 0; i < st->batch * st->hidden; i++) {
        if (job->step > length_of(job, i / st->hidden)) continue;
        lo = fminf(lo, from[i]);
        hi = fmaxf(hi, from[i]);
    }
    const float scale = hi > lo ? (hi - lo) / 255 : 1;
    const float zero = rintf(fmaxf(0, fminf(255, -lo / scale)));
    for (int64_t i = 0; i < st->batch * st->hidden; i++) {
        const float code = rintf(from[i] / scale) + zero;
        out[i] = (fmaxf(0, fminf(255, code)) - zero) * scale;
    }
    return out;
}

/* Product number i: its gates = from * R^T + bias + (added ? what the inputs add : 0). */
static void multiply(rnn_job *job, const float *from, int32_t i, const float *bias, bool added) {
    const size_t n = job->args.n;
    job->args.a = job->p->round_states ? rounded_states(job, from) : from;
    job->args.b = job->packed + (size_t)i * gemm_f32_packed_floats(job->args.k, n);
    job->args.c = job->gates + (size_t)i * n;
    job->ep = (epilogue_f32){.bias = bias,
                             .residual = added ? job->rows + (size_t)i * n : NULL,
                             .ldr = (size_t)job->st->width,
                             .lo = -INFINITY,
                             .hi = INFINITY};
    job->args.ep = &job->ep;
    team_run(job->r->team, (int64_t)gemm_sweep_tasks(&job->st->sweep), 1, product_tasks, job);
}

static void activate(const rnn_job *job, int32_t which, size_t n, float *x) {
    const double bounds[2] = {-(double)job->p->clip, (double)job->p->clip};
    if (job->p->clip > 0) job->k->clip[KT_F32](n, x, x, bounds);
    rnn_activate(&job->st->act[which], job->k, n, x);
}

/* y += a * b, by way of `room`. */
static void add_product(const kernels *k, size_t n, const float *a, const float *b, float *room,
                        float *y) {
    k->mul[KT_F32](n, a, 1, b, 1, room);
    k->add[KT_F32](n, y, 1, room, 1, y);
}

/* `room` is the row of job->reset, which Lstm has no other use for. */
static void lstm_row(const rnn_job *job, float *gates, float *h, float *c, float *room) {
    const size_t n = (size_t)job->st->hidden;
    const kernels *k = job->k;
    float *i = gates, *o = gates + n, *f = gates + 2 * n, *g = gates + 3 * n;
    const float *peep = step_has(job->s, RNN_EXTRA) ? job->s->in[RNN_EXTRA].data : NULL;
    if (peep) {
        add_product(k, n, peep, c, room, i);
        add_product(k, n, peep + 2 * n, c, room, f);
        activate(job, 0, n, i);
        activate(job, 0, n, f);
    } else {
        activate(job, 0, 3 * n, i);
    }
    activate(job, 1, n, g);
    if (job->p->input_forget) {
        const float one = 1;
        k->sub[KT_F32](n, &one, 0, i, 1, f);
    }
    k->mul[KT_F32](n, f, 1, c, 1, c);
    add_product(k, n, i, g, room, c);
    if (peep) {
        add_product(k, n, peep + n, c, room, o);
        activate(job, 0, n, o);
    }
    memcpy(h, c, n * sizeof *h);
    rnn_activate(&job->st->act[2], k, n, h);
    k->mul[KT_F32](n, o, 1, h, 1, h);
}

/* h = g + z * (h - g) */
static void gru_row(const rnn_job *job, float *gates, float *h) {
    const size_t n = (size_t)job->st->hidden;
    float *z = gates, *g = gates + 2 * n;
    activate(job, 1, n, g);
    job->k->sub[KT_F32](n, h, 1, g, 1, h);
    job->k->mul[KT_F32](n, z, 1, h, 1, h);
    job->k->add[KT_F32](n, g, 1, h, 1, h);
}

/* Everything of a Gru step up to the sum in the hidden gate. */
static void gru_gates(rnn_job *job) {
    const rnn_state *st = job->st;
    const size_t n = (size_t)st->hidden;
    const bool before = job->p->linear_before_reset;
    multiply(job, job->h, 0, NULL, true);
    multiply(job, job->h, 1, NULL, true);
    if (before) {
        const float *bias = step_has(job->s, RNN_EXTRA) ? job->s->in[RNN_EXTRA].data : NULL;
        multiply(job, job->h, 2, bias, false);
    }
    for (int64_t b = 0; b < st->batch; b++) {
        float *row = job->gates + b * st->width;
        float *g = row + 2 * n, *reset = job->reset + b * st->hidden;
        activate(job, 0, 2 * n, row);
        if (before) {
            job->k->mul[KT_F32](n, row + n, 1, g, 1, g);
            job->k->add[KT_F32](n, g, 1, job->rows + b * st->width + 2 * n, 1, g);
        } else {
            job->k->mul[KT_F32](n, row + n, 1, job->h + b * st->hidden, 1, reset);
        }
    }
    if (!before) multiply(job, job->reset, 2, NULL, true);
}

/* The time that step number i of a sequence is about. */
static int64_t time_of(const rnn_job *job, int64_t i, int64_t length) {
    return job->p->reverse ? length - 1 - i : i;
}

/* What the inputs add at step i: rows of the input where all sequences are as long, otherwise
 * gathered. */
static void gather_rows(rnn_job *job, int64_t i) {
    const rnn_state *st = job->st;
    const float *all = job->s->in[RNN_GATES].data;
    if (!step_has(job->s, RNN_LENS)) {
        job->rows = all + time_of(job, i, st->steps) * st->batch * st->width;
        return;
    }
    float *rows = (float *)(void *)((char *)job->r->scratch + st->at_rows);
    for (int64_t b = 0; b < st->batch; b++) {
        const int64_t length = length_of(job, b);
        const int64_t t = i < length ? time_of(job, i, length) : 0;
        memcpy(rows + b * st->width, all + (t * st->batch + b) * st->width,
               (size_t)st->width * sizeof *rows);
    }
    job->rows = rows;
}

static void do_step(rnn_job *job, int64_t i) {
    const rnn_state *st = job->st;
    const size_t n = (size_t)st->hidden;
    job->step = i;
    gather_rows(job, i);
    if (job->form->kind == RNN_GRU)
        gru_gates(job);
    else
        multiply(job, job->h, 0, NULL, true);
    for (int64_t b = 0; b < st->batch; b++) {
        const int64_t length = length_of(job, b);
        float *gates = job->gates + b * st->width, *h = job->h + b * st->hidden;
        if (i >= length) continue;
        if (job->form->kind == RNN_LSTM) {
            lstm_row(job, gates, h, job->c + b * st->hidden, job->reset + b * st->hidden);
        } else if (job->form->kind == RNN_GRU) {
            gru_row(job, gates, h);
        } else {
            activate(job, 0, n, gates);
            memcpy(h, gates, n * sizeof *h);
        }
        if (step_wants(job->s, 0)) {
            float *y = job->s->out[0].data;
            memcpy(y + (time_of(job, i, length) * st->batch + b) * st->hidden, h, n * sizeof *h);
        }
    }
}

static hone_status check_lengths(run_ctx *r, const rnn_job *job) {
    for (int64_t b = 0; b < job->st->batch; b++) {
        const int64_t length = length_of(job, b);
        if (length < 0 || length > job->st->steps)
            return run_fail(r, "the length of a sequence is %lld: expected 0 to %lld",
                            (long long)length, (long long)job->st->steps);
    }
    return HONE_OK;
}

/* A state in scratch, starting as input i or zeros. */
static float *start_state(const step *s, const rnn_state *st, int32_t i, char *scratch) {
    const size_t bytes = (size_t)(st->batch * st->hidden) * sizeof(float);
    if (step_has(s, i))
        memcpy(scratch, s->in[i].data, bytes);
    else
        memset(scratch, 0, bytes);
    return (float *)(void *)scratch;
}

static const float *pack_now(const step *s, const rnn_job *job, char *scratch) {
    if (!job->st->pack_at_run) return s->in[RNN_R].data;
    float *packed = (float *)(void *)(scratch + job->st->at_packed);
    const size_t n = job->args.n, k = job->args.k;
    for (int32_t i = 0; i < job->form->products; i++)
        gemm_f32_pack(s->k, GEMM_B_COLUMNS, k, n,
                      (const float *)s->in[RNN_R].data + (size_t)i * n * k, k,
                      packed + (size_t)i * gemm_f32_packed_floats(k, n), GEMM_PANEL * k);
    return packed;
}

static hone_status rnn_run(run_ctx *r, const step *s) {
    const rnn_state *st = s->state;
    char *scratch = r->scratch;
    rnn_job job = {.r = r, .s = s, .st = st, .form = form_of(s->node), .p = step_params(s)};
    job.k = s->k;
    if (st->batch * st->hidden == 0) return HONE_OK;
    TRY(check_lengths(r, &job));
    job.args = product_args(st, job.form);
    job.packed = pack_now(s, &job, scratch);
    job.h = start_state(s, st, RNN_H0, scratch + st->at_h);
    job.c = start_state(s, st, RNN_C0, scratch + st->at_c);
    job.gates = (float *)(void *)(scratch + st->at_gates);
    job.reset = (float *)(void *)(scratch + st->at_reset);
    if (step_has(s, RNN_LENS) && step_wants(s, 0)) memset(s->out[0].data, 0, s->out[0].bytes);
    for (int64_t i = 0; i < st->steps; i++) do_step(&job, i);
    if (step_wants(s, 1)) memcpy(s->out[1].data, job.h, s->out[1].bytes);
    if (step_wants(s, 2)) memcpy(s->out[2].data, job.c, s->out[2].bytes);
    return HONE_OK;
}

static uint64_t rnn_flops(const step *s) {
    const shape *r = &s->in[RNN_R].shape;
    return 2 * (uint64_t)(s->in[RNN_GATES].shape.dim[0] * s->in[RNN_GATES].shape.dim[1]) *
           (uint64_t)(r->dim[0] * r->dim[1]);
}

static const char *const lstm_cases[] = {
    "f32[3,2,20] f32[20,5] activations=Sigmoid,Tanh,Tanh alpha=0,0,0 beta=0,0,0",
    "f32[2,1,512] f32[512,128] activations=Sigmoid,Tanh,Tanh alpha=0,0,0 beta=0,0,0",
    "f32[3,2,20] f32[20,5] i32{3,1} activations=Sigmoid,Tanh,Tanh alpha=0,0,0 beta=0,0,0 "
    "round_states=1",
    NULL};
static const char *const gru_cases[] = {
    "f32[3,2,15] f32[15,5] activations=Sigmoid,Tanh alpha=0,0 beta=0,0",
    "f32[3,1,48] f32[48,16] activations=Sigmoid,Tanh alpha=0,0 beta=0,0 linear_before_reset=1",
    NULL};
static const char *const rnn_cases[] = {"f32[3,2,5] f32[5,5] activations=Tanh alpha=0 beta=0",
                                        NULL};

#define RECURRENT(ident, label, ...)                                                               \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "hone",                                                \
                                  OP_ARGS_IN(rnn_in),                                              \
                                  OP_ARGS_OUT(rnn_out),                                            \
                                  OP_ATTRS(rnn_attrs, rnn_params),                                 \
                                  .infer = rnn_infer,                                              \
                                  .plan = rnn_plan,                                                \
                                  .run = rnn_run,                                                  \
                                  .flops = rnn_flops,                                              \
                                  .pack = rnn_pack,                                                \
                                  .tolerance = {TOL_REL, 1e-5},                                    \
                                  .row = &(const rnn_form){__VA_ARGS__},                           \
                                  .cases = ident##_cases}
RECURRENT(lstm, "Lstm", RNN_LSTM, 4, 3, 1);
RECURRENT(gru, "Gru", RNN_GRU, 3, 2, 3);
RECURRENT(rnn, "Rnn", RNN_PLAIN, 1, 1, 1);

static const op *const members[] = {&op_lstm, &op_gru, &op_rnn};
const op_family family_recurrent = {members, COUNT_OF(members)};
