/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "checked.h"
#include "hone_reader.h"
#include "op.h"
#include "pack.h"
#include "utf8.h"

hone_status take(const hone_reader *r, cursor *in, void *out, size_t size, const char *what) {
    if (size > in->left)
        return fail_here(r, in, "%s is cut off: %zu bytes left, %zu needed", what, in->left, size);
    if (size) memcpy(out, in->at, size);
    in->at += size;
    in->left -= size;
    in->offset += size;
    return HONE_OK;
}

hone_status check_count(const hone_reader *r, const cursor *in, uint64_t count, size_t size,
                        const char *what) {
    if (count <= INT32_MAX && count <= in->left / size) return HONE_OK;
    return fail_here(r, in, "%llu %s cannot fit into %zu bytes", (unsigned long long)count, what,
                     in->left);
}

hone_status take_count(const hone_reader *r, cursor *in, size_t size, const char *what,
                       uint32_t *out) {
    uint32_t n = 0;
    TRY(take(r, in, &n, sizeof n, what));
    TRY(check_count(r, in, n, size, what));
    *out = n;
    return HONE_OK;
}

/* A table of fixed-size records fills its section. */
static hone_status table_open(const hone_reader *r, section_type t, size_t size, cursor *in,
                              uint32_t *count) {
    TRY(section_open(r, t, in));
    const size_t n = in->left / size;
    if (in->left % size || n > INT32_MAX)
        return fail_here(r, in, "section of type %d has %zu bytes: expected a multiple of %zu",
                         (int)t, in->left, size);
    *count = (uint32_t)n;
    return HONE_OK;
}

hone_status find_string(const hone_reader *r, const cursor *in, uint32_t index, const char **out) {
    if (index >= r->n_strings)
        return fail_here(r, in, "string %u: there are %u", index, r->n_strings);
    *out = r->strings[index];
    return HONE_OK;
}

hone_status take_name(hone_reader *r, const cursor *in, uint32_t index, const char **out) {
    TRY(find_string(r, in, index, out));
    const size_t bytes = strlen(*out);
    if (bytes > r->names_left)
        return fail(r->c, HONE_E_LIMIT,
                    "names are repeated too often: their copies would take a multiple "
                    "of the file");
    r->names_left -= bytes;
    return HONE_OK;
}

/* The text is copied, so that what is a valid string here stays one. */
static hone_status read_strings(hone_reader *r) {
    cursor in;
    uint32_t n;
    TRY(section_open(r, SECTION_STRINGS, &in));
    TRY(take_count(r, &in, sizeof(uint32_t), "strings", &n));
    uint32_t *ends = arena_array(&r->scratch, (size_t)n + 1, sizeof *ends);
    r->strings = arena_array(&r->scratch, n, sizeof *r->strings);
    if (!ends || !r->strings) return fail_nomem(r->c, n * sizeof *r->strings);
    TRY(take(r, &in, ends, ((size_t)n + 1) * sizeof *ends, "string table"));
    char *text = arena_alloc(&r->scratch, in.left);
    if (!text) return fail_nomem(r->c, in.left);
    if (ends[0] != 0 || ends[n] != in.left)
        return fail_here(r, &in, "strings end at %u: expected %zu", ends[n], in.left);
    memcpy(text, in.at, in.left);
    for (uint32_t i = 0; i < n; i++) {
        if (ends[i + 1] <= ends[i] || ends[i + 1] > in.left)
            return fail_here(r, &in, "string %u ends at %u: expected more than %u", i, ends[i + 1],
                             ends[i]);
        const size_t length = ends[i + 1] - ends[i] - 1;
        r->strings[i] = text + ends[i];
        if (text[ends[i] + length] != '\0' || !utf8_is_text(text + ends[i], length))
            return fail_here(r, &in, "string %u is not NUL-terminated UTF-8", i);
    }
    r->n_strings = n;
    return HONE_OK;
}

/* Graphs look symbols up in a list, so their number is bounded, and each is looked up once. */
static hone_status read_symbol(hone_reader *r, const cursor *in, uint32_t index, int64_t *out) {
    const char *name = NULL;
    TRY(find_string(r, in, index, &name));
    if (r->symbols[index] == 0) {
        if (r->n_symbols++ == FORMAT_MAX_SYMBOLS)
            return fail(r->c, HONE_E_LIMIT, "more than %d names of dimensions", FORMAT_MAX_SYMBOLS);
        const int64_t code = symbol_code(r->main, name);
        if (code == DIM_UNKNOWN) return fail_nomem(r->c, strlen(name));
        r->symbols[index] = code;
    }
    *out = r->symbols[index];
    return HONE_OK;
}

static hone_status read_dim(hone_reader *r, const cursor *in, int64_t dim, int64_t *out) {
    *out = dim;
    if (dim >= DIM_UNKNOWN) return HONE_OK;
    const uint64_t index = -2 - (uint64_t)dim;
    if (index > UINT32_MAX) return fail_here(r, in, "dimension %lld", (long long)dim);
    return read_symbol(r, in, (uint32_t)index, out);
}

