/* SPDX-License-Identifier: Apache-2.0 */
#include "tree_ensemble.h"

/* Up to this many steps are done without looking whether all walks have ended. */
enum { STEPS_AT_ONCE = 8 };

/* Does the comparison hold? Written without branches: where a tree goes is hard to foresee. */
#define HOLDS_PLAIN(v, n) ((v) <= (n)->threshold)
#define HOLDS_MISSING(v, n)                                                                        \
    (((v) <= (n)->threshold) | (((v) != (v)) & (((n)->feature & TREE_NAN_HOLDS) != 0)))
#define HOLDS_ANY(v, n)                                                                            \
    ((((v) <= (n)->threshold) & (((v) >= (n)->threshold) | (((n)->feature & TREE_EQUAL) == 0))) |  \
     (((v) != (v)) & (((n)->feature & TREE_NAN_HOLDS) != 0)))

#define DEFINE_WALK(name, node_type, type, holds, mask)                                            \
    static bool name##_ended(const node_type *nodes, const int32_t *at) {                          \
        int32_t moving = 0;                                                                        \
        for (int32_t l = 0; l < TREE_LANES; l++) moving |= nodes[at[l]].child ^ at[l];             \
        return moving == 0;                                                                        \
    }                                                                                              \
    static void name(const void *all, int32_t steps, const void *const *x, int32_t *at) {          \
        const node_type *nodes = all;                                                              \
        int32_t now[TREE_LANES];                                                                   \
        for (int32_t l = 0; l < TREE_LANES; l++) now[l] = at[l];                                   \
        for (int32_t i = 0; i < steps; i++) {                                                      \
            if (i && i % STEPS_AT_ONCE == 0 && name##_ended(nodes, now)) break;                    \
            for (int32_t l = 0; l < TREE_LANES; l++) {                                             \
                const node_type *n = nodes + now[l];                                               \
                const type v = ((const type *)x[l])[n->feature & (mask)];                          \
                now[l] = n->child + (int32_t)holds(v, n);                                          \
            }                                                                                      \
        }                                                                                          \
        for (int32_t l = 0; l < TREE_LANES; l++) at[l] = now[l];                                   \
    }

DEFINE_WALK(plain_f32, tree_node_f32, float, HOLDS_PLAIN, UINT32_MAX)
DEFINE_WALK(missing_f32, tree_node_f32, float, HOLDS_MISSING, TREE_FEATURE)
DEFINE_WALK(any_f32, tree_node_f32, float, HOLDS_ANY, TREE_FEATURE)
DEFINE_WALK(plain_f64, tree_node_f64, double, HOLDS_PLAIN, UINT32_MAX)
DEFINE_WALK(missing_f64, tree_node_f64, double, HOLDS_MISSING, TREE_FEATURE)
DEFINE_WALK(any_f64, tree_node_f64, double, HOLDS_ANY, TREE_FEATURE)

tree_walk_fn *tree_walk(hone_dtype t, tree_kind kind) {
    static tree_walk_fn *const f32[TREE_KINDS] = {plain_f32, missing_f32, any_f32};
    static tree_walk_fn *const f64[TREE_KINDS] = {plain_f64, missing_f64, any_f64};
    return t == HONE_F64 ? f64[kind] : f32[kind];
}
