/* SPDX-License-Identifier: Apache-2.0 */
#include "attention/attention_f32.h"

#include <math.h>
#include <string.h>

#include "gemm/gemm_pack.h"
#include "gemm/sat_size.h"

/* Most rows of a row block, about: their scores against a key block stay in the second-level cache,
 * and their number pays for going through the panels. */
#define BLOCK_ROWS 64
/* Keys of a mask of this or less are tried to be left out. */
#define FAR (-1e4f)

static void plan_scratch(attention_f32 *a) {
    const size_t scores = sat_mul(a->block_rows, a->block_keys) * sizeof(float);
    const size_t pairs = a->shared ? 0 : sat_mul(a->panels, sizeof(float));
    const size_t packed =
        a->kernel->pack ? sat_add(sat_mul(a->block_rows, a->depth), GEMM_MAX_MR) : 0;
    a->at_q = 0;
    a->at_scores = sat_align(sat_mul(packed, sizeof(float)));
    a->at_panels = sat_add(a->at_scores, sat_align(scores));
    a->at_mask = sat_add(a->at_panels, sat_align(pairs));
    a->at_state = sat_add(a->at_mask, sat_align(a->block_keys * sizeof(float)));
    a->at_reach = sat_add(a->at_state, sat_align(a->block_rows * sizeof(softmax_state)));
    a->scratch = sat_add(a->at_reach, sat_align(a->block_rows * sizeof(float)));
}

/* Floats of the panels of one key block, and of what follows them: its reach. */
static size_t block_floats(const attention_f32 *a) {
    const size_t k = sat_mul(a->block_keys, a->depth);
    const size_t v = sat_mul(round_up(a->width, GEMM_PANEL), a->block_keys);
    return sat_add(sat_add(k, v), GEMM_PANEL);
}

/* Blocks of the same size, a multiple of `unit`, of about `most` at most. */
static void cut(size_t n, size_t most, size_t unit, size_t *block, size_t *blocks) {
    *block = n ? round_up(ceil_div(n, ceil_div(n, most)), unit) : unit;
    *blocks = ceil_div(n, *block);
}

void attention_f32_plan(const kernels *ks, attention_f32 *a) {
    a->ks = ks;
    a->kernel = a->rows <= ks->gemv_f32.mr ? &ks->gemv_f32 : &ks->gemm_f32;
    const size_t mr = a->kernel->mr, kc = a->kernel->kc;
    cut(a->rows, BLOCK_ROWS, mr, &a->block_rows, &a->row_blocks);
    cut(a->keys, kc, GEMM_PANEL, &a->block_keys, &a->key_blocks);
    const size_t heads = sat_mul(a->batches, a->kv_heads);
    const size_t each = sat_mul(a->groups, a->row_blocks);
    a->shared = each > 1;
    a->tasks = sat_mul(heads, each);
    a->pack_tasks = a->shared ? sat_mul(heads, a->key_blocks) : 0;
    a->panels = sat_mul(a->shared ? a->pack_tasks : 1, block_floats(a));
    plan_scratch(a);
}

/* One row block of one head against all keys. */
typedef struct attention_task {
    const attention_f32 *a;
    const attention_operands *x;
    size_t batch, head;
    size_t rows;           /* of the block */
    const float *q, *mask; /* of its first row; mask may be NULL */
    float *y;
    float *packed_q, *scores, *panels, *mask_row;
    softmax_state *state; /* of each row */
    float *reach;         /* of each row: no score is larger than this times a key's length */
} attention_task;

/* Keys of key block j. */
static size_t keys_of(const attention_f32 *a, size_t j) {
    return smaller(a->block_keys, a->keys - j * a->block_keys);
}

/* Where the panels of the values are in a key block whose panels, keys first, are at `panels`. */
static float *value_panels(const attention_f32 *a, float *panels) {
    return panels + a->block_keys * a->depth;
}

/* Where the reach of a key block is: no key is longer; infinite or NaN when an element of a key or
 * value is. */
