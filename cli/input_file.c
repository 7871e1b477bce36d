/* SPDX-License-Identifier: Apache-2.0 */
#include "input_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_text.h"
#include "element.h"
#include "hone/images.h"
#include "npy_file.h"

#define DEFAULT_TENSOR_LIMIT (UINT64_C(4) << 30)
enum { MAGIC_SIZE = HONE_IMAGE_MAGIC_BYTES };

uint64_t tensor_limit(const settings *set) {
    return set->limits.tensor_bytes ? set->limits.tensor_bytes : DEFAULT_TENSOR_LIMIT;
}

void input_value_release(input_value *value) {
    if (value->from_library)
        hone_view_free(&value->view);
    else
        free(value->view.data);
    free(value->text);
    *value = (input_value){.from_library = false};
}

hone_status input_value_create(input_value *out, const input_target *target, int32_t rank,
                               const int64_t *dim) {
    const hone_dtype dtype = target->port->dtype;
    const uint64_t limit = tensor_limit(target->set);
    int64_t count;
    const bool is_text = dtype == HONE_STRING; /* pointers, to be set */
    if (!is_text && !element_is_writable(dtype))
        return cli_fail(target->err, HONE_E_UNSUPPORTED,
                        "input '%s': %s values can be given only as .npy files%s",
                        target->port->name, hone_dtype_name(dtype), npy_stand_in_text(dtype));
    const uint64_t size = is_text ? sizeof(char *) : hone_dtype_bits(dtype) / 8;
    if (!element_count(rank, dim, &count) || (uint64_t)count > limit / size)
        return cli_fail(target->err, HONE_E_LIMIT,
                        "input '%s' is larger than the limit of %llu bytes", target->port->name,
                        (unsigned long long)limit);
    hone_view view = {.dtype = dtype, .rank = rank, .bytes = (size_t)count * size};
    if (rank > 0) memcpy(view.dim, dim, (size_t)rank * sizeof *dim);
    view.data = cli_alloc(target->err, (size_t)count, size);
    if (!view.data) return HONE_E_NOMEM;
    *out = (input_value){.view = view};
    return HONE_OK;
}

hone_status input_value_fit(input_value *out, const input_target *target, int64_t count) {
    const hone_port *port = target->port;
    int64_t dim[HONE_MAX_RANK] = {count}, fixed = 1;
    int32_t open = -1;
    if (port->rank < 0) return input_value_create(out, target, 1, dim);
    for (int32_t i = 0; i < port->rank; i++) {
        dim[i] = port->dim[i] >= 0 ? port->dim[i] : 1;
        if (port->dim[i] < 0) open = i;
        if (__builtin_mul_overflow(fixed, dim[i], &fixed)) fixed = -1;
    }
    if (open >= 0 && fixed > 0 && count % fixed == 0) {
        dim[open] = count / fixed;
        fixed = count;
    }
    if (fixed != count)
        return cli_fail(target->err, HONE_E_INPUT, "input '%s': expected %s, got %lld values",
                        port->name, port_text(port).s, (long long)count);
    return input_value_create(out, target, port->rank, dim);
}

hone_status input_value_check(const input_value *value, const input_target *target,
                              const char *source) {
    const hone_port *port = target->port;
    const hone_view *view = &value->view;
    bool fits = view->dtype == port->dtype && (port->rank < 0 || port->rank == view->rank);
    for (int32_t i = 0; fits && i < port->rank; i++)
        fits = port->dim[i] < 0 || port->dim[i] == view->dim[i];
    if (fits) return HONE_OK;
    return cli_fail_file(target->err, HONE_E_INPUT, source, "input '%s': expected %s, got %s",
                         port->name, port_text(port).s, view_text(view).s);
}

static hone_status read_magic(char magic[MAGIC_SIZE], const char *path, hone_error *err) {
    memset(magic, 0, MAGIC_SIZE);
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail_errno(err, path, "open");
    const size_t n = fread(magic, 1, MAGIC_SIZE, file);
    const bool failed = n < MAGIC_SIZE && ferror(file);
    if (failed) cli_fail_errno(err, path, "read");
    fclose(file);
    return failed ? HONE_E_IO : HONE_OK;
}

typedef struct file_kind {
    const char *magic;
    size_t size;
    hone_status (*load)(input_value *out, const input_target *target, const char *path);
    value_kind kind;
} file_kind;

static const file_kind lines_kind = {.load = lines_load, .kind = VALUE_TENSOR};
static const file_kind image_kind = {.load = image_load, .kind = VALUE_IMAGE};
static const file_kind kinds[] = {
    {"\x93NUMPY", 6, npy_load, VALUE_TENSOR}, {"RIFF", 4, sound_load, VALUE_SOUND},
    {"RF64", 4, sound_load, VALUE_SOUND},     {"fLaC", 4, sound_load, VALUE_SOUND},
    {"OggS", 4, sound_load, VALUE_SOUND},     {"FORM", 4, sound_load, VALUE_SOUND},
};

/* Pictures come first: a RIFF file may be one. */
static const file_kind *kind_of(const char magic[MAGIC_SIZE]) {
    if (hone_image_recognized(magic, MAGIC_SIZE)) return &image_kind;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (memcmp(magic, kinds[i].magic, kinds[i].size) == 0) return &kinds[i];
    return NULL;
}

hone_status input_value_load(input_value *out, const input_target *target, const char *source) {
    char magic[MAGIC_SIZE];
    *out = (input_value){.from_library = false};
    const bool is_text = target->port->dtype == HONE_STRING;
    if (source[0] == '@') return (is_text ? words_load : numbers_load)(out, target, source + 1);
    TRY(read_magic(magic, source, target->err));
    const file_kind *kind = kind_of(magic);
    if (!kind && is_text) kind = &lines_kind;
    if (!kind)
        return cli_fail_file(target->err, HONE_E_FORMAT, source,
                             "expected a .npy, picture or sound file");
    hone_status status = kind->load(out, target, source);
    out->kind = kind->kind;
    if (status == HONE_OK) status = input_value_check(out, target, source);
    if (status != HONE_OK) input_value_release(out);
    return status;
}
