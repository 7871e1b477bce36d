/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx_values.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "narrow.h"
#include "views.h"

static const double relative = 1e-3, absolute = 1e-5;

bool because(reason *why, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    vsnprintf(why->text, sizeof why->text, pattern, args);
    va_end(args);
    return false;
}

/* ---- Reading --------------------------------------------------------------------------------- */

static hone_status read_tensor(importer *im, const Onnx__TensorProto *t, hone_view *out) {
    tensor read;
    TRY(import_tensor(im, t, &read));
    *out = view_of_tensor(&read);
    return HONE_OK;
}

/* A list with room for n values. */
static hone_status make_list(importer *im, hone_kind kind, size_t n, hone_view *out) {
    *out = (hone_view){.kind = kind, .rank = 1, .dim = {(int64_t)n}, .bytes = n * sizeof *out};
    out->data = arena_array(&im->model->arena, n, sizeof *out);
    return out->data ? HONE_OK : fail_nomem(im->c, out->bytes);
}

static hone_status read_sequence(importer *im, const Onnx__SequenceProto *q, hone_view *out);

/* Text as a vector. */
static hone_status read_texts(importer *im, const ProtobufCBinaryData *text, size_t n,
                              tensor *out) {
    const char **list = arena_array(&im->model->arena, n, sizeof *list);
    if (!list) return fail_nomem(im->c, n * sizeof *list);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *data;
        size_t size;
        if (!wire_bytes(&im->in, &text[i], &data, &size))
            return fail(im->c, HONE_E_FORMAT, "a key is no reference");
        list[i] = arena_strndup(&im->model->arena, (const char *)data, size);
        if (!list[i]) return fail_nomem(im->c, size);
    }
    *out = (tensor){.dtype = HONE_STRING,
                    .shape = shape_vector((int64_t)n),
                    .data = list,
                    .bytes = n * sizeof *list};
    return HONE_OK;
}

/* Keys as a vector; values, which files state as a sequence of single elements, as another. */
static hone_status read_map(importer *im, const Onnx__MapProto *m, hone_view *out) {
    tensor keys = {.dtype = HONE_I64, .shape = shape_vector((int64_t)m->n_keys), .data = m->keys};
    hone_view items;
    keys.bytes = m->n_keys * sizeof *m->keys;
    if (m->n_string_keys) TRY(read_texts(im, m->string_keys, m->n_string_keys, &keys));
    if (!m->values) return fail(im->c, HONE_E_FORMAT, "a map without values");
    TRY(read_sequence(im, m->values, &items));
    const hone_view *item = items.data;
    const int64_t n = items.dim[0];
    hone_view values = {.dtype = n ? item[0].dtype : HONE_F32, .rank = 1, .dim = {n}};
    const size_t size = dtype_size(values.dtype);
    values.bytes = (size_t)n * size;
    values.data = arena_alloc(&im->model->arena, values.bytes);
    void *own = arena_alloc(&im->model->arena, keys.bytes);
    if (!values.data || !own) return fail_nomem(im->c, values.bytes);
    if (keys.bytes) memcpy(own, keys.data, keys.bytes);
    keys.data = own;
    for (int64_t i = 0; i < n; i++) {
        if (item[i].bytes != size) return fail(im->c, HONE_E_FORMAT, "a map of larger values");
        memcpy((char *)values.data + (size_t)i * size, item[i].data, size);
    }
    TRY(make_list(im, HONE_MAP, 2, out));
    ((hone_view *)out->data)[0] = view_of_tensor(&keys);
    ((hone_view *)out->data)[1] = values;
    return HONE_OK;
}

static hone_status read_sequence(importer *im, const Onnx__SequenceProto *q, hone_view *out) {
    TRY(make_list(im, HONE_SEQUENCE, q->n_tensor_values + q->n_sequence_values + q->n_map_values,
                  out));
    hone_view *item = out->data;
    for (size_t i = 0; i < q->n_tensor_values; i++)
        TRY(read_tensor(im, q->tensor_values[i], item++));
    for (size_t i = 0; i < q->n_sequence_values; i++)
        TRY(read_sequence(im, q->sequence_values[i], item++));
    for (size_t i = 0; i < q->n_map_values; i++) TRY(read_map(im, q->map_values[i], item++));
    return HONE_OK;
}

