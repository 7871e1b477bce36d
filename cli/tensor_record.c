/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor_record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_error.h"
#include "output_names.h"

static bool reserve(tensor_record *r) {
    if (r->count < r->capacity) return true;
    const size_t capacity = r->capacity ? 2 * r->capacity : 64;
    recorded *item = realloc(r->item, capacity * sizeof *item);
    if (!item) return false;
    r->item = item;
    r->capacity = capacity;
    return true;
}

static hone_status add_parts(tensor_record *r, const char *name, const hone_view *list,
                             hone_error *err) {
    for (int64_t i = 0; i < list->dim[0]; i++) {
        char *part = part_name(name, list, i);
        if (!part) return cli_fail_nomem(err);
        const hone_status status =
            tensor_record_add(r, part, (const hone_view *)list->data + i, err);
        free(part);
        TRY(status);
    }
    return HONE_OK;
}

hone_status tensor_record_add(tensor_record *r, const char *name, const hone_view *view,
                              hone_error *err) {
    if (!reserve(r)) return cli_fail_nomem(err);
    recorded copy = {.name = strdup(name), .view = *view};
    copy.view.data = malloc(view->bytes ? view->bytes : 1);
    if (!copy.name || !copy.view.data) {
        free(copy.name);
        free(copy.view.data);
        return cli_fail_nomem(err);
    }
    if (view->bytes) memcpy(copy.view.data, view->data, view->bytes);
    r->item[r->count++] = copy;
    return view->kind == HONE_TENSOR ? HONE_OK : add_parts(r, name, view, err);
}

const hone_view *tensor_record_find(const tensor_record *r, const char *name) {
    for (size_t i = r->count; i-- > 0;)
        if (strcmp(r->item[i].name, name) == 0) return &r->item[i].view;
    return NULL;
}

void tensor_record_release(tensor_record *r) {
    for (size_t i = 0; i < r->count; i++) {
        free(r->item[i].name);
        free(r->item[i].view.data);
    }
    free(r->item);
    *r = (tensor_record){NULL, 0, 0};
}

hone_status tensor_file_load(input_value *out, bool *found, const char *path, hone_dtype dtype,
                             const hone_limits *limits, hone_error *err) {
    *found = access(path, F_OK) == 0;
    return *found ? npy_load_as(out, dtype, path, limits, err) : HONE_OK;
}
