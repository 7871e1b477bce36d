/* SPDX-License-Identifier: Apache-2.0
 *
 * The tests of the kernel program, one file a family of slots.
 */
#ifndef HONE_KERNEL_GROUPS_H
#define HONE_KERNEL_GROUPS_H

void unary_slots_follow_their_formulas(void **state);
void vector_functions_keep_their_ulp_bounds(void **state);
void binary_slots_follow_their_formulas(void **state);
void select_slots_pick_by_condition(void **state);
void reduce_slots_fold_every_element(void **state);
void reduce_sums_stay_accurate_for_long_runs(void **state);
void softmax_rows_match_double(void **state);
void softmax_blocks_match_double(void **state);
void softmax_rows_with_special_values(void **state);
void softmax_columns_match_double(void **state);
void softmax_columns_with_special_values(void **state);
void blended_rows_match_double(void **state);
void norm_rows_match_double(void **state);
void widening_16_bit_floats_is_exact(void **state);
void narrowing_to_16_bits_rounds_to_nearest_even(void **state);
void bytes_and_floats_are_exact(void **state);
void floats_are_cut_to_integers(void **state);
void transposes_move_every_element(void **state);

#endif