static float *block_reach(const attention_f32 *a, float *panels) {
    return panels + block_floats(a) - GEMM_PANEL;
}

/* The root of the sum over all keys: one fold of the panels, far above the longest key, and far
 * below what masks hide by. */
static float find_reach(const attention_f32 *a, size_t keys, float *panels) {
    float squares, values;
    a->ks->reduce_sumsq[KT_F32](round_up(keys, GEMM_PANEL) * a->depth, panels, &squares);
    a->ks->reduce_sumabs[KT_F32](round_up(a->width, GEMM_PANEL) * keys, value_panels(a, panels),
                                 &values);
    return sqrtf(squares) + 0 * values;
}

static void pack_block(const attention_f32 *a, const attention_operands *x, size_t batch,
                       size_t head, size_t j, float *panels) {
    const size_t keys = keys_of(a, j), first = j * a->block_keys;
    const size_t *ks = x->k.step, *vs = x->v.step;
    const float *k = x->k.data + batch * ks[0] + head * ks[1] + first * ks[3];
    const float *v = x->v.data + batch * vs[0] + head * vs[1] + first * vs[3];
    gemm_f32_pack(a->ks, GEMM_B_COLUMNS, a->depth, keys, k, ks[3], panels, a->depth * GEMM_PANEL);
    gemm_f32_pack(a->ks, GEMM_B_ROWS, keys, a->width, v, vs[3], value_panels(a, panels),
                  keys * GEMM_PANEL);
    if (x->mask.data) *block_reach(a, panels) = find_reach(a, keys, panels);
}

void attention_f32_pack(const attention_f32 *a, const attention_operands *x, size_t first,
                        size_t last) {
    for (size_t i = first; i < last; i++) {
        const size_t head = i / a->key_blocks;
        pack_block(a, x, head / a->kv_heads, head % a->kv_heads, i % a->key_blocks,
                   x->panels + i * block_floats(a));
    }
}

/* The panels of key block j, packed now unless that has been done. */
static float *panels_of(const attention_task *t, size_t j) {
    const attention_f32 *a = t->a;
    if (a->shared) {
        const size_t head = t->batch * a->kv_heads + t->head;
        return t->x->panels + (head * a->key_blocks + j) * block_floats(a);
    }
    pack_block(a, t->x, t->batch, t->head, j, t->panels);
    return t->panels;
}

/* A product of the task's rows: A has rows of `depth` floats, `lda` apart; full tiles may be found
 * packed as well. C has n columns. */
typedef struct attention_product {
    const float *a, *packed;
    size_t lda, depth;
    const float *b;
    float *c;
    size_t n, ldb, ldc; /* ldb: from panel to panel */
    bool accumulate;
} attention_product;

static void multiply_tile(const attention_task *t, const attention_product *p, size_t row,
                          size_t col) {
    const gemm_f32_kernel *kernel = t->a->kernel;
    const size_t mr = kernel->mr, rows = smaller(mr, t->rows - row);
    const float *a[GEMM_MAX_MR];
    for (size_t i = 0; i < rows; i++) a[i] = p->a + (row + i) * p->lda;
    const gemm_tile_f32 tile = {
        .a = a,
        .packed = p->packed && rows == mr ? p->packed + row * p->depth : NULL,
        .b = p->b + col / GEMM_PANEL * p->ldb,
        .ldb = p->ldb,
        .c = p->c + row * p->ldc + col,
        .ldc = p->ldc,
        .mr = rows,
        .nr = smaller(kernel->nr, p->n - col),
        .k = p->depth,
        .taps = 1,
        .next = p->b,
        .accumulate = p->accumulate,
    };
    kernel->tile(&tile);
}

static void multiply(const attention_task *t, const attention_product *p) {
    for (size_t col = 0; col < p->n; col += t->a->kernel->nr)
        for (size_t row = 0; row < t->rows; row += t->a->kernel->mr) multiply_tile(t, p, row, col);
}

