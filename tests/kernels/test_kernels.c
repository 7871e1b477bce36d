/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kernel slot at every level of this machine.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel_case.h"
#include "kernel_groups.h"

static void levels_fill_what_slots_promise(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) {
            print_message("skipped: level %s, which this machine cannot run\n", isa_name(level));
            continue;
        }
        assert_int_equal(k->level, level);
        for (size_t i = 0; i < slot_count; i++)
            for (ktype t = KT_F32; t < KT_COUNT; t++) {
                const bool promised = slots[i].mask == 0 || (slots[i].mask & KT_BIT(t));
                if ((slot_get(k, &slots[i], t) != NULL) != promised)
                    fail_msg("level %s: slot %s is %s", isa_name(level), slot_label(&slots[i], t),
                             promised ? "empty" : "filled, but not promised");
            }
    }
}

static void level_names_lead_back_to_levels(void **state) {
    (void)state;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++)
        assert_int_equal(isa_from_name(isa_name(level)), level);
    assert_int_equal(isa_from_name("AVX2"), ISA_COUNT);
    assert_int_equal(isa_from_name(""), ISA_COUNT);
    assert_string_equal(isa_name(ISA_COUNT), "unknown");
}

/* The table is built once a process, so every setting gets a process of its own. */
static isa_level default_level_with(const char *cap) {
    const pid_t child = fork();
    if (child == 0) {
        if (cap)
            setenv("HONE_ISA", cap, 1);
        else
            unsetenv("HONE_ISA");
        _exit((int)kernels_default()->level);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    return (isa_level)WEXITSTATUS(status);
}

static void the_environment_caps_the_default_level(void **state) {
    (void)state;
    assert_int_equal(default_level_with(NULL), isa_detect());
    assert_int_equal(default_level_with("avx9"), isa_detect());
    assert_int_equal(default_level_with(""), isa_detect());
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++)
        assert_int_equal(default_level_with(isa_name(level)),
                         isa_supported(level) ? level : isa_detect());
}

static void every_machine_runs_what_it_detects(void **state) {
    (void)state;
    assert_true(isa_supported(ISA_SCALAR));
    assert_true(isa_supported(isa_detect()));
    assert_true(!isa_supported(ISA_COUNT));
    assert_ptr_equal(kernels_default(), kernels_default());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(level_names_lead_back_to_levels),
        cmocka_unit_test(the_environment_caps_the_default_level),
        cmocka_unit_test(every_machine_runs_what_it_detects),
        cmocka_unit_test(levels_fill_what_slots_promise),
        cmocka_unit_test(unary_slots_follow_their_formulas),
        cmocka_unit_test(binary_slots_follow_their_formulas),
        cmocka_unit_test(select_slots_pick_by_condition),
        cmocka_unit_test(reduce_slots_fold_every_element),
        cmocka_unit_test(reduce_sums_stay_accurate_for_long_runs),
        cmocka_unit_test(softmax_rows_match_double),
        cmocka_unit_test(softmax_blocks_match_double),
        cmocka_unit_test(softmax_rows_with_special_values),
        cmocka_unit_test(softmax_columns_match_double),
        cmocka_unit_test(softmax_columns_with_special_values),
        cmocka_unit_test(blended_rows_match_double),
        cmocka_unit_test(norm_rows_match_double),
        cmocka_unit_test(widening_16_bit_floats_is_exact),
        cmocka_unit_test(narrowing_to_16_bits_rounds_to_nearest_even),
        cmocka_unit_test(bytes_and_floats_are_exact),
        cmocka_unit_test(floats_are_cut_to_integers),
        cmocka_unit_test(transposes_move_every_element),
        cmocka_unit_test(vector_functions_keep_their_ulp_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
