/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens .hone files as they are and with their checksums put right. What opens can be saved, and
 * what was saved is stable: it opens, and saves as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz_model.h"
#include "hone_models.h"
#include "hone_repair.h"
#include "layout.h"

static file_bytes saved(const hone_model *m) {
    file_bytes b = {0};
    hone_error err;
    PROMISE(test_model_bytes(m, &b, &err) == HONE_OK);
    return b;
}

static void expect_stable(const hone_model *m) {
    const file_bytes first = saved(m);
    hone_model *again = fuzz_open(first.data, first.size, HONE_OPEN_NO_OPTIMIZE | HONE_OPEN_VERIFY);
    PROMISE(again);
    const file_bytes second = saved(again);
    PROMISE(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
    hone_model_close(again);
    free(first.data);
    free(second.data);
}

static void try_bytes(const file_bytes *b) {
    hone_model *m = fuzz_open(b->data, b->size, HONE_OPEN_NO_OPTIMIZE);
    if (!m) return;
    expect_stable(m);
    fuzz_use(m);
    hone_model_close(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const file_bytes given = {(unsigned char *)(uintptr_t)data, size};
    file_bytes copy = file_bytes_copy(&given, size);
    try_bytes(&copy);
    hone_repair(copy.data, copy.size);
    if (memcmp(copy.data, data, size) != 0) try_bytes(&copy);
    free(copy.data);
    return 0;
}

/* libFuzzer's own mutation; absent when inputs are only replayed. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed);

/* Changes the content of one section, whatever its new size, and moves the others accordingly:
 * changes of the raw bytes would rarely leave a file whose sections follow each other. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room, unsigned seed) {
    enum { GROWTH = 256 };
    static uint8_t content[1 << 20];
    const size_t sections = hone_section_count(data, size);
    if (sections == 0 || seed % 8 == 0) {
        size = LLVMFuzzerMutate(data, size, room);
        hone_repair(data, size);
        return size;
    }
    const uint32_t index = seed / 8 % (uint32_t)sections;
    const size_t had = hone_section_copy(data, size, index, content, sizeof content - GROWTH);
    const size_t now = LLVMFuzzerMutate(content, had, had + GROWTH);
    return hone_section_replace(data, size, room, index, content, now);
}
