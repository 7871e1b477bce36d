/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#define PASS(name) extern const pass pass_##name;
#include "passes.def"

const pass *const pass_list[] = {
#define PASS(name) &pass_##name,
#include "passes.def"
};
const int32_t pass_count = (int32_t)(sizeof pass_list / sizeof pass_list[0]);
