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

/* At most `steps` steps of all walks; returns whether one moved in the last. */
#define DEFINE_STEPS(name, node_type, type, holds, mask)                                           \
    static bool name(const node_type *nodes, const type *const *x, int32_t *at, int32_t steps) {   \
        int32_t moved = 0;                                                                         \
        for (int32_t i = 0; i < steps; i++) {                                                      \
            moved = 0;                                                                             \
            for (int32_t l = 0; l < TREE_LANES; l++) {                                             \
                const node_type *n = nodes + at[l];                                                \
                const type v = x[l][n->feature & (mask)];                                          \
                const int32_t next = n->child + (int32_t)holds(v, n);                              \
                moved |= next ^ at[l];                                                             \
                at[l] = next;                                                                      \
            }                                                                                      \
        }                                                                                          \
        return moved != 0;                                                                         \
    }

#define DEFINE_WALK(name, node_type, type)                                                         \
    DEFINE_STEPS(name##_plain, node_type, type, HOLDS_PLAIN, UINT32_MAX)                           \
    DEFINE_STEPS(name##_missing, node_type, type, HOLDS_MISSING, TREE_FEATURE)                     \
    DEFINE_STEPS(name##_any, node_type, type, HOLDS_ANY, TREE_FEATURE)                             \
    void name(tree_lanes *l, tree_kind kind) {                                                     \
        static bool (*const steps[TREE_KINDS])(const node_type *, const type *const *, int32_t *,  \
                                               int32_t) = {name##_plain, name##_missing,           \
                                                           name##_any};                            \
        const type *x[TREE_LANES];                                                                 \
        for (int32_t i = 0; i < TREE_LANES; i++) x[i] = l->x[i];                                   \
        for (int32_t left = l->steps; left > 0; left -= STEPS_AT_ONCE)                             \
            if (!steps[kind](l->nodes, x, l->at, left < STEPS_AT_ONCE ? left : STEPS_AT_ONCE))     \
                break;                                                                             \
    }

DEFINE_WALK(tree_walk_f32, tree_node_f32, float)
DEFINE_WALK(tree_walk_f64, tree_node_f64, double)
