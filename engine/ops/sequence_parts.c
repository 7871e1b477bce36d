/* SPDX-License-Identifier: Apache-2.0
 *
 * SplitToSequence and ConcatFromSequence: a tensor cut along an axis, and put together again.
 */
#include "checked.h"
#include "items.h"
#include "movement.h"
#include "sequence.h"

typedef struct parts_params {
    int64_t axis;
    bool keepdims, new_axis;
} parts_params;

static const attr_spec split_attrs[] = {
    ATTR_ROW(AXIS, parts_params, axis),
    ATTR_ROW(BOOL, parts_params, keepdims, .i = 1),
};
static const attr_spec concat_attrs[] = {
    ATTR_ROW(INT, parts_params, axis, .required = true),
    ATTR_ROW(BOOL, parts_params, new_axis),
};
static const op_arg split_in[] = {{"input", DT_MOVABLE, 0, 0},
                                  {"split", DT_INDEX, 0, ARG_OPTIONAL}};
static const op_arg split_out[] = {{"output", DT_MOVABLE, 0, ARG_ANY_KIND}};
static const op_arg concat_in[] = {{"input_sequence", DT_ALL, 0, ARG_ANY_KIND}};
static const op_arg concat_out[] = {{"concat_result", DT_MOVABLE, 0, 0}};
static const op_version versions[] = {{11, NULL}};

static hone_status split_infer(infer *f) {
    const parts_params *p = f->params;
    int32_t axis;
    TRY(infer_check_rank(f, 0, 1, HONE_MAX_RANK));
    TRY(infer_check_rank(f, 1, 0, 1));
    if (infer_rank(f, 0) >= 0) TRY(infer_axis(f, p->axis, infer_rank(f, 0), &axis));
    f->out[0] = type_of_tensors(HONE_SEQUENCE, infer_dtype(f, 0));
    return HONE_OK;
}

/* How an axis is cut. */
typedef struct cuts {
    const tensor *sizes; /* one a part, or NULL */
    int64_t each;        /* size of all parts but the last, without sizes */
    int64_t count;
} cuts;

static hone_status cuts_read(run_ctx *r, const step *s, int64_t size, cuts *out) {
    const tensor *split = step_has(s, 1) ? &s->in[1] : NULL;
    *out = (cuts){.each = 1, .count = size};
    if (split && split->shape.rank == 0) {
        out->each = tensor_i64(split, 0);
        if (out->each < 1) return run_fail(r, "'split' is %lld", (long long)out->each);
        out->count = size / out->each + (size % out->each != 0);
    } else if (split) {
        int64_t sum = 0;
        out->sizes = split;
        out->count = tensor_count(split);
        for (int64_t i = 0; i < out->count; i++)
            if (tensor_i64(split, i) < 0 || !i64_add(sum, tensor_i64(split, i), &sum))
                return run_fail(r, "'split' has size %lld", (long long)tensor_i64(split, i));
        if (sum != size)
            return run_fail(r, "'split' sums to %lld: expected %lld", (long long)sum,
                            (long long)size);
    }
    return HONE_OK;
}

static int64_t cut_size(const cuts *c, int64_t i, int64_t left) {
    if (c->sizes) return tensor_i64(c->sizes, i);
    return c->each < left ? c->each : left;
}

/* The part of x that begins at `first` of the axis, in memory of its own. */
static hone_status cut(run_ctx *r, const step *s, int32_t axis, int64_t first, int64_t n,
                       tensor *out) {
    const tensor *x = &s->in[0];
    const size_t size = dtype_size(x->dtype);
    const int64_t inner = shape_span(&x->shape, axis + 1, x->shape.rank);
    movement m;
    *out = (tensor){.dtype = x->dtype, .shape = x->shape};
    out->shape.dim[axis] = n;
    tensor_size(out, &out->bytes);
    out->data = run_memory(r, out->bytes);
    if (!out->data) return HONE_E_NOMEM;
    if (out->bytes == 0) return HONE_OK;
    movement_init(&m, size);
    movement_add(&m, shape_span(&x->shape, 0, axis), x->shape.dim[axis] * inner, n * inner);
    movement_add(&m, n * inner, 1, 1);
    movement_run(r, s->k, &m, (const char *)x->data + (size_t)(first * inner) * size, out->data);
    return HONE_OK;
}

static void drop_axis(shape *s, int32_t axis) {
    for (int32_t a = axis; a + 1 < s->rank; a++) s->dim[a] = s->dim[a + 1];
    s->rank--;
}

