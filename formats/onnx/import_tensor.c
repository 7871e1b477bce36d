/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checked.h"
#include "import.h"
#include "narrow.h"
#include "utf8.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "ONNX stores little-endian numbers");

void *import_buffer(importer *im, size_t size) {
    enum { SMALL = 4096 };
    if (size > SMALL) return model_buffer(im->c, im->model, size);
    void *p = arena_alloc(&im->model->arena, size);
    if (!p) fail_nomem(im->c, size);
    return p;
}

hone_status buffer_status(const importer *im) {
    return im->c->err && im->c->err->status != HONE_OK ? im->c->err->status : HONE_E_NOMEM;
}

/* ---- Type and shape -------------------------------------------------------------------------- */

static hone_status read_head(importer *im, const Onnx__TensorProto *t, tensor *out,
                             int64_t *count) {
    const ctx *c = im->c;
    if (t->data_type <= HONE_UNDEFINED || t->data_type >= HONE_DTYPE_COUNT)
        return fail(c, t->data_type > 0 ? HONE_E_UNSUPPORTED : HONE_E_FORMAT, "element type %d",
                    t->data_type);
    if (t->segment) return fail(c, HONE_E_UNSUPPORTED, "the tensor is stored in segments");
    if (t->n_dims > HONE_MAX_RANK)
        return fail(c, HONE_E_UNSUPPORTED, "%zu dimensions: at most %d are supported", t->n_dims,
                    HONE_MAX_RANK);
    *out = (tensor){.dtype = (hone_dtype)t->data_type};
    out->shape = shape_make((int32_t)t->n_dims, t->dims);
    for (size_t i = 0; i < t->n_dims; i++)
        if (t->dims[i] < 0)
            return fail(c, HONE_E_FORMAT, "dimension %zu is %lld", i, (long long)t->dims[i]);
    if (!shape_count(&out->shape, count) || !dtype_bytes(out->dtype, *count, &out->bytes))
        return fail(c, HONE_E_FORMAT, "the shape has more than 2^63 bytes");
    if (out->bytes > c->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "tensor of %zu bytes: the limit is %llu (tensor_bytes)",
                    out->bytes, (unsigned long long)c->limits->tensor_bytes);
    return HONE_OK;
}

/* ---- Data as bytes --------------------------------------------------------------------------- */

/* Alignment that kernels need to read elements of this type in place. */
static size_t element_align(hone_dtype t) {
    const size_t size = dtype_size(t);
    return size > 8 ? 8 : size ? size : 1;
}

/* Any byte but 0 is true in some writers; hone's kernels expect 1. */
static bool bools_are_clean(const uint8_t *data, size_t n) {
    uint8_t all = 0;
    for (size_t i = 0; i < n; i++) all |= data[i];
    return all <= 1;
}

/* Takes out->bytes dense bytes as they are if possible, otherwise copies them. */
static hone_status take_bytes(importer *im, const uint8_t *data, tensor *out) {
    const bool clean = out->dtype != HONE_BOOL || bools_are_clean(data, out->bytes);
    if (clean && (uintptr_t)data % element_align(out->dtype) == 0) {
        out->data = (void *)(uintptr_t)data;
        return HONE_OK;
    }
    uint8_t *copy = import_buffer(im, out->bytes);
    if (!copy) return buffer_status(im);
    if (out->bytes) memcpy(copy, data, out->bytes);
    for (size_t i = 0; !clean && i < out->bytes; i++) copy[i] = copy[i] != 0;
    out->data = copy;
    return HONE_OK;
}

static hone_status size_mismatch(importer *im, size_t got, size_t need) {
    return fail(im->c, HONE_E_FORMAT, "%zu bytes of data: type and shape need %zu", got, need);
}

