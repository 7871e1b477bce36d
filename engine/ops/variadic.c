/* SPDX-License-Identifier: Apache-2.0
 *
 * Max, Min, Sum and Mean of any number of inputs: chains of operators of two.
 */
#include "legacy.h"

/* Input 0 `name` input 1 `name` input 2 ... */
static value *chain(builder *b, const draft *d, const char *name) {
    value *all = draft_in(d, 0);
    for (int32_t i = 0; i < d->n_in; i++) {
        if (!d->in[i]) {
            builder_fail(b, HONE_E_FORMAT, "input %d is missing", i);
            return NULL;
        }
        if (i > 0) all = emit(b, name, IN(all, d->in[i]), NO_ATTRS);
    }
    if (!all) builder_fail(b, HONE_E_FORMAT, "has no inputs: expected at least 1");
    return all;
}

static hone_status max_expand(builder *b, draft *d) {
    return draft_done(b, d, chain(b, d, "hone::Max"));
}

static const char *const max_cases[] = {"f32[2,3] f32[3] f32[]", "f32[4]",          "f16[3] f16[3]",
                                        "i32[2] i32[2]",         "f64[0,2] f64[2]", NULL};

static hone_status min_expand(builder *b, draft *d) {
    return draft_done(b, d, chain(b, d, "hone::Min"));
}

static hone_status sum_expand(builder *b, draft *d) { return draft_done(b, d, chain(b, d, "Add")); }

static const char *const sum_cases[] = {"f32[2,3] f32[3] f32[]", "f32[4]", "f16[3] f16[3]",
                                        "f64[0,2] f64[2]", NULL};

static hone_status mean_expand(builder *b, draft *d) {
    value *sum = chain(b, d, "Add");
    if (!sum || d->n_in == 1) return draft_done(b, d, sum);
    value *count = emit_scalar(b, sum->type.dtype, d->n_in);
    return draft_done(b, d, emit(b, "Div", IN(sum, count), NO_ATTRS));
}

static const op_arg max_in[] = {{"data_0", DT_NUMBERS, 'T', ARG_VARIADIC}};
static const op_arg max_out[] = {{"max", DT_NUMBERS, 'T', 0}};
static const op_arg min_out[] = {{"min", DT_NUMBERS, 'T', 0}};
static const op_arg sum_out[] = {{"sum", DT_NUMBERS, 'T', 0}};
static const op_arg mean_in[] = {{"data_0", DT_FLOATS, 'T', ARG_VARIADIC}};
static const op_arg mean_out[] = {{"mean", DT_FLOATS, 'T', 0}};
static const op variadic_max = {.name = "Max",
                                .domain = "",
                                OP_VERSIONS(legacy_unary_versions),
                                OP_ARGS_IN(max_in),
                                OP_ARGS_OUT(max_out),
                                .expand = max_expand,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = max_cases};
static const op variadic_min = {.name = "Min",
                                .domain = "",
                                OP_VERSIONS(legacy_unary_versions),
                                OP_ARGS_IN(max_in),
                                OP_ARGS_OUT(min_out),
                                .expand = min_expand,
                                .tolerance = {TOL_EXACT, 0},
                                .cases = max_cases};
static const op variadic_sum = {.name = "Sum",
                                .domain = "",
                                OP_VERSIONS(legacy_unary_versions),
                                OP_ARGS_IN(max_in),
                                OP_ARGS_OUT(sum_out),
                                .expand = sum_expand,
                                .tolerance = {TOL_REL, 1e-6},
                                .cases = sum_cases};
static const op variadic_mean = {.name = "Mean",
                                 .domain = "",
                                 OP_VERSIONS(legacy_unary_versions),
                                 OP_SLOTS(mean),
                                 .expand = mean_expand,
                                 .tolerance = {TOL_REL, 1e-6},
                                 .cases = sum_cases};

static const op *const members[] = {&variadic_max, &variadic_min, &variadic_sum, &variadic_mean};
const op_family family_variadic = {members, COUNT_OF(members)};
