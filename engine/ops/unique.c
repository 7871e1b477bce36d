/* SPDX-License-Identifier: Apache-2.0
 *
 * Unique: the different elements, or the different slices along an axis, in rising order or in the
 * order in which they are first met. Complex numbers are ordered by their real parts first, text by
 * its bytes.
 */
#include <string.h>

#include "checked.h"
#include "movement.h"
#include "order.h"
#include "wide.h"

#define COMPLEX (DT(HONE_C64) | DT(HONE_C128))
#define TYPES   (ORDER_TYPES | DT(HONE_STRING) | COMPLEX)

typedef struct unique_params {
    int64_t axis; /* INT64_MIN: single elements */
    bool sorted;
} unique_params;

static const attr_spec unique_attrs[] = {
    ATTR_ROW(AXIS, unique_params, axis, .i = INT64_MIN, .min = -HONE_MAX_RANK,
             .max = HONE_MAX_RANK - 1),
    ATTR_ROW(BOOL, unique_params, sorted, .i = 1),
};
static const op_arg unique_in[] = {{"X", TYPES, 'T', 0}};
static const op_arg unique_out[] = {{"Y", TYPES, 'T', ARG_OPTIONAL},
                                    {"indices", DT(HONE_I64), 0, ARG_OPTIONAL},
                                    {"inverse_indices", DT(HONE_I64), 0, ARG_OPTIONAL},
                                    {"counts", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_version unique_versions[] = {{11, NULL}};
enum { Y, FIRST, INVERSE, COUNTS };

static bool is_flat(const void *params) {
    return ((const unique_params *)params)->axis == INT64_MIN;
}

static hone_status unique_infer(infer *f) {
    const shape *x = infer_shape(f, 0), some = shape_of_rank(1);
    int32_t axis;
    shape y = *x;
    if (is_flat(f->params)) {
        y = some;
    } else if (x->rank >= 0) {
        TRY(infer_axis(f, ((const unique_params *)f->params)->axis, x->rank, &axis));
        y.dim[axis] = DIM_UNKNOWN;
    }
    infer_set(f, Y, infer_dtype(f, 0), &y);
    for (int32_t i = FIRST; i <= COUNTS; i++) infer_set(f, i, HONE_I64, &some);
    return HONE_OK;
}

/* The input as [outer, n, inner]: n slices to tell apart. */
typedef struct unique_work {
    int64_t outer, n, inner;
    int32_t axis;
    uint64_t *keys;  /* of all elements */
    int64_t *order;  /* slices by value, then by place */
    int64_t *group;  /* of every slice */
    int64_t *number; /* of every group in the result */
} unique_work;

static void unique_split(const step *s, unique_work *w) {
    const shape *x = &s->in[0].shape;
    const bool flat = is_flat(step_params(s));
    w->axis = 0;
    if (!flat) axis_normalize(((const unique_params *)step_params(s))->axis, x->rank, &w->axis);
    w->outer = flat ? 1 : shape_span(x, 0, w->axis);
    w->n = flat ? tensor_count(&s->in[0]) : x->dim[w->axis];
    w->inner = flat ? 1 : shape_span(x, w->axis + 1, x->rank);
}

static hone_status unique_plan(plan_ctx *p, step *s) {
    unique_work w;
    size_t keys, lists, at;
    const size_t lists_of_keys = dtype_in(s->in[0].dtype, ORDER_TYPES) ? 1 : 3;
    unique_split(s, &w);
    if (!size_mul((size_t)tensor_count(&s->in[0]), lists_of_keys * sizeof *w.keys, &keys) ||
        !size_mul((size_t)w.n, 3 * sizeof *w.order, &lists) || !size_add(keys, lists, &keys))
        keys = SIZE_MAX;
    return scratch_book(p, s, keys, &at);
}

static bool element_before(const void *arg, int64_t a, int64_t b) {
    const tensor *x = arg;
    uint64_t p[2], q[2];
    if (x->dtype == HONE_STRING) return strcmp(tensor_string(x, a), tensor_string(x, b)) < 0;
    const hone_dtype part = x->dtype == HONE_C64 ? HONE_F32 : HONE_F64;
    const size_t size = dtype_size(x->dtype);
    order_keys(part, (const char *)x->data + (size_t)a * size, 1, 2, p);
    order_keys(part, (const char *)x->data + (size_t)b * size, 1, 2, q);
    return p[0] != q[0] ? p[0] < q[0] : p[1] < q[1];
}

/* Keys of the elements; of those that are no plain numbers, their places in order. tmp has room for
 * two lists of them then. */
static void element_keys(const tensor *x, int64_t n, uint64_t *keys, int64_t *tmp) {
    if (dtype_in(x->dtype, ORDER_TYPES)) {
        order_keys(x->dtype, x->data, 1, n, keys);
        return;
    }
    for (int64_t i = 0; i < n; i++) tmp[i] = i;
    order_sort(tmp, tmp + n, n, element_before, x);
    uint64_t rank = 0;
    for (int64_t i = 0; i < n; i++) {
        rank += i > 0 && element_before(x, tmp[i - 1], tmp[i]);
        keys[tmp[i]] = rank;
    }
}

/* The first element in which slices a and b differ decides. */
static int compare_slices(const unique_work *w, int64_t a, int64_t b) {
    for (int64_t o = 0; o < w->outer; o++) {
        const uint64_t *x = w->keys + (o * w->n + a) * w->inner;
        const uint64_t *y = w->keys + (o * w->n + b) * w->inner;
        for (int64_t i = 0; i < w->inner; i++)
            if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
    }
    return 0;
}

static bool slice_before(const void *arg, int64_t a, int64_t b) {
    return compare_slices(arg, a, b) < 0;
}

/* Sorts, and gives every slice the number of its group. Returns how many groups there are. */
static int64_t find_groups(unique_work *w) {
    int64_t groups = 0;
    if (w->outer * w->inner == 1) {
        order_by_keys(w->keys, w->n, w->order, w->group);
    } else {
        for (int64_t i = 0; i < w->n; i++) w->order[i] = i;
        order_sort(w->order, w->group, w->n, slice_before, w);
    }
    for (int64_t i = 0; i < w->n; i++) {
        if (i > 0 && compare_slices(w, w->order[i - 1], w->order[i]) != 0) groups++;
        w->group[w->order[i]] = groups;
    }
    return w->n ? groups + 1 : 0;
}

/* Numbers the groups as the result has them. */
static void number_groups(unique_work *w, int64_t groups, bool sorted) {
    for (int64_t g = 0; g < groups; g++) w->number[g] = sorted ? g : -1;
    int64_t next = 0;
    for (int64_t i = 0; i < w->n && !sorted; i++)
        if (w->number[w->group[i]] < 0) w->number[w->group[i]] = next++;
}

static void put_slice(const step *s, const unique_work *w, int64_t from, int64_t to,
                      int64_t groups) {
    const size_t unit = (size_t)w->inner * dtype_size(s->in[0].dtype);
    for (int64_t o = 0; o < w->outer; o++)
        memcpy((char *)s->out[Y].data + (size_t)(o * groups + to) * unit,
               (const char *)s->in[0].data + (size_t)(o * w->n + from) * unit, unit);
}

static int64_t *numbers(const step *s, int32_t i) {
    return step_wants(s, i) ? s->out[i].data : NULL;
}

/* Fills what is wanted. Slices are met in their order, so the first of a group is the first. */
static void put_results(const step *s, unique_work *w, int64_t groups) {
    int64_t *first = numbers(s, FIRST), *inverse = numbers(s, INVERSE);
    int64_t *counts = numbers(s, COUNTS), *seen = w->order; /* no longer needed */
    for (int64_t g = 0; g < groups; g++) seen[g] = 0;
    for (int64_t i = 0; i < w->n; i++) {
        const int64_t g = w->number[w->group[i]];
        if (inverse) inverse[i] = g;
        if (seen[g]++) continue;
        if (first) first[g] = i;
        if (step_wants(s, Y)) put_slice(s, w, i, g, groups);
    }
    if (counts && groups) memcpy(counts, seen, (size_t)groups * sizeof *counts);
}

static hone_status unique_run(run_ctx *r, const step *s) {
    const int64_t count = tensor_count(&s->in[0]);
    unique_work w = {.keys = r->scratch};
    unique_split(s, &w);
    w.order = (int64_t *)(void *)(w.keys + count);
    if (!dtype_in(s->in[0].dtype, ORDER_TYPES)) w.order += 2 * count;
    w.group = w.order + w.n;
    w.number = w.group + w.n;
    element_keys(&s->in[0], count, w.keys, (int64_t *)(void *)(w.keys + count));
    const int64_t groups = find_groups(&w);
    number_groups(&w, groups, ((const unique_params *)step_params(s))->sorted);
    const shape some = shape_vector(groups), all = shape_vector(w.n);
    shape y = is_flat(step_params(s)) ? some : s->in[0].shape;
    y.dim[w.axis] = groups;
    TRY(run_output(r, s, Y, &y));
    TRY(run_output(r, s, FIRST, &some));
    TRY(run_output(r, s, INVERSE, &all));
    TRY(run_output(r, s, COUNTS, &some));
    put_results(s, &w, groups);
    return HONE_OK;
}

static const char *const unique_cases[] = {
    "u8[40] >4",   "i64[3,4] axis=0 >4", "bool[7] sorted=0 >4",
    "f32[2,3] >2", "c64[5] >4",          "str{b,a,,b} >4",
    "c128[0]",     "f32[300] >4",        "f64[70] sorted=0 >4",
    NULL};

const op op_unique = {.name = "Unique",
                      .domain = "",
                      OP_VERSIONS(unique_versions),
                      OP_ARGS_IN(unique_in),
                      OP_ARGS_OUT(unique_out),
                      OP_ATTRS(unique_attrs, unique_params),
                      .flags = OP_DYNAMIC,
                      .infer = unique_infer,
                      .plan = unique_plan,
                      .run = unique_run,
                      .tolerance = {TOL_EXACT, 0},
                      .cases = unique_cases};