static hone_status take_raw(importer *im, const Onnx__TensorProto *t, tensor *out) {
    const uint8_t *data;
    size_t size;
    if (out->dtype == HONE_STRING) return fail(im->c, HONE_E_FORMAT, "strings in raw_data");
    if (!wire_bytes(&im->in, &t->raw_data, &data, &size))
        return fail(im->c, HONE_E_INTERNAL, "raw_data is no reference");
    if (size != out->bytes) return size_mismatch(im, size, out->bytes);
    return take_bytes(im, data, out);
}

/* ---- Data in typed fields -------------------------------------------------------------------- */

/* One of the *_data fields. */
typedef struct typed_field {
    ProtobufCBinaryData *run; /* packed runs of numbers, or strings */
    size_t runs;
    size_t number; /* bytes of a number; 0: a varint */
} typed_field;

/* The field that this type has to use. */
static typed_field field_of(const Onnx__TensorProto *t) {
    switch (t->data_type) {
    case HONE_F32:
    case HONE_C64: return (typed_field){t->float_data, t->n_float_data, 4};
    case HONE_F64:
    case HONE_C128: return (typed_field){t->double_data, t->n_double_data, 8};
    case HONE_I64: return (typed_field){t->int64_data, t->n_int64_data, 0};
    case HONE_U32:
    case HONE_U64: return (typed_field){t->uint64_data, t->n_uint64_data, 0};
    case HONE_STRING: return (typed_field){t->string_data, t->n_string_data, 1};
    default: return (typed_field){t->int32_data, t->n_int32_data, 0};
    }
}

static size_t filled_fields(const Onnx__TensorProto *t) {
    return (t->n_float_data > 0) + (t->n_double_data > 0) + (t->n_int32_data > 0) +
           (t->n_int64_data > 0) + (t->n_uint64_data > 0) + (t->n_string_data > 0);
}

/* Runs of fixed-size numbers; a single one may be used in place. */
static hone_status take_fixed(importer *im, const typed_field *f, tensor *out) {
    const uint8_t *data = NULL;
    size_t size = 0, total = 0;
    for (size_t i = 0; i < f->runs; i++) {
        if (!wire_bytes(&im->in, &f->run[i], &data, &size) || !size_add(total, size, &total))
            return fail(im->c, HONE_E_INTERNAL, "data is no reference");
    }
    if (total != out->bytes) return size_mismatch(im, total, out->bytes);
    if (f->runs == 1) return take_bytes(im, data, out);
    uint8_t *to = out->data = import_buffer(im, total);
    if (!to) return buffer_status(im);
    for (size_t i = 0; i < f->runs; i++, to += size)
        if (wire_bytes(&im->in, &f->run[i], &data, &size)) memcpy(to, data, size);
    return HONE_OK;
}

/* Does a number of a varint field fit the type? 16-bit floats and narrower ones carry their bits.
 */
static bool number_fits(hone_dtype t, uint64_t v) {
    const int64_t i = (int64_t)v;
    switch (t) {
    case HONE_I64:
    case HONE_U64: return true;
    case HONE_U32: return v <= UINT32_MAX;
    case HONE_I32: return i >= INT32_MIN && i <= INT32_MAX;
    case HONE_I16: return i >= INT16_MIN && i <= INT16_MAX;
    case HONE_I8: return i >= INT8_MIN && i <= INT8_MAX;
    case HONE_U16:
    case HONE_F16:
    case HONE_BF16: return v <= UINT16_MAX;
    case HONE_BOOL: return true;
    case HONE_F6E2M3:
    case HONE_F6E3M2: return v < 64;
    default: return v <= UINT8_MAX; /* bytes: 8-bit types, and packed ones together */
    }
}

/* Types of which a number holds one element although elements share bytes. */
#define SPREAD (DT(HONE_F6E2M3) | DT(HONE_F6E3M2))

