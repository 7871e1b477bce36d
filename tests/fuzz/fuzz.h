/* SPDX-License-Identifier: Apache-2.0
 *
 * A fuzz target is a file that defines this function. Built with HONE_BUILD_FUZZERS it becomes a
 * libFuzzer program; otherwise replay.c runs it over stored inputs.
 */
#ifndef HONE_FUZZ_H
#define HONE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise: stops the program so that the input is kept. */
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) __builtin_trap();                                                        \
    } while (0)

#endif
