/* SPDX-License-Identifier: Apache-2.0
 *
 * hone::Attention: softmax(Q * K^T * scale + mask) * V for every head, without the scores in memory
 * (attention_f32.h says how). What the passes make of the nodes that exporters write.
 *
 *   Q     [B, H, S, D]    K  [B, G, L, D]    V  [B, G, L, W]    Y  [B, H, S, W]
 *   mask  what broadcasts to [B, H, S, L], added to the scores
 *
 * H is a multiple of G; neighbouring heads of Q share one of K and V. With `swap_q` Q is laid out
 * as [B, S, H, D], and so on. Axes of size 1 are broadcast as the single operators would.
 */
#include "attention/attention_f32.h"

#include "checked.h"
#include "flash_attention.h"
#include "wide.h"

static const attr_spec attention_attrs[] = {
    ATTR_ROW(FLOAT, flash_params, scale, .f = 1), ATTR_ROW(BOOL, flash_params, swap_q),
    ATTR_ROW(BOOL, flash_params, swap_k),         ATTR_ROW(BOOL, flash_params, swap_v),
    ATTR_ROW(BOOL, flash_params, swap_y),         ATTR_ROW(BOOL, flash_params, zero_empty),
};
static const op_arg attention_in[] = {{"Q", DT(HONE_F32), 'T', 0},
                                      {"K", DT(HONE_F32), 'T', 0},
                                      {"V", DT(HONE_F32), 'T', 0},
                                      {"mask", DT(HONE_F32), 'T', ARG_OPTIONAL}};
static const op_arg attention_out[] = {{"Y", DT(HONE_F32), 'T', 0}};

/* The axes of an operand: batch, head, row, element. */
enum { AXIS_B, AXIS_H, AXIS_S, AXIS_D, AXES };

/* The dimensions of s in that order, the mask's with leading ones. */
static void dims_of(const shape *s, bool swapped, int64_t d[AXES]) {
    for (int32_t i = 0; i < AXES; i++) d[i] = i < AXES - s->rank ? 1 : s->dim[i - (AXES - s->rank)];
    if (!swapped) return;
    const int64_t h = d[AXIS_S];
    d[AXIS_S] = d[AXIS_H];
    d[AXIS_H] = h;
}

typedef struct attention_sizes {
    int64_t q[AXES], k[AXES], v[AXES], mask[AXES];
    int64_t batch, heads, kv_heads, rows, keys;
} attention_sizes;

/* One axis of two operands, either of which may have size 1. */
static bool join(int64_t a, int64_t b, int64_t *out) {
    const shape one = shape_vector(a), other = shape_vector(b);
    shape both;
    if (!shape_broadcast(&one, &other, &both)) return false;
    *out = both.dim[0];
    return true;
}

static bool heads_fit(const attention_sizes *s) {
    if (!dim_known(s->heads) || !dim_known(s->kv_heads) || s->heads == 1) return true;
    return s->kv_heads == 0 ? s->heads == 0 : s->heads % s->kv_heads == 0;
}

/* Sizes of the whole from those of the operands; false when they do not fit. */
static bool find_sizes(attention_sizes *s) {
    int64_t heads;
    if (!join(s->q[AXIS_B], s->k[AXIS_B], &s->batch) || !join(s->batch, s->v[AXIS_B], &s->batch) ||
        !join(s->batch, s->mask[AXIS_B], &s->batch))
        return false;
    if (!join(s->k[AXIS_H], s->v[AXIS_H], &s->kv_heads)) return false;
    s->heads = s->q[AXIS_H];
    if (!heads_fit(s)) return false;
    if (s->heads == 1) s->heads = s->kv_heads;
    if (!join(s->heads, s->mask[AXIS_H], &heads) ||
        (dim_known(heads) && heads != s->heads && dim_known(s->heads)))
        return false;
    if (!join(s->q[AXIS_S], s->mask[AXIS_S], &s->rows)) return false;
    if (!join(s->k[AXIS_S], s->mask[AXIS_D], &s->keys) || !join(s->keys, s->v[AXIS_S], &s->keys))
        return false;
    return dim_compatible(s->q[AXIS_D], s->k[AXIS_D]);
}

static void read_dims(const flash_params *p, const shape *const in[4], attention_sizes *s) {
    const shape none = {.rank = 0};
    dims_of(in[0], p->swap_q, s->q);
    dims_of(in[1], p->swap_k, s->k);
    dims_of(in[2], p->swap_v, s->v);
    dims_of(in[3] ? in[3] : &none, false, s->mask);
}

