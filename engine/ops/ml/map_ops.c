/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that make maps or read them: ZipMap, DictVectorizer and CastMap. A map is two tensors,
 * its keys and its values.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "items.h"
#include "number_text.h"
#include "op.h"
#include "order.h"

enum { MAP_KEYS, MAP_VALUES };
#define KEY_TYPES (DT(HONE_I64) | DT(HONE_STRING))

static const op_version since_1[] = {{1, NULL}};
static const op_arg map_in[] = {{"X", KEY_TYPES, 0, ARG_ANY_KIND}};
static const op_arg tensor_out[] = {
    {"Y", DT(HONE_F32) | DT(HONE_F64) | DT(HONE_I64) | DT(HONE_STRING), 0, 0}};

/* HONE_E_FORMAT unless input 0 is a map whose values are tensors of one of these types. */
static hone_status check_map(const infer *f, dtype_set values) {
    if (!infer_has(f, 0)) return HONE_OK;
    if (f->in[0]->kind != HONE_MAP) return infer_fail(f, "input 'X' is no map");
    const type *element = f->in[0]->element;
    if (!element || (element->kind == HONE_TENSOR &&
                     (element->dtype == HONE_UNDEFINED || dtype_in(element->dtype, values))))
        return HONE_OK;
    return infer_fail(f, "the values of the map are of a type that is not supported");
}

/* What import could not know of the map's type, such as that of one made by the caller. */
static hone_status check_values(run_ctx *r, const tensor *map, dtype_set values) {
    const tensor *v = &items_of(map)[MAP_VALUES];
    if (v->kind == HONE_TENSOR && dtype_in(v->dtype, values) &&
        tensor_count(v) == tensor_count(&items_of(map)[MAP_KEYS]))
        return HONE_OK;
    return run_fail(r, "the values of the map are not one of a supported type a key");
}

/* ---- ZipMap ---------------------------------------------------------------------------------- */

typedef struct zip_params {
    int_list classlabels_int64s;
    string_list classlabels_strings;
} zip_params;

static const attr_spec zip_attrs[] = {ATTR_ROW(INTS, zip_params, classlabels_int64s),
                                      ATTR_ROW(STRINGS, zip_params, classlabels_strings)};
static const op_arg zip_in[] = {{"X", DT(HONE_F32), 0, 0}};
static const op_arg zip_out[] = {{"Z", DT_ALL, 0, ARG_ANY_KIND}};

static const type float_values = {
    .kind = HONE_TENSOR, .dtype = HONE_F32, .shape = {.rank = RANK_UNKNOWN}};
#define MAP_FROM(key)                                                                              \
    { .kind = HONE_MAP, .dtype = (key), .shape = {.rank = RANK_UNKNOWN}, .element = &float_values }
static const type map_from_i64 = MAP_FROM(HONE_I64), map_from_text = MAP_FROM(HONE_STRING);

static hone_status zip_infer(infer *f) {
    const zip_params *p = f->params;
    const int32_t n = p->classlabels_int64s.n + p->classlabels_strings.n;
    const shape *x = infer_shape(f, 0);
    if ((p->classlabels_int64s.n > 0) == (p->classlabels_strings.n > 0))
        return infer_fail(f, "has labels of no kind or of both: expected one");
    TRY(infer_check_rank(f, 0, 1, 2));
    if (x->rank > 0 && !dim_compatible(x->dim[x->rank - 1], n))
        return infer_fail(f, "input 'X' has %lld columns: expected %d",
                          (long long)x->dim[x->rank - 1], n);
    f->out[0] = type_of(HONE_SEQUENCE, p->classlabels_strings.n ? &map_from_text : &map_from_i64);
    return HONE_OK;
}

/* The labels as a tensor that all maps share. */
static tensor zip_keys(const zip_params *p) {
    const bool text = p->classlabels_strings.n > 0;
    const void *data = text ? (const void *)p->classlabels_strings.v : p->classlabels_int64s.v;
    const int32_t n = text ? p->classlabels_strings.n : p->classlabels_int64s.n;
    return (tensor){.dtype = text ? HONE_STRING : HONE_I64,
                    .shape = shape_vector(n),
                    .data = (void *)(uintptr_t)data,
                    .bytes = (size_t)n * 8};
}

static hone_status zip_run(run_ctx *r, const step *s) {
    const tensor keys = zip_keys(step_params(s));
    const int64_t n = keys.shape.dim[0], rows = tensor_count(&s->in[0]) / n;
    tensor all, shared, list;
    TRY(items_keep(r, &s->in[0], &all)); /* rows of one copy */
    TRY(items_keep(r, &keys, &shared));
    TRY(items_make(r, NULL, 0, HONE_SEQUENCE, &list));
    for (int64_t i = 0; i < rows; i++) {
        tensor pair[2] = {shared,
                          {.dtype = HONE_F32,
                           .shape = shape_vector(n),
                           .data = (float *)all.data + i * n,
                           .bytes = (size_t)n * sizeof(float)}};
        tensor map;
        TRY(items_make(r, pair, 2, HONE_MAP, &map));
        TRY(items_insert(r, &list, i, &map, &list));
    }
    run_value(r, s, 0, &list);
    return HONE_OK;
}

