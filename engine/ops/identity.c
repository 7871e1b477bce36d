/* SPDX-License-Identifier: Apache-2.0 */
#include "movement.h"
#include "view.h"

static const op_arg identity_in[] = {{"input", DT_ALL, 'T', ARG_ANY_KIND}};
static const op_arg identity_out[] = {{"output", DT_ALL, 'T', ARG_ANY_KIND}};
static const op_version identity_versions[] = {{1, NULL}};

static hone_status identity_infer(infer *f) { return infer_same(f, 0); }

static hone_status identity_grad(gradient *g) {
    g->dx[0] = g->dy[0];
    return HONE_OK;
}

static const char *const identity_cases[] = {"f32[2,3]", "i64[]", "f16[0,4]", "bool[7]", NULL};

const op op_identity = {.name = "Identity",
                        .domain = "",
                        OP_VERSIONS(identity_versions),
                        OP_ARGS_IN(identity_in),
                        OP_ARGS_OUT(identity_out),
                        .flags = OP_VIEW,
                        .infer = identity_infer,
                        .axes = axes_elementwise,
                        .permute = permute_elementwise,
                        .run = view_run,
                        .grad = identity_grad,
                        .quant = &quant_moves,
                        .flops = move_flops,
                        .tolerance = {TOL_EXACT, 0},
                        .cases = identity_cases};
