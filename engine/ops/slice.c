/* SPDX-License-Identifier: Apache-2.0
 *
 * Slice, with the meaning of Python's x[start:end:step] on the given axes. Before opset 10 starts,
 * ends and axes were attributes.
 */
#include "movement.h"
#include "narrow.h"

enum { DATA, STARTS, ENDS, AXES, STEPS };

static const op_arg slice_in[] = {{"data", DT_MOVABLE, 'T', 0},
                                  {"starts", DT_INDEX, 'I', 0},
                                  {"ends", DT_INDEX, 'I', 0},
                                  {"axes", DT_INDEX, 'I', ARG_OPTIONAL},
                                  {"steps", DT_INDEX, 'I', ARG_OPTIONAL}};
static const op_arg slice_out[] = {{"output", DT_MOVABLE, 'T', 0}};

static hone_status slice_upgrade(builder *b, draft *d) {
    TRY(draft_ints_to_input(b, d, "starts", STARTS));
    TRY(draft_ints_to_input(b, d, "ends", ENDS));
    return draft_ints_to_input(b, d, "axes", AXES);
}

static const op_version slice_versions[] = {{1, slice_upgrade}, {10, NULL}};

/* What the lists say about one axis; `cut` if they mention it. */
typedef struct slice_axis {
    int64_t start, end, step;
    bool cut;
} slice_axis;

/* What of an axis is kept: `count` elements from `first` on, a step apart. */
typedef struct slice_part {
    int64_t first, count;
} slice_part;

static slice_part slice_resolve(const slice_axis *s, int64_t size) {
    const bool back = s->step < 0;
    const int64_t hi = back ? size - 1 : size;
    if (size == 0) return (slice_part){0, 0};
    const int64_t first = clamp_i64(s->start < 0 ? s->start + size : s->start, 0, hi);
    const int64_t end = clamp_i64(s->end < 0 ? s->end + size : s->end, back ? -1 : 0, hi);
    const int64_t span = back ? first - end : end - first;
    /* The least integer has no negative; no span is so long that the 1 matters. */
    const int64_t stride = s->step == INT64_MIN ? INT64_MAX : back ? -s->step : s->step;
    return (slice_part){first, span <= 0 ? 0 : 1 + (span - 1) / stride};
}

/* Size of the result along an axis of `dim` elements, which may be unknown. */
static int64_t slice_dim(const slice_axis *s, int64_t dim) {
    if (!s->cut) return dim;
    if (dim_known(dim)) return slice_resolve(s, dim).count;
    const bool all = s->step == 1 && s->start == 0 && s->end >= INT32_MAX;
    const bool flip = s->step == -1 && s->start >= INT32_MAX && s->end <= INT32_MIN;
    return all || flip ? dim : DIM_UNKNOWN;
}

/* Reads the lists (NULL: omitted) into one entry an axis. Returns NULL, or what is wrong. */
static const char *slice_read(const tensor *const *list, int32_t rank, slice_axis *axis) {
    const int64_t n = tensor_count(list[STARTS]);
    for (int32_t i = STARTS; i <= STEPS; i++)
        if (list[i] && (list[i]->shape.rank != 1 || tensor_count(list[i]) != n))
            return "'starts', 'ends', 'axes' and 'steps' are not vectors of one length";
    for (int32_t a = 0; a < rank; a++) axis[a] = (slice_axis){.step = 1};
    for (int64_t i = 0; i < n; i++) {
        int32_t a;
        if (!axis_normalize(list[AXES] ? tensor_i64(list[AXES], i) : i, rank, &a))
            return "an axis is out of range";
        if (axis[a].cut) return "'axes' names an axis twice";
        axis[a] = (slice_axis){tensor_i64(list[STARTS], i), tensor_i64(list[ENDS], i),
                               list[STEPS] ? tensor_i64(list[STEPS], i) : 1, true};
        if (axis[a].step == 0) return "'steps' has a step of 0";
    }
    return NULL;
}

static hone_status slice_infer(infer *f) {
    const shape *x = infer_shape(f, DATA);
    const tensor *list[STEPS + 1] = {NULL};
    slice_axis axis[HONE_MAX_RANK];
    bool known = true;
    f->out[0].dtype = infer_dtype(f, DATA);
    if (x->rank < 0) return HONE_OK;
    for (int32_t i = STARTS; i <= STEPS; i++) {
        list[i] = infer_value(f, i);
        known = known && (list[i] || !infer_has(f, i));
    }
    shape y = shape_of_rank(x->rank);
    if (known) {
        const char *wrong = slice_read(list, x->rank, axis);
        if (wrong) return infer_fail(f, "%s", wrong);
        for (int32_t a = 0; a < x->rank; a++) y.dim[a] = slice_dim(&axis[a], x->dim[a]);
    } else if (list[AXES]) { /* the others stay */
        y = *x;
        for (int64_t i = 0; i < tensor_count(list[AXES]); i++) {
            int32_t a;
            TRY(infer_axis(f, tensor_i64(list[AXES], i), x->rank, &a));
            y.dim[a] = DIM_UNKNOWN;
        }
    }
    f->out[0].shape = y;
    return HONE_OK;
}

