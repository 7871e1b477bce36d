/* SPDX-License-Identifier: Apache-2.0 */
#include "custom.h"

#include <string.h>

#include "custom_call.h"
#include "options.h"

typedef struct custom_op {
    op op;
    op_version version;
    hone_operator given;
} custom_op;

static const op_arg any_in[] = {{"inputs", DT_ALL, 0, ARG_VARIADIC | ARG_OPTIONAL}};
static const op_arg any_out[] = {{"outputs", DT_ALL, 0, ARG_VARIADIC | ARG_OPTIONAL}};

static const hone_operator *given_of(const node *n) { return n->op->row; }

static hone_status said(const ctx *c, hone_status status) {
    if (status == HONE_OK) return HONE_OK;
    return fail(c, status, "the operator's function returned %s", hone_status_name(status));
}

static hone_status custom_infer(infer *f) {
    const hone_operator *o = given_of(f->node);
    if (f->n_in < o->min_inputs)
        return infer_fail(f, "has %d inputs: expected at least %d", f->n_in, o->min_inputs);
    if (o->max_inputs && f->n_in > o->max_inputs)
        return infer_fail(f, "has %d inputs: expected at most %d", f->n_in, o->max_inputs);
    hone_operator_call call = {.infer = f, .node = f->node, .c = f->c};
    TRY(said(f->c, o->infer(o->user, &call)));
    for (int32_t i = 0; i < f->n_out; i++)
        if (f->node->out[i] && f->out[i].dtype == HONE_UNDEFINED)
            return infer_fail(f, "its function set no type of output %d", i);
    return HONE_OK;
}

static hone_status custom_run(run_ctx *r, const step *s) {
    const hone_operator *o = given_of(s->node);
    hone_operator_call call = {.run = r, .step = s, .node = s->node, .c = r->c};
    return said(r->c, o->run(o->user, &call));
}

static hone_status check(const ctx *c, const hone_operator *o) {
    if (!o->domain || !o->name || !*o->name || !o->infer || !o->run)
        return fail(c, HONE_E_ARG, "hone_operator: a name or a function is missing");
    if (o->since < 0 || o->min_inputs < 0 || o->max_inputs < 0 ||
        o->flags & ~(HONE_OPERATOR_IMPURE | HONE_OPERATOR_DYNAMIC))
        return fail(c, HONE_E_ARG, "hone_operator '%s': a number is out of range", o->name);
    return HONE_OK;
}

static hone_status make(const ctx *c, arena *a, const hone_operator *given, const op **out) {
    custom_op *o = arena_alloc(a, sizeof *o);
    if (!o) return fail_nomem(c, sizeof *o);
    TRY(options_read(c, &o->given, sizeof o->given, given, "hone_operator"));
    TRY(check(c, &o->given));
    const char *name = arena_strdup(a, o->given.name), *domain = arena_strdup(a, o->given.domain);
    if (!name || !domain) return fail_nomem(c, strlen(o->given.name));
    o->version = (op_version){.since = o->given.since ? o->given.since : 1};
    o->op = (op){.name = name,
                 .domain = domain,
                 .versions = &o->version,
                 .n_versions = 1,
                 OP_ARGS_IN(any_in),
                 OP_ARGS_OUT(any_out),
                 .params_size = sizeof(custom_params),
                 .flags = OP_CUSTOM,
                 .infer = custom_infer,
                 .run = custom_run,
                 .row = &o->given};
    if (o->given.flags & HONE_OPERATOR_IMPURE) o->op.flags |= OP_IMPURE;
    if (o->given.flags & HONE_OPERATOR_DYNAMIC) o->op.flags |= OP_DYNAMIC;
    *out = &o->op;
    return HONE_OK;
}

hone_status custom_ops_make(const ctx *c, arena *a, const hone_operator *const *given,
                            int32_t count, custom_ops *out) {
    out->list = arena_array(a, (size_t)count, sizeof *out->list);
    if (!out->list) return fail_nomem(c, (size_t)count * sizeof *out->list);
    for (int32_t i = 0; i < count; i++) {
        if (!given[i]) return fail(c, HONE_E_ARG, "options: operator %d is NULL", i);
        TRY(make(c, a, given[i], &out->list[i]));
        if (custom_ops_find(out, out->list[i]->domain, out->list[i]->name))
            return fail(c, HONE_E_ARG, "options: two operators are named '%s'", out->list[i]->name);
        out->count++;
    }
    return HONE_OK;
}

const op *custom_ops_find(const custom_ops *o, const char *domain, const char *name) {
    for (int32_t i = 0; o && i < o->count; i++)
        if (strcmp(o->list[i]->name, name) == 0 && strcmp(o->list[i]->domain, domain) == 0)
            return o->list[i];
    return NULL;
}
