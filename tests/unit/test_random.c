/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers: the generator gives the values published with it, distributions have their
 * moments and shares, and runs, sessions, seeds and nodes draw what they are said to draw.
 */
#include <math.h>
#include <string.h>

#include "normal_quantile.h"
#include "problem.h"
#include "random_stream.h"
#include "unit_test.h"

enum { MANY = 100000 };

static void generator_gives_published_values(void **state) {
    (void)state;
    /* Vectors of Random123: counter and key all zeros; digits of pi. The third would need element
     * numbers beyond 64 bits. */
    const random_stream zeros = {0, 0}, digits = {0x299f31d0a4093822u, 0x0370734413198a2eu};
    assert_true(random_bits(&zeros, 0) == 0xe169c58d6627e8d5u);
    assert_true(random_bits(&zeros, 1) == 0x9b00dbd8bc57ac4cu);
    const uint64_t block = 0x85a308d3243f6a88u;
    assert_true(random_block(&digits, block, 0) == 0x94fdccebd16cfe09u);
    assert_true(random_block(&digits, block, 1) == 0x24126ea15001e420u);
}

static void quantile_inverts_the_distribution(void **state) {
    (void)state;
    for (double x = -8; x <= 8; x += 0.03125) {
        const double p = 0.5 * erfc(-x / sqrt(2)), back = normal_quantile(p);
        /* Near 1 the probability itself has few digits left. */
        if (p < 1 - 1e-9) assert_true(fabs(back - x) < 1e-6 * fmax(1, fabs(x)));
    }
}

typedef struct draw {
    hone_model *m;
    hone_session *s;
    hone_view out[2];
} draw;

static void draw_open(draw *d, const char *domain, const char *name, const char *line,
                      uint64_t seed) {
    hone_session_options o = HONE_INIT(hone_session_options);
    hone_error err;
    o.seed = seed;
    d->m = problem_model(op_find(domain, name), line, 0);
    expect_ok(hone_session_create(&d->s, d->m, &o, &err), &err, line);
    problem_fill(d->s, d->m, 1);
}

static void draw_run(draw *d) {
    hone_error err;
    expect_ok(hone_session_run(d->s, &err), &err, "run");
    for (int32_t i = 0; i < hone_model_output_count(d->m); i++)
        expect_ok(hone_session_output(d->s, i, &d->out[i], &err), &err, "output");
}

static void draw_close(draw *d) {
    hone_session_destroy(d->s);
    hone_model_close(d->m);
}

/* Mean, variance, and the least and largest value of the numbers of an operator. */
static void check_moments(const char *name, const char *line, double mean, double variance,
                          double lo, double hi) {
    draw d;
    double sum = 0, squares = 0;
    draw_open(&d, "", name, line, 0);
    draw_run(&d);
    const tensor t = {.dtype = d.out[0].dtype, .data = d.out[0].data};
    assert_int_equal(d.out[0].dim[0], MANY);
    for (int64_t i = 0; i < MANY; i++) {
        const double x = tensor_f64(&t, i);
        assert_true(x >= lo && x <= hi);
        sum += x;
        squares += (x - mean) * (x - mean);
    }
    /* Five standard errors; those of a normal variance are the widest. */
    assert_true(fabs(sum / MANY - mean) < 5 * sqrt(variance / MANY));
    assert_true(fabs(squares / MANY - variance) < 5 * variance * sqrt(2.0 / MANY));
    draw_close(&d);
}

static void distributions_have_their_moments(void **state) {
    (void)state;
    check_moments("RandomUniform", "shape=100000, low=-1 high=3", 1, 16.0 / 12, -1, 3);
    check_moments("RandomUniform", "shape=100000, dtype=11", 0.5, 1.0 / 12, 0, 1 - 0x1p-53);
    check_moments("RandomUniform", "shape=100000, dtype=1", 0.5, 1.0 / 12, 0, 1 - 0x1p-24);
    check_moments("RandomNormal", "shape=100000, mean=2 scale=3", 2, 9, -20, 24);
    check_moments("RandomNormal", "shape=100000, dtype=10 scale=0.5", 0, 0.25, -4, 4);
}

/* Neighbours are as unlike as any two numbers. */
static void neighbours_are_independent(void **state) {
    (void)state;
    draw d;
    double product = 0;
    draw_open(&d, "", "RandomNormal", "shape=100000, dtype=1", 0);
    draw_run(&d);
    const float *x = d.out[0].data;
    for (int i = 0; i + 1 < MANY; i++) product += (double)x[i] * (double)x[i + 1];
    assert_true(fabs(product / MANY) < 5 / sqrt(MANY));
    draw_close(&d);
}

static void multinomial_has_the_shares_of_its_classes(void **state) {
    (void)state;
    /* Logarithms of shares 0.1, 0.2, 0 and 0.7, all raised by 5. */
    draw d;
    int64_t count[4] = {0};
    draw_open(&d, "", "Multinomial",
              "f32[1,4]{2.6974149,3.3905621,-1e30,4.6433251} sample_size=100000", 0);
    draw_run(&d);
    const int32_t *k = d.out[0].data;
    for (int i = 0; i < MANY; i++) count[k[i]]++;
    assert_int_equal(count[2], 0);
    assert_true(fabs((double)count[0] / MANY - 0.1) < 5 * sqrt(0.09 / MANY));
    assert_true(fabs((double)count[1] / MANY - 0.2) < 5 * sqrt(0.16 / MANY));
    draw_close(&d);
}

