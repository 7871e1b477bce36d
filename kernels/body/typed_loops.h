/* SPDX-License-Identifier: Apache-2.0
 *
 * The typed templates: portable kernels of one element type, written as a table of formulas. They
 * are the reference that every other level is compared with, and all there is for the types that
 * rarely matter. The compiler vectorises the simple ones.
 *
 * Before including typed_float.h, typed_int.h or typed_bool.h, define
 *
 *   T              the C type             T_NAME(base)   the symbol <base>_<type>_scalar
 *   T_KT           its ktype              T_FILL         name of the filler to define
 *
 * and what the template's head adds. The templates undefine all of them at the end.
 */
#ifndef HONE_TYPED_LOOPS_H
#define HONE_TYPED_LOOPS_H

#include <math.h>

/* y[i] = formula of x, an element, and param; R is the type of y. */
#define UNARY_AS(R, name, formula)                                                                 \
    static void T_NAME(name)(size_t n, const void *xv, void *yv, const double *param) {            \
        const T *xs = xv;                                                                          \
        R *ys = yv;                                                                                \
        (void)param;                                                                               \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T x = xs[i];                                                                     \
            ys[i] = (R)(formula);                                                                  \
        }                                                                                          \
    }
#define UNARY(name, formula) UNARY_AS(T, name, formula)

/* y[i] = formula of the elements a and b. The loops differ in what they repeat. */
#define BINARY_AS(R, name, formula)                                                                \
    static void T_NAME(name)(size_t n, const void *av, size_t astep, const void *bv, size_t bstep, \
                             void *yv) {                                                           \
        const T *as = av, *bs = bv;                                                                \
        R *ys = yv;                                                                                \
        if (n == 0) return;                                                                        \
        if (astep && bstep) {                                                                      \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T a = as[i], b = bs[i];                                                      \
                ys[i] = (R)(formula);                                                              \
            }                                                                                      \
        } else if (bstep) {                                                                        \
            const T a = *as;                                                                       \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T b = bs[i];                                                                 \
                ys[i] = (R)(formula);                                                              \
            }                                                                                      \
        } else {                                                                                   \
            const T b = *bs;                                                                       \
            for (size_t i = 0; i < n; i++) {                                                       \
                const T a = as[i * astep];                                                         \
                ys[i] = (R)(formula);                                                              \
            }                                                                                      \
        }                                                                                          \
    }
#define BINARY(name, formula) BINARY_AS(T, name, formula)

/* *y = acc after acc = formula of acc and x for every element. */
#define FOLD(name, A, start, formula)                                                              \
    static void T_NAME(name)(size_t n, const void *xv, void *yv) {                                 \
        const T *xs = xv;                                                                          \
        A acc = (start);                                                                           \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T x = xs[i];                                                                     \
            acc = (A)(formula);                                                                    \
        }                                                                                          \
        *(T *)yv = (T)acc;                                                                         \
    }

#define SELECT                                                                                     \
    static void T_NAME(select)(size_t n, const uint8_t *c, size_t cstep, const void *av,           \
                               size_t astep, const void *bv, size_t bstep, void *yv) {             \
        const T *as = av, *bs = bv;                                                                \
        T *ys = yv;                                                                                \
        for (size_t i = 0; i < n; i++) ys[i] = c[i * cstep] ? as[i * astep] : bs[i * bstep];       \
    }

/* In a filler: the slot's pointer for the template's type. */
#define SET(name) k->name[T_KT] = T_NAME(name)

#endif
