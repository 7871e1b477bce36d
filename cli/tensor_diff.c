/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor_diff.h"

#include <math.h>
#include <string.h>

#include "element.h"

#define DEFAULT_SCALED 1e-3

static double largest(const hone_view *view, int64_t count) {
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        const double x = fabs(element_get(view->dtype, view->data, i));
        if (isfinite(x) && x > most) most = x;
    }
    return most;
}

/* Infinite when one is special and the other is not the same. */
static double distance(double a, double ref) {
    if (a == ref || (isnan(a) && isnan(ref))) return 0;
    return isfinite(a) && isfinite(ref) ? fabs(a - ref) : INFINITY;
}

/* Doubles do not tell all 64-bit integers apart. */
static double integer_distance(hone_dtype dtype, uint64_t a, uint64_t ref) {
    return (double)(element_integer_less(dtype, a, ref) ? ref - a : a - ref);
}

static double cosine_of(double dot, double a_square, double ref_square) {
    if (a_square == 0 && ref_square == 0) return 1;
    return dot / sqrt(a_square * ref_square);
}

/* Text is equal or not; there is no distance. */
static void compare_text(tensor_diff *diff, const hone_view *a, const hone_view *ref) {
    const char *const *x = a->data, *const *r = ref->data;
    for (int64_t i = 0; i < diff->count; i++) diff->mismatches += strcmp(x[i], r[i]) != 0;
    diff->max_abs = diff->max_rel = diff->scaled = diff->cosine = NAN;
}

tensor_diff tensor_diff_of(const hone_view *a, const hone_view *ref, tolerance tol) {
    tensor_diff diff = {.comparable = false};
    double dot = 0, a_square = 0, ref_square = 0;
    const bool is_text = a->dtype == HONE_STRING && ref->dtype == HONE_STRING;
    if (a->kind != HONE_TENSOR || ref->kind != HONE_TENSOR) return diff;
    if (!is_text && (!element_is_readable(a->dtype) || !element_is_readable(ref->dtype)))
        return diff;
    if (a->rank != ref->rank || memcmp(a->dim, ref->dim, (size_t)a->rank * sizeof a->dim[0]) != 0 ||
        !element_count(a->rank, a->dim, &diff.count))
        return diff;
    diff.comparable = true;
    if (is_text) {
        compare_text(&diff, a, ref);
        return diff;
    }
    const double scale = largest(ref, diff.count);
    const bool by_scale = isnan(tol.rtol) && isnan(tol.atol);
    const double rtol = isnan(tol.rtol) ? 0 : tol.rtol;
    const double atol = by_scale ? DEFAULT_SCALED * scale : isnan(tol.atol) ? 0 : tol.atol;
    const bool exact = a->dtype == ref->dtype && element_is_integer(a->dtype);
    for (int64_t i = 0; i < diff.count; i++) {
        const double x = element_get(a->dtype, a->data, i);
        const double r = element_get(ref->dtype, ref->data, i);
        const double d = exact
                             ? integer_distance(a->dtype, element_integer_get(a->dtype, a->data, i),
                                                element_integer_get(a->dtype, ref->data, i))
                             : distance(x, r);
        diff.mismatches += d > (isfinite(r) ? atol + rtol * fabs(r) : 0);
        diff.max_abs = fmax(diff.max_abs, d);
        if (d > 0 && r != 0) diff.max_rel = fmax(diff.max_rel, isfinite(r) ? d / fabs(r) : d);
        if (!isfinite(x) || !isfinite(r)) continue;
        dot += x * r;
        a_square += x * x;
        ref_square += r * r;
    }
    diff.scaled = diff.max_abs > 0 ? diff.max_abs / scale : 0;
    diff.cosine = cosine_of(dot, a_square, ref_square);
    return diff;
}

bool tensor_diff_is_close(const tensor_diff *diff) {
    return diff->comparable && diff->mismatches == 0;
}
