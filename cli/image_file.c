/* SPDX-License-Identifier: Apache-2.0
 *
 * Pictures through libhone_images, as red, green and blue; or as they are, for models that decode
 * them themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "hone/images.h"
#include "image_tensor.h"

enum { FIRST_READ = 1 << 16 };
#define DEFAULT_FILE_LIMIT (UINT64_C(16) << 30)

typedef struct bytes {
    uint8_t *data;
    size_t size;
    size_t capacity;
} bytes;

static hone_status reserve_more(bytes *b, const input_target *target, const char *path) {
    const hone_limits *limits = &target->set->limits;
    const uint64_t limit = limits->file_bytes ? limits->file_bytes : DEFAULT_FILE_LIMIT;
    if (b->size > limit)
        return cli_fail_file(target->err, HONE_E_LIMIT, path,
                             "the file is over the limit of %llu bytes", (unsigned long long)limit);
    b->capacity = b->capacity ? 2 * b->capacity : FIRST_READ;
    uint8_t *data = realloc(b->data, b->capacity);
    if (!data) return cli_fail_nomem(target->err);
    b->data = data;
    return HONE_OK;
}

/* Memory grows with what is really there. */
static hone_status read_all(bytes *b, FILE *file, const input_target *target, const char *path) {
    do {
        TRY(reserve_more(b, target, path));
        b->size += fread(b->data + b->size, 1, b->capacity - b->size, file);
    } while (b->size == b->capacity);
    return ferror(file) ? cli_fail_errno(target->err, path, "read") : HONE_OK;
}

/* One dimension of bytes has no room for a picture: it is the file that is wanted. */
static bool wants_file(const hone_port *port) { return port->dtype == HONE_U8 && port->rank == 1; }

static hone_status bytes_to_value(input_value *out, const input_target *target, const bytes *b) {
    TRY(input_value_fit(out, target, (int64_t)b->size));
    memcpy(out->view.data, b->data, b->size);
    return HONE_OK;
}

static hone_status decode(input_value *out, const input_target *target, const bytes *b,
                          const char *path) {
    hone_view rgb;
    TRY(cli_in_file(target->err,
                    hone_image_decode(&rgb, b->data, b->size, HONE_IMAGE_RGB, &target->set->limits,
                                      target->err),
                    path));
    const hone_status status = image_to_value(out, target, &rgb);
    hone_view_free(&rgb);
    return status;
}

hone_status image_load(input_value *out, const input_target *target, const char *path) {
    bytes b = {NULL, 0, 0};
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail_errno(target->err, path, "open");
    hone_status status = read_all(&b, file, target, path);
    fclose(file);
    if (status == HONE_OK)
        status = wants_file(target->port) ? bytes_to_value(out, target, &b)
                                          : decode(out, target, &b, path);
    free(b.data);
    return status;
}
