/* SPDX-License-Identifier: Apache-2.0
 *
 * Optionals: one value or none. Where a value is no optional, the questions answer themselves.
 */
#include "items.h"
#include "op.h"

static const op_arg any_in[] = {{"input", DT_ALL, 0, ARG_ANY_KIND | ARG_OPTIONAL}};
static const op_arg some_in[] = {{"input", DT_ALL, 0, ARG_ANY_KIND}};
static const op_arg any_out[] = {{"output", DT_ALL, 0, ARG_ANY_KIND}};
static const op_arg has_out[] = {{"output", DT_BOOL, 0, 0}};
static const op_version since_15[] = {{15, NULL}};
static const op_version since_1[] = {{1, NULL}};

typedef struct none_params {
    hone_dtype dtype;
    bool sequence; /* the value that is missing is a sequence */
} none_params;
static const attr_spec none_attrs[] = {ATTR_ROW(DTYPE, none_params, dtype),
                                       ATTR_ROW(BOOL, none_params, sequence)};

/* hone::Some and hone::None: an optional with a value, or without. */
static hone_status some_infer(infer *f) {
    if (!infer_has(f, 0)) return infer_fail(f, "input 'input' is missing");
    f->out[0] = type_of(HONE_OPTIONAL, &f->node->in[0].value->type);
    return HONE_OK;
}

static hone_status some_run(run_ctx *r, const step *s) {
    tensor item, list;
    TRY(items_keep(r, &s->in[0], &item));
    TRY(items_make(r, &item, 1, HONE_OPTIONAL, &list));
    run_value(r, s, 0, &list);
    return HONE_OK;
}

static hone_status none_infer(infer *f) {
    const none_params *p = f->params;
    f->out[0] = p->sequence ? type_of_sequences(HONE_OPTIONAL, p->dtype)
                            : type_of_tensors(HONE_OPTIONAL, p->dtype);
    return HONE_OK;
}

static hone_status none_run(run_ctx *r, const step *s) {
    tensor list;
    TRY(items_make(r, NULL, 0, HONE_OPTIONAL, &list));
    run_value(r, s, 0, &list);
    return HONE_OK;
}

/* hone::OptionalValue and hone::OptionalIsSome. */
static hone_status value_infer(infer *f) {
    if (!infer_has(f, 0) || f->in[0]->kind != HONE_OPTIONAL)
        return infer_fail(f, "input 'input' is no optional");
    if (f->in[0]->element) f->out[0] = *f->in[0]->element;
    return HONE_OK;
}

static hone_status value_run(run_ctx *r, const step *s) {
    if (items_count(&s->in[0]) == 0) return run_fail(r, "the optional has no value");
    run_value(r, s, 0, items_of(&s->in[0]));
    return HONE_OK;
}

static hone_status is_some_infer(infer *f) {
    const shape y = shape_scalar();
    if (!infer_has(f, 0) || f->in[0]->kind != HONE_OPTIONAL)
        return infer_fail(f, "input 'input' is no optional");
    infer_set(f, 0, HONE_BOOL, &y);
    return HONE_OK;
}

static hone_status is_some_run(run_ctx *r, const step *s) {
    (void)r;
    *(uint8_t *)s->out[0].data = items_count(&s->in[0]) > 0;
    return HONE_OK;
}

#define CORE(ident, label, ...)                                                                    \
    static const op op_##ident = {.name = (label),                                                 \
                                  .domain = "hone",                                                \
                                  OP_VERSIONS(since_1),                                            \
                                  .infer = ident##_infer,                                          \
                                  .run = ident##_run,                                              \
                                  __VA_ARGS__}
CORE(some, "Some", .flags = OP_DYNAMIC, OP_ARGS_IN(any_in), OP_ARGS_OUT(any_out));
CORE(none, "None", .flags = OP_DYNAMIC, OP_ARGS_OUT(any_out), OP_ATTRS(none_attrs, none_params));
CORE(value, "OptionalValue", .flags = OP_DYNAMIC, OP_ARGS_IN(any_in), OP_ARGS_OUT(any_out));
CORE(is_some, "OptionalIsSome", OP_ARGS_IN(any_in), OP_ARGS_OUT(has_out));

typedef struct optional_params {
    const type *type;
} optional_params;
static const attr_spec optional_attrs[] = {ATTR_ROW(TYPE, optional_params, type)};

static hone_status optional_expand(builder *b, draft *d) {
    if (draft_in(d, 0)) return draft_done(b, d, emit(b, "hone::Some", IN(d->in[0]), NO_ATTRS));
    const type *t = ((const optional_params *)d->params)->type;
    if (!t) return builder_fail(b, HONE_E_FORMAT, "has neither an input nor a type");
    const type *inner = t->kind == HONE_OPTIONAL ? t->element : t;
    const hone_dtype dtype = type_inner(inner);
    value *none =
        emit(b, "hone::None", NULL, 0,
             ATTRS(A_INT("dtype", dtype), A_INT("sequence", inner->kind == HONE_SEQUENCE)));
    return draft_done(b, d, none);
}

static hone_status has_expand(builder *b, draft *d) {
    value *x = draft_in(d, 0);
    const shape s = shape_scalar();
    if (x && x->type.kind == HONE_OPTIONAL)
        return draft_done(b, d, emit(b, "hone::OptionalIsSome", IN(x), NO_ATTRS));
    return draft_done(b, d, emit_constant(b, HONE_BOOL, &s, &(uint8_t){x != NULL}));
}

static hone_status get_expand(builder *b, draft *d) {
    value *x = d->in[0];
    const bool optional = x->type.kind == HONE_OPTIONAL;
    return draft_done(b, d,
                      emit(b, optional ? "hone::OptionalValue" : "Identity", IN(x), NO_ATTRS));
}

#define ONNX(ident, label, ...)                                                                    \
    static const op op_##ident = {.name = (label),                                                 \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(since_15),                                           \
                                  .expand = ident##_expand,                                        \
                                  __VA_ARGS__}
ONNX(optional, "Optional", OP_SLOTS(any), OP_ATTRS(optional_attrs, optional_params));
ONNX(has, "OptionalHasElement", OP_ARGS_IN(any_in), OP_ARGS_OUT(has_out));
ONNX(get, "OptionalGetElement", OP_ARGS_IN(some_in), OP_ARGS_OUT(any_out));

static const op *const members[] = {&op_some,     &op_none, &op_value, &op_is_some,
                                    &op_optional, &op_has,  &op_get};
const op_family family_optional = {members, COUNT_OF(members)};
