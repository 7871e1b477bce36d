/* SPDX-License-Identifier: Apache-2.0
 *
 * hone_model_tune: every algorithm is timed in runs of the whole model, so that weights come from
 * where they come from in earnest and caches hold what they would hold.
 */
#include <stdio.h>

#include "op.h"
#include "options.h"
#include "session.h"
#include "tune_choice.h"

#define SECONDS 0.5
/* Every candidate has its turn so many times, lest a busy moment decide. */
enum { TURNS = 3, LEAST_RUNS = 3 };

typedef struct tuner {
    const ctx *c;
    hone_model *m;
    const hone_tune_options *o;
    hone_session_options session;
    tune_layers layers;
    int32_t threads;
    const char *isa;
} tuner;

static hone_status report(const tuner *t, int64_t done, int64_t total) {
    if (t->o->progress && t->o->progress(t->o->user, "tuning", done, total) != 0)
        return fail(t->c, HONE_E_CANCELLED, "stopped by the caller");
    return HONE_OK;
}

static void note_steps(const tuner *t, const hone_session *s, int32_t candidate) {
    const plan *p = s->root->current;
    for (int32_t i = 0; i < p->n_steps; i++)
        tune_layers_note(&t->layers, p->steps[i].node, candidate, p->steps[i].time_ns);
}

/* Runs the model until the time is up; the first run warms up. */
static hone_status time_session(tuner *t, hone_session *s, int32_t candidate) {
    const double seconds = (t->o->seconds > 0 ? t->o->seconds : SECONDS) / TURNS;
    hone_error *err = t->c->err;
    if (t->o->inputs) TRY(t->o->inputs(t->o->user, s, err));
    TRY(hone_session_run(s, err));
    const uint64_t end = clock_ns() + (uint64_t)(seconds * 1e9);
    for (int32_t runs = 0; runs < LEAST_RUNS || clock_ns() < end; runs++) {
        TRY(hone_session_run(s, err));
        note_steps(t, s, candidate);
    }
    t->threads = s->shared.threads;
    t->isa = isa_name(s->shared.k->level);
    return HONE_OK;
}

static hone_status time_candidate(tuner *t, int32_t candidate) {
    hone_session *s = NULL;
    tune_layers_use(&t->layers, candidate);
    TRY(model_number(t->c, t->m));
    TRY(hone_session_create(&s, t->m, &t->session, t->c->err));
    const hone_status status = time_session(t, s, candidate);
    hone_session_destroy(s);
    return status;
}

static hone_status time_all(tuner *t) {
    const int32_t candidates = tune_layers_candidates(&t->layers);
    for (int32_t i = 0; i < TURNS * candidates; i++) {
        TRY(report(t, i, TURNS * candidates));
        TRY(time_candidate(t, i % candidates));
    }
    return HONE_OK;
}

static const char *algorithm(layout l) {
    const int tile = layout_tile(l);
    return tile == 2 ? "winograd 2" : tile == 4 ? "winograd 4" : "direct";
}

static void tell(const tuner *t) {
    for (int32_t i = 0; t->o->tell && i < t->layers.count; i++) {
        const tune_layer *l = &t->layers.item[i];
        if (l->least_ns[0] == UINT64_MAX) continue;
        const hone_tuned layer = {.node = l->node->name,
                                  .op = l->node->op->name,
                                  .chosen = algorithm(l->layouts[l->chosen]),
                                  .expected = algorithm(l->layouts[0]),
                                  .chosen_ns = l->least_ns[l->chosen],
                                  .expected_ns = l->least_ns[0]};
        t->o->tell(t->o->user, &layer);
    }
}

static hone_status sign(tuner *t) {
    char name[CPU_NAME], text[CPU_NAME + 64];
    cpu_name(name);
    snprintf(text, sizeof text, "%s, %s, %d thread%s", name, t->isa, t->threads,
             t->threads == 1 ? "" : "s");
    return model_add_metadata(t->c, t->m, "hone.tuned", text);
}

static hone_status tune(tuner *t) {
    int64_t changes;
    TRY(tune_layers_find(t->c, t->m, &t->layers));
    tune_layers_use(&t->layers, 0);
    TRY(pass_pack_weights.run(t->c, t->m, t->m->graph, &changes)); /* what has no choice */
    TRY(time_all(t));
    tune_layers_settle(&t->layers);
    model_sweep(t->m);
    TRY(model_number(t->c, t->m));
    t->m->is_unpacked = false;
    if (t->layers.count > 0) TRY(sign(t));
    tell(t);
    return report(t, 1, 1);
}

hone_status hone_model_tune(hone_model *m, const hone_tune_options *options, hone_error *err) {
    hone_tune_options o;
    const ctx outer = {.err = err};
    error_clear(err);
    if (!m) return fail(&outer, HONE_E_ARG, "a NULL argument");
    TRY(options_read(&outer, &o, sizeof o, options, "hone_tune_options"));
    if (!m->is_unpacked || atomic_load(&m->refs) != 1)
        return fail(&outer, HONE_E_ARG,
                    "the model was not opened with HONE_OPEN_TUNE, is tuned already, or has a "
                    "session");
    const ctx c = model_ctx(m, NULL, err);
    tuner t = {.c = &c, .m = m, .o = &o};
    TRY(options_read(&outer, &t.session, sizeof t.session, o.session, "hone_session_options"));
    t.session.struct_size = sizeof t.session;
    t.session.flags |= HONE_SESSION_PROFILE;
    return tune(&t);
}
