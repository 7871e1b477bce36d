/* SPDX-License-Identifier: Apache-2.0 */
#include "diff_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_table.h"
#include "cli_text.h"

hone_status diff_list_add(diff_list *list, const diff_pair *pair, tolerance tol, hone_error *err) {
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 64;
        diff_item *grown = realloc(list->item, capacity * sizeof *grown);
        if (!grown) return cli_fail_nomem(err);
        list->item = grown;
        list->capacity = capacity;
    }
    char *name = strdup(pair->name);
    if (!name) return cli_fail_nomem(err);
    list->item[list->count++] = (diff_item){name, *pair->ours, *pair->theirs,
                                            tensor_diff_of(pair->ours, pair->theirs, tol)};
    return HONE_OK;
}

const diff_item *diff_list_first_divergent(const diff_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (!tensor_diff_is_close(&list->item[i].diff)) return &list->item[i];
    return NULL;
}

void diff_list_release(diff_list *list) {
    for (size_t i = 0; i < list->count; i++) free(list->item[i].name);
    free(list->item);
    *list = (diff_list){NULL, 0, 0};
}

static void print_numbers(table *t, const tensor_diff *d) {
    const double number[] = {d->max_abs, d->max_rel, d->scaled};
    for (int i = 0; i < 3; i++) table_cell(t, isnan(number[i]) ? "-" : "%.3g", number[i]);
    table_cell(t, isnan(d->cosine) ? "-" : "%.9f", d->cosine);
    table_cell(t, "%lld", (long long)d->mismatches);
}

hone_status diff_list_print(const diff_list *list, const char *what, hone_error *err) {
    table t;
    char heads[96];
    snprintf(heads, sizeof heads, "<|%s<|type<|max abs>|max rel>|scaled>|cosine>|mismatches>",
             what);
    table_init(&t, heads);
    for (size_t i = 0; i < list->count; i++) {
        const diff_item *item = &list->item[i];
        const line_text type = view_text(&item->ours);
        table_cell(&t, "%s", tensor_diff_is_close(&item->diff) ? "ok" : "differs");
        table_cell(&t, "%s", item->name);
        if (item->diff.comparable) {
            table_cell(&t, "%s", type.s);
            print_numbers(&t, &item->diff);
        } else {
            table_cell(&t, "%s against %s", type.s, view_text(&item->theirs).s);
            for (int k = 0; k < 5; k++) table_cell(&t, "-");
        }
    }
    return table_print(&t, err);
}

void diff_list_json(json_t *parent, const char *key, const diff_list *list) {
    json_t *array = doc_array(parent, key);
    for (size_t i = 0; i < list->count; i++) {
        const diff_item *r = &list->item[i];
        json_t *item = doc_object(array, NULL);
        doc_text(item, "name", r->name);
        doc_bool(item, "close", tensor_diff_is_close(&r->diff));
        doc_bool(item, "comparable", r->diff.comparable);
        doc_text(item, "dtype", hone_dtype_name(r->ours.dtype));
        doc_shape(item, "shape", r->ours.rank, r->ours.dim);
        doc_text(item, "reference_dtype", hone_dtype_name(r->theirs.dtype));
        doc_shape(item, "reference_shape", r->theirs.rank, r->theirs.dim);
        doc_real(item, "max_abs", r->diff.max_abs);
        doc_real(item, "max_rel", r->diff.max_rel);
        doc_real(item, "scaled", r->diff.scaled);
        doc_real(item, "cosine", r->diff.cosine);
        doc_int(item, "mismatch_count", r->diff.mismatches);
        doc_int(item, "count", r->diff.count);
    }
}
