/* SPDX-License-Identifier: Apache-2.0
 *
 * The few names of cmocka that the kernel tests use, for cross builds whose target has no cmocka.
 * The first failure ends the program.
 */
#ifndef HONE_CMOCKA_LITE_H
#define HONE_CMOCKA_LITE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};
#define cmocka_unit_test(f)                                                                        \
    { #f, f }

#define print_message(...) printf(__VA_ARGS__)
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        printf(__VA_ARGS__);                                                                       \
        printf("\n%s:%d: failure\n", __FILE__, __LINE__);                                          \
        exit(1);                                                                                   \
    } while (0)
#define assert_true(c)                                                                             \
    do {                                                                                           \
        if (!(c)) fail_msg("%s is false", #c);                                                     \
    } while (0)
#define assert_int_equal(a, b)           assert_true((a) == (b))
#define assert_ptr_equal(a, b)           assert_true((a) == (b))
#define assert_non_null(p)               assert_true((p) != NULL)
#define assert_string_equal(a, b)        assert_true(strcmp(a, b) == 0)
#define assert_memory_equal(a, b, bytes) assert_true(memcmp(a, b, bytes) == 0)

#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    cmocka_lite_run(tests, sizeof(tests) / sizeof(tests)[0])
static inline int cmocka_lite_run(const struct CMUnitTest *tests, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf("[ RUN      ] %s\n", tests[i].name);
        tests[i].run(NULL);
        printf("[       OK ] %s\n", tests[i].name);
    }
    printf("[  PASSED  ] %zu test(s).\n", count);
    return 0;
}

#endif
