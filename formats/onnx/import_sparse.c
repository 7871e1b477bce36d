/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checked.h"
#include "import.h"

/* Type, shape and zeroed elements of the dense form. */
static hone_status make_dense(importer *im, const Onnx__SparseTensorProto *t, hone_dtype dtype,
                              tensor *out, int64_t *count) {
    const ctx *c = im->c;
    hone_model *m = im->model;
    if (!dtype_in(dtype, DT_MOVABLE & ~DT(HONE_STRING)))
        return fail(c, HONE_E_UNSUPPORTED, "sparse tensors of %s", hone_dtype_name(dtype));
    if (t->n_dims > HONE_MAX_RANK)
        return fail(c, HONE_E_UNSUPPORTED, "%zu dimensions: at most %d are supported", t->n_dims,
                    HONE_MAX_RANK);
    *out = (tensor){.dtype = dtype, .shape = shape_make((int32_t)t->n_dims, t->dims)};
    if (!shape_count(&out->shape, count) || !dtype_bytes(dtype, *count, &out->bytes))
        return fail(c, HONE_E_FORMAT, "a negative dimension, or more than 2^63 bytes");
    if (out->bytes > c->limits->tensor_bytes || m->folded_bytes > c->limits->fold_bytes ||
        out->bytes > c->limits->fold_bytes - m->folded_bytes)
        return fail(c, HONE_E_LIMIT,
                    "the dense form has %zu bytes: over fold_bytes or tensor_bytes", out->bytes);
    m->folded_bytes += out->bytes;
    out->data = import_buffer(im, out->bytes);
    if (!out->data) return buffer_status(im);
    memset(out->data, 0, out->bytes);
    return HONE_OK;
}

/* Place of value k in the dense tensor; false if it is outside. `width` is 1 for linear indices. */
static bool dense_index(const tensor *indices, int64_t width, int64_t k, const shape *s,
                        int64_t count, int64_t *out) {
    if (indices->shape.rank == 1) {
        *out = tensor_i64(indices, k);
        return *out >= 0 && *out < count;
    }
    int64_t at = 0;
    for (int64_t d = 0; d < width; d++) {
        const int64_t i = tensor_i64(indices, k * width + d);
        if (i < 0 || i >= s->dim[d]) return false;
        at = at * s->dim[d] + i; /* below count, which does not overflow */
    }
    *out = at;
    return true;
}

static hone_status scatter(importer *im, const tensor *values, const tensor *indices, tensor *dense,
                           int64_t count) {
    const int64_t n = tensor_count(values);
    const int64_t width = indices->shape.rank == 2 ? indices->shape.dim[1] : 1;
    const size_t size = dtype_size(values->dtype);
    int64_t last = -1;
    for (int64_t k = 0; k < n; k++) {
        int64_t at;
        if (!dense_index(indices, width, k, &dense->shape, count, &at))
            return fail(im->c, HONE_E_FORMAT, "index %lld is outside the shape", (long long)k);
        if (at <= last)
            return fail(im->c, HONE_E_FORMAT, "index %lld is not in rising order", (long long)k);
        memcpy((char *)dense->data + (size_t)at * size,
               (const char *)values->data + (size_t)k * size, size);
        last = at;
    }
    return HONE_OK;
}

static hone_status import_unnamed(importer *im, const Onnx__SparseTensorProto *t, tensor *out) {
    const ctx *c = im->c;
    tensor values, indices;
    int64_t count;
    if (!t->values || !t->indices)
        return fail(c, HONE_E_FORMAT, "a sparse tensor without values or indices");
    TRY(import_tensor(im, t->values, &values));
    TRY(import_tensor(im, t->indices, &indices));
    TRY(make_dense(im, t, values.dtype, out, &count));
    const shape *at = &indices.shape;
    const bool fits = values.shape.rank == 1 && indices.dtype == HONE_I64 &&
                      (at->rank == 1 || (at->rank == 2 && at->dim[1] == out->shape.rank)) &&
                      at->dim[0] == values.shape.dim[0];
    if (!fits)
        return fail(c, HONE_E_FORMAT,
                    "indices are not one int64 linear index or tuple for a value");
    return scatter(im, &values, &indices, out, count);
}

hone_status import_sparse(importer *im, const Onnx__SparseTensorProto *t, tensor *out) {
    const char *name = t->values ? t->values->name : NULL;
    return fail_in_part(im->c, import_unnamed(im, t, out), "sparse tensor", name);
}
