/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli_error.h"
#include "cli_parse.h"
#include "element.h"
#include "input_file.h"

/* A number that the type of the input cannot hold. */
static hone_status misfit(const input_target *target, const char *number) {
    const hone_dtype dtype = target->port->dtype;
    const char *expected = dtype == HONE_BOOL          ? "0 or 1"
                           : element_is_integer(dtype) ? "an integer in the range of"
                                                       : "a number in the range of";
    return cli_fail(target->err, HONE_E_INPUT, "input '%.100s': expected %s%s%s, got '%s'",
                    target->port->name, expected, dtype == HONE_BOOL ? " for " : " ",
                    hone_dtype_name(dtype), number);
}

static hone_status store_number(const hone_view *view, int64_t index, const input_target *target,
                                const char *number) {
    double value;
    if (!parse_real(number, &value))
        return cli_fail(target->err, HONE_E_ARG, "input '%.100s': expected numbers, got '%s'",
                        target->port->name, number);
    if (element_is_integer(view->dtype))
        return element_integer_parse(view->dtype, view->data, index, number)
                   ? HONE_OK
                   : misfit(target, number);
    element_set(view->dtype, view->data, index, value);
    return isfinite(element_get(view->dtype, view->data, index)) ? HONE_OK : misfit(target, number);
}

hone_status numbers_load(input_value *out, const input_target *target, const char *text) {
    int64_t count = 1;
    for (const char *s = text; *s; s++) count += *s == ',';
    TRY(input_value_fit(out, target, count));
    const char *s = text;
    for (int64_t i = 0; i < count; i++) {
        char number[64];
        const size_t n = strcspn(s, ",");
        snprintf(number, sizeof number, "%.*s", (int)n, s);
        const hone_status status = n < sizeof number ? store_number(&out->view, i, target, number)
                                                     : misfit(target, number);
        if (status != HONE_OK) {
            input_value_release(out);
            return status;
        }
        s += n + 1;
    }
    return HONE_OK;
}