/* Copies the full tiles of q into the order in which the micro-kernel reads them. */
static void pack_queries(const attention_task *t) {
    const size_t mr = t->a->kernel->mr, step = t->x->q.step[3];
    if (!t->a->kernel->pack) return;
    for (size_t row = 0; row + mr <= t->rows; row += mr) {
        const float *a[GEMM_MAX_MR];
        for (size_t i = 0; i < mr; i++) a[i] = t->q + (row + i) * step;
        t->a->kernel->pack(a, 0, 1, t->a->depth, t->packed_q + row * t->a->depth);
    }
}

/* The mask of row i from key `first` on. */
static const float *mask_of(const attention_task *t, size_t i, size_t first, size_t keys) {
    if (!t->mask) return NULL;
    const float *mask = t->mask + i * t->x->mask.step[3];
    if (t->x->mask_step) return mask + first;
    for (size_t j = 0; j < keys; j++) t->mask_row[j] = *mask;
    return t->mask_row;
}

/* One past the last of mask[from..to) that is above -inf, or a little more; `from` if there is
 * none.
 */
static size_t last_seen(const kernels *ks, const float *mask, size_t from, size_t to) {
    enum { STEP = 2 * GEMM_PANEL };
    while (to > from) {
        const size_t n = smaller(to - from, (to - 1) % STEP + 1);
        float max;
        ks->reduce_max[KT_F32](n, mask + to - n, &max);
        if (!(max <= FAR)) return to;
        to -= n;
    }
    return from;
}

/* How many of these keys come before those that the mask seems to hide from all rows, as the causal
 * rule hides half of all. */
static size_t seen_keys(const attention_task *t, size_t first, size_t keys) {
    const size_t step = t->x->mask.step[3];
    size_t seen = 0;
    if (!t->mask || !t->x->mask_step) return keys;
    for (size_t i = step ? t->rows : 1; i-- > 0;)
        seen = last_seen(t->a->ks, t->mask + i * step + first, seen, keys);
    return seen;
}

/* Are the powers of the scores of keys from..to of block j certainly 0 for every row? A score is no
 * larger than the length of its query times that of its key. */
static bool is_negligible(const attention_task *t, size_t j, size_t from, size_t to,
                          float *panels) {
    const float reach = *block_reach(t->a, panels);
    for (size_t i = 0; i < t->rows; i++) {
        float mask;
        const float *row = mask_of(t, i, j * t->a->block_keys, to);
        t->a->ks->reduce_max[KT_F32](to - from, row + from, &mask);
        if (!(mask + t->reach[i] * reach < t->state[i].max - 104)) return false;
    }
    return true;
}

/* Scores against keys from `first` on become powers; what y holds so far shrinks with the maximum.
 */
static void soften(const attention_task *t, size_t first, size_t keys, bool begun) {
    const attention_f32 *a = t->a;
    for (size_t i = 0; i < t->rows; i++) {
        const float *mask = mask_of(t, i, first, keys);
        float *y = t->y + i * t->x->y.step[3];
        const float shrink = a->ks->softmax_block_f32(keys, t->scores + i * a->block_keys,
                                                      t->x->scale, mask, &t->state[i]);
        if (begun && shrink != 1.0f) a->ks->mul[KT_F32](a->width, y, 1, &shrink, 0, y);
    }
}

