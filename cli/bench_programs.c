/* SPDX-License-Identifier: Apache-2.0
 *
 * Two builds of hone in turn, each block in a process of its own, whose first runs and places in
 * memory are part of the noise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_against.h"
#include "bench_doc.h"
#include "bench_result.h"
#include "child_process.h"
#include "cli_error.h"
#include "cli_notes.h"

/* Two sets of every order: a process takes much longer than the runs that count. */
enum { PROGRAM_ROUNDS = 12 };
/* Arguments besides those of options. */
enum { FIXED_ARGUMENTS = 12 };

typedef struct programs {
    cli *c;
    char own[4096];
    char **argv[BLOCK_KINDS]; /* [0] is the program */
    json_t *doc[BLOCK_KINDS]; /* the first result of each */
} programs;

/* What the other program is given as well: all that says what is run, and how. */
static bool is_passed_on(const option_def *def) {
    static const option_group *const groups[] = {&options_input, &options_model, &options_session};
    for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const option_def *d = groups[g]->options; d->name; d++)
            if (d == def) return true;
    return false;
}

/* "--NAME=VALUE", or "--NAME" without a value; NULL when memory is out. */
static char *argument(const char *name, const char *value) {
    char *text;
    const int n = value ? asprintf(&text, "--%s=%s", name, value) : asprintf(&text, "--%s", name);
    return n < 0 ? NULL : text;
}

static char *number_argument(const char *name, double value) {
    char text[64];
    snprintf(text, sizeof text, "%.17g", value);
    return argument(name, text);
}

static void free_arguments(char **argv) {
    for (size_t i = 0; argv && argv[i]; i++) free(argv[i]);
    free(argv);
}

/* The last of an option counts, so the numbers that both programs must have come last. */
static char **make_arguments(const programs *p, const char *program) {
    const settings *set = &p->c->set;
    char **argv = calloc((size_t)set->given_count + FIXED_ARGUMENTS, sizeof *argv);
    size_t n = 0;
    if (!argv) return NULL;
    argv[n++] = strdup(program);
    argv[n++] = strdup("bench");
    argv[n++] = argument("json", NULL);
    for (int32_t i = 0; i < set->given_count; i++)
        if (is_passed_on(set->given[i].def))
            argv[n++] = argument(set->given[i].def->name, set->given[i].text);
    argv[n++] = number_argument("threads", threads_in_use(set));
    argv[n++] = number_argument("warmup", (double)set->warmup);
    argv[n++] =
        set->runs > 0
            ? number_argument("runs", (double)((set->runs + PROGRAM_ROUNDS - 1) / PROGRAM_ROUNDS))
            : number_argument("duration", bench_duration(set) / PROGRAM_ROUNDS);
    argv[n++] = strdup("--");
    argv[n++] = strdup(set->operand[0]);
    for (size_t i = 0; i < n; i++) {
        if (argv[i]) continue;
        while (n > 0) free(argv[--n]);
        free(argv);
        return NULL;
    }
    return argv;
}

/* The program's own error, if it tells one. */
static hone_status child_failed(const programs *p, int kind, const child_output *output) {
    json_error_t problem;
    json_t *doc = json_loadb(output->text, output->size, 0, &problem);
    const json_t *error = json_object_get(doc, "error");
    const char *text = json_string_value(json_object_get(error, "text"));
    const char *name = json_string_value(json_object_get(error, "status"));
    hone_error *err = &p->c->error;
    const hone_status status =
        text && name
            ? cli_fail_file(err, cli_status_named(name), p->argv[kind][0], "%s", text)
            : cli_fail_file(err, HONE_E_UNSUPPORTED, p->argv[kind][0],
                            "expected a program that runs 'bench --json', but it ended with exit "
                            "code %d",
                            output->exit_code);
    json_decref(doc);
    return status;
}

static hone_status measure_block(void *user, int kind, double *least_ns) {
    programs *p = user;
    child_output output;
    json_t *doc = NULL;
    hone_status status = child_run(&output, p->argv[kind], &p->c->error);
    if (status == HONE_OK && output.exit_code != 0) status = child_failed(p, kind, &output);
    if (status == HONE_OK)
        status = bench_doc_parse(&doc, output.text, output.size, p->argv[kind][0], &p->c->error);
    child_output_release(&output);
    TRY(status);
    *least_ns = bench_doc_latency(doc, "min");
    if (p->doc[kind])
        json_decref(doc);
    else
        p->doc[kind] = doc;
    return HONE_OK;
}

static bool is_enough(const void *user, int64_t round_count) {
    const programs *p = user;
    show_progress(&p->c->set, "%lld of %d rounds in turn", (long long)round_count, PROGRAM_ROUNDS);
    return round_count >= PROGRAM_ROUNDS;
}

static hone_status measure_programs(programs *p, against *out) {
    hone_error *err = &p->c->error;
    const ssize_t n = readlink("/proc/self/exe", p->own, sizeof p->own - 1);
    if (n < 0) return cli_fail_errno(err, "/proc/self/exe", "read");
    p->own[n] = '\0';
    for (int kind = 0; kind < BLOCK_KINDS; kind++) {
        p->argv[kind] = make_arguments(p, kind == BLOCK_OTHER ? out->name : p->own);
        if (!p->argv[kind]) return cli_fail_nomem(err);
    }
    TRY(rounds_measure(&out->rounds, measure_block, is_enough, p, err));
    TRY(rounds_evaluate(&out->result, &out->rounds, err));
    out->differences = bench_doc_differences(p->doc[BLOCK_OURS], p->doc[BLOCK_OTHER]);
    if (!out->differences) return cli_fail_nomem(err);
    out->doc = json_incref(p->doc[BLOCK_OTHER]);
    return HONE_OK;
}

hone_status against_program(against *out, cli *c) {
    programs p = {.c = c};
    out->name = c->set.against_program;
    out->is_program = true;
    const hone_status status = measure_programs(&p, out);
    show_progress(&c->set, "%s", "");
    for (int kind = 0; kind < BLOCK_KINDS; kind++) {
        free_arguments(p.argv[kind]);
        json_decref(p.doc[kind]);
    }
    return status;
}
