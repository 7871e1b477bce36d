/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that operators of the caller's call.
 */
#include "custom_call.h"

#include <string.h>

#include "custom.h"
#include "items.h"
#include "views.h"

int32_t hone_call_input_count(const hone_operator_call *call) {
    return call ? call->infer ? call->infer->n_in : call->step->n_in : 0;
}

int32_t hone_call_output_count(const hone_operator_call *call) {
    return call ? call->infer ? call->infer->n_out : call->step->n_out : 0;
}

static hone_view view_of_type(const type *t) {
    const tensor known = {.dtype = t->dtype, .kind = t->kind, .shape = t->shape};
    hone_view v = view_of_tensor(&known);
    v.kind = t->kind;
    for (int32_t i = 0; i < v.rank; i++)
        if (v.dim[i] < 0) v.dim[i] = -1; /* symbols are ours */
    return v;
}

static bool inferred_input(const infer *f, int32_t i, hone_view *out) {
    if (!infer_has(f, i)) return false;
    const tensor *t = infer_value(f, i);
    *out = t ? view_of_tensor(t) : view_of_type(f->in[i]);
    return true;
}

bool hone_call_input(const hone_operator_call *call, int32_t i, hone_view *out) {
    if (!call || !out || i < 0) return false;
    if (call->infer) return inferred_input(call->infer, i, out);
    if (!step_has(call->step, i)) return false;
    tensor_settle_strings(&call->step->in[i]);
    *out = view_of_tensor(&call->step->in[i]);
    return true;
}

static hone_status misuse(const hone_operator_call *call, const char *what) {
    return fail(call ? call->c : &(ctx){0}, HONE_E_ARG, "%s", what);
}

static bool has_shape(int32_t rank, const int64_t *dim) {
    return rank >= -1 && rank <= HONE_MAX_RANK && (rank <= 0 || dim);
}

hone_status hone_call_set_output(hone_operator_call *call, int32_t i, hone_dtype dtype,
                                 int32_t rank, const int64_t *dim) {
    if (!call || !call->infer) return misuse(call, "hone_call_set_output is for infer");
    if (i < 0 || !has_shape(rank, dim) || !dtype_in(dtype, DT_ALL))
        return misuse(call, "hone_call_set_output: a bad number, type or shape");
    shape s = shape_unknown();
    if (rank >= 0) s = shape_make(rank, dim);
    for (int32_t a = 0; a < rank; a++)
        if (s.dim[a] < 0) s.dim[a] = DIM_UNKNOWN;
    if (i < call->infer->n_out) infer_set(call->infer, i, dtype, &s);
    return HONE_OK;
}

bool hone_call_output(const hone_operator_call *call, int32_t i, hone_view *out) {
    if (!call || !call->step || !out || i < 0 || !step_wants(call->step, i)) return false;
    *out = view_of_tensor(&call->step->out[i]);
    return true;
}

hone_status hone_call_make_output(hone_operator_call *call, int32_t i, int32_t rank,
                                  const int64_t *dim, hone_view *out) {
    if (!call || !call->run || !(call->node->op->flags & OP_DYNAMIC))
        return misuse(call, "hone_call_make_output is for run and HONE_OPERATOR_DYNAMIC");
    if (rank < 0 || !has_shape(rank, dim))
        return misuse(call, "hone_call_make_output: a bad shape");
    const shape s = shape_make(rank, dim);
    int64_t count;
    if (!shape_count(&s, &count)) return misuse(call, "hone_call_make_output: a bad shape");
    if (i < 0 || !step_wants(call->step, i)) return HONE_OK;
    TRY(run_output(call->run, call->step, i, &s));
    if (out) *out = view_of_tensor(&call->step->out[i]);
    return HONE_OK;
}

char *hone_call_text(hone_operator_call *call, size_t length) {
    return call && call->run ? run_text_room(call->run, length) : NULL;
}

bool hone_call_attribute(const hone_operator_call *call, const char *name, hone_attribute *out) {
    if (!call || !name || !out) return false;
    const custom_params *p = call->node->params;
    const attr *a = attr_find(p->attrs, p->count, name);
    if (!a) return false;
    *out = (hone_attribute){.i = a->i,
                            .f = a->f,
                            .s = a->s,
                            .ints = a->ints,
                            .floats = a->floats,
                            .strings = a->strings,
                            .count = a->count};
    if (a->tensor) out->tensor = view_of_tensor(a->tensor);
    return true;
}

hone_status hone_call_fail(hone_operator_call *call, hone_status status, const char *text) {
    return call ? fail(call->c, status ? status : HONE_E_INTERNAL, "%s", text ? text : "") : status;
}
