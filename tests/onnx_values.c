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

static hone_status read_sequence(importer *im, const Onnx__SequenceProto *q, hone_view *out) {
    TRY(make_list(im, HONE_SEQUENCE, q->n_tensor_values + q->n_sequence_values, out));
    hone_view *item = out->data;
    for (size_t i = 0; i < q->n_tensor_values; i++)
        TRY(read_tensor(im, q->tensor_values[i], item++));
    for (size_t i = 0; i < q->n_sequence_values; i++)
        TRY(read_sequence(im, q->sequence_values[i], item++));
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

static bool floats_agree(const tensor *got, const tensor *want, int64_t i) {
    if (numbers_agree(tensor_f64(got, i), tensor_f64(want, i))) return true;
    if (hone_dtype_bits(got->dtype) > 16 || got->dtype == HONE_F8E8M0) return false;
    if (isnan(tensor_f64(got, i)) || isnan(tensor_f64(want, i))) return false;
    return llabs(rank_of(got, i) - rank_of(want, i)) <= 2;
}

static bool element_agrees(const tensor *got, const tensor *want, int64_t i) {
    const dtype_set floats = DT_FLOATS | DT_FLOAT8S | DT_MINIFLOATS;
    if (dtype_in(got->dtype, floats)) return floats_agree(got, want, i);
    if (got->dtype == HONE_U64) return ((uint64_t *)got->data)[i] == ((uint64_t *)want->data)[i];
    if (got->dtype == HONE_STRING)
        return strcmp(tensor_string(got, i), tensor_string(want, i)) == 0;
    return tensor_i64(got, i) == tensor_i64(want, i);
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
        if (element_agrees(got, want, i)) continue;
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

bool values_agree(const hone_view *got, const hone_view *want, reason *why) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    if (got->kind != want->kind)
        return because(why, "kind %d, expected %d", (int)got->kind, (int)want->kind);
    if (want->kind != HONE_TENSOR) return lists_agree(got, want, why);
    const tensor g = tensor_of(got), w = tensor_of(want);
    if (g.dtype != w.dtype)
        return because(why, "type %s, expected %s", hone_dtype_name(g.dtype),
                       hone_dtype_name(w.dtype));
    if (!shape_equal(&g.shape, &w.shape))
        return because(why, "shape %s, expected %s", shape_text(a, sizeof a, &g.shape),
                       shape_text(b, sizeof b, &w.shape));
    const tensor real_g = real_parts(g), real_w = real_parts(w);
    return elements_agree(&real_g, &real_w, why);
}
