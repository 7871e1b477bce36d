/* SPDX-License-Identifier: Apache-2.0 */
#include "status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

const char *hone_status_name(hone_status status) {
    switch (status) {
    case HONE_OK: return "HONE_OK";
    case HONE_E_ARG: return "HONE_E_ARG";
    case HONE_E_INPUT: return "HONE_E_INPUT";
    case HONE_E_BUSY: return "HONE_E_BUSY";
    case HONE_E_IO: return "HONE_E_IO";
    case HONE_E_FORMAT: return "HONE_E_FORMAT";
    case HONE_E_UNSUPPORTED: return "HONE_E_UNSUPPORTED";
    case HONE_E_LIMIT: return "HONE_E_LIMIT";
    case HONE_E_DEADLINE: return "HONE_E_DEADLINE";
    case HONE_E_CANCELLED: return "HONE_E_CANCELLED";
    case HONE_E_NOMEM: return "HONE_E_NOMEM";
    case HONE_E_INTERNAL: return "HONE_E_INTERNAL";
    }
    return "HONE_E_UNKNOWN";
}

void error_clear(hone_error *err) {
    if (!err) return;
    memset(err, 0, sizeof *err);
    err->offset = -1;
}

__attribute__((format(printf, 4, 0))) static hone_status
record(const ctx *c, hone_status code, int64_t offset, const char *format, va_list args) {
    hone_error *err = c->err;
    if (!err || err->status != HONE_OK) return code;
    error_clear(err);
    err->status = code;
    err->offset = offset;
    const int n = vsnprintf(err->text, sizeof err->text, format, args);
    if (n < 0) err->text[0] = '\0';
    if (offset >= 0 && n >= 0 && (size_t)n < sizeof err->text)
        snprintf(err->text + n, sizeof err->text - (size_t)n, " (byte %lld)", (long long)offset);
    return code;
}

hone_status fail(const ctx *c, hone_status code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    record(c, code, -1, format, args);
    va_end(args);
    return code;
}

hone_status fail_at(const ctx *c, hone_status code, int64_t offset, const char *format, ...) {
    va_list args;
    va_start(args, format);
    record(c, code, offset, format, args);
    va_end(args);
    return code;
}

hone_status fail_nomem(const ctx *c, size_t size) {
    /* The size alone does not tell: an arena asks for more than its caller does. */
    if (atomic_load(&c->alloc->refused) || mem_over_limit(c->alloc, size))
        return fail(c, HONE_E_LIMIT, "memory limit: %zu bytes more would exceed %llu", size,
                    (unsigned long long)c->alloc->limit);
    return fail(c, HONE_E_NOMEM, "out of memory: cannot allocate %zu bytes", size);
}

/* Puts "<prefix>: " before the recorded text; the end is cut when it does not fit. */
static void prepend(hone_error *err, const char *prefix) {
    char old[sizeof err->text];
    memcpy(old, err->text, sizeof old);
    const int n = snprintf(err->text, sizeof err->text, "%s: ", prefix);
    if (n < 0) return;
    const size_t used = (size_t)n < sizeof err->text ? (size_t)n : sizeof err->text - 1;
    snprintf(err->text + used, sizeof err->text - used, "%s", old);
}

hone_status fail_in_node(const ctx *c, hone_status code, const char *node, const char *op) {
    hone_error *err = c->err;
    if (code == HONE_OK || !err || err->node[0] || err->op[0]) return code;
    char prefix[sizeof err->node + sizeof err->op + 16];
    escape_name(err->node, sizeof err->node, node && *node ? node : "(unnamed)");
    escape_name(err->op, sizeof err->op, op ? op : "");
    snprintf(prefix, sizeof prefix, "node '%s' (%s)", err->node, err->op);
    prepend(err, prefix);
    return code;
}

hone_status fail_in_part(const ctx *c, hone_status code, const char *kind, const char *name) {
    char prefix[128], escaped[96];
    if (code == HONE_OK || !c->err || !name || !*name) return code;
    snprintf(prefix, sizeof prefix, "%.24s '%s'", kind, escape_name(escaped, sizeof escaped, name));
    prepend(c->err, prefix);
    return code;
}

hone_status fail_in_file(const ctx *c, hone_status code, const char *file) {
    hone_error *err = c->err;
    if (code == HONE_OK || !err || err->file[0] || !file || !*file) return code;
    escape_name(err->file, sizeof err->file, file);
    prepend(err, err->file);
    return code;
}

void log_line(const ctx *c, hone_log_level level, const char *format, ...) {
    if (!c->log) return;
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    c->log(c->user, level, line);
}

const char *escape_name(char *out, size_t size, const char *name) {
    const unsigned char *s = (const unsigned char *)name;
    size_t left = strlen(name), n = 0;
    while (*s) {
        const size_t len = *s < 0x20 || *s == 0x7F ? 0 : utf8_length(s, left);
        const size_t width = len ? len : 4;
        if (n + width + 4 > size) { /* room for "..." and the terminator */
            n += (size_t)snprintf(out + n, size - n, "%.*s", (int)(size - n - 1), "...");
            break;
        }
        if (len)
            memcpy(out + n, s, len);
        else
            snprintf(out + n, 5, "\\x%02x", *s);
        n += width;
        s += len ? len : 1;
        left -= len ? len : 1;
    }
    if (n >= size) n = size - 1;
    out[n] = '\0';
    return out;
}

hone_status report_progress(const ctx *c, const char *stage, int64_t done, int64_t total) {
    if (!c->progress || c->progress(c->user, stage, done, total) == 0) return HONE_OK;
    return fail(c, HONE_E_CANCELLED, "stopped while opening, at stage '%s'", stage);
}