/* Varints, each into `width` bytes, or into a field of its own. */
static hone_status take_varints(importer *im, const typed_field *f, tensor *out) {
    const size_t width = dtype_size(out->dtype) ? dtype_size(out->dtype) : 1;
    const bool spread = dtype_in(out->dtype, SPREAD);
    const size_t need = spread ? (size_t)tensor_count(out) : out->bytes / width;
    uint8_t *to = out->data = import_buffer(im, out->bytes);
    size_t count = 0;
    if (!to) return buffer_status(im);
    if (spread && out->bytes) memset(to, 0, out->bytes);
    for (size_t i = 0; i < f->runs; i++) {
        const uint8_t *data;
        size_t size, n;
        if (!wire_bytes(&im->in, &f->run[i], &data, &size)) size = 0;
        for (; size; data += n, size -= n, count++) {
            uint64_t v = 0;
            n = wire_varint(data, size, &v);
            if (!n || count == need)
                return fail(im->c, HONE_E_FORMAT, "more than the %zu numbers of the shape", need);
            if (!number_fits(out->dtype, v))
                return fail(im->c, HONE_E_FORMAT, "number %zu, %lld, does not fit %s", count,
                            (long long)v, hone_dtype_name(out->dtype));
            if (out->dtype == HONE_BOOL) v = v != 0;
            if (spread)
                packed_set(to, (int64_t)count, (int)hone_dtype_bits(out->dtype), (uint8_t)v);
            else
                memcpy(to + count * width, &v, width);
        }
    }
    if (count == need) return HONE_OK;
    return fail(im->c, HONE_E_FORMAT, "%zu numbers: type and shape need %zu", count, need);
}

static hone_status take_strings(importer *im, const typed_field *f, int64_t count, tensor *out) {
    if (f->runs != (size_t)count)
        return fail(im->c, HONE_E_FORMAT, "%zu strings: the shape needs %lld", f->runs,
                    (long long)count);
    const char **to = import_buffer(im, out->bytes);
    if (!to) return buffer_status(im);
    for (size_t i = 0; i < f->runs; i++) {
        const uint8_t *data;
        size_t size;
        if (!wire_bytes(&im->in, &f->run[i], &data, &size) || !utf8_is_text(data, size))
            return fail(im->c, HONE_E_FORMAT, "string %zu is not UTF-8 or holds a NUL", i);
        to[i] = arena_strndup(&im->model->arena, (const char *)data, size);
        if (!to[i]) return fail_nomem(im->c, size);
    }
    out->data = to;
    return HONE_OK;
}

static hone_status take_typed(importer *im, const Onnx__TensorProto *t, int64_t count,
                              tensor *out) {
    const typed_field f = field_of(t);
    if (filled_fields(t) > (f.runs > 0))
        return fail(im->c, HONE_E_FORMAT, "data lies in a field that %s does not use",
                    hone_dtype_name(out->dtype));
    if (out->dtype == HONE_STRING) return take_strings(im, &f, count, out);
    return f.number ? take_fixed(im, &f, out) : take_varints(im, &f, out);
}

/* ---- Tensors --------------------------------------------------------------------------------- */

static hone_status take_external(importer *im, const Onnx__TensorProto *t, tensor *out) {
    const uint8_t *data;
    if (out->dtype == HONE_STRING || t->has_raw_data || filled_fields(t))
        return fail(im->c, HONE_E_FORMAT, "data lies both here and in another file");
    TRY(external_find(im->c, &im->external, t, out->bytes, &data));
    return take_bytes(im, data, out);
}

static hone_status import_unnamed(importer *im, const Onnx__TensorProto *t, tensor *out) {
    int64_t count;
    TRY(read_head(im, t, out, &count));
    if (t->data_location == 1) return take_external(im, t, out);
    if (t->data_location != 0)
        return fail(im->c, HONE_E_FORMAT, "data_location is %d", t->data_location);
    if (t->has_raw_data && filled_fields(t))
        return fail(im->c, HONE_E_FORMAT, "data lies in raw_data and in a typed field");
    return t->has_raw_data ? take_raw(im, t, out) : take_typed(im, t, count, out);
}

hone_status import_tensor(importer *im, const Onnx__TensorProto *t, tensor *out) {
    return fail_in_part(im->c, import_unnamed(im, t, out), "tensor", t->name);
}