static hone_status read_optional(importer *im, const Onnx__OptionalProto *o, hone_view *out) {
    TRY(make_list(im, HONE_OPTIONAL, o->tensor_value || o->sequence_value, out));
    if (o->tensor_value) return read_tensor(im, o->tensor_value, out->data);
    return o->sequence_value ? read_sequence(im, o->sequence_value, out->data) : HONE_OK;
}

static hone_status read_message(importer *im, const ProtobufCMessage *m, hone_kind kind,
                                hone_view *out, const char **name) {
    switch (kind) {
    case HONE_SEQUENCE:
        *name = ((const Onnx__SequenceProto *)m)->name;
        return read_sequence(im, (const Onnx__SequenceProto *)m, out);
    case HONE_OPTIONAL:
        *name = ((const Onnx__OptionalProto *)m)->name;
        return read_optional(im, (const Onnx__OptionalProto *)m, out);
    case HONE_MAP:
        *name = ((const Onnx__MapProto *)m)->name;
        return read_map(im, (const Onnx__MapProto *)m, out);
    case HONE_TENSOR:
        *name = ((const Onnx__TensorProto *)m)->name;
        return read_tensor(im, (const Onnx__TensorProto *)m, out);
    default: return fail(im->c, HONE_E_UNSUPPORTED, "test data of kind %d", (int)kind);
    }
}

hone_status value_load(storage *s, const char *path, hone_kind kind, hone_view *out,
                       const char **name) {
    const ProtobufCMessageDescriptor *const roots[] = {
        &onnx__tensor_proto__descriptor, &onnx__sequence_proto__descriptor,
        &onnx__optional_proto__descriptor, &onnx__map_proto__descriptor};
    const ctx c = model_ctx(s->owner, &s->options, &s->err);
    file_map file;
    importer im;
    ProtobufCMessage *message = NULL;
    wire_stats stats;
    error_clear(&s->err);
    TRY(file_map_open(&c, path, &file));
    const source src = {.data = file.data, .size = file.size, .path = path, .options = &s->options};
    importer_init(&im, &c, s->owner, &src);
    im.in.root = roots[kind];
    hone_status status = source_adopt(&c, s->owner, &file);
    if (status == HONE_OK) status = wire_unpack(&c, &im.scratch, &im.in, &message, &stats);
    if (status == HONE_OK) status = read_message(&im, message, kind, out, name);
    if (status == HONE_OK) *name = *name ? arena_strdup(&s->owner->arena, *name) : "";
    importer_fini(&im);
    return status;
}

/* ---- Comparing ------------------------------------------------------------------------------- */

/* Bits of a narrow float as a number that rises with its value. */
static int64_t rank_of(const tensor *t, int64_t i) {
    const int bits = (int)hone_dtype_bits(t->dtype);
    const uint32_t v = bits == 16  ? ((const uint16_t *)t->data)[i]
                       : bits == 8 ? ((const uint8_t *)t->data)[i]
                                   : (uint32_t)packed_get(t->data, i, bits, false);
    const uint32_t sign = 1u << (bits - 1);
    return v & sign ? -(int64_t)(v & (sign - 1)) : (int64_t)v;
}

static bool numbers_agree(double got, double want) {
    if (isnan(want) || isnan(got)) return isnan(want) && isnan(got);
    if (isinf(want) || isinf(got)) return got == want;
    return fabs(got - want) <= absolute + relative * fabs(want);
}

static bool floats_agree(const tensor *got, int64_t i, const tensor *want, int64_t j) {
    const double x = tensor_f64(got, i), y = tensor_f64(want, j);
    if (numbers_agree(x, y)) return true;
    if (hone_dtype_bits(got->dtype) > 16 || got->dtype == HONE_F8E8M0) return false;
    if (isnan(x) || isnan(y)) return false;
    return llabs(rank_of(got, i) - rank_of(want, j)) <= 2;
}

/* Element i of one tensor and element j of another of the same type. */
static bool element_agrees(const tensor *got, int64_t i, const tensor *want, int64_t j) {
    const dtype_set floats = DT_FLOATS | DT_FLOAT8S | DT_MINIFLOATS;
    if (dtype_in(got->dtype, floats)) return floats_agree(got, i, want, j);
    if (got->dtype == HONE_U64) return ((uint64_t *)got->data)[i] == ((uint64_t *)want->data)[j];
    if (got->dtype == HONE_STRING)
        return strcmp(tensor_string(got, i), tensor_string(want, j)) == 0;
    return tensor_i64(got, i) == tensor_i64(want, j);
}

