/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Three significant digits of a value below 1024. */
static number_text scaled(double value, const char *unit) {
    number_text out;
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(out.s, sizeof out.s, "%.*f %s", decimals, value, unit);
    return out;
}

number_text human_bytes(uint64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    number_text out;
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < sizeof units / sizeof units[0]) {
        value /= 1024;
        unit++;
    }
    if (unit > 0) return scaled(value, units[unit]);
    snprintf(out.s, sizeof out.s, "%u B", (unsigned)bytes);
    return out;
}

number_text human_count(double count) {
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    number_text out;
    size_t unit = 0;
    if (count < 10000) {
        snprintf(out.s, sizeof out.s, "%.0f", count);
        return out;
    }
    while (count >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
        count /= 1000;
        unit++;
    }
    return scaled(count, units[unit]);
}

number_text human_flops(uint64_t flops) {
    number_text out;
    const number_text count = human_count((double)flops);
    snprintf(out.s, sizeof out.s, "%.20s%sFLOP", count.s, flops < 10000 ? " " : "");
    return out;
}

number_text human_time(double nanoseconds) {
    if (nanoseconds < 999.5) return scaled(nanoseconds, "ns");
    if (nanoseconds < 999.5e3) return scaled(nanoseconds / 1e3, "us");
    if (nanoseconds < 999.5e6) return scaled(nanoseconds / 1e6, "ms");
    return scaled(nanoseconds / 1e9, "s");
}

const char *plural(int64_t count) { return count == 1 ? "" : "s"; }

number_text human_real(double value) {
    number_text out;
    snprintf(out.s, sizeof out.s, "%.6g", value);
    return out;
}

/* Appends to a line and cuts it when it is full. */
__attribute__((format(printf, 3, 4))) static void append(line_text *line, size_t *used,
                                                         const char *format, ...) {
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line->s + *used, sizeof line->s - *used, format, args);
    va_end(args);
    if (n > 0) *used += (size_t)n;
    if (*used >= sizeof line->s) *used = sizeof line->s - 1;
}

static const char *const kinds[] = {"", "sequence of ", "optional of ", "map of "};

line_text port_text(const hone_port *port) {
    line_text out;
    size_t used = 0;
    append(&out, &used, "%s%s[", kinds[port->kind], hone_dtype_name(port->dtype));
    if (port->rank < 0) append(&out, &used, "...");
    for (int32_t i = 0; i < port->rank; i++) {
        if (i > 0) append(&out, &used, ",");
        if (port->dim[i] >= 0)
            append(&out, &used, "%lld", (long long)port->dim[i]);
        else
            append(&out, &used, "%.40s", port->dim_name[i] ? port->dim_name[i] : "?");
    }
    append(&out, &used, "]");
    return out;
}

line_text view_text(const hone_view *view) {
    if (view->kind != HONE_TENSOR) {
        line_text out;
        snprintf(out.s, sizeof out.s, "%s%lld values", kinds[view->kind], (long long)view->dim[0]);
        return out;
    }
    hone_port port = {.dtype = view->dtype, .rank = view->rank};
    memcpy(port.dim, view->dim, sizeof port.dim);
    return port_text(&port);
}

/* Length of the UTF-8 sequence of a printable character at `s`, or 0. */
static size_t printable_length(const unsigned char *s) {
    if (s[0] >= 0x20 && s[0] < 0x7F) return 1;
    const size_t n = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                     : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                     : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                    : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    const bool is_control = n == 2 && s[0] == 0xC2 && s[1] < 0xA0;
    const bool is_overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    const bool is_outside = (s[0] == 0xED && s[1] > 0x9F) || (s[0] == 0xF4 && s[1] > 0x8F);
    return is_control || is_overlong || is_outside ? 0 : n;
}

line_text clean_text(const char *text) {
    line_text out;
    size_t used = 0;
    const unsigned char *s = (const unsigned char *)text;
    out.s[0] = '\0';
    while (*s && used + 8 < sizeof out.s) {
        const size_t n = printable_length(s);
        if (n > 0)
            append(&out, &used, "%.*s", (int)n, (const char *)s);
        else
            append(&out, &used, "\\x%02X", (unsigned)*s);
        s += n > 0 ? n : 1;
    }
    if (*s) append(&out, &used, "...");
    return out;
}

int text_width(const char *text) {
    int width = 0;
    for (; *text; text++)
        if (((unsigned char)*text & 0xC0) != 0x80) width++;
    return width;
}

const char *text_character(const char *text, int n) {
    for (; *text; text++) {
        const bool starts = ((unsigned char)*text & 0xC0) != 0x80;
        if (starts && n-- == 0) break;
    }
    return text;
}
