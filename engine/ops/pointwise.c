/* SPDX-License-Identifier: Apache-2.0
 *
 * Pointwise: a short program of elementwise operators on float32, which runs block by block, so
 * that what is between them stays in the cache.
 *
 * Values are numbered: the inputs, then the result of each step; the last one is the output. Step i
 * is the operator ops[i] of values args[2 i] and args[2 i + 1] (-1: it takes one) with constants
 * constants[2 i] and [2 i + 1]. Inputs are broadcast to the shape of all of them:
 *
 *     y = relu(x * s + b)     inputs x, s, b;  ops Mul, Add, Relu;  args 0 1, 3 2, 4 -1
 *
 * The same kernels see the same elements as without it: results have the same bits.
 */
#include "pointwise.h"

#include <stdio.h>
#include <string.h>

#include "clip.h"

/* Elements done at a time, at most; all values between steps take TEMP_FLOATS together. */
enum { CHUNK = 1024, TEMP_FLOATS = 4 * CHUNK, OUTPUT = -1 };

typedef struct pointwise_params {
    string_list ops;
    int_list args;
    float_list constants;
} pointwise_params;

/* The kernel of an operator: its slot, and how many values it takes. */
typedef struct step_kernel {
    size_t slot;
    int32_t n_args;
} step_kernel;

static bool kernel_of(const op *o, step_kernel *k) {
    *k = (step_kernel){SLOT_OF(clip), 1};
    if (o == &op_clip || unary_slot(o, &k->slot)) return true;
    k->n_args = 2;
    return binary_slot(o, &k->slot);
}

/* Elementwise operators live in ONNX's domain or in hone's own; where both have one of the same
 * name, one has kernels and the other is written over it. */
static bool kernel_named(const char *name, step_kernel *k) {
    static const char *const domains[] = {"", "hone"};
    for (size_t i = 0; i < 2; i++) {
        const op *o = op_find(domains[i], name);
        if (o && kernel_of(o, k)) return true;
    }
    return false;
}