/* Complex numbers as twice as many real ones. */
static tensor real_parts(tensor t) {
    if (t.dtype != HONE_C64 && t.dtype != HONE_C128) return t;
    const int64_t n = tensor_count(&t);
    t.dtype = t.dtype == HONE_C64 ? HONE_F32 : HONE_F64;
    t.shape = shape_vector(2 * n);
    return t;
}

static tensor tensor_of(const hone_view *v) {
    return (tensor){.dtype = v->dtype,
                    .shape = shape_make(v->rank, v->dim),
                    .data = v->data,
                    .bytes = v->bytes};
}

static bool elements_agree(const tensor *got, const tensor *want, reason *why) {
    const int64_t count = tensor_count(want);
    int64_t bad = 0, first = -1;
    for (int64_t i = 0; i < count; i++) {
        if (element_agrees(got, i, want, i)) continue;
        if (bad++ == 0) first = i;
    }
    if (bad == 0) return true;
    if (got->dtype == HONE_STRING)
        return because(why,
                       "%" PRId64 " of %" PRId64 " strings differ; number %" PRId64
                       " is '%.100s', expected '%.100s'",
                       bad, count, first, tensor_string(got, first), tensor_string(want, first));
    return because(why,
                   "%" PRId64 " of %" PRId64 " elements differ; element %" PRId64
                   " is %.9g, expected %.9g",
                   bad, count, first, tensor_f64(got, first), tensor_f64(want, first));
}

static bool lists_agree(const hone_view *got, const hone_view *want, reason *why) {
    const hone_view *a = got->data, *b = want->data;
    if (got->dim[0] != want->dim[0])
        return because(why, "%" PRId64 " values, expected %" PRId64, got->dim[0], want->dim[0]);
    for (int64_t i = 0; i < want->dim[0]; i++) {
        reason inner;
        if (!values_agree(&a[i], &b[i], &inner))
            return because(why, "value %" PRId64 ": %.500s", i, inner.text);
    }
    return true;
}

/* The same keys, in any order, with values that agree. */
static bool maps_agree(const hone_view *got, const hone_view *want, reason *why) {
    const hone_view *a = got->data, *b = want->data;
    const tensor got_keys = tensor_of(&a[0]), want_keys = tensor_of(&b[0]);
    const tensor got_values = tensor_of(&a[1]), want_values = tensor_of(&b[1]);
    const int64_t n = tensor_count(&want_keys);
    if (n != tensor_count(&got_keys) || got_keys.dtype != want_keys.dtype ||
        got_values.dtype != want_values.dtype)
        return because(why, "%" PRId64 " keys or types, expected %" PRId64, tensor_count(&got_keys),
                       n);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = 0;
        while (at < n && !element_agrees(&got_keys, at, &want_keys, i)) at++;
        if (at == n || !element_agrees(&got_values, at, &want_values, i))
            return because(why, "key number %" PRId64 " is missing or has another value", i);
    }
    return true;
}

bool values_fit(const hone_view *got, const hone_view *want, reason *why) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (got->kind != want->kind)
        return because(why, "kind %d, expected %d", (int)got->kind, (int)want->kind);
    if (want->kind != HONE_TENSOR) return true;
    const tensor g = tensor_of(got), w = tensor_of(want);
    if (g.dtype != w.dtype)
        return because(why, "type %s, expected %s", hone_dtype_name(g.dtype),
                       hone_dtype_name(w.dtype));
    return shape_equal(&g.shape, &w.shape) ||
           because(why, "shape %s, expected %s", shape_text(a, sizeof a, &g.shape),
                   shape_text(b, sizeof b, &w.shape));
}

bool values_agree(const hone_view *got, const hone_view *want, reason *why) {
    if (!values_fit(got, want, why)) return false;
    if (want->kind == HONE_MAP) return maps_agree(got, want, why);
    if (want->kind != HONE_TENSOR) return lists_agree(got, want, why);
    const tensor g = real_parts(tensor_of(got)), w = real_parts(tensor_of(want));
    return elements_agree(&g, &w, why);
}