static void slice_axes(const node *n, axis_map *m) {
    const value *axes = node_in(n, AXES);
    const tensor *t = axes ? axes->constant : NULL;
    const int32_t rank = n->out[0]->type.shape.rank;
    uint32_t cut = t ? 0 : UINT32_MAX;
    for (int64_t i = 0; t && i < tensor_count(t); i++) {
        int32_t a;
        if (axis_normalize(tensor_i64(t, i), rank, &a)) cut |= 1u << a;
    }
    for (int32_t a = 0; a < rank; a++)
        axis_add(m, 0, a, 0, a, cut >> a & 1 ? AXIS_JOINED : AXIS_SAME);
}

/* Without a list of axes they are 0, 1, .. as far as there are starts; renamed, they need a list.
 */
static bool slice_permute(builder *b, node *n, const int32_t *to, int32_t rank) {
    if (node_in(n, AXES)) return permute_axes_list(b, n, AXES, to, rank);
    const type *starts = &node_in(n, STARTS)->type;
    const int64_t count = starts->shape.rank == 1 ? starts->shape.dim[0] : DIM_UNKNOWN;
    if (count < 0 || count > rank || !dtype_in(starts->dtype, DT_INDEX)) return false;
    value *axes = emit_constant(b, starts->dtype, &starts->shape, NULL);
    if (!axes || node_append_input(b->c, n, AXES, axes) != HONE_OK) return false;
    for (int64_t i = 0; i < count; i++) tensor_set_i64(axes->constant, i, to[i]);
    return true;
}

/* Where the box that is kept begins, in elements, and its strides; or what is wrong. */
static const char *slice_box(const step *s, int64_t *first, int64_t *from) {
    const shape *x = &s->in[DATA].shape;
    const tensor *list[STEPS + 1] = {NULL};
    slice_axis axis[HONE_MAX_RANK];
    for (int32_t i = STARTS; i <= STEPS; i++) list[i] = step_has(s, i) ? &s->in[i] : NULL;
    const char *wrong = slice_read(list, x->rank, axis);
    if (wrong) return wrong;
    *first = 0;
    dense_strides(x, from);
    for (int32_t a = 0; a < x->rank; a++) {
        if (axis[a].cut) *first += slice_resolve(&axis[a], x->dim[a]).first * from[a];
        /* A single element may have a step of any size. */
        from[a] = s->out[0].shape.dim[a] > 1 ? from[a] * axis[a].step : 0;
    }
    return NULL;
}

static void slice_movement(const step *s, const int64_t *from, movement *m) {
    const shape *y = &s->out[0].shape;
    int64_t to[HONE_MAX_RANK];
    dense_strides(y, to);
    movement_init(m, dtype_size(s->in[DATA].dtype));
    for (int32_t a = 0; a < y->rank; a++) movement_add(m, y->dim[a], from[a], to[a]);
}

/* What is kept may be a run of bytes. */
static hone_status slice_plan(plan_ctx *p, step *s) {
    int64_t first, from[HONE_MAX_RANK];
    movement m;
    for (int32_t i = STARTS; i <= STEPS; i++)
        if (step_has(s, i) && !s->in[i].data) return HONE_OK;
    if (tensor_count(&s->out[0]) == 0 || slice_box(s, &first, from)) return HONE_OK;
    slice_movement(s, from, &m);
    if (!movement_is_copy(&m)) return HONE_OK;
    size_t *at = plan_parts(p, s);
    if (!at) return HONE_E_NOMEM;
    *at = (size_t)first * dtype_size(s->in[DATA].dtype);
    return HONE_OK;
}

static hone_status slice_run(run_ctx *r, const step *s) {
    int64_t first, from[HONE_MAX_RANK];
    movement m;
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    const char *wrong = slice_box(s, &first, from);
    if (wrong) return run_fail(r, "%s", wrong);
    slice_movement(s, from, &m);
    const size_t size = dtype_size(s->in[DATA].dtype);
    movement_run(r, s->k, &m, (const char *)s->in[DATA].data + (size_t)first * size,
                 s->out[0].data);
    return HONE_OK;
}

static const char *const slice_cases[] = {"f32[5,6] i64{1,2} i64{4,100}",
                                          "f32[5,6] i64{-1} i64{-100} i64{0} i64{-1}",
                                          "f32[1,40,40,64] i64{0} i64{32} i64{-1}",
                                          "u8[9,9] i64{0,8} i64{9,0} i64{0,1} i64{2,-3}",
                                          "f16[4] i64{3} i64{1}",
                                          NULL};

const op op_slice = {.name = "Slice",
                     .domain = "",
                     OP_VERSIONS(slice_versions),
                     OP_ARGS_IN(slice_in),
                     OP_ARGS_OUT(slice_out),
                     .flags = OP_PICKS,
                     .infer = slice_infer,
                     .axes = slice_axes,
                     .permute = slice_permute,
                     .plan = slice_plan,
                     .run = slice_run,
                     .grad = move_grad,
                     .quant = &quant_moves_first,
                     .flops = move_flops,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = slice_cases};
