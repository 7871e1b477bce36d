/* SPDX-License-Identifier: Apache-2.0
 *
 * Trilu: keeps what is on one side of a diagonal of every matrix.
 */
#include "movement.h"
#include "narrow.h"

typedef struct trilu_params {
    bool upper;
} trilu_params;

static const attr_spec trilu_attrs[] = {ATTR_ROW(BOOL, trilu_params, upper, .i = 1)};
static const op_arg trilu_in[] = {{"input", DT_MOVABLE, 'T', 0},
                                  {"k", DT(HONE_I64), 0, ARG_OPTIONAL}};
static const op_arg trilu_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version trilu_versions[] = {{14, NULL}};

static hone_status trilu_infer(infer *f) {
    TRY(infer_check_rank(f, 0, 2, HONE_MAX_RANK));
    return infer_same(f, 0);
}

typedef struct trilu_job {
    const char *x;
    char *y;
    int64_t rows, cols, k;
    size_t size;
    bool upper;
} trilu_job;

static void do_trilu(void *arg, int64_t first, int64_t last, int32_t worker) {
    const trilu_job *j = arg;
    (void)worker;
    for (int64_t row = first; row < last; row++) {
        /* Columns from `edge` on are above the diagonal k or on it. */
        const int64_t edge = clamp_i64(row % j->rows + j->k + (j->upper ? 0 : 1), 0, j->cols);
        const size_t cut = (size_t)edge * j->size, all = (size_t)j->cols * j->size;
        const size_t from = j->upper ? cut : 0, to = j->upper ? all : cut;
        char *y = j->y + (size_t)row * all;
        memset(y, 0, from);
        if (y != j->x + (size_t)row * all)
            memcpy(y + from, j->x + (size_t)row * all + from, to - from);
        memset(y + to, 0, all - to);
    }
}

static hone_status trilu_run(run_ctx *r, const step *s) {
    const shape *x = &s->in[0].shape;
    trilu_job j = {.x = s->in[0].data,
                   .y = s->out[0].data,
                   .rows = x->dim[x->rank - 2],
                   .cols = x->dim[x->rank - 1],
                   .size = dtype_size(s->in[0].dtype),
                   .upper = ((const trilu_params *)step_params(s))->upper};
    if (step_has(s, 1) && tensor_count(&s->in[1]) != 1) return run_fail(r, "'k' is not a number");
    if (tensor_count(&s->in[0]) == 0) return HONE_OK;
    /* Farther diagonals are all outside. */
    if (step_has(s, 1)) j.k = clamp_i64(tensor_i64(&s->in[1], 0), -j.rows, j.cols);
    team_run(r->team, tensor_count(&s->in[0]) / j.cols, 16384 / j.cols + 1, do_trilu, &j);
    return HONE_OK;
}

static hone_status trilu_grad(gradient *g) {
    const trilu_params *p = g->node->params;
    g->dx[0] =
        emit(g->b, "Trilu", IN(g->dy[0], node_in(g->node, 1)), ATTRS(A_INT("upper", p->upper)));
    return g->b->status;
}

static const char *const trilu_cases[] = {"f32[4,5]",        "f32[2,3,3] upper=0",
                                          "i64[4,5] i64{2}", "f16[5,4] i64{-1} upper=0",
                                          "u8[0,4]",         NULL};

const op op_trilu = {.name = "Trilu",
                     .domain = "",
                     OP_VERSIONS(trilu_versions),
                     OP_ARGS_IN(trilu_in),
                     OP_ARGS_OUT(trilu_out),
                     OP_ATTRS(trilu_attrs, trilu_params),
                     .infer = trilu_infer,
                     .run = trilu_run,
                     .grad = trilu_grad,
                     .inplace = 1,
                     .flops = move_flops,
                     .tolerance = {TOL_EXACT, 0},
                     .cases = trilu_cases};
