/* SPDX-License-Identifier: Apache-2.0 */
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"

shape shape_unknown(void) { return (shape){.rank = RANK_UNKNOWN}; }

shape shape_of_rank(int32_t rank) {
    shape s = {.rank = rank};
    for (int32_t i = 0; i < rank; i++) s.dim[i] = DIM_UNKNOWN;
    return s;
}

shape shape_make(int32_t rank, const int64_t *dim) {
    shape s = {.rank = rank};
    for (int32_t i = 0; i < rank; i++) s.dim[i] = dim[i];
    return s;
}

shape shape_scalar(void) { return (shape){.rank = 0}; }

shape shape_vector(int64_t n) { return (shape){.rank = 1, .dim = {n}}; }

bool shape_known(const shape *s) {
    if (s->rank < 0) return false;
    for (int32_t i = 0; i < s->rank; i++)
        if (!dim_known(s->dim[i])) return false;
    return true;
}

bool shape_equal(const shape *a, const shape *b) {
    if (a->rank != b->rank) return false;
    for (int32_t i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

bool shape_count(const shape *s, int64_t *out) {
    if (!shape_known(s)) return false;
    int64_t n = 1;
    bool empty = false;
    for (int32_t i = 0; i < s->rank; i++) {
        if (s->dim[i] == 0)
            empty = true;
        else if (!i64_mul(n, s->dim[i], &n))
            return false;
    }
    *out = empty ? 0 : n;
    return true;
}

bool shape_fits(const shape *s) {
    enum { WIDEST = 16 }; /* bytes of an element */
    int64_t bytes = WIDEST;
    for (int32_t i = 0; i < s->rank; i++)
        if (s->dim[i] > 0 && !i64_mul(bytes, s->dim[i], &bytes)) return false;
    return true;
}

int64_t shape_span(const shape *s, int32_t first, int32_t last) {
    int64_t n = 1;
    for (int32_t i = first; i < last; i++) n *= s->dim[i];
    return n;
}

int64_t dim_add(int64_t a, int64_t b) {
    if (a == 0) return b;
    if (b == 0) return a;
    if (!dim_known(a) || !dim_known(b)) return DIM_UNKNOWN;
    int64_t r;
    return i64_add(a, b, &r) ? r : DIM_OVERFLOW;
}

int64_t dim_mul(int64_t a, int64_t b) {
    if (a == 1 || b == 0) return b;
    if (b == 1 || a == 0) return a;
    if (!dim_known(a) || !dim_known(b)) return DIM_UNKNOWN;
    int64_t r;
    return i64_mul(a, b, &r) ? r : DIM_OVERFLOW;
}

int64_t dim_div(int64_t a, int64_t b) {
    if (b == 1) return a;
    return dim_known(a) ? a / b : DIM_UNKNOWN;
}

bool dim_compatible(int64_t a, int64_t b) { return !dim_known(a) || !dim_known(b) || a == b; }

int64_t dim_merge(int64_t a, int64_t b) {
    if (dim_known(a)) return a;
    if (dim_known(b)) return b;
    return a != DIM_UNKNOWN ? a : b;
}

shape shape_meet(const shape *a, const shape *b) {
    shape s = a->rank == b->rank ? *a : shape_unknown();
    for (int32_t i = 0; i < s.rank; i++)
        if (a->dim[i] != b->dim[i]) s.dim[i] = DIM_UNKNOWN;
    return s;
}

/* One dimension of a broadcast; false when it does not fit. */
static bool dim_broadcast(int64_t a, int64_t b, int64_t *out) {
    if (a == b || b == 1) {
        *out = a;
    } else if (a == 1) {
        *out = b;
    } else if (dim_known(a) && dim_known(b)) {
        return false;
    } else if (dim_known(a) || dim_known(b)) {
        *out = dim_known(a) ? a : b; /* the unknown one must be 1 or equal */
    } else {
        *out = DIM_UNKNOWN;
    }
    return true;
}

bool shape_broadcast(const shape *a, const shape *b, shape *out) {
    if (a->rank < 0 || b->rank < 0) {
        *out = shape_unknown();
        return true;
    }
    const int32_t rank = a->rank > b->rank ? a->rank : b->rank;
    shape r = {.rank = rank};
    for (int32_t i = 0; i < rank; i++) {
        const int32_t ia = i - (rank - a->rank), ib = i - (rank - b->rank);
        if (!dim_broadcast(ia < 0 ? 1 : a->dim[ia], ib < 0 ? 1 : b->dim[ib], &r.dim[i]))
            return false;
    }
    *out = r;
    return true;
}

const char *shape_text(char *buf, size_t size, const shape *s) {
    if (s->rank < 0) {
        snprintf(buf, size, "[...]");
        return buf;
    }
    size_t n = 0;
    n += (size_t)snprintf(buf, size, "[");
    for (int32_t i = 0; i < s->rank && n < size; i++) {
        const char *comma = i ? "," : "";
        n += (size_t)(dim_known(s->dim[i])
                          ? snprintf(buf + n, size - n, "%s%lld", comma, (long long)s->dim[i])
                          : snprintf(buf + n, size - n, "%s?", comma));
    }
    if (n < size) snprintf(buf + n, size - n, "]");
    return buf;
}
