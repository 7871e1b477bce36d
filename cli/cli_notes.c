/* SPDX-License-Identifier: Apache-2.0 */
#include "cli_notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli_stop.h"
#include "cli_text.h"

/* Is a progress line standing on the terminal? It is wiped before anything else is written. */
static bool line_shown;

static void wipe_line(void) {
    if (line_shown) fputs("\r\033[K", stderr);
    line_shown = false;
}

__attribute__((format(printf, 2, 0))) static void put_line(const char *kind, const char *format,
                                                           va_list args) {
    line_text text;
    vsnprintf(text.s, sizeof text.s, format, args);
    wipe_line();
    fprintf(stderr, "hone: %s%s\n", kind, clean_text(text.s).s);
}

void note(const settings *set, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!set->quiet) put_line("note: ", format, args);
    va_end(args);
}

void warn(const settings *set, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (!set->quiet) put_line("warning: ", format, args);
    va_end(args);
}

void tell(const settings *set, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (set->verbose) put_line("", format, args);
    va_end(args);
}

static int unsupported;

int notes_unsupported(void) { return unsupported; }

void notes_log(void *user, hone_log_level level, const char *line) {
    const settings *set = user;
    const bool is_unsupported = strncmp(line, "unsupported operator: ", 22) == 0;
    unsupported += is_unsupported;
    if (is_unsupported && !set->verbose) return;
    if (set->quiet || (level != HONE_LOG_WARNING && !set->verbose)) return;
    wipe_line();
    const char *kind = level == HONE_LOG_WARNING ? "warning: " : "";
    fprintf(stderr, "hone: %s%s\n", kind, clean_text(line).s);
}

int notes_progress(void *user, const char *stage, int64_t done, int64_t total) {
    if (done >= total)
        show_progress(user, "%s", "");
    else
        show_progress(user, "%s %3d %%", stage, (int)(100.0 * (double)done / (double)total));
    return stop_signal();
}

void show_progress(const settings *set, const char *format, ...) {
    line_text text;
    if (set->quiet || !isatty(STDERR_FILENO)) return;
    va_list args;
    va_start(args, format);
    vsnprintf(text.s, sizeof text.s, format, args);
    va_end(args);
    wipe_line();
    if (!text.s[0]) return;
    fprintf(stderr, "hone: %s", clean_text(text.s).s);
    fflush(stderr);
    line_shown = true;
}
