/* SPDX-License-Identifier: Apache-2.0 */
#include "operator_text.h"

#include <stdio.h>
#include <string.h>

#include "cli_error.h"

const char *operator_kind_text(hone_operator_kind kind) {
    static const char *const names[] = {"core", "composite", "control"};
    return names[kind];
}

static void append(operator_text *t, const char *text) {
    const size_t n = strlen(t->s);
    snprintf(t->s + n, sizeof t->s - n, "%s%s", n ? ", " : "", text);
}

operator_text operator_versions_text(int32_t index) {
    operator_text t = {""};
    int32_t since;
    for (int32_t i = 0; (since = hone_operator_version(index, i)) != 0; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", since);
        append(&t, number);
    }
    return t;
}

/* Types that usually come together, widest first: what a group covers is said once. */
static const struct {
    const char *name;
    uint32_t types;
} type_groups[] = {
#define T(t) (1u << HONE_##t)
    {"all", (1u << HONE_DTYPE_COUNT) - 2},
    {"floats", T(F32) | T(F64) | T(F16) | T(BF16)},
    {"integers", T(I8) | T(I16) | T(I32) | T(I64) | T(U8) | T(U16) | T(U32) | T(U64)},
    {"float8", T(F8E4M3FN) | T(F8E4M3FNUZ) | T(F8E5M2) | T(F8E5M2FNUZ) | T(F8E8M0)},
    {"complex", T(C64) | T(C128)},
    {"2 and 4 bits", T(U4) | T(I4) | T(F4E2M1) | T(U2) | T(I2)},
#undef T
};

operator_text operator_types_text(int32_t index) {
    operator_text t = {""};
    hone_slot_info slot;
    if (!hone_operator_input(index, 0, &slot)) return t;
    uint32_t left = slot.types;
    for (size_t i = 0; i < sizeof type_groups / sizeof type_groups[0]; i++) {
        if ((left & type_groups[i].types) != type_groups[i].types) continue;
        append(&t, type_groups[i].name);
        left &= ~type_groups[i].types;
    }
    for (int type = 1; type < HONE_DTYPE_COUNT; type++)
        if (left & 1u << type) append(&t, hone_dtype_name((hone_dtype)type));
    return t;
}

typedef bool slot_fn(int32_t index, int32_t slot, hone_slot_info *out);

static void json_slots(json_t *list, int32_t index, slot_fn *get) {
    hone_slot_info slot;
    for (int32_t i = 0; get(index, i, &slot); i++) {
        json_t *item = doc_object(list, NULL);
        doc_text(item, "name", slot.name);
        json_t *types = doc_array(item, "types");
        for (int type = 1; type < HONE_DTYPE_COUNT; type++)
            if (slot.types & 1u << type) doc_text(types, NULL, hone_dtype_name((hone_dtype)type));
        const char group[2] = {slot.group, '\0'};
        doc_text(item, "group", slot.group ? group : NULL);
        doc_bool(item, "optional", slot.optional);
        doc_bool(item, "variadic", slot.variadic);
        doc_bool(item, "any_kind", slot.any_kind);
    }
}

static void json_attributes(json_t *list, int32_t index) {
    hone_attribute_info a;
    for (int32_t i = 0; hone_operator_attribute(index, i, &a); i++) {
        json_t *item = doc_object(list, NULL);
        doc_text(item, "name", a.name);
        doc_text(item, "kind", a.kind);
        doc_bool(item, "required", a.required);
        if (a.min != a.max) {
            doc_int(item, "min", a.min);
            doc_int(item, "max", a.max);
        }
        if (!a.choices) continue;
        json_t *choices = doc_array(item, "choices");
        for (int32_t k = 0; a.choices[k]; k++) doc_text(choices, NULL, a.choices[k]);
    }
}

hone_status operator_json(json_t *object, int32_t index, hone_error *err) {
    hone_operator_info info = HONE_INIT(hone_operator_info);
    TRY(hone_operator_get_info(index, &info, err));
    doc_text(object, "domain", info.domain);
    doc_text(object, "name", info.name);
    doc_text(object, "kind", operator_kind_text(info.kind));
    json_t *since = doc_array(object, "since");
    for (int32_t i = 0; i < info.version_count; i++)
        doc_int(since, NULL, hone_operator_version(index, i));
    json_slots(doc_array(object, "inputs"), index, hone_operator_input);
    json_slots(doc_array(object, "outputs"), index, hone_operator_output);
    json_attributes(doc_array(object, "attributes"), index);
    return HONE_OK;
}