bool pointwise_step(const node *n, int32_t *n_args, float constants[2]) {
    step_kernel k;
    double p[2] = {0, 0};
    if (n->n_out != 1 || n->out[0]->type.dtype != HONE_F32 || !kernel_of(n->op, &k)) return false;
    *n_args = k.n_args;
    if (n->op == &op_clip) return clip_bounds(n, &constants[0], &constants[1]);
    if (k.n_args == 1) unary_constants(n, p);
    for (int32_t i = 0; i < 2; i++) constants[i] = (float)p[i];
    return true;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static hone_status check_step(const infer *f, const pointwise_params *p, int32_t i) {
    step_kernel k;
    if (!kernel_named(p->ops.v[i], &k))
        return infer_fail(f, "step %d is '%s': expected an elementwise operator on float32", i,
                          p->ops.v[i]);
    for (int32_t j = 0; j < 2; j++) {
        const int64_t arg = p->args.v[2 * i + j], end = j < k.n_args ? f->n_in + i : 0;
        const int64_t first = j < k.n_args ? 0 : -1;
        if (arg < first || arg >= end)
            return infer_fail(f, "argument %d of step %d is %lld: expected %lld to %lld", j, i,
                              (long long)arg, (long long)first, (long long)end - 1);
    }
    return HONE_OK;
}

static hone_status pointwise_infer(infer *f) {
    const pointwise_params *p = f->params;
    const int32_t n = p->ops.n;
    if (f->n_in < 1 || f->n_in > POINTWISE_MAX_IN)
        return infer_fail(f, "has %d inputs: expected 1 to %d", f->n_in, POINTWISE_MAX_IN);
    for (int32_t i = 0; i < f->n_in; i++)
        if (!infer_has(f, i)) return infer_fail(f, "input %d is missing", i);
    if (n < 1 || n > POINTWISE_MAX_STEPS)
        return infer_fail(f, "has %d steps: expected 1 to %d", n, POINTWISE_MAX_STEPS);
    if (p->args.n != 2 * n || p->constants.n != 2 * n)
        return infer_fail(f, "has %d arguments and %d constants: expected two of each for %d steps",
                          p->args.n, p->constants.n, n);
    for (int32_t i = 0; i < n; i++) TRY(check_step(f, p, i));
    return infer_broadcast(f, 0, HONE_F32);
}

/* ---- Plan ------------------------------------------------------------------------------------ */

/* A step with its kernel, and where its result goes: a place among the values between steps. */
typedef struct program_step {
    step_kernel kernel;
    unary_fn *unary;
    binary_fn *binary;
    double param[2];
    int32_t arg[2]; /* inputs; from n_in on: the results of steps */
    int32_t place;  /* OUTPUT: the last one's */
} program_step;

typedef struct program {
    elementwise e; /* first: what apply is given */
    int32_t n_steps, chunk;
    program_step step[POINTWISE_MAX_STEPS];
} program;

/* Number of the last step that reads the result of step i; i itself when none does. */
static int32_t last_reader(const program *p, int32_t i) {
    int32_t last = i;
    for (int32_t j = i + 1; j < p->n_steps; j++)
        if (p->step[j].arg[0] == p->e.n_in + i || p->step[j].arg[1] == p->e.n_in + i) last = j;
    return last;
}

/* Gives results places, each to several of which one is read for the last time before or when the
 * next is made. Returns the number of places. */
static int32_t assign_places(program *p) {
    int32_t free_at[POINTWISE_MAX_STEPS] = {0}, n = 0;
    for (int32_t i = 0; i + 1 < p->n_steps; i++) {
        int32_t at = 0;
        while (at < n && free_at[at] > i) at++;
        n = at == n ? n + 1 : n;
        free_at[at] = last_reader(p, i);
        p->step[i].place = at;
    }
    p->step[p->n_steps - 1].place = OUTPUT;
    return n;
}

static void name_program(plan_ctx *pc, step *s) {
    const pointwise_params *params = step_params(s);
    char text[64] = "";
    for (int32_t i = 0; i < params->ops.n; i++) {
        const size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s", i ? ", " : "", params->ops.v[i]);
    }
    plan_kernel(pc, s, "f32_%s: %s%s", isa_name(s->k->level), text,
                strlen(text) == sizeof text - 1 ? ".." : "");
}

static void apply_program(const elementwise *e, const ew_row *row);

static hone_status pointwise_plan(plan_ctx *pc, step *s) {
    const pointwise_params *params = step_params(s);
    program *p = plan_state(pc, s, sizeof *p);
    if (!p) return HONE_E_NOMEM;
    ew_nest(&p->e, s, s->n_in);
    p->e.apply = apply_program;
    p->n_steps = params->ops.n;
    for (int32_t i = 0; i < p->n_steps; i++) {
        program_step *t = &p->step[i];
        if (!kernel_named(params->ops.v[i], &t->kernel)) return HONE_E_INTERNAL;
        if (t->kernel.n_args == 1)
            t->unary = slot_unary(s->k, t->kernel.slot, KT_F32);
        else
            t->binary = slot_binary(s->k, t->kernel.slot, KT_F32);
        for (int32_t j = 0; j < 2; j++) {
            t->param[j] = (double)params->constants.v[2 * i + j];
            t->arg[j] = (int32_t)params->args.v[2 * i + j];
        }
    }
    const int32_t places = assign_places(p), fit = TEMP_FLOATS / (places ? places : 1);
    p->chunk = fit < CHUNK ? fit : CHUNK;
    name_program(pc, s);
    return HONE_OK;
}

/* ---- Run ------------------------------------------------------------------------------------- */

typedef struct operand {
    const float *x;
    size_t step;
} operand;

static void apply_step(const program_step *t, size_t n, const operand *a, float *y) {
    if (t->kernel.n_args == 2) {
        t->binary(n, a[0].x, a[0].step, a[1].x, a[1].step, y);
        return;
    }
    if (a[0].step == 0) { /* unary kernels have no steps */
        const float x = *a[0].x;
        for (size_t i = 0; i < n; i++) y[i] = x;
    }
    t->unary(n, a[0].step ? a[0].x : y, y, t->param);
}

/* The output may overwrite an input: it is written by the last step only, after all reads. */
static void apply_program(const elementwise *e, const ew_row *row) {
    const program *p = (const program *)(const void *)e;
    _Alignas(64) float temp[TEMP_FLOATS];
    for (int64_t at = 0; at < row->n; at += p->chunk) {
        const size_t n = (size_t)(row->n - at < p->chunk ? row->n - at : p->chunk);
        for (int32_t i = 0; i < p->n_steps; i++) {
            const program_step *t = &p->step[i];
            operand a[2] = {{NULL, 1}, {NULL, 1}};
            for (int32_t j = 0; j < t->kernel.n_args; j++) {
                const int32_t from = t->arg[j];
                if (from < e->n_in)
                    a[j] = (operand){(const float *)row->in[from] + (size_t)at * row->step[from],
                                     row->step[from]};
                else
                    a[j].x = temp + p->step[from - e->n_in].place * p->chunk;
            }
            float *y = t->place == OUTPUT ? (float *)row->out + at : temp + t->place * p->chunk;
            apply_step(t, n, a, y);
        }
    }
}

static hone_status pointwise_run(run_ctx *r, const step *s) {
    ew_run(r, s, s->state);
    return HONE_OK;
}

static uint64_t pointwise_flops(const step *s) {
    const pointwise_params *p = step_params(s);
    return (uint64_t)p->ops.n * (uint64_t)tensor_count(&s->out[0]);
}

static const op_arg pointwise_in[] = {{"inputs", DT(HONE_F32), 'T', ARG_VARIADIC}};
static const op_arg pointwise_out[] = {{"output", DT(HONE_F32), 'T', 0}};
static const op_version pointwise_versions[] = {{1, NULL}};
static const attr_spec pointwise_attrs[] = {
    ATTR_ROW(STRINGS, pointwise_params, ops, .required = true),
    ATTR_ROW(INTS, pointwise_params, args, .required = true, .min = -1, .max = INT32_MAX),
    ATTR_ROW(FLOATS, pointwise_params, constants, .required = true),
};
static const char *const pointwise_cases[] = {
    "f32[2,3,4] f32[4] f32[] ops=Mul,Add,Relu args=0,1,3,2,4,-1 constants=0,0,0,0,0,0",
    "f32[3,700,5] f32[3,1,5] f32[700,1] ops=Mul,Tanh,Add args=0,1,3,-1,2,4 constants=0,0,0,0,0,0",
    "f32[2,9000] ops=Affine,Sigmoid,Mul args=0,-1,1,-1,0,2 constants=1.5,-0.25,0,0,0,0",
    "f32[6,1] f32[1,7] ops=Exp,Neg,Sub,Clip args=0,-1,1,-1,2,3,4,-1 constants=0,0,0,0,0,0,-1,2",
    "f32[2,3] f32[3] ops=Max,Div args=0,1,0,2 constants=0,0,0,0",
    "f32[] ops=Abs args=0,-1 constants=0,0",
    "f32[0,3] f32[3] ops=Add args=0,1 constants=0,0",
    NULL};

const op op_pointwise = {.name = "Pointwise",
                         .domain = "hone",
                         OP_VERSIONS(pointwise_versions),
                         OP_SLOTS(pointwise),
                         OP_ATTRS(pointwise_attrs, pointwise_params),
                         .infer = pointwise_infer,
                         .axes = axes_elementwise,
                         .permute = permute_elementwise,
                         .plan = pointwise_plan,
                         .run = pointwise_run,
                         .inplace = (1u << POINTWISE_MAX_IN) - 1,
                         .flops = pointwise_flops,
                         .tolerance = {TOL_REL, 1e-5},
                         .cases = pointwise_cases};