/* ---- DictVectorizer -------------------------------------------------------------------------- */

typedef struct dict_params {
    int_list int64_vocabulary;
    string_list string_vocabulary;
} dict_params;

static const attr_spec dict_attrs[] = {ATTR_ROW(INTS, dict_params, int64_vocabulary),
                                       ATTR_ROW(STRINGS, dict_params, string_vocabulary)};
#define DICT_VALUES (DT(HONE_F32) | DT(HONE_F64) | DT(HONE_I64) | DT(HONE_STRING))

static hone_status dict_infer(infer *f) {
    const dict_params *p = f->params;
    const bool text = p->string_vocabulary.set;
    const shape y =
        shape_make(2, (const int64_t[]){1, text ? p->string_vocabulary.n : p->int64_vocabulary.n});
    if (text == p->int64_vocabulary.set)
        return infer_fail(f, "has vocabularies of no kind or of both: expected one");
    TRY(check_map(f, DICT_VALUES));
    if (infer_has(f, 0) && infer_dtype(f, 0) != (text ? HONE_STRING : HONE_I64))
        return infer_fail(f, "the keys of the map are not of the vocabulary's type");
    infer_set(f, 0, infer_has(f, 0) ? type_inner(f->in[0]) : HONE_UNDEFINED, &y);
    return HONE_OK;
}

/* Order of two keys. */
static int compare_keys(const tensor *a, int64_t i, const tensor *b, int64_t j) {
    if (a->dtype == HONE_STRING) return strcmp(tensor_string(a, i), tensor_string(b, j));
    const int64_t x = tensor_i64(a, i), y = tensor_i64(b, j);
    return (x > y) - (x < y);
}

static bool key_less(const void *keys, int64_t a, int64_t b) {
    return compare_keys(keys, a, keys, b) < 0;
}

/* Numbers of a map's keys in rising order, in the pool. */
static hone_status sort_keys(run_ctx *r, const tensor *keys, int64_t **out) {
    const int64_t n = tensor_count(keys);
    size_t bytes;
    if (!size_mul((size_t)n, 2 * sizeof **out, &bytes)) return fail_nomem(r->c, SIZE_MAX);
    int64_t *order = run_memory(r, bytes);
    if (!order) return HONE_E_NOMEM;
    for (int64_t i = 0; i < n; i++) order[i] = i;
    order_sort(order, order + n, n, key_less, keys);
    *out = order;
    return HONE_OK;
}

