/* SPDX-License-Identifier: Apache-2.0
 *
 * Binary and select slots against formulas in double (floats) or 128-bit integers.
 */
#include <math.h>

#include "kernel_case.h"
#include "kernel_groups.h"

typedef struct binary_oracle {
    const char *slot;
    double (*f)(double a, double b);
    wide (*i)(ktype t, wide a, wide b);
    double ulp;
    bool bytes; /* one byte an element out */
} binary_oracle;

static double floor_mod(double a, double b) {
    const double r = fmod(a, b);
    if (r == 0) return copysign(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
}
static double nan_min(double a, double b) { return isnan(a) || isnan(b) ? NAN : a < b ? a : b; }
static double nan_max(double a, double b) { return isnan(a) || isnan(b) ? NAN : a > b ? a : b; }

static wide remainder_of(wide a, wide b) { return b == 0 ? 0 : a % b; }
static wide floor_mod_of(wide a, wide b) {
    const wide r = remainder_of(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
static wide power(ktype t, wide a, wide b) {
    if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
    wide result = 1;
    for (wide square = a; b > 0; b /= 2, square = wrap_wide(t, multiply_wide(square, square)))
        if (b % 2) result = wrap_wide(t, multiply_wide(result, square));
    return result;
}
static wide shifted(ktype t, wide a, wide b, bool left) {
    if (b >= (wide)(8 * ktype_size(t))) return 0;
    return left ? a << b : a >> b;
}

#define FLOATS(name, formula)                                                                      \
    static double name##_float(double a, double b) { return formula; }
#define INTS(name, formula)                                                                        \
    static wide name##_int(ktype t, wide a, wide b) {                                              \
        (void)t;                                                                                   \
        return formula;                                                                            \
    }
FLOATS(add, a + b)
FLOATS(sub, a - b)
FLOATS(mul, (a * b))
FLOATS(div, a / b)
FLOATS(mod, floor_mod(a, b))
FLOATS(fmod, fmod(a, b))
FLOATS(pow, pow(a, b))
FLOATS(min, nan_min(a, b))
FLOATS(max, nan_max(a, b))
FLOATS(prelu, a < 0 ? a * b : a)
FLOATS(equal, a == b)
FLOATS(less, a < b)
FLOATS(less_equal, a <= b)
INTS(add, a + b)
INTS(sub, a - b)
INTS(mul, multiply_wide(a, b))
INTS(div, b == 0 ? 0 : a / b)
INTS(mod, floor_mod_of(a, b))
INTS(fmod, remainder_of(a, b))
INTS(pow, power(t, a, b))
INTS(min, a < b ? a : b)
INTS(max, a > b ? a : b)
INTS(prelu, a < 0 ? multiply_wide(a, b) : a)
INTS(bitand, (a & b))
INTS(bitor, a | b)
INTS(bitxor, a ^ b)
INTS(shl, shifted(t, a, b, true))
INTS(shr, shifted(t, a, b, false))
INTS(land, a &&b)
INTS(lor, a || b)
INTS(lxor, a != b)
INTS(equal, a == b)
INTS(less, a < b)
INTS(less_equal, a <= b)

#define BOTH(name, ulp, bytes)                                                                     \
    { #name, name##_float, name##_int, ulp, bytes }
#define INT_ONLY(name)                                                                             \
    { #name, NULL, name##_int, 0, false }
static const binary_oracle oracles[] = {
    BOTH(add, 0, false),
    BOTH(sub, 0, false),
    BOTH(mul, 0, false),
    BOTH(div, 0, false),
    BOTH(mod, 1, false),
    BOTH(fmod, 0, false),
    BOTH(pow, 1, false),
    BOTH(min, 0, false),
    BOTH(max, 0, false),
    BOTH(prelu, 0, false),
    BOTH(equal, 0, true),
    BOTH(less, 0, true),
    BOTH(less_equal, 0, true),
    INT_ONLY(bitand),
    INT_ONLY(bitor),
    INT_ONLY(bitxor),
    INT_ONLY(shl),
    INT_ONLY(shr),
    INT_ONLY(land),
    INT_ONLY(lor),
    INT_ONLY(lxor),
};

static const binary_oracle *oracle_of(const slot *s) {
    for (size_t i = 0; i < COUNT_OF(oracles); i++)
        if (strcmp(oracles[i].slot, s->name) == 0) return &oracles[i];
    fail_msg("%s has no oracle", s->name);
    return NULL;
}

typedef struct binary_run {
    const slot *s;
    ktype t;
    isa_level level;
    const binary_oracle *oracle;
    guard a, b, y, c;
} binary_run;

#define MAX_BYTES (1009 * 8)

/* One element of each operand. */
static void check_element(const binary_run *r, const void *a, const void *b, const void *y) {
    const ktype out = r->oracle->bytes ? KT_U8 : r->t;
    if (ktype_is_float(r->t)) {
        const double va = load_double(r->t, a, 0), vb = load_double(r->t, b, 0);
        const double got = out == r->t ? load_double(out, y, 0) : (double)load_wide(out, y, 0);
        const double expected = r->oracle->f(va, vb);
        if (ulp_error(r->t, got, expected, expected) > r->oracle->ulp)
            fail_msg("%s at %s: f(%g, %g) is %.17g, expected %.17g", slot_label(r->s, r->t),
                     isa_name(r->level), va, vb, got, expected);
    } else {
        const wide va = load_wide(r->t, a, 0), vb = load_wide(r->t, b, 0);
        const wide got = load_wide(out, y, 0);
        const wide expected = wrap_wide(out, r->oracle->i(r->t, va, vb));
        if (got != expected)
            fail_msg("%s at %s: f(%lld, %lld) is %lld, expected %lld", slot_label(r->s, r->t),
                     isa_name(r->level), (long long)va, (long long)vb, (long long)got,
                     (long long)expected);
    }
}

/* Which operand y replaces. */
typedef enum output { OUT_APART, OUT_IS_A, OUT_IS_B } output;

static void run_steps(binary_run *r, const placement *p, size_t astep, size_t bstep, output out) {
    const size_t size = ktype_size(r->t), n = p->n;
    const size_t na = astep ? n : 1, nb = bstep ? n : 1;
    uint8_t in_a[MAX_BYTES], in_b[MAX_BYTES];
    fill_values(r->t, na, p->start, in_a);
    fill_values(r->t, nb, p->start * 3 + (bstep ? 1 + p->start % 5 : p->start % 37), in_b);
    void *a = place(&r->a, na, size, p->offset_x);
    void *b = place(&r->b, nb, size, p->offset_y);
    memcpy(a, in_a, na * size);
    memcpy(b, in_b, nb * size);
    const size_t y_size = out == OUT_APART && r->oracle->bytes ? 1 : size;
    void *y = out == OUT_IS_A ? a : out == OUT_IS_B ? b : place(&r->y, n, y_size, p->offset_x);

    ((binary_fn *)slot_get(level_table(r->level), r->s, r->t))(n, a, astep, b, bstep, y);

    const guard *g = out == OUT_IS_A ? &r->a : out == OUT_IS_B ? &r->b : &r->y;
    if (!guard_intact(g, y, n * y_size))
        fail_msg("%s at %s writes outside of y (n = %zu)", slot_label(r->s, r->t),
                 isa_name(r->level), n);
    const size_t step = r->oracle->bytes ? 1 : size; /* also where y replaces a wider operand */
    for (size_t i = 0; i < n; i++)
        check_element(r, in_a + i * astep * size, in_b + i * bstep * size, (char *)y + i * step);
}

static void run_binary(void *user, const placement *p) {
    binary_run *r = user;
    for (size_t astep = 0; astep < 2; astep++)
        for (size_t bstep = 0; bstep < 2; bstep++) run_steps(r, p, astep, bstep, OUT_APART);
    run_steps(r, p, 1, 1, OUT_IS_A);
    run_steps(r, p, 1, 1, OUT_IS_B);
    run_steps(r, p, 1, 0, OUT_IS_A);
    run_steps(r, p, 0, 1, OUT_IS_B);
}

static void run_select_steps(binary_run *r, const placement *p, unsigned steps, bool in_place) {
    const size_t size = ktype_size(r->t), n = p->n;
    const size_t cstep = steps & 1, astep = steps >> 1 & 1, bstep = steps >> 2 & 1;
    uint8_t in_a[MAX_BYTES], in_b[MAX_BYTES], condition[MAX_BYTES];
    fill_values(r->t, astep ? n : 1, p->start, in_a);
    fill_values(r->t, bstep ? n : 1, p->start + 7, in_b);
    uint64_t state = p->start;
    for (size_t i = 0; i < (cstep ? n : 1); i++) condition[i] = next_random(&state) & 1;

    uint8_t *c = place(&r->c, cstep ? n : 1, 1, p->offset_x);
    void *a = place(&r->a, astep ? n : 1, size, p->offset_x);
    void *b = place(&r->b, bstep ? n : 1, size, p->offset_y);
    memcpy(c, condition, cstep ? n : 1);
    memcpy(a, in_a, (astep ? n : 1) * size);
    memcpy(b, in_b, (bstep ? n : 1) * size);
    void *y = in_place ? a : place(&r->y, n, size, p->offset_y);
    ((select_fn *)slot_get(level_table(r->level), r->s, r->t))(n, c, cstep, a, astep, b, bstep, y);

    assert_true(guard_intact(in_place ? &r->a : &r->y, y, n * size));
    for (size_t i = 0; i < n; i++) {
        const uint8_t *from =
            condition[i * cstep] ? in_a + i * astep * size : in_b + i * bstep * size;
        if (memcmp((char *)y + i * size, from, size) != 0)
            fail_msg("%s at %s takes the wrong side at %zu of %zu (steps %zu %zu %zu)",
                     slot_label(r->s, r->t), isa_name(r->level), i, n, cstep, astep, bstep);
    }
}

static void run_select(void *user, const placement *p) {
    for (unsigned steps = 0; steps < 8; steps++) {
        run_select_steps(user, p, steps, false);
        if (steps & 2) run_select_steps(user, p, steps, true);
    }
}

static void for_each_kernel(const char *type, placement_fn *f) {
    binary_run r = {0};
    guard *const buffers[] = {&r.a, &r.b, &r.y, &r.c};
    for (size_t i = 0; i < COUNT_OF(buffers); i++) guard_create(buffers[i], MAX_BYTES + 256);
    for (size_t i = 0; i < slot_count; i++) {
        if (!slot_has_type(&slots[i], type)) continue;
        r.s = &slots[i];
        if (f == run_binary) r.oracle = oracle_of(r.s);
        for (r.t = KT_F32; r.t < KT_COUNT; r.t++) {
            if (!(r.s->mask & KT_BIT(r.t))) continue;
            for (r.level = ISA_SCALAR; r.level < ISA_COUNT; r.level++)
                if (level_table(r.level) && level_overrides(r.level, r.s, r.t))
                    for_each_placement(f, &r);
        }
    }
    for (size_t i = 0; i < COUNT_OF(buffers); i++) guard_destroy(buffers[i]);
}

void binary_slots_follow_their_formulas(void **state) {
    (void)state;
    for_each_kernel("binary_fn", run_binary);
}

void select_slots_pick_by_condition(void **state) {
    (void)state;
    for_each_kernel("select_fn", run_select);
}
