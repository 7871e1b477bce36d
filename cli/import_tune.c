/* SPDX-License-Identifier: Apache-2.0 */
#include "import_tune.h"

#include <string.h>

#include "cli_error.h"
#include "cli_json.h"
#include "cli_notes.h"
#include "cli_text.h"

typedef struct tuning {
    import_tune *out;
    cli *c;
    workspace *work;
} tuning;

static hone_status give_inputs(void *user, hone_session *session, hone_error *err) {
    const tuning *t = user;
    return input_set_bind(&t->work->inputs, session, err);
}

static void take_layer(void *user, const hone_tuned *l) {
    import_tune *out = ((tuning *)user)->out;
    json_t *layer = doc_object(out->document, NULL);
    doc_text(layer, "node", l->node);
    doc_text(layer, "operator", l->op);
    doc_text(layer, "chosen", l->chosen);
    doc_text(layer, "expected", l->expected);
    doc_real(layer, "chosen_us", (double)l->chosen_ns / 1e3);
    doc_real(layer, "expected_us", (double)l->expected_ns / 1e3);
    table_cell(&out->layers, "%s", l->node);
    table_cell(&out->layers, "%s", l->expected);
    table_cell(&out->layers, "%s", human_time((double)l->expected_ns).s);
    table_cell(&out->layers, "%s", l->chosen);
    table_cell(&out->layers, "%s", human_time((double)l->chosen_ns).s);
    out->count++;
    out->changed += strcmp(l->chosen, l->expected) != 0;
    out->chosen_ns += l->chosen_ns;
    out->expected_ns += l->expected_ns;
}

static int show_turn(void *user, const char *stage, int64_t done, int64_t total) {
    const tuning *t = user;
    return notes_progress(&t->c->set, stage, done, total);
}

hone_status import_tune_run(import_tune *out, cli *c, workspace *w) {
    tuning t = {out, c, w};
    const hone_session_options session = session_options(c, 0);
    hone_tune_options options = HONE_INIT(hone_tune_options);
    table_init(&out->layers, "layer<|expected<|time>|chosen<|time>");
    out->document = json_array();
    TRY(input_set_complete(&w->inputs, c));
    options.session = &session;
    options.inputs = give_inputs;
    options.tell = take_layer;
    options.progress = show_turn;
    options.user = &t;
    options.seconds = c->set.tune_seconds;
    const hone_status status = hone_model_tune(w->model, &options, &c->error);
    show_progress(&c->set, "%s", "");
    return cli_in_file(&c->error, status, w->path);
}

void import_tune_release(import_tune *t) {
    table_release(&t->layers);
    json_decref(t->document);
}

hone_status import_tune_print(const import_tune *t, const cli *c, hone_error *err) {
    printf("  tuned       %d layer%s, %d otherwise than expected", t->count, plural(t->count),
           t->changed);
    if (t->count > 0)
        printf(": %s -> %s", human_time((double)t->expected_ns).s,
               human_time((double)t->chosen_ns).s);
    putchar('\n');
    return c->set.verbose && t->count > 0 ? table_write(&t->layers, stdout, err) : HONE_OK;
}

void import_tune_json(json_t *root, const import_tune *t) { doc_value(root, "tuned", t->document); }
