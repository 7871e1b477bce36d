/* SPDX-License-Identifier: Apache-2.0
 *
 * GatherElements and ScatterElements: for every place p of the index tensor, the element of the
 * data at p with the coordinate along `axis` replaced by the index.
 */
#include "combine.h"
#include "index.h"
#include "movement.h"

enum { DATA, INDICES, UPDATES };

typedef struct elements_params {
    int64_t axis;
    int32_t reduction;
} elements_params;

static const attr_spec elements_attrs[] = {
    ATTR_ROW(AXIS, elements_params, axis),
    ATTR_ROW(CHOICE, elements_params, reduction, .choices = combine_names),
};
static const op_arg elements_in[] = {
    {"data", DT_MOVABLE, 'T', 0}, {"indices", DT_INDEX, 0, 0}, {"updates", DT_MOVABLE, 'T', 0}};
static const op_arg elements_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version elements_versions[] = {{11, NULL}};

/* The index tensor fits into the data everywhere but along the axis. */
static hone_status check_indices(const infer *f) {
    const shape *x = infer_shape(f, DATA), *index = infer_shape(f, INDICES);
    int32_t axis;
    TRY(infer_check_rank(f, DATA, 1, HONE_MAX_RANK));
    if (x->rank < 0) return HONE_OK;
    TRY(infer_axis(f, ((const elements_params *)f->params)->axis, x->rank, &axis));
    TRY(infer_check_rank(f, INDICES, x->rank, x->rank));
    for (int32_t a = 0; a < index->rank; a++)
        if (a != axis && dim_known(x->dim[a]) && index->dim[a] > x->dim[a])
            return infer_fail(f, "'indices' has size %lld on axis %d: expected at most %lld",
                              (long long)index->dim[a], a, (long long)x->dim[a]);
    return HONE_OK;
}

static hone_status gather_elements_infer(infer *f) {
    TRY(check_indices(f));
    infer_set(f, 0, infer_dtype(f, DATA), infer_shape(f, INDICES));
    return HONE_OK;
}

static hone_status scatter_elements_infer(infer *f) {
    const shape *index = infer_shape(f, INDICES), *update = infer_shape(f, UPDATES);
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    TRY(check_indices(f));
    bool fits = index->rank < 0 || update->rank < 0 || index->rank == update->rank;
    for (int32_t i = 0; fits && i < index->rank && update->rank >= 0; i++)
        fits = dim_compatible(index->dim[i], update->dim[i]);
    if (!fits)
        return infer_fail(f, "'updates' has shape %s: expected %s", shape_text(a, sizeof a, update),
                          shape_text(b, sizeof b, index));
    return infer_same(f, DATA);
}

/* Lines of the index tensor along its last axis. */
typedef struct elements_walk {
    const tensor *index;
    move_axis outer[HONE_MAX_RANK]; /* from: elements of the data; to: elements of the index */
    int32_t rank;                   /* of outer */
    int64_t n, lines;               /* length and number of lines */
    int64_t next;                   /* data elements between neighbours of a line */
    int64_t size, stride;           /* of the axis of the data */
} elements_walk;

static void walk_init(elements_walk *w, const step *s) {
    const shape *x = &s->in[DATA].shape, *index = &s->in[INDICES].shape;
    int64_t from[HONE_MAX_RANK], to[HONE_MAX_RANK];
    int32_t axis = 0;
    axis_normalize(((const elements_params *)step_params(s))->axis, x->rank, &axis);
    dense_strides(x, from);
    dense_strides(index, to);
    w->index = &s->in[INDICES];
    w->size = x->dim[axis];
    w->stride = from[axis];
    from[axis] = 0;
    w->rank = index->rank - 1;
    w->n = index->dim[w->rank];
    w->next = from[w->rank];
    w->lines = shape_span(index, 0, w->rank);
    for (int32_t a = 0; a < w->rank; a++) w->outer[a] = (move_axis){index->dim[a], from[a], to[a]};
}

/* The data element that place i of the line at c stands for. */
static int64_t walk_place(const elements_walk *w, const move_cursor *c, int64_t i) {
    return c->from + i * w->next + index_at(w->index, c->to + i, w->size) * w->stride;
}

typedef struct gather_job {
    elements_walk walk;
    size_t size;
    const char *src;
    char *dst;
} gather_job;

/* Elements that are looked up together. */
enum { BLOCK = 128 };

static void do_gather(void *arg, int64_t first, int64_t last, int32_t worker) {
    const gather_job *j = arg;
    const elements_walk *w = &j->walk;
    const int64_t size = (int64_t)j->size;
    int64_t from[BLOCK];
    move_cursor c;
    (void)worker;
    cursor_seek(&c, w->outer, w->rank, first);
    for (int64_t line = first; line < last; line++, cursor_next(&c, w->outer, w->rank))
        for (int64_t at = 0; at < w->n; at += BLOCK) {
            const int64_t n = w->n - at < BLOCK ? w->n - at : BLOCK;
            const int64_t start = (c.from + at * w->next) * size;
            index_places(w->index, c.to + at, n, w->size, w->stride * size, from);
            for (int64_t i = 0; i < n && w->next; i++) from[i] += i * w->next * size;
            move_gather(n, j->size, j->src + start, from, j->dst + (size_t)(c.to + at) * j->size);
        }
}

static hone_status gather_elements_run(run_ctx *r, const step *s) {
    gather_job j = {
        .size = dtype_size(s->in[DATA].dtype), .src = s->in[DATA].data, .dst = s->out[0].data};
    walk_init(&j.walk, s);
    TRY(index_check(r, &s->in[INDICES], j.walk.size));
    if (tensor_count(&s->out[0]) == 0) return HONE_OK;
    team_run(r->team, j.walk.lines, 4096 / j.walk.n + 1, do_gather, &j);
    return HONE_OK;
}

