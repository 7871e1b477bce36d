/* SPDX-License-Identifier: Apache-2.0
 *
 * NonMaxSuppression: of every class of every image, boxes in the order of their scores, without
 * those that overlap a better one too much.
 */
#include "checked.h"
#include "frame.h"
#include "movement.h"
#include "order.h"
#include "wide.h"

enum { BOXES, SCORES, MAX_OUTPUT, IOU, SCORE };

typedef struct nms_params {
    int64_t center_point_box;
} nms_params;

static const attr_spec nms_attrs[] = {
    ATTR_ROW(INT, nms_params, center_point_box, .min = 0, .max = 1)};
static const op_arg nms_in[] = {{"boxes", DT(HONE_F32), 0, 0},
                                {"scores", DT(HONE_F32), 0, 0},
                                {"max_output_boxes_per_class", DT(HONE_I64), 0, ARG_OPTIONAL},
                                {"iou_threshold", DT(HONE_F32), 0, ARG_OPTIONAL},
                                {"score_threshold", DT(HONE_F32), 0, ARG_OPTIONAL}};
static const op_arg nms_out[] = {{"selected_indices", DT(HONE_I64), 0, 0}};
static const op_version nms_versions[] = {{10, NULL}};

static hone_status nms_infer(infer *f) {
    const shape *boxes = infer_shape(f, BOXES), *scores = infer_shape(f, SCORES);
    const shape y = shape_make(2, (const int64_t[]){DIM_UNKNOWN, 3});
    TRY(infer_check_rank(f, BOXES, 3, 3));
    TRY(infer_check_rank(f, SCORES, 3, 3));
    if (boxes->rank == 3 && scores->rank == 3 &&
        (!dim_compatible(boxes->dim[0], scores->dim[0]) ||
         !dim_compatible(boxes->dim[1], scores->dim[2]) || !dim_compatible(boxes->dim[2], 4)))
        return infer_fail(f, "'boxes' is not [batch, n, 4] for 'scores' of [batch, classes, n]");
    infer_set(f, 0, HONE_I64, &y);
    return HONE_OK;
}

typedef struct box {
    float y1, x1, y2, x2; /* y1 <= y2, x1 <= x2 */
    float area;
} box;

/* Room for the candidates of one class and the boxes that are kept. */
static hone_status nms_plan(plan_ctx *p, step *s) {
    size_t bytes, at;
    if (!size_mul((size_t)s->in[SCORES].shape.dim[2], sizeof(ranked) + sizeof(box), &bytes))
        bytes = SIZE_MAX;
    return scratch_book(p, s, bytes, &at);
}

typedef struct nms_work {
    run_ctx *r;
    const step *s;
    bool centered;
    int64_t n, most; /* boxes; results of one class */
    float iou, score;
    bool has_score;
    ranking candidates; /* the best in front */
    box *kept;          /* of this class */
    int64_t *found;     /* triples */
    size_t n_found, capacity;
} nms_work;

static box read_box(const nms_work *w, int64_t image, int64_t i) {
    const float *b = (const float *)w->s->in[BOXES].data + (image * w->n + i) * 4;
    box v;
    if (w->centered) /* x, y, width, height */
        v = (box){.y1 = b[1] - b[3] / 2,
                  .x1 = b[0] - b[2] / 2,
                  .y2 = b[1] + b[3] / 2,
                  .x2 = b[0] + b[2] / 2};
    else
        v = (box){.y1 = b[0] < b[2] ? b[0] : b[2],
                  .x1 = b[1] < b[3] ? b[1] : b[3],
                  .y2 = b[0] < b[2] ? b[2] : b[0],
                  .x2 = b[1] < b[3] ? b[3] : b[1]};
    v.area = (v.y2 - v.y1) * (v.x2 - v.x1);
    return v;
}

static bool overlaps(const box *a, const box *b, float threshold) {
    const float y1 = a->y1 > b->y1 ? a->y1 : b->y1, x1 = a->x1 > b->x1 ? a->x1 : b->x1;
    const float y2 = a->y2 < b->y2 ? a->y2 : b->y2, x2 = a->x2 < b->x2 ? a->x2 : b->x2;
    if (!(y2 > y1) || !(x2 > x1)) return false;
    const float common = (y2 - y1) * (x2 - x1), whole = a->area + b->area - common;
    return whole > 0 && common / whole > threshold;
}