static hone_status attention_infer(infer *f) {
    const flash_params *p = f->params;
    char q[SHAPE_TEXT], k[SHAPE_TEXT], v[SHAPE_TEXT], mask[SHAPE_TEXT];
    attention_sizes s;
    shape y = shape_of_rank(AXES);
    bool ranked = true;
    for (int32_t i = FLASH_Q; i <= FLASH_V; i++) {
        TRY(infer_check_rank(f, i, AXES, AXES));
        ranked = ranked && infer_rank(f, i) == AXES;
    }
    TRY(infer_check_rank(f, FLASH_MASK, 0, AXES));
    if (infer_has(f, FLASH_MASK)) ranked = ranked && infer_rank(f, FLASH_MASK) >= 0;
    if (ranked) {
        const shape *const in[] = {infer_shape(f, FLASH_Q), infer_shape(f, FLASH_K),
                                   infer_shape(f, FLASH_V),
                                   infer_has(f, FLASH_MASK) ? infer_shape(f, FLASH_MASK) : NULL};
        read_dims(p, in, &s);
        if (!find_sizes(&s))
            return infer_fail(f, "queries %s, keys %s, values %s and mask %s do not fit",
                              shape_text(q, sizeof q, in[0]), shape_text(k, sizeof k, in[1]),
                              shape_text(v, sizeof v, in[2]),
                              in[3] ? shape_text(mask, sizeof mask, in[3]) : "none");
        y.dim[0] = s.batch;
        y.dim[p->swap_y ? 2 : 1] = s.heads;
        y.dim[p->swap_y ? 1 : 2] = s.rows;
        y.dim[3] = s.v[AXIS_D];
    }
    infer_set(f, 0, HONE_F32, &y);
    return HONE_OK;
}

typedef struct attention_state {
    attention_f32 cut;
    attention_operands at; /* but for the data */
    size_t each, at_panels;
} attention_state;

/* Strides of a dense operand; those of axes that are broadcast are 0. Heads of queries are split
 * into groups of `group`, 0 for keys and values, which have one of each. */
static void strides(const int64_t d[AXES], bool swapped, int64_t group, attention_place *p) {
    const size_t row = (size_t)d[AXIS_D];
    const size_t head = swapped ? row : row * (size_t)d[AXIS_S];
    const size_t next = swapped ? row * (size_t)d[AXIS_H] : row;
    const size_t by_head = d[AXIS_H] == 1 ? 0 : head;
    p->step[0] = d[AXIS_B] == 1 ? 0 : row * (size_t)d[AXIS_S] * (size_t)d[AXIS_H];
    p->step[1] = by_head * (size_t)(group ? group : 1);
    p->step[2] = group ? by_head : 0;
    p->step[3] = d[AXIS_S] == 1 ? 0 : next;
}

/* One query a head: the heads of a group are the rows of one product. */
static void merge_groups(attention_state *st) {
    attention_place *const all[] = {&st->at.q, &st->at.y, &st->at.mask};
    if (st->cut.rows != 1) return;
    st->cut.rows = st->cut.groups;
    st->cut.groups = 1;
    for (size_t i = 0; i < 3; i++) all[i]->step[3] = all[i]->step[2];
}

static void set_sizes(attention_state *st, const flash_params *p, const attention_sizes *s) {
    const int64_t group = s->kv_heads > 0 ? s->heads / s->kv_heads : 1;
    const int64_t y[AXES] = {s->batch, s->heads, s->rows, s->v[AXIS_D]};
    st->cut = (attention_f32){.batches = (size_t)s->batch,
                              .kv_heads = (size_t)s->kv_heads,
                              .groups = (size_t)group,
                              .rows = (size_t)s->rows,
                              .keys = (size_t)s->keys,
                              .depth = (size_t)s->q[AXIS_D],
                              .width = (size_t)s->v[AXIS_D]};
    strides(s->q, p->swap_q, group, &st->at.q);
    strides(s->k, p->swap_k, 0, &st->at.k);
    strides(s->v, p->swap_v, 0, &st->at.v);
    strides(y, p->swap_y, group, &st->at.y);
    strides(s->mask, false, group, &st->at.mask);
    st->at.mask_step = s->mask[AXIS_D] == 1 ? 0 : 1;
    st->at.scale = p->scale;
    st->at.zero_empty = p->zero_empty;
    merge_groups(st);
}

static bool step_sizes(const step *s, attention_sizes *sizes) {
    const shape *const in[] = {&s->in[FLASH_Q].shape, &s->in[FLASH_K].shape, &s->in[FLASH_V].shape,
                               step_has(s, FLASH_MASK) ? &s->in[FLASH_MASK].shape : NULL};
    read_dims(step_params(s), in, sizes);
    return find_sizes(sizes);
}

