/* SPDX-License-Identifier: Apache-2.0
 *
 * NumPy's .npy files, the hone_npy_* functions of hone.h.
 *
 *     "\x93NUMPY"  major minor  header length (2 bytes in version 1, 4 in 2 and 3)
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   padded with spaces and a
 * newline elements, to the end of the file
 *
 * The header is a Python literal; only the grammar below is read and nothing is evaluated. Every
 * byte of the file must be accounted for.
 */
#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "file.h"
#include "model.h"
#include "narrow.h"
#include "npy_text.h"
#include "view_memory.h"
#include "writer.h"

enum { PREAMBLE = 8, MAX_HEADER = 64 * 1024, ALIGNMENT = 64 };
static const char magic[6] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

static const struct {
    char code[5];
    uint8_t dtype;
} types[] = {{"<f4", HONE_F32}, {"|u1", HONE_U8},   {"|i1", HONE_I8},  {"<u2", HONE_U16},
             {"<i2", HONE_I16}, {"<i4", HONE_I32},  {"<i8", HONE_I64}, {"|b1", HONE_BOOL},
             {"<f2", HONE_F16}, {"<f8", HONE_F64},  {"<u4", HONE_U32}, {"<u8", HONE_U64},
             {"<c8", HONE_C64}, {"<c16", HONE_C128}};
enum { TYPES = sizeof types / sizeof *types };

/* ---- Header ---------------------------------------------------------------------------------- */

typedef struct npy_header {
    hone_dtype dtype;
    npy_text text; /* of strings */
    bool fortran;
    shape shape;
    size_t data; /* offset of the elements */
} npy_header;

/* A position in the header text. `base` is the start of the file. */
typedef struct cursor {
    const ctx *c;
    const char *base, *at, *end;
} cursor;

static hone_status expected(const cursor *k, const char *what) {
    return fail_at(k->c, HONE_E_FORMAT, k->at - k->base, "npy header: expected %s", what);
}

static void skip_spaces(cursor *k) {
    while (k->at < k->end && (*k->at == ' ' || *k->at == '\n')) k->at++;
}

/* Takes `word`, after spaces, if it is next. */
static bool take(cursor *k, const char *word) {
    const size_t n = strlen(word);
    skip_spaces(k);
    if ((size_t)(k->end - k->at) < n || memcmp(k->at, word, n) != 0) return false;
    k->at += n;
    return true;
}

/* A quoted string without escapes, shorter than `size`. */
static hone_status read_string(cursor *k, char *out, size_t size) {
    const char *quote = take(k, "'") ? "'" : take(k, "\"") ? "\"" : NULL;
    if (!quote) return expected(k, "a string");
    size_t n = 0;
    for (; k->at < k->end && *k->at != *quote && n + 1 < size; k->at++) {
        if (*k->at == '\\' || *k->at == '\0') return expected(k, "a plain character");
        out[n++] = *k->at;
    }
    out[n] = '\0';
    return k->at < k->end && *k->at++ == *quote ? HONE_OK
                                                : expected(k, "the end of a short string");
}

static hone_status read_descr(cursor *k, npy_header *h) {
    const int64_t start = k->at - k->base;
    char code[16], name[64];
    if (take(k, "["))
        return fail_at(k->c, HONE_E_UNSUPPORTED, start, "npy: elements are structures");
    TRY(read_string(k, code, sizeof code));
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(code, types[i].code) == 0) h->dtype = (hone_dtype)types[i].dtype;
    if (h->dtype == HONE_UNDEFINED && npy_text_parse(code, &h->text)) h->dtype = HONE_STRING;
    if (h->dtype != HONE_UNDEFINED) return HONE_OK;
    return fail_at(k->c, HONE_E_UNSUPPORTED, start, "npy: element type '%s'%s",
                   escape_name(name, sizeof name, code), code[0] == '>' ? ", big-endian" : "");
}

static hone_status read_dim(cursor *k, int64_t *out) {
    int64_t v = 0;
    skip_spaces(k);
    const char *start = k->at;
    for (; k->at < k->end && *k->at >= '0' && *k->at <= '9'; k->at++)
        if (!i64_mul(v, 10, &v) || !i64_add(v, *k->at - '0', &v))
            return expected(k, "a dimension below 2^63");
    *out = v;
    return k->at > start ? HONE_OK : expected(k, "a dimension");
}