/* In the order of the index tensor, by one thread: places may be named twice. */
static hone_status scatter_elements_run(run_ctx *r, const step *s) {
    const elements_params *p = step_params(s);
    const char *update = s->in[UPDATES].data;
    char *y = s->out[0].data;
    elements_walk w;
    move_cursor c;
    combine how;
    if (!combine_init(&how, s->k, s->out[0].dtype, p->reduction))
        return fail(r->c, HONE_E_UNSUPPORTED, "%s has no reduction",
                    hone_dtype_name(s->out[0].dtype));
    walk_init(&w, s);
    TRY(index_check(r, &s->in[INDICES], w.size));
    move_bytes(r, y, s->in[DATA].data, s->out[0].bytes);
    if (tensor_count(&s->in[INDICES]) == 0) return HONE_OK;
    cursor_seek(&c, w.outer, w.rank, 0);
    for (int64_t line = 0; line < w.lines; line++, cursor_next(&c, w.outer, w.rank))
        for (int64_t i = 0; i < w.n; i++)
            combine_run(&how, 1, update + (size_t)(c.to + i) * how.size,
                        y + (size_t)walk_place(&w, &c, i) * how.size);
    return HONE_OK;
}

/* Without a reduction the written places of the data count for nothing. */
static hone_status scatter_elements_grad(gradient *g) {
    builder *b = g->b;
    const elements_params *p = g->node->params;
    value *index = node_in(g->node, INDICES), *dy = g->dy[0];
    const attr axis = A_INT("axis", p->axis);
    if (p->reduction > COMBINE_ADD)
        return builder_fail(b, HONE_E_UNSUPPORTED, "gradient of this reduction");
    g->dx[UPDATES] = emit(b, "GatherElements", IN(dy, index), &axis, 1);
    g->dx[DATA] = dy;
    if (p->reduction == COMBINE_ADD) return b->status;
    value *dims = emit(b, "Shape", IN(index), NO_ATTRS);
    value *zeros = emit(b, "Expand", IN(emit_scalar(b, dy->type.dtype, 0), dims), NO_ATTRS);
    g->dx[DATA] = emit(b, "ScatterElements", IN(dy, index, zeros), &axis, 1);
    return b->status;
}

static const char *const gather_elements_cases[] = {"f32[2,2] i64[2,2]{0,0,1,0} axis=1",
                                                    "f32[4] i64{-1,0,3,3}", "u8[5] i32{4,2}", NULL};
static const char *const scatter_elements_cases[] = {"f32[4] i64{1,-1} f32[2]",
                                                     "f32[5] i64{1,1,3} f32[3] reduction=add",
                                                     "f16[5] i64{1,1,3} f16[3] reduction=max",
                                                     "f32[3,3] i64[2,2]{0,2,1,0} f32[2,2] axis=1",
                                                     "i32[5] i32{0,4} i32[2] reduction=mul",
                                                     NULL};

static const op op_gather_elements = {.name = "GatherElements",
                                      .domain = "",
                                      OP_VERSIONS(elements_versions),
                                      .in = elements_in,
                                      .n_in = 2,
                                      OP_ARGS_OUT(elements_out),
                                      .attrs = elements_attrs,
                                      .n_attrs = 1,
                                      .params_size = sizeof(elements_params),
                                      .flags = OP_PICKS,
                                      .infer = gather_elements_infer,
                                      .run = gather_elements_run,
                                      .grad = move_grad,
                                      .quant = &quant_moves_first,
                                      .flops = move_flops,
                                      .tolerance = {TOL_EXACT, 0},
                                      .cases = gather_elements_cases};
static const op op_scatter_elements = {.name = "ScatterElements",
                                       .domain = "",
                                       OP_VERSIONS(elements_versions),
                                       OP_ARGS_IN(elements_in),
                                       OP_ARGS_OUT(elements_out),
                                       OP_ATTRS(elements_attrs, elements_params),
                                       .infer = scatter_elements_infer,
                                       .run = scatter_elements_run,
                                       .grad = scatter_elements_grad,
                                       .inplace = 1,
                                       .flops = move_flops,
                                       .tolerance = {TOL_EXACT, 0},
                                       .cases = scatter_elements_cases};

/* The old name, before reductions. */
static hone_status scatter_expand(builder *b, draft *d) {
    d->type = "ScatterElements";
    d->opset = 11;
    return lower(b, d);
}

static const char *const scatter_cases[] = {"f32[5] i64{1,-2} f32[2]",
                                            "f16[3,3] i64[1,2]{0,2} f16[1,2] axis=-1",
                                            "i32[0,2] i64[0,2]{} i32[0,2]", NULL};
static const attr_spec scatter_attrs[] = {ATTR_ROW(AXIS, elements_params, axis)};
static const op_version scatter_versions[] = {{9, NULL}};
static const op op_scatter = {.name = "Scatter",
                              .domain = "",
                              OP_VERSIONS(scatter_versions),
                              OP_ARGS_IN(elements_in),
                              OP_ARGS_OUT(elements_out),
                              OP_ATTRS(scatter_attrs, elements_params),
                              .expand = scatter_expand,
                              .tolerance = {TOL_EXACT, 0},
                              .cases = scatter_cases};

static const op *const members[] = {&op_gather_elements, &op_scatter_elements, &op_scatter};
const op_family family_elements = {members, COUNT_OF(members)};