/* depth[i]: how many types are inside type i. */
static hone_status read_type(hone_reader *r, cursor *in, uint32_t i, int32_t *depth) {
    type_record t;
    TRY(take(r, in, &t, sizeof t, "type"));
    if (t.kind > HONE_MAP || t.dtype >= HONE_DTYPE_COUNT || t.rank < RANK_UNKNOWN ||
        t.rank > HONE_MAX_RANK)
        return fail_here(r, in, "type %u has kind %u, element type %u, rank %d", i, t.kind, t.dtype,
                         t.rank);
    type *out = &r->types[i];
    *out = (type){.kind = (hone_kind)t.kind, .dtype = (hone_dtype)t.dtype};
    if (t.kind != HONE_TENSOR || t.element != NONE_INDEX) {
        if (t.kind == HONE_TENSOR || t.element >= i)
            return fail_here(r, in, "type %u is made of type %u", i, t.element);
        if (depth[t.element] >= r->c->limits->depth)
            return fail(r->c, HONE_E_LIMIT, "a type nested deeper than %d (depth)",
                        r->c->limits->depth);
        if (t.rank != RANK_UNKNOWN || (t.kind != HONE_MAP && t.dtype != HONE_UNDEFINED))
            return fail_here(r, in, "type %u is no tensor, but has a shape or an element type", i);
        depth[i] = depth[t.element] + 1;
        out->element = &r->types[t.element];
    }
    out->shape.rank = t.rank;
    for (int32_t a = 0; a < t.rank; a++) TRY(read_dim(r, in, t.dim[a], &out->shape.dim[a]));
    int64_t count;
    if (shape_known(&out->shape) && !shape_count(&out->shape, &count))
        return fail_here(r, in, "type %u has more than 2^63 elements", i);
    return HONE_OK;
}

static hone_status read_types(hone_reader *r) {
    cursor in;
    uint32_t n;
    TRY(table_open(r, SECTION_TYPES, sizeof(type_record), &in, &n));
    r->types = arena_array(&r->model->arena, n, sizeof *r->types);
    r->symbols = arena_array(&r->scratch, r->n_strings, sizeof *r->symbols);
    int32_t *depth = arena_array(&r->scratch, n, sizeof *depth);
    if (!r->types || !r->symbols || !depth) return fail_nomem(r->c, n * sizeof *r->types);
    for (uint32_t i = 0; i < n; i++) TRY(read_type(r, &in, i, depth));
    r->n_types = n;
    return HONE_OK;
}

static hone_status read_operators(hone_reader *r) {
    cursor in;
    TRY(table_open(r, SECTION_OPERATORS, sizeof(operator_record), &in, &r->n_ops));
    r->ops = arena_array(&r->scratch, r->n_ops, sizeof *r->ops);
    if (!r->ops) return fail_nomem(r->c, r->n_ops * sizeof *r->ops);
    for (uint32_t i = 0; i < r->n_ops; i++) {
        const char *domain = NULL, *name = NULL;
        char text[64];
        TRY(take(r, &in, &r->ops[i], sizeof r->ops[i], "operator"));
        TRY(find_string(r, &in, r->ops[i].domain, &domain));
        TRY(find_string(r, &in, r->ops[i].name, &name));
        const op *o = op_known(r->c, domain, name, INT32_MAX);
        if (o && r->ops[i].version <= (uint32_t)op_since(o)) continue;
        return fail(r->c, HONE_E_UNSUPPORTED, "needs operator '%s' of version %u: this hone has %s",
                    escape_name(text, sizeof text, name), r->ops[i].version,
                    o ? "an older one" : "none");
    }
    return HONE_OK;
}

static hone_status check_tensor(const hone_reader *r, const cursor *in, uint32_t i,
                                const tensor_record *t) {
    if (t->encoding != ENCODING_ALL || t->scale != NONE_INDEX || t->zero_point != NONE_INDEX ||
        t->index != NONE_INDEX)
        return fail_at(r->c, HONE_E_UNSUPPORTED, (int64_t)in->offset,
                       "tensor %u is sparse or quantized by its record", i);
    if (t->layout >= LAYOUT_KINDS)
        return fail_at(r->c, HONE_E_UNSUPPORTED, (int64_t)in->offset, "tensor %u has layout %u", i,
                       t->layout);
    if (t->rank > HONE_MAX_RANK || t->groups > INT32_MAX ||
        (t->groups == 0) != (t->layout == LAYOUT_DENSE))
        return fail_here(r, in, "tensor %u has rank %u, %u groups", i, t->rank, t->groups);
    if (t->section >= r->n_sections)
        return fail_here(r, in, "tensor %u is in section %u: there are %u", i, t->section,
                         r->n_sections);
    const section_record *s = &r->sections[t->section];
    const section_type want = t->dtype == HONE_STRING     ? SECTION_TEXT
                              : t->layout == LAYOUT_DENSE ? SECTION_DATA
                                                          : SECTION_PACK;
    if (s->type != want || s->param != t->layout)
        return fail_here(r, in, "tensor %u of layout %u is in a section of type %u", i, t->layout,
                         s->type);
    if (t->offset % SECTION_ALIGN || !in_range(t->offset, t->length, s->length))
        return fail_here(r, in, "tensor %u at %llu is not aligned or ends beyond its section", i,
                         (unsigned long long)t->offset);
    return HONE_OK;
}