/* Number of the key that equals key i of `wanted`, or -1. */
static int64_t find_key(const tensor *keys, const int64_t *order, const tensor *wanted, int64_t i) {
    int64_t lo = 0, hi = tensor_count(keys);
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        const int c = compare_keys(keys, order[mid], wanted, i);
        if (c == 0) return order[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

static hone_status dict_run(run_ctx *r, const step *s) {
    const dict_params *p = step_params(s);
    const bool text = p->string_vocabulary.set;
    const void *words = text ? (const void *)p->string_vocabulary.v : p->int64_vocabulary.v;
    const tensor vocabulary = {.dtype = text ? HONE_STRING : HONE_I64,
                               .data = (void *)(uintptr_t)words};
    const tensor *keys = &items_of(&s->in[0])[MAP_KEYS], *values = &items_of(&s->in[0])[MAP_VALUES];
    int64_t *order;
    const shape y =
        shape_make(2, (const int64_t[]){1, text ? p->string_vocabulary.n : p->int64_vocabulary.n});
    TRY(check_values(r, &s->in[0], DICT_VALUES));
    if (keys->dtype != vocabulary.dtype || values->dtype != s->out[0].dtype)
        return run_fail(r, "the map is not from %s to %s", hone_dtype_name(vocabulary.dtype),
                        hone_dtype_name(s->out[0].dtype));
    TRY(sort_keys(r, keys, &order));
    TRY(run_output(r, s, 0, &y));
    const size_t size = dtype_size(values->dtype);
    memset(s->out[0].data, 0, s->out[0].bytes);
    for (int64_t i = 0; i < y.dim[1]; i++) {
        const int64_t at = find_key(keys, order, &vocabulary, i);
        if (at >= 0)
            memcpy((char *)s->out[0].data + (size_t)i * size,
                   (const char *)values->data + (size_t)at * size, size);
    }
    return HONE_OK;
}

/* ---- CastMap --------------------------------------------------------------------------------- */

typedef struct cast_map_params {
    int32_t cast_to, map_form;
    int64_t max_map;
} cast_map_params;

enum { TO_FLOAT, TO_STRING, TO_INT64 };
enum { FORM_DENSE, FORM_SPARSE };
static const char *const cast_names[] = {"TO_FLOAT", "TO_STRING", "TO_INT64", NULL};
static const char *const form_names[] = {"DENSE", "SPARSE", NULL};
static const attr_spec cast_map_attrs[] = {
    ATTR_ROW(CHOICE, cast_map_params, cast_to, .choices = cast_names),
    ATTR_ROW(CHOICE, cast_map_params, map_form, .choices = form_names),
    ATTR_ROW(INT, cast_map_params, max_map, .i = 1, .min = 1, .max = INT32_MAX)};
#define CAST_VALUES (DT(HONE_F32) | DT(HONE_STRING))

static hone_status cast_map_infer(infer *f) {
    static const hone_dtype results[] = {HONE_F32, HONE_STRING, HONE_I64};
    const cast_map_params *p = f->params;
    const int64_t n = p->map_form == FORM_SPARSE ? p->max_map : DIM_UNKNOWN;
    const shape y = shape_make(2, (const int64_t[]){1, n});
    TRY(check_map(f, CAST_VALUES));
    if (infer_has(f, 0) && infer_dtype(f, 0) != HONE_I64)
        return infer_fail(f, "the keys of the map are not int64");
    infer_set(f, 0, results[p->cast_to], &y);
    return HONE_OK;
}

/* Element i of the map's values as element j of the output. */
static hone_status cast_value(run_ctx *r, const tensor *from, int64_t i, const tensor *to,
                              int64_t j) {
    char buffer[64];
    const bool text = from->dtype == HONE_STRING;
    const char *s = text ? tensor_string(from, i) : buffer;
    if (to->dtype == HONE_STRING) {
        if (!text) snprintf(buffer, sizeof buffer, "%f", tensor_f64(from, i));
        ((const char **)to->data)[j] = run_text(r, s, strlen(s));
        return ((const char **)to->data)[j] ? HONE_OK : HONE_E_NOMEM;
    }
    if (!text) {
        const double v = tensor_f64(from, i);
        tensor_set_f64(to, j, to->dtype == HONE_I64 ? trunc(v) : v);
        return HONE_OK;
    }
    if (number_from_text(to, j, s)) return HONE_OK;
    return run_fail(r, "value %lld of the map is no number", (long long)i);
}

static hone_status cast_map(run_ctx *r, const step *s) {
    const cast_map_params *p = step_params(s);
    const tensor *keys = &items_of(&s->in[0])[MAP_KEYS], *values = &items_of(&s->in[0])[MAP_VALUES];
    const bool sparse = p->map_form == FORM_SPARSE;
    const int64_t n = tensor_count(keys);
    const shape y = shape_make(2, (const int64_t[]){1, sparse ? p->max_map : n});
    int64_t *order;
    TRY(check_values(r, &s->in[0], CAST_VALUES));
    if (keys->dtype != HONE_I64) return run_fail(r, "the keys of the map are not int64");
    TRY(sort_keys(r, keys, &order));
    TRY(run_output(r, s, 0, &y));
    const tensor *out = &s->out[0];
    memset(out->data, 0, out->bytes);
    for (int64_t i = 0; sparse && out->dtype == HONE_STRING && i < y.dim[1]; i++)
        ((const char **)out->data)[i] = "0.f"; /* what a place without a key has */
    for (int64_t i = 0; i < n; i++) {
        const int64_t key = tensor_i64(keys, order[i]);
        if (sparse && key < 0) return run_fail(r, "the map has the key %" PRId64, key);
        if (sparse && key >= y.dim[1]) break;
        TRY(cast_value(r, values, order[i], out, sparse ? key : i));
    }
    return HONE_OK;
}

static hone_status cast_map_run(run_ctx *r, const step *s) {
    const locale_t before = number_locale_enter();
    if (!before) return fail_nomem(r->c, 0);
    const hone_status status = cast_map(r, s);
    number_locale_leave(before);
    return status;
}

#define MEMBER(ident, label, type, ...)                                                            \
    static const op op_##ident = {.name = label,                                                   \
                                  .domain = "ai.onnx.ml",                                          \
                                  OP_VERSIONS(since_1),                                            \
                                  OP_ATTRS(ident##_attrs, type),                                   \
                                  .flags = OP_DYNAMIC,                                             \
                                  .infer = ident##_infer,                                          \
                                  .run = ident##_run,                                              \
                                  __VA_ARGS__}
MEMBER(zip, "ZipMap", zip_params, OP_ARGS_IN(zip_in), OP_ARGS_OUT(zip_out));
MEMBER(dict, "DictVectorizer", dict_params, OP_ARGS_IN(map_in), OP_ARGS_OUT(tensor_out));
MEMBER(cast_map, "CastMap", cast_map_params, OP_ARGS_IN(map_in), OP_ARGS_OUT(tensor_out));

static const op *const members[] = {&op_zip, &op_dict, &op_cast_map};
const op_family family_map_ops = {members, COUNT_OF(members)};