static hone_status attention_plan(plan_ctx *pc, step *s) {
    attention_state *st = plan_state(pc, s, sizeof *st);
    if (!st) return HONE_E_NOMEM;
    attention_sizes sizes;
    if (!step_sizes(s, &sizes))
        return fail(pc->c, HONE_E_INTERNAL, "sizes of attention do not fit");
    set_sizes(st, step_params(s), &sizes);
    attention_f32_plan(s->k, &st->cut);
    if (st->cut.tasks == 0) return HONE_OK;
    plan_kernel(pc, s, "flash_%s", st->cut.kernel->name);
    TRY(scratch_book_workers(pc, s, st->cut.scratch, &st->each));
    if (!st->cut.shared) return HONE_OK;
    size_t bytes;
    if (!size_mul(st->cut.panels, sizeof(float), &bytes)) bytes = SIZE_MAX;
    return scratch_book(pc, s, bytes, &st->at_panels);
}

typedef struct attention_job {
    const attention_state *st;
    attention_operands at;
    char *scratch;
} attention_job;

static void pack_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const attention_job *job = arg;
    (void)worker;
    attention_f32_pack(&job->st->cut, &job->at, (size_t)first, (size_t)last);
}

static void attend_tasks(void *arg, int64_t first, int64_t last, int32_t worker) {
    const attention_job *job = arg;
    attention_f32_run(&job->st->cut, &job->at, (size_t)first, (size_t)last,
                      job->scratch + (size_t)worker * job->st->each);
}

static hone_status attention_run(run_ctx *r, const step *s) {
    const attention_state *st = s->state;
    attention_job job = {.st = st, .at = st->at, .scratch = r->scratch};
    if (st->cut.tasks == 0 || st->cut.width == 0) return HONE_OK;
    job.at.q.data = s->in[FLASH_Q].data;
    job.at.k.data = s->in[FLASH_K].data;
    job.at.v.data = s->in[FLASH_V].data;
    job.at.y.data = s->out[0].data;
    if (step_has(s, FLASH_MASK)) job.at.mask.data = s->in[FLASH_MASK].data;
    job.at.panels = (float *)(void *)(job.scratch + st->at_panels);
    if (st->cut.pack_tasks) team_run(r->team, (int64_t)st->cut.pack_tasks, 1, pack_tasks, &job);
    team_run(r->team, (int64_t)st->cut.tasks, 1, attend_tasks, &job);
    return HONE_OK;
}

/* Two products, and seven for the softmax. */
static uint64_t attention_flops(const step *s) {
    attention_sizes sizes;
    if (!step_sizes(s, &sizes)) return 0;
    const uint64_t scores =
        (uint64_t)sizes.batch * (uint64_t)sizes.heads * (uint64_t)sizes.rows * (uint64_t)sizes.keys;
    return scores * (2 * (uint64_t)(sizes.q[AXIS_D] + sizes.v[AXIS_D]) + 7);
}

static const char *const attention_cases[] = {
    "f32[1,2,5,8] f32[1,2,7,8] f32[1,2,7,6]",
    "f32[2,4,3,8] f32[2,2,5,8] f32[2,2,5,8] f32[2,1,3,5] scale=0.25",
    "f32[1,5,2,16] f32[1,9,2,16] f32[1,9,2,16] f32[5,9] swap_q=1 swap_k=1 swap_v=1 swap_y=1",
    "f32[1,6,1,32] f32[1,2,40,32] f32[1,2,40,32] f32[40] scale=0.5",
    "f32[1,2,130,33] f32[1,1,500,33] f32[1,1,500,17] f32[130,500] scale=0.3",
    "f32[2,1,70,8] f32[1,3,900,8] f32[1,3,900,40] f32[1,3,1,1] swap_y=1",
    "f32[1,1,1,8] f32[1,1,1,8] f32[1,1,6,8] f32[2,1,3,6]",
    "f32[1,2,3,8] f32[1,2,5,8] f32[1,1,1,6]",
    "f32[1,2,3,8] f32[1,2,0,8] f32[1,2,0,6]",
    "f32[1,2,3,0] f32[1,2,4,0] f32[1,2,4,6] zero_empty=1",
    "f32[0,2,3,4] f32[0,2,5,4] f32[0,2,5,4]",
    "f32[1,0,3,4] f32[1,0,5,4] f32[1,0,5,4]",
    "f32[1,2,3,4] f32[1,2,5,4] f32[1,2,5,0]",
    NULL};

const op op_flash_attention = {.name = "Attention",
                               .domain = "hone",
                               OP_SLOTS(attention),
                               OP_ATTRS(attention_attrs, flash_params),
                               .infer = attention_infer,
                               .plan = attention_plan,
                               .run = attention_run,
                               .flops = attention_flops,
                               .tolerance = {TOL_SUM, 4},
                               .cases = attention_cases};
