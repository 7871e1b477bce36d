/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that look their elements up in a list: LabelEncoder, CategoryMapper and OneHotEncoder,
 * written over hone::KeyIndex.
 */
#include "composite.h"
#include "ml_composite.h"

/* ---- LabelEncoder ---------------------------------------------------------------------------- */

typedef struct encoder_params {
    int_list keys_int64s, values_int64s;
    float_list keys_floats, values_floats;
    string_list keys_strings, values_strings;
    const tensor *keys_tensor, *values_tensor, *default_tensor;
    int64_t default_int64;
    float default_float;
    const char *default_string;
} encoder_params;

#define LISTS(prefix)                                                                              \
    ATTR_ROW(INTS, encoder_params, prefix##_int64s),                                               \
        ATTR_ROW(FLOATS, encoder_params, prefix##_floats),                                         \
        ATTR_ROW(STRINGS, encoder_params, prefix##_strings),                                       \
        ATTR_ROW(TENSOR, encoder_params, prefix##_tensor)
static const attr_spec encoder_attrs[] = {
    LISTS(keys),
    LISTS(values),
    ATTR_ROW(TENSOR, encoder_params, default_tensor),
    ATTR_ROW(INT, encoder_params, default_int64, .i = -1),
    ATTR_ROW(FLOAT, encoder_params, default_float, .f = -0.0f),
    ATTR_ROW(STRING, encoder_params, default_string, .s = "_Unused"),
};

/* The one list of four that is given. */
static value *emit_given(builder *b, const char *what, const int_list *ints,
                         const float_list *floats, const string_list *strings,
                         const tensor *elements) {
    const int given = ints->set + floats->set + strings->set + (elements != NULL);
    if (given != 1) {
        builder_fail(b, HONE_E_FORMAT, "has %d lists of %s: expected one", given, what);
        return NULL;
    }
    if (ints->set) return emit_int_list(b, ints);
    if (floats->set) return emit_float_list(b, floats, HONE_F32);
    return strings->set ? emit_string_list(b, strings) : emit_tensor_list(b, elements);
}

/* A vector of one element. */
static value *emit_default(builder *b, const encoder_params *p, hone_dtype t) {
    const shape one = shape_vector(1);
    if (p->default_tensor) {
        if (tensor_count(p->default_tensor) == 1 && p->default_tensor->dtype == t)
            return emit_tensor_list(b, p->default_tensor);
        builder_fail(b, HONE_E_FORMAT, "'default_tensor' is no single value of type %s",
                     hone_dtype_name(t));
        return NULL;
    }
    if (t == HONE_STRING) return emit_constant(b, t, &one, &p->default_string);
    value *v = emit_constant(b, t, &one, NULL);
    if (!v) return NULL;
    if (dtype_in(t, DT_FLOATS))
        tensor_set_f64(v->constant, 0, (double)p->default_float);
    else
        tensor_set_i64(v->constant, 0, p->default_int64);
    return v;
}

/* values[index of x among keys], or the default. */
static value *emit_lookup(builder *b, value *x, value *keys, value *values, value *fallback) {
    value *index = emit(b, "hone::KeyIndex", IN(x, keys), NO_ATTRS);
    value *all = emit(b, "Concat", IN(values, fallback), ATTRS(A_INT("axis", 0)));
    return expand_binary(b, "Gather", all, index);
}

static hone_status encoder_expand(builder *b, draft *d) {
    const encoder_params *p = d->params;
    value *keys =
        emit_given(b, "keys", &p->keys_int64s, &p->keys_floats, &p->keys_strings, p->keys_tensor);
    value *values = emit_given(b, "values", &p->values_int64s, &p->values_floats,
                               &p->values_strings, p->values_tensor);
    if (!keys || !values) return b->status;
    const int64_t n = tensor_count(keys->constant), m = tensor_count(values->constant);
    if (n != m)
        return builder_fail(b, HONE_E_FORMAT, "has %lld values for %lld keys", (long long)m,
                            (long long)n);
    value *fallback = emit_default(b, p, values->type.dtype);
    return draft_done(b, d, emit_lookup(b, d->in[0], keys, values, fallback));
}

/* The first meaning: a list of classes, between text and its index, in either direction. */
static hone_status encoder_upgrade(builder *b, draft *d) {
    const attr *classes = attr_find(d->attrs, d->n_attrs, "classes_strings");
    const value *x = draft_in(d, 0);
    if (!classes || classes->kind != ATTR_STRINGS)
        return builder_fail(b, HONE_E_FORMAT, "attribute 'classes_strings' is missing");
    if (!expand_needs(b, d, 0, "X")) return b->status;
    const bool text = x->type.dtype == HONE_STRING;
    attr names = *classes;
    int64_t *index = arena_array(b->graph->arena, (size_t)classes->count, sizeof *index);
    if (!index) return fail_nomem(b->c, (size_t)classes->count * sizeof *index);
    for (int32_t i = 0; i < classes->count; i++) index[i] = i;
    names.name = text ? "keys_strings" : "values_strings";
    draft_drop(d, "classes_strings");
    TRY(draft_set_attr(b, d, names));
    return draft_set_attr(b, d, A_INTS(text ? "values_int64s" : "keys_int64s", index, names.count));
}

static const op_version encoder_versions[] = {{1, encoder_upgrade}, {2, NULL}};
static const char *const encoder_cases[] = {
    "i64[2,3] keys_int64s=0,3,5 values_strings=a,b,c",
    "str{b,x,a} keys_strings=a,b values_floats=0.5,2 default_float=9",
    "f32{nan,1,2} keys_tensor=f32{nan,2} values_tensor=i16{7,8} default_tensor=i16{-3}",
    "i64[0] keys_int64s=1,2 values_int64s=5,6", NULL};

/* ---- CategoryMapper -------------------------------------------------------------------------- */

typedef struct mapper_params {
    int_list cats_int64s;
    string_list cats_strings;
    int64_t default_int64;
    const char *default_string;
} mapper_params;

static const attr_spec mapper_attrs[] = {
    ATTR_ROW(INTS, mapper_params, cats_int64s),
    ATTR_ROW(STRINGS, mapper_params, cats_strings),
    ATTR_ROW(INT, mapper_params, default_int64, .i = -1),
    ATTR_ROW(STRING, mapper_params, default_string, .s = "_Unused"),
};

static hone_status mapper_expand(builder *b, draft *d) {
    const mapper_params *p = d->params;
    const shape one = shape_vector(1);
    if (p->cats_int64s.n != p->cats_strings.n)
        return builder_fail(b, HONE_E_FORMAT, "has %d categories of text for %d integers",
                            p->cats_strings.n, p->cats_int64s.n);
    const bool text = d->in[0]->type.dtype == HONE_STRING;
    value *ints = emit_int_list(b, &p->cats_int64s);
    value *strings = emit_string_list(b, &p->cats_strings);
    value *fallback = text ? emit_i64s(b, &p->default_int64, 1)
                           : emit_constant(b, HONE_STRING, &one, &p->default_string);
    return draft_done(
        b, d, emit_lookup(b, d->in[0], text ? strings : ints, text ? ints : strings, fallback));
}

#define ENCODED (DT_LABELS | DT(HONE_F32) | DT(HONE_F64) | DT(HONE_I16) | DT(HONE_I32))
static const op_arg encoder_in[] = {{"X", ENCODED, 0, 0}};
static const op_arg encoder_out[] = {{"Y", ENCODED, 0, 0}};
static const op_arg mapper_in[] = {{"X", DT_LABELS, 0, 0}};
static const op_arg mapper_out[] = {{"Y", DT_LABELS, 0, 0}};
static const op_arg one_hot_encoder_in[] = {{"X", DT_NUMBERS | DT(HONE_STRING), 0, 0}};
static const op_arg one_hot_encoder_out[] = {{"Y", DT(HONE_F32), 0, 0}};
static const op_version since_1[] = {{1, NULL}};
static const char *const mapper_cases[] = {
    "i64[2,3] cats_int64s=0,3,5 cats_strings=a,b,c",
    "str{b,x,a} cats_int64s=4,5 cats_strings=a,b default_int64=9",
    "i64[0] cats_int64s=4,5 cats_strings=a,b", NULL};

/* ---- OneHotEncoder --------------------------------------------------------------------------- */

typedef struct one_hot_encoder_params {
    label_lists cats;
    bool zeros;
} one_hot_encoder_params;

static const attr_spec one_hot_encoder_attrs[] = {
    ATTR_NAMED(INTS, "cats_int64s", one_hot_encoder_params, cats.ints),
    ATTR_NAMED(STRINGS, "cats_strings", one_hot_encoder_params, cats.strings),
    ATTR_ROW(BOOL, one_hot_encoder_params, zeros, .i = 1),
};

/* What is no category has an index past the last one, for which OneHot gives zeros. */
static hone_status one_hot_encoder_expand(builder *b, draft *d) {
    const one_hot_encoder_params *p = d->params;
    const shape two = shape_vector(2);
    if (labels_check(b, &p->cats) != HONE_OK) return b->status;
    value *x = d->in[0]->type.dtype == HONE_STRING ? d->in[0] : expand_cast(b, d->in[0], HONE_I64);
    value *index = emit(b, "hone::KeyIndex", IN(x, emit_labels(b, &p->cats)),
                        ATTRS(A_INT("strict", !p->zeros)));
    value *off_on = emit_constant(b, HONE_F32, &two, (const float[]){0, 1});
    return draft_done(
        b, d, emit(b, "OneHot", IN(index, emit_i64(b, labels_count(&p->cats)), off_on), NO_ATTRS));
}

static const char *const one_hot_encoder_cases[] = {
    "i64[2,3] cats_int64s=0,3,5", "str{b,x,a} cats_strings=a,b",
    "f32[4] cats_int64s=1,0,-1 zeros=1", "i32[0,2] cats_int64s=1,2", NULL};

#define COMPOSITE(ident, label, since, type)                                                       \
    static const op ml_##ident = {.name = label,                                                   \
                                  .domain = "ai.onnx.ml",                                          \
                                  OP_VERSIONS(since),                                              \
                                  OP_SLOTS(ident),                                                 \
                                  OP_ATTRS(ident##_attrs, type),                                   \
                                  .expand = ident##_expand,                                        \
                                  .tolerance = {TOL_EXACT, 0},                                     \
                                  .cases = ident##_cases}
COMPOSITE(encoder, "LabelEncoder", encoder_versions, encoder_params);
COMPOSITE(mapper, "CategoryMapper", since_1, mapper_params);
COMPOSITE(one_hot_encoder, "OneHotEncoder", since_1, one_hot_encoder_params);

static const op *const members[] = {&ml_encoder, &ml_mapper, &ml_one_hot_encoder};
const op_family family_label_encoder = {members, COUNT_OF(members)};
