/* SPDX-License-Identifier: Apache-2.0
 *
 * What a session tells about its plan: steps, times, a trace.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "op.h"
#include "options.h"
#include "session.h"

int32_t hone_session_step_count(const hone_session *s) {
    return s && s->root->current ? s->root->current->n_steps : 0;
}

static uint64_t step_flops(const step *s) {
    if (s->is_view || s->is_constant || s->n_out < 1) return 0;
    if (s->node->op->flops) return s->node->op->flops(s);
    return shape_known(&s->out[0].shape) ? (uint64_t)tensor_count(&s->out[0]) : 0;
}

/* What a step reads of input i. */
static uint64_t input_bytes(const step *s, int32_t i) {
    const bool picks = i == 0 && s->n_out > 0 && (s->node->op->flags & OP_PICKS);
    return picks && s->out[0].bytes < s->in[0].bytes ? s->out[0].bytes : s->in[i].bytes;
}

static uint64_t step_bytes(const step *s) {
    uint64_t bytes = 0;
    if (s->is_view || s->is_constant) return 0;
    for (int32_t i = 0; i < s->n_in; i++) bytes += input_bytes(s, i);
    for (int32_t i = 0; i < s->n_out; i++) bytes += s->out[i].bytes;
    return bytes;
}

static uint64_t step_constant_bytes(const step *s) {
    uint64_t bytes = 0;
    if (s->is_view || s->is_constant) return 0;
    for (int32_t i = 0; i < s->n_in; i++)
        if (s->in_place[i].kind == PLACE_CONST) bytes += input_bytes(s, i);
    return bytes;
}

static const char *step_note(const step *s) {
    return s->is_constant  ? "constant"
           : s->is_view    ? "view"
           : s->is_dynamic ? "dynamic"
           : s->is_inplace ? "in place"
                           : "";
}

hone_status hone_session_step(const hone_session *session, int32_t index, hone_step *out,
                              hone_error *err) {
    error_clear(err);
    const ctx c = {.err = err};
    const size_t size = out ? options_room(out, sizeof *out) : 0;
    if (!size) return fail(&c, HONE_E_ARG, "hone_step: NULL, or struct_size is not set");
    if (index < 0 || index >= hone_session_step_count(session))
        return fail(&c, HONE_E_ARG, "there is no step number %d", index);
    const step *s = &session->root->current->steps[index];
    hone_step r = {.struct_size = size,
                   .name = s->node->name,
                   .op = s->node->op->name,
                   .kernel = s->is_constant || s->is_view ? ""
                             : s->kernel                  ? s->kernel
                                                          : "",
                   .declined = s->declined ? s->declined : "",
                   .note = step_note(s),
                   .time_ns = s->time_ns,
                   .start_ns = s->start_ns,
                   .flops = step_flops(s),
                   .bytes = step_bytes(s),
                   .constant_bytes = step_constant_bytes(s)};
    r.node = s->node->graph == session->model->graph ? s->node->id : -1;
    if (s->n_out > 0) {
        r.output.name = s->node->out[0] ? s->node->out[0]->name : "";
        r.output.dtype = s->out[0].dtype;
        r.output.rank = s->out[0].shape.rank;
        memcpy(r.output.dim, s->out[0].shape.dim, sizeof r.output.dim);
    }
    memcpy(out, &r, size);
    return HONE_OK;
}

/* `text` as the inside of a JSON string: quotes and backslashes escaped, control characters
 * dropped. */
static const char *json_text(char *out, size_t size, const char *text) {
    size_t n = 0;
    for (const char *p = text; *p && n + 3 < size; p++) {
        if ((unsigned char)*p < 0x20) continue;
        if (*p == '"' || *p == '\\') out[n++] = '\\';
        out[n++] = *p;
    }
    out[n] = '\0';
    return out;
}

hone_status hone_session_write_trace(const hone_session *s, hone_write_fn write, void *user,
                                     hone_error *err) {
    error_clear(err);
    ctx c = {.err = err};
    if (!s || !write) return fail(&c, HONE_E_ARG, "a NULL argument");
    if (!s->shared.profile || !s->ran)
        return fail(&c, HONE_E_ARG, "there is no profiled run to write about");
    char line[768], name[200], op_name[64];
    static const char head[] = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
    static const char tail[] = "\n]}\n";
    const char *comma = "";
    if (write(user, head, sizeof head - 1))
        return fail(&c, HONE_E_IO, "the trace cannot be written");
    for (int32_t i = 0; i < hone_session_step_count(s); i++) {
        const step *st = &s->root->current->steps[i];
        if (!st->time_ns) continue;
        const int n = snprintf(
            line, sizeof line,
            "%s{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":%.3f,"
            "\"dur\":%.3f,"
            "\"args\":{\"kernel\":\"%s\",\"flops\":%" PRIu64 ",\"bytes\":%" PRIu64 "}}",
            comma,
            json_text(name, sizeof name, *st->node->name ? st->node->name : st->node->op->name),
            json_text(op_name, sizeof op_name, st->node->op->name), (double)st->start_ns / 1e3,
            (double)st->time_ns / 1e3, st->kernel ? st->kernel : "", step_flops(st),
            step_bytes(st));
        if (write(user, line, (size_t)n)) return fail(&c, HONE_E_IO, "the trace cannot be written");
        comma = ",\n";
    }
    if (write(user, tail, sizeof tail - 1))
        return fail(&c, HONE_E_IO, "the trace cannot be written");
    return HONE_OK;
}
