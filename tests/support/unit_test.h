/* SPDX-License-Identifier: Apache-2.0
 *
 * cmocka with what it needs. Its macro fail() would hide the library's function of that name, so
 * only fail_msg remains.
 */
#ifndef HONE_UNIT_TEST_H
#define HONE_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#undef fail
#undef fail_msg
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)

#endif