/* Bytes that the tensor takes in memory, where strings are pointers; SIZE_MAX if it cannot be. */
static size_t memory_bytes(const tensor_record *t) {
    if (t->dtype != HONE_STRING) return (size_t)t->length;
    size_t bytes;
    if (t->length % sizeof(uint32_t)) return SIZE_MAX;
    return size_mul((size_t)t->length / sizeof(uint32_t), sizeof(char *), &bytes) ? bytes
                                                                                  : SIZE_MAX;
}

/* Elsewhere a boolean is known to be 0 or 1. */
static bool booleans_are_valid(const tensor *t) {
    const unsigned char *p = t->data;
    unsigned char seen = 0;
    for (size_t i = 0; i < t->bytes; i++) seen |= p[i];
    return seen <= 1;
}

/* The elements of a tensor of strings. Their text is copied once for each tensor that they are in.
 */
static hone_status read_text(hone_reader *r, const cursor *in, const tensor_record *t,
                             tensor *out) {
    const unsigned char *at = r->file + r->sections[t->section].offset + t->offset;
    const size_t count = (size_t)t->length / sizeof(uint32_t);
    const char **s = arena_array(&r->model->arena, count, sizeof *s);
    if (!s) return fail_nomem(r->c, count * sizeof *s);
    for (size_t i = 0; i < count; i++) {
        uint32_t number;
        memcpy(&number, at + i * sizeof number, sizeof number);
        TRY(take_name(r, in, number, &s[i]));
        s[i] = arena_strdup(&r->model->arena, s[i]);
        if (!s[i]) return fail_nomem(r->c, sizeof *s);
    }
    out->data = s;
    return HONE_OK;
}

static hone_status read_tensor(hone_reader *r, cursor *in, uint32_t i) {
    tensor_record t;
    TRY(take(r, in, &t, sizeof t, "tensor"));
    TRY(check_tensor(r, in, i, &t));
    tensor *out = &r->tensors[i];
    *out = (tensor){.dtype = (hone_dtype)t.dtype,
                    .layout = {(uint8_t)t.layout, (int32_t)t.groups},
                    .shape = shape_make((int32_t)t.rank, t.dim)};
    if (t.dtype >= HONE_DTYPE_COUNT || !layout_fits(out->layout, out->dtype, &out->shape) ||
        !tensor_size(out, &out->bytes) || out->bytes != memory_bytes(&t)) {
        char text[SHAPE_TEXT];
        return fail_here(r, in, "tensor %u of type %s and shape %s cannot take %llu bytes", i,
                         hone_dtype_name(out->dtype), shape_text(text, sizeof text, &out->shape),
                         (unsigned long long)t.length);
    }
    if (out->bytes > r->c->limits->tensor_bytes)
        return fail(r->c, HONE_E_LIMIT, "tensor %u takes %zu bytes: the limit is %llu", i,
                    out->bytes, (unsigned long long)r->c->limits->tensor_bytes);
    if (out->dtype == HONE_STRING) return read_text(r, in, &t, out);
    /* Constants are never written to; only buffers of results are. */
    const unsigned char *data = r->file + r->sections[t.section].offset + t.offset;
    memcpy(&out->data, &data, sizeof out->data);
    if (out->dtype == HONE_BOOL && !booleans_are_valid(out))
        return fail_here(r, in, "tensor %u has a boolean that is neither 0 nor 1", i);
    return HONE_OK;
}

static hone_status read_tensors(hone_reader *r) {
    cursor in;
    TRY(table_open(r, SECTION_TENSORS, sizeof(tensor_record), &in, &r->n_tensors));
    if (r->n_tensors > r->c->limits->tensors)
        return fail(r->c, HONE_E_LIMIT, "%u tensors: the limit is %lld", r->n_tensors,
                    (long long)r->c->limits->tensors);
    r->tensors = arena_array(&r->model->arena, r->n_tensors, sizeof *r->tensors);
    if (!r->tensors) return fail_nomem(r->c, r->n_tensors * sizeof *r->tensors);
    for (uint32_t i = 0; i < r->n_tensors; i++) TRY(read_tensor(r, &in, i));
    return HONE_OK;
}

hone_status read_tables(hone_reader *r) {
    TRY(read_strings(r));
    TRY(read_types(r));
    TRY(read_operators(r));
    return read_tensors(r);
}