/* "()", "(3,)", "(2, 3)" */
static hone_status read_shape(cursor *k, npy_header *h) {
    if (!take(k, "(")) return expected(k, "'(' and the shape");
    h->shape.rank = 0;
    while (!take(k, ")")) {
        const int32_t i = h->shape.rank;
        if (i == HONE_MAX_RANK)
            return fail(k->c, HONE_E_UNSUPPORTED, "npy: more than %d dimensions", HONE_MAX_RANK);
        TRY(read_dim(k, &h->shape.dim[i]));
        h->shape.rank = i + 1;
        if (take(k, ",")) continue;
        if (i == 0 || !take(k, ")")) return expected(k, i ? "',' or ')'" : "','");
        break;
    }
    return HONE_OK;
}

static hone_status read_order(cursor *k, npy_header *h) {
    h->fortran = take(k, "True");
    return h->fortran || take(k, "False") ? HONE_OK : expected(k, "True or False");
}

/* The dictionary: each of the three keys once, in any order. */
static hone_status read_fields(cursor *k, npy_header *h) {
    static const struct {
        const char *name;
        hone_status (*read)(cursor *, npy_header *);
    } keys[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};
    unsigned seen = 0;
    if (!take(k, "{")) return expected(k, "'{'");
    while (!take(k, "}")) {
        char name[16];
        size_t i = 0;
        TRY(read_string(k, name, sizeof name));
        while (i < 3 && strcmp(name, keys[i].name) != 0) i++;
        if (i == 3 || seen & 1u << i) return expected(k, "one each of descr, fortran_order, shape");
        seen |= 1u << i;
        if (!take(k, ":")) return expected(k, "':'");
        TRY(keys[i].read(k, h));
        if (take(k, ",")) continue;
        if (!take(k, "}")) return expected(k, "',' or '}'");
        break;
    }
    skip_spaces(k);
    if (k->at < k->end) return expected(k, "nothing after '}'");
    return seen == 7 ? HONE_OK : expected(k, "descr, fortran_order and shape");
}

static hone_status read_header(const ctx *c, const char *data, size_t size, npy_header *h) {
    const unsigned char *u = (const unsigned char *)data;
    if (size < PREAMBLE || memcmp(data, magic, sizeof magic) != 0)
        return fail(c, HONE_E_FORMAT, "not a .npy file: it does not start with \\x93NUMPY");
    const unsigned major = u[6], minor = u[7];
    if (major < 1 || major > 3 || minor != 0)
        return fail(c, HONE_E_UNSUPPORTED, "npy: version %u.%u", major, minor);
    const size_t field = major == 1 ? 2 : 4;
    if (size < PREAMBLE + field)
        return fail_at(c, HONE_E_FORMAT, (int64_t)size, "npy: file ends in the header");
    size_t length = 0;
    for (size_t i = field; i-- > 0;) length = length << 8 | u[PREAMBLE + i];
    const size_t start = PREAMBLE + field;
    if (length > MAX_HEADER || !in_range(start, length, size))
        return fail_at(c, HONE_E_FORMAT, PREAMBLE,
                       "npy: header of %zu bytes: expected at most %d, inside the file", length,
                       MAX_HEADER);
    h->data = start + length;
    return read_fields(&(cursor){c, data, data + start, data + h->data}, h);
}

/* ---- Elements -------------------------------------------------------------------------------- */

/* Copies column-major elements into row-major order. */
static void copy_transposed(char *to, const char *from, const shape *s, int64_t count,
                            size_t element) {
    size_t step[HONE_MAX_RANK], at = 0, stride = element;
    int64_t index[HONE_MAX_RANK] = {0};
    for (int32_t i = 0; i < s->rank; i++) { /* cannot overflow: count > 0 elements exist */
        step[i] = stride;
        stride *= (size_t)s->dim[i];
    }
    for (int64_t n = 0; n < count; n++, to += element) {
        memcpy(to, from + at, element);
        for (int32_t i = s->rank - 1; i >= 0; i--) {
            at += step[i];
            if (++index[i] < s->dim[i]) break;
            at -= step[i] * (size_t)s->dim[i];
            index[i] = 0;
        }
    }
}