/* Rounding must not make the end of a range: not for few digits, nor far from zero. */
static void uniform_stays_below_its_end(void **state) {
    (void)state;
    check_moments("RandomUniform", "shape=100000, dtype=10", 0.5, 1.0 / 12, 0, 1 - 0x1p-11);
    check_moments("RandomUniform", "shape=100000, dtype=16", 0.5, 1.0 / 12, 0, 1 - 0x1p-8);
    check_moments("RandomUniform", "shape=100000, low=1 high=2", 1.5, 1.0 / 12, 1, 2 - 0x1p-23);
    check_moments("RandomUniform", "shape=100000, low=1000 high=1001", 1000.5, 1.0 / 12, 1000,
                  1001 - 0x1p-15);
}

static void bernoulli_follows_its_input(void **state) {
    (void)state;
    draw d;
    draw_open(&d, "", "Bernoulli", "f64{0,1,0,1,1} dtype=6", 0);
    draw_run(&d);
    static const int32_t want[] = {0, 1, 0, 1, 1};
    assert_memory_equal(d.out[0].data, want, sizeof want);
    draw_close(&d);
}

/* In training, what is kept is scaled, what is not is zero, and the mask says which. */
static void dropout_drops_its_share(void **state) {
    (void)state;
    draw d;
    hone_view in;
    hone_error err;
    int kept = 0;
    draw_open(&d, "", "Dropout", "f32[100000] f32[]{0.25} bool[]{1} >2", 0);
    draw_run(&d);
    expect_ok(hone_session_input(d.s, 0, &in, &err), &err, "input");
    const float *x = in.data, *y = d.out[0].data;
    const uint8_t *mask = d.out[1].data;
    for (int i = 0; i < MANY; i++) {
        assert_true(mask[i] ? fabsf(y[i] - x[i] / 0.75f) <= 1e-6f * fabsf(y[i]) : y[i] == 0);
        kept += mask[i];
    }
    assert_true(fabs((double)kept / MANY - 0.75) < 5 * sqrt(0.1875 / MANY));
    draw_close(&d);
}

static void runs_go_on_and_sessions_repeat(void **state) {
    (void)state;
    static const char line[] = "shape=8, low=0";
    float first[8], second[8];
    draw a, b, other;
    draw_open(&a, "", "RandomUniform", line, 0);
    draw_open(&b, "", "RandomUniform", line, 0);
    draw_open(&other, "", "RandomUniform", line, 7);
    draw_run(&a);
    memcpy(first, a.out[0].data, sizeof first);
    draw_run(&a);
    memcpy(second, a.out[0].data, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
    draw_run(&b);
    assert_memory_equal(first, b.out[0].data, sizeof first);
    draw_run(&b);
    assert_memory_equal(second, b.out[0].data, sizeof first);
    draw_run(&other);
    assert_memory_not_equal(first, other.out[0].data, sizeof first);
    draw_close(&a);
    draw_close(&b);
    draw_close(&other);
}

/* Files may give two nodes one name. */
static void nodes_of_one_name_draw_apart(void **state) {
    (void)state;
    hone_model *m;
    hone_session *s;
    hone_error err;
    hone_view a, b;
    expect_ok(hone_model_open(&m, CUSTOM_MODELS "/twins.onnx", NULL, &err), &err, "open");
    expect_ok(hone_session_create(&s, m, NULL, &err), &err, "create");
    hone_view in;
    expect_ok(hone_session_input(s, 0, &in, &err), &err, "input");
    for (int i = 0; i < 64; i++) ((float *)in.data)[i] = 1;
    expect_ok(hone_session_run(s, &err), &err, "run");
    expect_ok(hone_session_output(s, 0, &a, &err), &err, "output");
    expect_ok(hone_session_output(s, 1, &b, &err), &err, "output");
    assert_memory_not_equal(a.data, b.data, a.bytes);
    hone_session_destroy(s);
    hone_model_close(m);
}

static void rows_without_chances_are_refused(void **state) {
    (void)state;
    hone_error err;
    draw d;
    draw_open(&d, "", "Multinomial", "f32[2,2]", 0);
    hone_view in;
    expect_ok(hone_session_input(d.s, 0, &in, &err), &err, "input");
    ((float *)in.data)[2] = ((float *)in.data)[3] = -INFINITY;
    assert_int_equal(hone_session_run(d.s, &err), HONE_E_INPUT);
    assert_non_null(strstr(err.text, "row 1 "));
    draw_close(&d);
}

static void seeds_of_operators_count(void **state) {
    (void)state;
    draw a, b;
    draw_open(&a, "", "RandomUniform", "shape=8, seed=1", 0);
    draw_open(&b, "", "RandomUniform", "shape=8, seed=2", 0);
    draw_run(&a);
    draw_run(&b);
    assert_memory_not_equal(a.out[0].data, b.out[0].data, 8 * sizeof(float));
    draw_close(&a);
    draw_close(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generator_gives_published_values),
        cmocka_unit_test(quantile_inverts_the_distribution),
        cmocka_unit_test(distributions_have_their_moments),
        cmocka_unit_test(neighbours_are_independent),
        cmocka_unit_test(multinomial_has_the_shares_of_its_classes),
        cmocka_unit_test(uniform_stays_below_its_end),
        cmocka_unit_test(bernoulli_follows_its_input),
        cmocka_unit_test(dropout_drops_its_share),
        cmocka_unit_test(runs_go_on_and_sessions_repeat),
        cmocka_unit_test(nodes_of_one_name_draw_apart),
        cmocka_unit_test(rows_without_chances_are_refused),
        cmocka_unit_test(seeds_of_operators_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
