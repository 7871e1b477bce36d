/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of operators from the outside.
 */
#include <string.h>

#include "op.h"
#include "options.h"

static const op *numbered(int32_t index) {
    int32_t n;
    const op *const *all = op_all(&n);
    return index >= 0 && index < n ? all[index] : NULL;
}

int32_t hone_operator_count(void) {
    int32_t n;
    op_all(&n);
    return n;
}

static bool has_body(const op *o) {
    for (int32_t i = 0; i < o->n_attrs; i++)
        if (o->attrs[i].kind == ATTR_GRAPH) return true;
    return false;
}

hone_status hone_operator_get_info(int32_t index, hone_operator_info *out, hone_error *err) {
    const op *o = numbered(index);
    const ctx c = {.err = err};
    error_clear(err);
    const size_t room = out ? options_room(out, sizeof *out) : 0;
    if (!o || !room)
        return fail(&c, HONE_E_ARG, "there is no operator number %d, or no room", index);
    const hone_operator_info info = {.struct_size = out->struct_size,
                                     .domain = o->domain,
                                     .name = o->name,
                                     .kind = o->expand     ? HONE_OPERATOR_COMPOSITE
                                             : has_body(o) ? HONE_OPERATOR_CONTROL
                                                           : HONE_OPERATOR_CORE,
                                     .version_count = o->n_versions,
                                     .input_count = o->n_in,
                                     .output_count = o->n_out,
                                     .attribute_count = o->n_attrs};
    memcpy(out, &info, room);
    return HONE_OK;
}

int32_t hone_operator_version(int32_t index, int32_t version) {
    const op *o = numbered(index);
    return o && version >= 0 && version < o->n_versions ? o->versions[version].since : 0;
}

static bool describe_slot(const op_arg *list, int32_t count, int32_t i, hone_slot_info *out) {
    if (i < 0 || i >= count || !out) return false;
    *out = (hone_slot_info){.name = list[i].name,
                            .types = list[i].types,
                            .group = list[i].var,
                            .optional = (list[i].flags & ARG_OPTIONAL) != 0,
                            .variadic = (list[i].flags & ARG_VARIADIC) != 0,
                            .any_kind = (list[i].flags & ARG_ANY_KIND) != 0};
    return true;
}

bool hone_operator_input(int32_t index, int32_t slot, hone_slot_info *out) {
    const op *o = numbered(index);
    return o && describe_slot(o->in, o->n_in, slot, out);
}

bool hone_operator_output(int32_t index, int32_t slot, hone_slot_info *out) {
    const op *o = numbered(index);
    return o && describe_slot(o->out, o->n_out, slot, out);
}

bool hone_operator_attribute(int32_t index, int32_t attribute, hone_attribute_info *out) {
    const op *o = numbered(index);
    if (!o || !out || attribute < 0 || attribute >= o->n_attrs) return false;
    const attr_spec *s = &o->attrs[attribute];
    *out = (hone_attribute_info){.name = s->name,
                                 .kind = attr_spec_kind_name(s),
                                 .required = s->required,
                                 .min = s->min,
                                 .max = s->max,
                                 .choices = s->choices};
    return true;
}
