/* SPDX-License-Identifier: Apache-2.0 */
#include "value_report.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli_error.h"
#include "cli_text.h"
#include "element.h"
#include "output_names.h"
#include "tensor_stats.h"

/* Elements shown of each tensor, and values of each list. */
enum { FIRST_VALUES = 8, MOST_DEPTH = 8 };

static const hone_view *values_of(const hone_view *list) { return list->data; }

static const char *kind_text(hone_kind kind) {
    static const char *const names[] = {"tensor", "sequence", "optional", "map"};
    return names[kind];
}

static const char *part_text(number_text *room, const hone_view *list, int64_t i) {
    if (list->kind == HONE_MAP) return i == 0 ? "keys" : "values";
    snprintf(room->s, sizeof room->s, "%lld", (long long)i);
    return room->s;
}

/* ---- For people ------------------------------------------------------------------------------ */

/* "1.5 2 nan ..." */
static void print_first_values(const hone_view *view, int64_t count, int indent) {
    printf("%*s  first ", indent, "");
    for (int64_t i = 0; i < count && i < FIRST_VALUES; i++) {
        if (view->dtype == HONE_STRING)
            printf(" \"%s\"", clean_text(((const char *const *)view->data)[i]).s);
        else
            printf(" %s", element_text(view->dtype, view->data, i).s);
    }
    printf("%s\n", count > FIRST_VALUES ? " ..." : "");
}

static void print_tensor(const hone_view *view, int indent) {
    const tensor_stats stats = tensor_stats_of(view);
    int64_t count = 0;
    printf("%s\n", view_text(view).s);
    if (!element_count(view->rank, view->dim, &count) || count == 0) return;
    if (view->dtype == HONE_STRING) print_first_values(view, count, indent);
    if (!stats.known) return;
    printf("%*s  min %s  max %s  mean %s", indent, "", tensor_stats_min(&stats).s,
           tensor_stats_max(&stats).s, human_real(stats.mean).s);
    if (stats.nans > 0) printf("  NaN %lld", (long long)stats.nans);
    if (stats.infinities > 0) printf("  infinite %lld", (long long)stats.infinities);
    putchar('\n');
    print_first_values(view, stats.count, indent);
}

static void print_value(const char *name, const hone_view *view, int indent) {
    printf("%*s%s  ", indent, "", clean_text(name).s);
    if (view->kind == HONE_TENSOR) {
        print_tensor(view, indent);
        return;
    }
    const int64_t count = view->dim[0];
    if (view->kind == HONE_MAP)
        printf("map\n");
    else
        printf("%s of %lld\n", kind_text(view->kind), (long long)count);
    for (int64_t i = 0; i < count && i < FIRST_VALUES && indent < 4 * MOST_DEPTH; i++) {
        number_text room;
        print_value(part_text(&room, view, i), &values_of(view)[i], indent + 2);
    }
    if (count > FIRST_VALUES) printf("%*s  ...\n", indent, "");
}

void value_print(const char *name, const hone_view *view) { print_value(name, view, 2); }

/* ---- For programs ---------------------------------------------------------------------------- */

static void tensor_json(json_t *object, const hone_view *view) {
    doc_text(object, "dtype", hone_dtype_name(view->dtype));
    doc_shape(object, "shape", view->rank, view->dim);
    const tensor_stats stats = tensor_stats_of(view);
    tensor_stats_json(object, &stats);
    json_t *first = doc_array(object, "first_values");
    int64_t count = 0;
    element_count(view->rank, view->dim, &count);
    for (int64_t i = 0; i < count && i < FIRST_VALUES; i++) {
        if (view->dtype == HONE_STRING)
            doc_text(first, NULL, ((const char *const *)view->data)[i]);
        else if (stats.known)
            element_json(first, NULL, view, i);
    }
}

void value_json(json_t *object, const hone_view *view) {
    doc_text(object, "kind", kind_text(view->kind));
    if (view->kind == HONE_TENSOR) {
        tensor_json(object, view);
        return;
    }
    doc_int(object, "count", view->dim[0]);
    json_t *list = doc_array(object, "values");
    for (int64_t i = 0; i < view->dim[0]; i++)
        value_json(doc_object(list, NULL), &values_of(view)[i]);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static hone_status save_tensor(const char *dir, const char *name, const hone_view *view,
                               hone_error *err) {
    char *path = path_of_tensor(dir, name);
    if (!path) return cli_fail_nomem(err);
    const hone_status status = hone_npy_save(path, view, err);
    free(path);
    return status;
}

hone_status value_save(const char *dir, const char *name, const hone_view *view, hone_error *err) {
    if (view->kind == HONE_TENSOR) return save_tensor(dir, name, view, err);
    for (int64_t i = 0; i < view->dim[0]; i++) {
        char *part = part_name(name, view, i);
        if (!part) return cli_fail_nomem(err);
        const hone_status status = value_save(dir, part, &values_of(view)[i], err);
        free(part);
        TRY(status);
    }
    return HONE_OK;
}
