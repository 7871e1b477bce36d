/* SPDX-License-Identifier: Apache-2.0
 *
 * DepthToSpace and SpaceToDepth: blocks of b x b pixels against b * b channels.
 *
 *     space  [n, c, h * b + i, w * b + j]
 *     depth  [n, (i * b + j) * C + c, h, w]     mode DCR
 *            [n, c * b * b + i * b + j, h, w]   mode CRD
 */
#include "movement.h"

typedef struct depth_space_params {
    int64_t blocksize;
    int32_t mode;
} depth_space_params;

enum { MODE_DCR, MODE_CRD };
static const char *const modes[] = {"DCR", "CRD", NULL};
static const attr_spec depth_space_attrs[] = {
    ATTR_ROW(INT, depth_space_params, blocksize, .required = true, .min = 1, .max = 32768),
    ATTR_ROW(CHOICE, depth_space_params, mode, .choices = modes),
};
static const op_arg depth_space_in[] = {{"input", DT_MOVABLE, 'T', 0}};
static const op_arg depth_space_out[] = {{"output", DT_MOVABLE, 'T', 0}};
static const op_version depth_space_versions[] = {{1, NULL}};

static hone_status check_divides(const infer *f, int32_t axis, int64_t by) {
    const int64_t dim = infer_shape(f, 0)->dim[axis];
    if (!dim_known(dim) || dim % by == 0) return HONE_OK;
    return infer_fail(f, "axis %d has size %lld: expected a multiple of %lld", axis, (long long)dim,
                      (long long)by);
}

static hone_status depth_to_space_infer(infer *f) {
    const int64_t b = ((const depth_space_params *)f->params)->blocksize;
    const shape *x = infer_shape(f, 0);
    shape y = shape_of_rank(4);
    TRY(infer_check_rank(f, 0, 4, 4));
    if (x->rank == 4) {
        TRY(check_divides(f, 1, b * b));
        y = shape_make(4, (const int64_t[]){x->dim[0], dim_div(x->dim[1], b * b),
                                            dim_mul(x->dim[2], b), dim_mul(x->dim[3], b)});
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

static hone_status space_to_depth_infer(infer *f) {
    const int64_t b = ((const depth_space_params *)f->params)->blocksize;
    const shape *x = infer_shape(f, 0);
    shape y = shape_of_rank(4);
    TRY(infer_check_rank(f, 0, 4, 4));
    if (x->rank == 4) {
        TRY(check_divides(f, 2, b));
        TRY(check_divides(f, 3, b));
        y = shape_make(4, (const int64_t[]){x->dim[0], dim_mul(x->dim[1], b * b),
                                            dim_div(x->dim[2], b), dim_div(x->dim[3], b)});
    }
    infer_set(f, 0, infer_dtype(f, 0), &y);
    return HONE_OK;
}

/* Strides of the axes n, c, h, i, w, j in both forms. */
static void depth_space_strides(const step *s, const shape *depth, const shape *space,
                                int64_t *in_depth, int64_t *in_space) {
    const depth_space_params *p = step_params(s);
    const int64_t b = p->blocksize, plane = depth->dim[2] * depth->dim[3];
    const int64_t row = space->dim[3], channels = space->dim[1];
    const bool dcr = p->mode == MODE_DCR;
    const int64_t d[] = {depth->dim[1] * plane,
                         dcr ? plane : b * b * plane,
                         depth->dim[3],
                         dcr ? b * channels * plane : b * plane,
                         1,
                         dcr ? channels * plane : plane};
    const int64_t sp[] = {channels * space->dim[2] * row, space->dim[2] * row, b * row, row, b, 1};
    for (int32_t a = 0; a < 6; a++) {
        in_depth[a] = d[a];
        in_space[a] = sp[a];
    }
}

static hone_status depth_space_move(run_ctx *r, const step *s, bool to_space) {
    const shape *depth = to_space ? &s->in[0].shape : &s->out[0].shape;
    const shape *space = to_space ? &s->out[0].shape : &s->in[0].shape;
    const int64_t b = ((const depth_space_params *)step_params(s))->blocksize;
    const int64_t n[] = {space->dim[0], space->dim[1], depth->dim[2], b, depth->dim[3], b};
    int64_t in_depth[6], in_space[6];
    movement m;
    depth_space_strides(s, depth, space, in_depth, in_space);
    movement_init(&m, dtype_size(s->in[0].dtype));
    for (int32_t a = 0; a < 6; a++)
        movement_add(&m, n[a], to_space ? in_depth[a] : in_space[a],
                     to_space ? in_space[a] : in_depth[a]);
    movement_run(r, s->k, &m, s->in[0].data, s->out[0].data);
    return HONE_OK;
}

static hone_status depth_to_space_run(run_ctx *r, const step *s) {
    return depth_space_move(r, s, true);
}

static hone_status space_to_depth_run(run_ctx *r, const step *s) {
    return depth_space_move(r, s, false);
}

/* Each is the inverse of the other. */
static hone_status depth_space_back(gradient *g, const char *inverse) {
    const depth_space_params *p = g->node->params;
    g->dx[0] = emit(g->b, inverse, IN(g->dy[0]),
                    ATTRS(A_INT("blocksize", p->blocksize), A_STRING("mode", modes[p->mode])));
    return g->b->status;
}

static hone_status depth_to_space_grad(gradient *g) { return depth_space_back(g, "SpaceToDepth"); }
static hone_status space_to_depth_grad(gradient *g) { return depth_space_back(g, "DepthToSpace"); }

static const char *const depth_to_space_cases[] = {"f32[1,8,2,3] blocksize=2",
                                                   "f32[2,12,5,7] blocksize=2 mode=CRD",
                                                   "u8[1,9,4,4] blocksize=3", NULL};
static const char *const space_to_depth_cases[] = {"f32[1,2,4,6] blocksize=2",
                                                   "f16[2,3,10,14] blocksize=2 mode=CRD",
                                                   "u8[1,1,12,12] blocksize=3", NULL};

#define DEPTH_SPACE(ident, label)                                                                  \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "",                                                    \
                                  OP_VERSIONS(depth_space_versions),                               \
                                  OP_ARGS_IN(depth_space_in),                                      \
                                  OP_ARGS_OUT(depth_space_out),                                    \
                                  OP_ATTRS(depth_space_attrs, depth_space_params),                 \
                                  .infer = ident##_infer,                                          \
                                  .run = ident##_run,                                              \
                                  .grad = ident##_grad,                                            \
                                  .quant = &quant_moves,                                           \
                                  .flops = move_flops,                                             \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = ident##_cases}
DEPTH_SPACE(depth_to_space, "DepthToSpace");
DEPTH_SPACE(space_to_depth, "SpaceToDepth");

static const op *const members[] = {&op_depth_to_space, &op_space_to_depth};
const op_family family_depth_space = {members, COUNT_OF(members)};
