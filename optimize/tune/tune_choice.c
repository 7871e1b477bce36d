/* SPDX-License-Identifier: Apache-2.0 */
#include "tune_choice.h"

/* What a candidate has to gain against the cost model's: less is noise. */
#define WORTH(ns) ((ns) - (ns) / 32)

static int32_t count_layers(const hone_model *m) {
    layout l[PACK_CANDIDATES];
    int32_t count = 0;
    for (const node *n = m->graph->first; n; n = n->next)
        for (int32_t i = 0; i < n->n_in; i++) count += pack_candidates(n, i, l) > 1;
    return count;
}

/* The form that an earlier layer has of the same constant, or NULL. */
static value *find_form(const tune_layers *all, const value *dense, layout l) {
    for (int32_t i = 0; i < all->count; i++) {
        const tune_layer *at = &all->item[i];
        for (int32_t k = 0; node_in(at->node, at->input) == dense && k < at->count; k++)
            if (layout_equal(at->layouts[k], l)) return at->forms[k];
    }
    return NULL;
}

static hone_status add_layer(const ctx *c, hone_model *m, const tune_layers *all, tune_layer *l) {
    const value *dense = node_in(l->node, l->input);
    for (int32_t k = 0; k < l->count; k++) {
        l->forms[k] = find_form(all, dense, l->layouts[k]);
        if (!l->forms[k]) TRY(pack_form(c, m, m->graph, dense, l->layouts[k], &l->forms[k]));
        l->least_ns[k] = UINT64_MAX;
    }
    return HONE_OK;
}

hone_status tune_layers_find(const ctx *c, hone_model *m, tune_layers *out) {
    const int32_t most = count_layers(m);
    *out = (tune_layers){.item = arena_array(&m->arena, (size_t)most + 1, sizeof *out->item)};
    if (!out->item) return fail_nomem(c, (size_t)most * sizeof *out->item);
    for (node *n = m->graph->first; n; n = n->next) {
        for (int32_t i = 0; i < n->n_in; i++) {
            tune_layer *l = &out->item[out->count];
            *l = (tune_layer){.node = n, .input = i};
            l->count = pack_candidates(n, i, l->layouts);
            if (l->count < 2) continue;
            TRY(add_layer(c, m, out, l));
            out->count++;
        }
    }
    return HONE_OK;
}

int32_t tune_layers_candidates(const tune_layers *l) {
    int32_t most = 0;
    for (int32_t i = 0; i < l->count; i++)
        if (l->item[i].count > most) most = l->item[i].count;
    return most;
}

static int32_t last_or(const tune_layer *l, int32_t candidate) {
    return candidate < l->count ? candidate : l->count - 1;
}

void tune_layers_use(const tune_layers *l, int32_t candidate) {
    for (int32_t i = 0; i < l->count; i++) {
        tune_layer *at = &l->item[i];
        node_set_input(at->node, at->input, at->forms[last_or(at, candidate)]);
    }
}

void tune_layers_note(const tune_layers *l, const node *n, int32_t candidate, uint64_t ns) {
    for (int32_t i = 0; i < l->count; i++) {
        tune_layer *at = &l->item[i];
        const int32_t k = last_or(at, candidate);
        if (at->node == n && ns > 0 && ns < at->least_ns[k]) at->least_ns[k] = ns;
    }
}

void tune_layers_settle(const tune_layers *l) {
    for (int32_t i = 0; i < l->count; i++) {
        tune_layer *at = &l->item[i];
        uint64_t least = WORTH(at->least_ns[0]);
        for (int32_t k = 1; k < at->count; k++) {
            if (at->least_ns[k] >= least) continue;
            least = at->least_ns[k];
            at->chosen = k;
        }
        node_set_input(at->node, at->input, at->forms[at->chosen]);
    }
}
