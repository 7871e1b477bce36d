/* SPDX-License-Identifier: Apache-2.0 */
#include "bench_doc.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"

double bench_doc_latency(const json_t *doc, const char *key) {
    const json_t *value = json_object_get(json_object_get(doc, "latency_ms"), key);
    return json_is_number(value) ? 1e6 * json_number_value(value) : NAN;
}

const json_t *bench_doc_block_min(const json_t *doc) {
    return json_object_get(json_object_get(doc, "latency_ms"), "block_min");
}

static bool is_result(const json_t *doc) {
    const double min = bench_doc_latency(doc, "min"), p50 = bench_doc_latency(doc, "p50");
    return isfinite(min) && isfinite(p50) && min > 0 && p50 > 0;
}

/* Takes the document over. */
static hone_status check(json_t **out, json_t *doc, const json_error_t *problem, const char *name,
                         hone_error *err) {
    if (!doc && json_error_code(problem) == json_error_out_of_memory) return cli_fail_nomem(err);
    if (!doc)
        return cli_fail_file(err, HONE_E_FORMAT, name,
                             "not a result of 'hone bench --json': line %d: %s", problem->line,
                             problem->text);
    if (!is_result(doc)) {
        json_decref(doc);
        return cli_fail_file(err, HONE_E_FORMAT, name,
                             "not a result of 'hone bench --json': expected numbers above 0 as "
                             "latency_ms.min and latency_ms.p50");
    }
    *out = doc;
    return HONE_OK;
}

hone_status bench_doc_load(json_t **out, const char *path, hone_error *err) {
    json_error_t problem;
    FILE *file = fopen(path, "r");
    if (!file) return cli_fail_errno(err, path, "open");
    errno = 0;
    json_t *doc = json_loadf(file, JSON_REJECT_DUPLICATES, &problem);
    const hone_status status = ferror(file) ? cli_fail_errno(err, path, "read") : HONE_OK;
    fclose(file);
    if (status == HONE_OK) return check(out, doc, &problem, path, err);
    json_decref(doc);
    return status;
}

hone_status bench_doc_parse(json_t **out, const char *text, size_t size, const char *name,
                            hone_error *err) {
    json_error_t problem;
    json_t *doc = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    return check(out, doc, &problem, name, err);
}

/* "machine.cpu" and so on; NULL when there is none. */
static const json_t *member(const json_t *doc, const char *key) {
    const char *dot = strchr(key, '.');
    if (!dot) return json_object_get(doc, key);
    char outer[32];
    snprintf(outer, sizeof outer, "%.*s", (int)(dot - key), key);
    return json_object_get(json_object_get(doc, outer), dot + 1);
}

/* The file of a model may lie elsewhere. */
static bool is_same_file(const json_t *a, const json_t *b) {
    const char *x = json_string_value(a), *y = json_string_value(b);
    if (!x || !y) return false;
    const char *x_base = strrchr(x, '/'), *y_base = strrchr(y, '/');
    return strcmp(x_base ? x_base + 1 : x, y_base ? y_base + 1 : y) == 0;
}

/* Inputs without where their values are from. */
static json_t *input_types(const json_t *inputs) {
    json_t *copy = json_deep_copy(inputs), *item;
    size_t i;
    json_array_foreach(copy, i, item) if (json_is_object(item)) json_object_del(item, "source");
    return copy;
}

static bool is_same(const char *key, const json_t *here, const json_t *there) {
    if (strcmp(key, "model") == 0) return is_same_file(here, there);
    if (strcmp(key, "inputs") != 0) return json_equal(here, there);
    json_t *a = input_types(here), *b = input_types(there);
    const bool same = json_equal(a, b);
    json_decref(a);
    json_decref(b);
    return same;
}

json_t *bench_doc_differences(const json_t *here, const json_t *there) {
    static const char *const keys[] = {"machine.cpu", "machine.processors", "threads", "isa",
                                       "model",       "model_bytes",        "inputs"};
    json_t *list = json_array();
    for (size_t i = 0; list && i < sizeof keys / sizeof *keys; i++) {
        const json_t *ours = member(here, keys[i]), *theirs = member(there, keys[i]);
        if (!theirs || is_same(keys[i], ours, theirs)) continue;
        json_t *item = json_pack("{s:s,s:O,s:O}", "what", keys[i], "here", ours, "there", theirs);
        if (json_array_append_new(list, item) == 0) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}

static line_text value_text(const json_t *value) {
    line_text out;
    char *text = json_is_string(value) ? strdup(json_string_value(value))
                                       : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    snprintf(out.s, sizeof out.s, "%.200s", !text || json_is_null(value) ? "unknown" : text);
    free(text);
    return out;
}

void bench_doc_report(report_part *part, const json_t *differences) {
    size_t i;
    const json_t *item;
    json_array_foreach(differences, i, item) {
        report_fact(part, i == 0 ? "differs" : "", "%s: %s here, %s there",
                    json_string_value(json_object_get(item, "what")),
                    value_text(json_object_get(item, "here")).s,
                    value_text(json_object_get(item, "there")).s);
    }
}