static hone_status split_run(run_ctx *r, const step *s) {
    const parts_params *p = step_params(s);
    const shape *x = &s->in[0].shape;
    int32_t axis = 0;
    cuts c;
    tensor list, part;
    axis_normalize(p->axis, x->rank, &axis);
    TRY(cuts_read(r, s, x->dim[axis], &c));
    TRY(items_make(r, NULL, 0, HONE_SEQUENCE, &list));
    for (int64_t i = 0, first = 0; i < c.count; i++) {
        const int64_t n = cut_size(&c, i, x->dim[axis] - first);
        TRY(cut(r, s, axis, first, n, &part));
        if (!step_has(s, 1) && !p->keepdims) drop_axis(&part.shape, axis);
        TRY(items_insert(r, &list, i, &part, &list));
        first += n;
    }
    run_value(r, s, 0, &list);
    return HONE_OK;
}

static hone_status concat_infer(infer *f) {
    const shape unknown = shape_unknown();
    TRY(sequence_check(f, 0));
    infer_set(f, 0, type_inner(f->in[0]), &unknown);
    return HONE_OK;
}

/* The result's shape, and which of its axes the items follow each other on. */
static hone_status concat_shape(run_ctx *r, const step *s, shape *y, int32_t *axis) {
    const parts_params *p = step_params(s);
    const tensor *items = items_of(&s->in[0]);
    const int64_t n = items_count(&s->in[0]);
    if (n == 0) return run_fail(r, "the sequence is empty");
    *y = items[0].shape;
    if (y->rank + p->new_axis > HONE_MAX_RANK ||
        !axis_normalize(p->axis, y->rank + p->new_axis, axis))
        return run_fail(r, "axis %lld of items with %d axes", (long long)p->axis, y->rank);
    int64_t total = p->new_axis ? n : 0;
    for (int64_t i = 0; i < n; i++) {
        shape fits = items[i].shape;
        if (!p->new_axis && fits.rank == y->rank) {
            if (!i64_add(total, fits.dim[*axis], &total)) total = -1;
            fits.dim[*axis] = y->dim[*axis];
        }
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        if (items[i].dtype != items[0].dtype || !shape_equal(&fits, y) || total < 0)
            return run_fail(r, "item %lld has shape %s: expected %s but for the axis", (long long)i,
                            shape_text(a, sizeof a, &items[i].shape), shape_text(b, sizeof b, y));
    }
    if (p->new_axis) {
        for (int32_t a = y->rank; a > *axis; a--) y->dim[a] = y->dim[a - 1];
        y->rank++;
    }
    y->dim[*axis] = total;
    return HONE_OK;
}

static hone_status concat_run(run_ctx *r, const step *s) {
    const tensor *items = items_of(&s->in[0]);
    shape y;
    int32_t axis;
    TRY(concat_shape(r, s, &y, &axis));
    s->out[0].dtype = items[0].dtype;
    TRY(run_output(r, s, 0, &y));
    if (s->out[0].bytes == 0) return HONE_OK;
    const size_t size = dtype_size(s->out[0].dtype);
    const int64_t outer = shape_span(&y, 0, axis), row = shape_span(&y, axis, y.rank);
    char *dst = s->out[0].data;
    for (int64_t i = 0; i < items_count(&s->in[0]); i++) {
        const int64_t part = tensor_count(&items[i]) / outer;
        movement m;
        movement_init(&m, size);
        movement_add(&m, outer, part, row);
        movement_add(&m, part, 1, 1);
        if (part) movement_run(r, s->k, &m, items[i].data, dst);
        dst += (size_t)part * size;
    }
    return HONE_OK;
}

static const op op_split_to = {.name = "SplitToSequence",
                               .domain = "",
                               OP_VERSIONS(versions),
                               OP_ARGS_IN(split_in),
                               OP_ARGS_OUT(split_out),
                               OP_ATTRS(split_attrs, parts_params),
                               .flags = OP_DYNAMIC,
                               .infer = split_infer,
                               .run = split_run};
static const op op_concat_from = {.name = "ConcatFromSequence",
                                  .domain = "",
                                  OP_VERSIONS(versions),
                                  OP_ARGS_IN(concat_in),
                                  OP_ARGS_OUT(concat_out),
                                  OP_ATTRS(concat_attrs, parts_params),
                                  .flags = OP_DYNAMIC,
                                  .infer = concat_infer,
                                  .run = concat_run};

static const op *const members[] = {&op_split_to, &op_concat_from};
const op_family family_sequence_parts = {members, COUNT_OF(members)};
