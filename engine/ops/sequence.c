/* SPDX-License-Identifier: Apache-2.0
 *
 * Sequences: lists of tensors. A result is a new list that shares its items with the old one.
 */
#include "sequence.h"
#include "items.h"

enum { SEQUENCE, ITEM, AT = 1, INSERT_AT = 2 };

typedef struct sequence_params {
    hone_dtype dtype;
} sequence_params;

static const attr_spec sequence_attrs[] = {ATTR_ROW(DTYPE, sequence_params, dtype, .i = HONE_F32)};
#define ANY_SEQUENCE                                                                               \
    { "sequence", DT_ALL, 0, ARG_ANY_KIND }
#define POSITION(flags)                                                                            \
    { "position", DT_INDEX, 0, flags }
static const op_arg at_in[] = {ANY_SEQUENCE, POSITION(0)};
static const op_arg erase_in[] = {ANY_SEQUENCE, POSITION(ARG_OPTIONAL)};
static const op_arg insert_in[] = {ANY_SEQUENCE, {"tensor", DT_ALL, 0, 0}, POSITION(ARG_OPTIONAL)};
static const op_arg construct_in[] = {{"inputs", DT_ALL, 'T', ARG_VARIADIC}};
static const op_arg sequence_out[] = {{"output", DT_ALL, 0, ARG_ANY_KIND}};
static const op_arg tensor_out[] = {{"tensor", DT_ALL, 0, 0}};
static const op_arg length_out[] = {{"length", DT(HONE_I64), 0, 0}};
static const op_version versions[] = {{11, NULL}};

hone_status sequence_check(const infer *f, int32_t i) {
    if (!infer_has(f, i) || f->in[i]->kind == HONE_SEQUENCE) return HONE_OK;
    return infer_fail(f, "input '%s' is no sequence", op_input(f->node->op, i)->name);
}

hone_status position_read(run_ctx *r, const step *s, int32_t i, int64_t size, int64_t *out) {
    if (tensor_count(&s->in[i]) != 1) return run_fail(r, "the position is not a single number");
    const int64_t at = tensor_i64(&s->in[i], 0);
    if (at < -size || at >= size)
        return run_fail(r, "position %lld of a sequence of %lld", (long long)at, (long long)size);
    *out = at < 0 ? at + size : at;
    return HONE_OK;
}

static hone_status empty_infer(infer *f) {
    f->out[0] = type_of_tensors(HONE_SEQUENCE, ((const sequence_params *)f->params)->dtype);
    return HONE_OK;
}

static hone_status empty_run(run_ctx *r, const step *s) {
    tensor list;
    TRY(items_make(r, NULL, 0, HONE_SEQUENCE, &list));
    run_value(r, s, 0, &list);
    return HONE_OK;
}

static hone_status construct_infer(infer *f) {
    hone_dtype t = HONE_UNDEFINED;
    for (int32_t i = 0; i < f->n_in; i++)
        if (infer_dtype(f, i) != HONE_UNDEFINED) t = infer_dtype(f, i);
    f->out[0] = type_of_tensors(HONE_SEQUENCE, t);
    return HONE_OK;
}

static hone_status construct_run(run_ctx *r, const step *s) {
    tensor list, item;
    TRY(items_make(r, NULL, 0, HONE_SEQUENCE, &list));
    for (int32_t i = 0; i < s->n_in; i++) {
        TRY(items_keep(r, &s->in[i], &item));
        TRY(items_insert(r, &list, i, &item, &list));
    }
    run_value(r, s, 0, &list);
    return HONE_OK;
}

/* The sequence stays one of its type; a new item tells the type where the sequence does not. */
static hone_status insert_infer(infer *f) {
    TRY(sequence_check(f, SEQUENCE));
    f->out[0] = *f->in[SEQUENCE];
    const hone_dtype known = type_inner(&f->out[0]), item = infer_dtype(f, ITEM);
    if (known == HONE_UNDEFINED) f->out[0] = type_of_tensors(HONE_SEQUENCE, item);
    if (known != HONE_UNDEFINED && item != HONE_UNDEFINED && known != item)
        return infer_fail(f, "a tensor of %s does not fit a sequence of %s", hone_dtype_name(item),
                          hone_dtype_name(known));
    return HONE_OK;
}