static hone_status keep(nms_work *w, int64_t image, int64_t class, int64_t i) {
    void *grown = w->found;
    if (!mem_grow(w->r->frame->shared->alloc, &grown, &w->capacity, w->n_found + 1,
                  3 * sizeof *w->found))
        return fail_nomem(w->r->c, (w->n_found + 1) * 3 * sizeof *w->found);
    w->found = grown;
    int64_t *to = w->found + 3 * w->n_found++;
    to[0] = image;
    to[1] = class;
    to[2] = i;
    return HONE_OK;
}

/* Boxes of one class that score enough, as a heap: mostly a few of the best are wanted. */
static void rank_class(nms_work *w, int64_t image, int64_t class) {
    enum { BLOCK = 256 };
    const shape *x = &w->s->in[SCORES].shape;
    const float *score = (const float *)w->s->in[SCORES].data + (image * x->dim[1] + class) * w->n;
    uint64_t keys[BLOCK];
    w->candidates.count = 0;
    for (int64_t i = 0; i < w->n; i++) {
        if (i % BLOCK == 0)
            order_keys(HONE_F32, score + i, 1, w->n - i < BLOCK ? w->n - i : BLOCK, keys);
        /* Of equal scores the lower index is the better one. */
        if (!w->has_score || score[i] > w->score)
            ranking_push(&w->candidates, (ranked){keys[i % BLOCK], -i});
    }
}

static hone_status select_class(nms_work *w, int64_t image, int64_t class) {
    int64_t kept = 0;
    rank_class(w, image, class);
    while (kept < w->most && w->candidates.count > 0) {
        const int64_t i = -ranking_take(&w->candidates).index;
        const box b = read_box(w, image, i);
        bool free = true;
        for (int64_t k = 0; k < kept && free; k++) free = !overlaps(&b, &w->kept[k], w->iou);
        if (!free) continue;
        w->kept[kept++] = b;
        TRY(keep(w, image, class, i));
    }
    return HONE_OK;
}

static hone_status select_all(nms_work *w) {
    const shape *x = &w->s->in[SCORES].shape;
    for (int64_t image = 0; image < x->dim[0]; image++)
        for (int64_t class = 0; class < x->dim[1]; class ++) {
            TRY(run_interrupted(w->r->c, w->r->frame->shared));
            TRY(select_class(w, image, class));
        }
    const shape y = shape_make(2, (const int64_t[]){(int64_t)w->n_found, 3});
    TRY(run_output(w->r, w->s, 0, &y));
    if (w->n_found) memcpy(w->s->out[0].data, w->found, w->s->out[0].bytes);
    return HONE_OK;
}

static hone_status nms_run(run_ctx *r, const step *s) {
    nms_work w = {.r = r,
                  .s = s,
                  .centered = ((const nms_params *)step_params(s))->center_point_box != 0,
                  .n = s->in[SCORES].shape.dim[2],
                  .has_score = step_has(s, SCORE)};
    for (int32_t i = MAX_OUTPUT; i <= SCORE; i++)
        if (step_has(s, i) && tensor_count(&s->in[i]) != 1)
            return run_fail(r, "input '%s' is not a single number", nms_in[i].name);
    if (step_has(s, MAX_OUTPUT)) w.most = tensor_i64(&s->in[MAX_OUTPUT], 0);
    if (step_has(s, IOU)) w.iou = *(const float *)s->in[IOU].data;
    if (w.has_score) w.score = *(const float *)s->in[SCORE].data;
    w.candidates = (ranking){.heap = r->scratch, .capacity = w.n};
    w.kept = (box *)(void *)(w.candidates.heap + w.n);
    const hone_status status = select_all(&w);
    mem_free(r->frame->shared->alloc, w.found);
    return status;
}

static const char *const nms_cases[] = {"f32[1,6,4] f32[1,2,6] i64{3} f32{0.5} f32{0}",
                                        "f32[2,9,4] f32[2,1,9] i64{9} f32{0.2} center_point_box=1",
                                        "f32[1,3,4] f32[1,1,3]", NULL};

const op op_nms = {.name = "NonMaxSuppression",
                   .domain = "",
                   OP_VERSIONS(nms_versions),
                   OP_ARGS_IN(nms_in),
                   OP_ARGS_OUT(nms_out),
                   OP_ATTRS(nms_attrs, nms_params),
                   .flags = OP_DYNAMIC,
                   .infer = nms_infer,
                   .plan = nms_plan,
                   .run = nms_run,
                   .tolerance = {TOL_EXACT, 0},
                   .cases = nms_cases};