/* Bytes of one element in the file. */
static bool element_size(const npy_header *h, size_t *out) {
    *out = dtype_size(h->dtype);
    return h->dtype != HONE_STRING || npy_text_size(&h->text, out);
}

/* Copies the elements into row-major order. */
static void copy_elements(const npy_header *h, const char *from, size_t bytes, char *to) {
    int64_t count = 0;
    size_t element = 0;
    shape_count(&h->shape, &count);
    element_size(h, &element);
    if (h->fortran && count)
        copy_transposed(to, from, &h->shape, count, element);
    else if (bytes)
        memcpy(to, from, bytes);
}

static hone_status load_text(const ctx *c, const npy_header *h, const char *from, size_t bytes,
                             hone_view *out) {
    int64_t count = 0;
    size_t pointers;
    shape_count(&h->shape, &count);
    /* Texts of no width take no bytes of the file, however many there are. */
    if (!size_mul((size_t)count, sizeof(char *), &pointers) || pointers > c->limits->tensor_bytes)
        return fail(c, HONE_E_LIMIT, "npy: %lld texts: the limit is %llu bytes (tensor_bytes)",
                    (long long)count, (unsigned long long)c->limits->tensor_bytes);
    char *copy = h->fortran ? mem_alloc(c->alloc, bytes, TENSOR_ALIGN) : NULL;
    if (h->fortran && !copy) return fail_nomem(c, bytes);
    if (copy) copy_elements(h, from, bytes, copy);
    *out = (hone_view){
        .dtype = h->dtype, .bytes = (size_t)count * sizeof(char *), .rank = h->shape.rank};
    memcpy(out->dim, h->shape.dim, sizeof out->dim);
    const hone_status status = npy_text_load(c, &h->text, copy ? copy : from, count, &out->data);
    mem_free(c->alloc, copy);
    return status;
}

static hone_status load_numbers(const ctx *c, const npy_header *h, const char *from, size_t bytes,
                                hone_view *out) {
    TRY(view_create(c, h->dtype, &h->shape, out));
    char *to = out->data;
    copy_elements(h, from, bytes, to);
    /* NumPy takes any byte but 0 for true, hone's kernels only 1. */
    for (size_t i = 0; h->dtype == HONE_BOOL && i < bytes; i++) to[i] = to[i] != 0;
    return HONE_OK;
}

static hone_status load(const ctx *c, const char *data, size_t size, hone_view *out) {
    npy_header h = {0};
    int64_t count;
    size_t element, bytes;
    TRY(read_header(c, data, size, &h));
    if (!shape_count(&h.shape, &count) || !element_size(&h, &element) ||
        !size_mul((size_t)count, element, &bytes))
        return fail(c, HONE_E_FORMAT, "npy: the shape has more than 2^63 bytes");
    if (bytes != size - h.data)
        return fail_at(c, HONE_E_FORMAT, (int64_t)h.data,
                       "npy: the shape needs %zu bytes of elements: the file has %zu", bytes,
                       size - h.data);
    hone_view view;
    TRY((h.dtype == HONE_STRING ? load_text : load_numbers)(c, &h, data + h.data, bytes, &view));
    *out = view;
    return HONE_OK;
}

hone_status hone_npy_load_memory(hone_view *out, const void *data, size_t size,
                                 const hone_limits *limits, hone_error *err) {
    hone_limits bounds;
    allocator alloc;
    const ctx c = {.alloc = &alloc, .limits = &bounds, .err = err};
    error_clear(err);
    TRY(limits_read(&c, limits, &bounds));
    allocator_init(&alloc, NULL, bounds.memory_bytes);
    if (!out || (!data && size)) return fail(&c, HONE_E_ARG, "hone_npy_load_memory: NULL argument");
    return load(&c, data, size, out);
}

hone_status hone_npy_load(hone_view *out, const char *path, const hone_limits *limits,
                          hone_error *err) {
    hone_limits bounds;
    allocator alloc;
    const ctx c = {.alloc = &alloc, .limits = &bounds, .err = err};
    error_clear(err);
    TRY(limits_read(&c, limits, &bounds));
    allocator_init(&alloc, NULL, bounds.memory_bytes);
    if (!out || !path) return fail(&c, HONE_E_ARG, "hone_npy_load: NULL argument");
    file_map file;
    TRY(file_map_open(&c, path, &file));
    const hone_status s = load(&c, file.data, file.size, out);
    file_map_close(&file);
    return fail_in_file(&c, s, path);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static const char *type_code(hone_dtype dtype) {
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].dtype == dtype) return types[i].code;
    return dtype == HONE_BF16 ? "<u2" : "|u1";
}