static hone_status insert_run(run_ctx *r, const step *s) {
    const tensor *list = &s->in[SEQUENCE];
    int64_t at = items_count(list);
    tensor item, result;
    if (step_has(s, INSERT_AT)) { /* the end is a place as well, but not one counted from it */
        const int64_t n = at, given = tensor_count(&s->in[INSERT_AT]) == 1
                                          ? tensor_i64(&s->in[INSERT_AT], 0)
                                          : INT64_MAX;
        if (given != n) TRY(position_read(r, s, INSERT_AT, n, &at));
    }
    TRY(items_keep(r, &s->in[ITEM], &item));
    TRY(items_insert(r, list, at, &item, &result));
    run_value(r, s, 0, &result);
    return HONE_OK;
}

static hone_status erase_infer(infer *f) {
    TRY(sequence_check(f, SEQUENCE));
    f->out[0] = *f->in[SEQUENCE];
    return HONE_OK;
}

static hone_status erase_run(run_ctx *r, const step *s) {
    const tensor *list = &s->in[SEQUENCE];
    const int64_t n = items_count(list);
    int64_t at = n - 1;
    tensor result;
    if (step_has(s, AT)) TRY(position_read(r, s, AT, n, &at));
    if (n == 0) return run_fail(r, "nothing to erase: the sequence is empty");
    TRY(items_make(r, items_of(list), at, HONE_SEQUENCE, &result));
    for (int64_t i = at + 1; i < n; i++)
        TRY(items_insert(r, &result, i - 1, items_of(list) + i, &result));
    run_value(r, s, 0, &result);
    return HONE_OK;
}

static hone_status at_infer(infer *f) {
    TRY(sequence_check(f, SEQUENCE));
    if (f->in[SEQUENCE]->element) f->out[0] = *f->in[SEQUENCE]->element;
    return HONE_OK;
}

static hone_status at_run(run_ctx *r, const step *s) {
    int64_t at = 0;
    TRY(position_read(r, s, AT, items_count(&s->in[SEQUENCE]), &at));
    run_value(r, s, 0, items_of(&s->in[SEQUENCE]) + at);
    return HONE_OK;
}

static hone_status length_infer(infer *f) {
    const shape y = shape_scalar();
    TRY(sequence_check(f, SEQUENCE));
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

static hone_status length_run(run_ctx *r, const step *s) {
    (void)r;
    *(int64_t *)s->out[0].data = items_count(&s->in[SEQUENCE]);
    return HONE_OK;
}

#define MEMBER(ident, label, ...)                                                                  \
    static const op op_##ident = {.name = (label),                                                 \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(versions),                                           \
                                  .infer = ident##_infer,                                          \
                                  .run = ident##_run,                                              \
                                  __VA_ARGS__}
#define DYNAMIC .flags = OP_DYNAMIC

MEMBER(empty, "SequenceEmpty", DYNAMIC, OP_ARGS_OUT(sequence_out),
       OP_ATTRS(sequence_attrs, sequence_params));
MEMBER(construct, "SequenceConstruct", DYNAMIC, OP_ARGS_IN(construct_in),
       OP_ARGS_OUT(sequence_out));
MEMBER(insert, "SequenceInsert", DYNAMIC, OP_ARGS_IN(insert_in), OP_ARGS_OUT(sequence_out));
MEMBER(erase, "SequenceErase", DYNAMIC, OP_ARGS_IN(erase_in), OP_ARGS_OUT(sequence_out));
MEMBER(at, "SequenceAt", DYNAMIC, OP_ARGS_IN(at_in), OP_ARGS_OUT(tensor_out));
MEMBER(length, "SequenceLength", .in = at_in, .n_in = 1, OP_ARGS_OUT(length_out));

static const op *const members[] = {&op_empty, &op_construct, &op_insert,
                                    &op_erase, &op_at,        &op_length};
const op_family family_sequence = {members, COUNT_OF(members)};
