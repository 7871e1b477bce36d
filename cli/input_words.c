/* SPDX-License-Identifier: Apache-2.0
 *
 * Text for inputs of type string: words separated by commas on the command line, or the lines of a
 * file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "input_file.h"

/* Takes over `text`, of which every piece up to a separator is an element. A separator at the end
 * ends the last one. */
static hone_status take_words(input_value *out, const input_target *target, char *text, char by) {
    const size_t length = strlen(text);
    int64_t count = length && text[length - 1] != by;
    for (const char *s = text; *s; s++) count += *s == by;
    const hone_status status = input_value_fit(out, target, count);
    if (status != HONE_OK) {
        free(text);
        return status;
    }
    out->text = text;
    char **word = out->view.data;
    for (int64_t i = 0; i < count; i++) {
        word[i] = text;
        text += strcspn(text, (char[]){by, '\0'});
        *text++ = '\0';
    }
    return HONE_OK;
}

hone_status words_load(input_value *out, const input_target *target, const char *text) {
    char *copy;
    /* A comma behind it, so that an empty text is one empty word. */
    if (asprintf(&copy, "%s,", text) < 0) return cli_fail_nomem(target->err);
    return take_words(out, target, copy, ',');
}

hone_status lines_load(input_value *out, const input_target *target, const char *path) {
    char *text = NULL;
    size_t capacity = 0;
    FILE *file = fopen(path, "rb");
    if (!file) return cli_fail_errno(target->err, path, "open");
    const ssize_t n = getdelim(&text, &capacity, '\0', file);
    const bool failed = n < 0 && ferror(file), whole = n < 0 || (size_t)n == strlen(text);
    fclose(file);
    if (failed || !whole || (n >= 0 && (uint64_t)n > tensor_limit(target->set))) {
        free(text);
        if (failed) return cli_fail_errno(target->err, path, "read");
        if (whole)
            return cli_fail_file(target->err, HONE_E_LIMIT, path, "the text is over the limit");
        return cli_fail_file(target->err, HONE_E_FORMAT, path, "the text holds a NUL byte");
    }
    if (!text && !(text = calloc(1, 1))) return cli_fail_nomem(target->err);
    if (n <= 0) *text = '\0';
    return take_words(out, target, text, '\n');
}