/* Adds keys from..to of key block j; `from` is a multiple of a panel. */
static void attend_keys(const attention_task *t, size_t j, size_t from, size_t to, float *panels,
                        bool begun) {
    const attention_f32 *a = t->a;
    const size_t keys = to - from;
    multiply(t, &(attention_product){.a = t->q,
                                     .packed = a->kernel->pack ? t->packed_q : NULL,
                                     .lda = t->x->q.step[3],
                                     .depth = a->depth,
                                     .b = panels + from * a->depth,
                                     .c = t->scores,
                                     .n = keys,
                                     .ldb = a->depth * GEMM_PANEL,
                                     .ldc = a->block_keys});
    soften(t, j * a->block_keys + from, keys, begun);
    multiply(t, &(attention_product){.a = t->scores,
                                     .lda = a->block_keys,
                                     .depth = keys,
                                     .b = value_panels(a, panels) + from * GEMM_PANEL,
                                     .c = t->y,
                                     .n = a->width,
                                     .ldb = keys_of(a, j) * GEMM_PANEL,
                                     .ldc = t->x->y.step[3],
                                     .accumulate = begun});
}

static void divide(const attention_task *t) {
    for (size_t i = 0; i < t->rows; i++) {
        const double sum = t->state[i].sum;
        float *y = t->y + i * t->x->y.step[3];
        const float scale = t->x->zero_empty && sum == 0.0 ? 0.0f : (float)(1.0 / sum);
        t->a->ks->mul[KT_F32](t->a->width, y, 1, &scale, 0, y);
    }
}

static void attend(const attention_task *t) {
    const attention_f32 *a = t->a;
    bool begun = false;
    for (size_t j = 0; j < a->key_blocks; j++) {
        const size_t keys = keys_of(a, j), seen = seen_keys(t, j * a->block_keys, keys);
        float *panels = panels_of(t, j);
        if (seen > 0) attend_keys(t, j, 0, seen, panels, begun);
        begun = begun || seen > 0;
        if (seen == keys || (begun && is_negligible(t, j, seen, keys, panels))) continue;
        attend_keys(t, j, seen, keys, panels, begun);
        begun = true;
    }
    divide(t);
}

/* Sums of no keys. */
static void clear(const attention_task *t) {
    for (size_t i = 0; i < t->rows; i++)
        memset(t->y + i * t->x->y.step[3], 0, t->a->width * sizeof(float));
}

static void begin(const attention_task *t) {
    const size_t depth = t->a->depth, step = t->x->q.step[3];
    for (size_t i = 0; i < t->rows; i++) {
        t->state[i] = (softmax_state){.max = -INFINITY};
        if (!t->mask) continue;
        t->a->ks->reduce_sumsq[KT_F32](depth, t->q + i * step, &t->reach[i]);
        /* Sums and roots are rounded. */
        t->reach[i] = sqrtf(t->reach[i]) * fabsf(t->x->scale) * 1.001f;
    }
    pack_queries(t);
}

static float *place(const attention_place *p, size_t batch, size_t head, size_t group, size_t row) {
    return p->data + batch * p->step[0] + head * p->step[1] + group * p->step[2] + row * p->step[3];
}

void attention_f32_run(const attention_f32 *a, const attention_operands *x, size_t first,
                       size_t last, void *scratch) {
    char *base = scratch;
    for (size_t i = first; i < last; i++) {
        const size_t row = i % a->row_blocks * a->block_rows;
        const size_t group = i / a->row_blocks % a->groups;
        const size_t head = i / a->row_blocks / a->groups;
        attention_task t = {
            .a = a,
            .x = x,
            .batch = head / a->kv_heads,
            .head = head % a->kv_heads,
            .rows = smaller(a->block_rows, a->rows - row),
            .packed_q = (float *)(void *)(base + a->at_q),
            .scores = (float *)(void *)(base + a->at_scores),
            .panels = (float *)(void *)(base + a->at_panels),
            .mask_row = (float *)(void *)(base + a->at_mask),
            .state = (softmax_state *)(void *)(base + a->at_state),
            .reach = (float *)(void *)(base + a->at_reach),
        };
        t.q = place(&x->q, t.batch, t.head, group, row);
        t.y = place(&x->y, t.batch, t.head, group, row);
        t.mask = x->mask.data ? place(&x->mask, t.batch, t.head, group, row) : NULL;
        if (a->keys == 0) {
            clear(&t);
            continue;
        }
        begin(&t);
        attend(&t);
    }
}