static hone_status put_header(const ctx *c, file_writer *w, const hone_view *v,
                              const npy_text *strings) {
    enum { TEXT = 2 * ALIGNMENT + 24 * HONE_MAX_RANK };
    char text[TEXT], wide[24];
    const char *code = v->dtype == HONE_STRING ? wide : type_code(v->dtype);
    snprintf(wide, sizeof wide, "<U%zu", strings->width);
    size_t n = (size_t)snprintf(text, sizeof text,
                                "{'descr': '%s', 'fortran_order': False, 'shape': (", code);
    for (int32_t i = 0; i < v->rank; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lld", i ? ", " : "",
                              (long long)v->dim[i]);
    n += (size_t)snprintf(text + n, sizeof text - n, v->rank == 1 ? ",), }" : "), }");
    const size_t start = PREAMBLE + 2;
    const size_t pad = ALIGNMENT - (start + n + 1) % ALIGNMENT;
    memset(text + n, ' ', pad % ALIGNMENT);
    n += pad % ALIGNMENT;
    text[n++] = '\n';
    const unsigned char preamble[] = {1, 0, n & 0xFF, (unsigned char)(n >> 8)};
    TRY(writer_put(c, w, magic, sizeof magic));
    TRY(writer_put(c, w, preamble, sizeof preamble));
    return writer_put(c, w, text, n);
}

/* Elements narrower than a byte get one each, with zero bits above. */
static hone_status put_unpacked(const ctx *c, file_writer *w, const hone_view *v, int64_t count) {
    const int bits = (int)hone_dtype_bits(v->dtype);
    for (int64_t i = 0; i < count; i++) {
        const unsigned char element = (unsigned char)packed_get(v->data, i, bits, false);
        TRY(writer_put(c, w, &element, 1));
    }
    return HONE_OK;
}

static hone_status check_view(const ctx *c, const hone_view *v, int64_t *count) {
    size_t bytes;
    if (v->rank < 0 || v->rank > HONE_MAX_RANK)
        return fail(c, HONE_E_ARG, "hone_npy_save: rank %d", v->rank);
    const shape s = shape_make(v->rank, v->dim);
    if (v->kind != HONE_TENSOR) return fail(c, HONE_E_UNSUPPORTED, "npy: only tensors");
    if (!shape_count(&s, count) || !dtype_bytes(v->dtype, *count, &bytes) || bytes != v->bytes ||
        (bytes && !v->data))
        return fail(c, HONE_E_ARG, "hone_npy_save: type, shape and size of the view do not agree");
    return HONE_OK;
}

hone_status hone_npy_save(const char *path, const hone_view *view, hone_error *err) {
    const hone_limits bounds = limits_complete(NULL);
    allocator alloc;
    allocator_init(&alloc, NULL, 0);
    const ctx c = {.alloc = &alloc, .limits = &bounds, .err = err};
    file_writer w;
    int64_t count;
    error_clear(err);
    if (!path || !view) return fail(&c, HONE_E_ARG, "hone_npy_save: NULL argument");
    TRY(check_view(&c, view, &count));
    const tensor t = {
        .dtype = view->dtype, .shape = shape_make(view->rank, view->dim), .data = view->data};
    npy_text strings = {0};
    if (t.dtype == HONE_STRING) TRY(npy_text_fit(&c, &t, &strings));
    TRY(writer_open(&c, &w, path));
    hone_status s = put_header(&c, &w, view, &strings);
    if (s == HONE_OK)
        s = t.dtype == HONE_STRING         ? npy_text_save(&c, &w, &t, &strings)
            : hone_dtype_bits(t.dtype) < 8 ? put_unpacked(&c, &w, view, count)
                                           : writer_put(&c, &w, view->data, view->bytes);
    if (s == HONE_OK) return writer_commit(&c, &w);
    writer_abort(&w);
    return s;
}
