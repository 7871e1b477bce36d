/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel_case.h"
#include "kernel_groups.h"

#define MAX_SIDE 140
#define MAX_PAD  3

typedef struct transpose_run {
    transpose_fn *f;
    size_t size; /* of an element */
    guard x, y;
} transpose_run;

static void run_transpose(transpose_run *r, size_t rows, size_t cols, size_t pad) {
    const size_t size = r->size, ldx = cols + pad, ldy = rows + (pad ? MAX_PAD - pad : 0);
    const size_t x_bytes = rows ? ((rows - 1) * ldx + cols) * size : 0;
    const size_t y_bytes = cols ? ((cols - 1) * ldy + rows) * size : 0;
    uint8_t *x = guard_place(&r->x, x_bytes, GUARD_END);
    for (size_t i = 0; i < x_bytes; i++) x[i] = (uint8_t)(i * 131 + (i >> 8) * 7);
    uint8_t *y = guard_place(&r->y, y_bytes, pad == 1 ? size : GUARD_END);
    const uint8_t untouched = *r->y.data;

    r->f(rows, cols, x, ldx, y, ldy);

    assert_true(guard_intact(&r->y, y, y_bytes));
    for (size_t j = 0; j < cols; j++)
        for (size_t i = 0; i < rows; i++)
            if (memcmp(y + (j * ldy + i) * size, x + (i * ldx + j) * size, size) != 0)
                fail_msg("%zu x %zu, %zu-byte elements: (%zu, %zu) is wrong", rows, cols, size, i,
                         j);
    for (size_t j = 0; j + 1 < cols && rows; j++)
        for (size_t b = rows * size; b < ldy * size; b++)
            if (y[j * ldy * size + b] != untouched || !y_bytes)
                fail_msg("%zu x %zu, %zu-byte elements: padding is written", rows, cols, size);
}

static void run_shapes(transpose_run *r) {
    for (size_t rows = 0; rows < 20; rows++)
        for (size_t cols = 0; cols < 20; cols++) run_transpose(r, rows, cols, (rows + cols) % 3);
    static const size_t large[][2] = {{64, 64}, {65, 67}, {63, 129}, {131, 5}, {3, 139}, {128, 33},
                                      {131, 2}, {137, 3}, {129, 4},  {2, 131}, {4, 133}};
    for (size_t i = 0; i < COUNT_OF(large); i++)
        for (size_t pad = 0; pad < MAX_PAD; pad++) run_transpose(r, large[i][0], large[i][1], pad);
}

void transposes_move_every_element(void **state) {
    (void)state;
    transpose_run r;
    guard_create(&r.x, (size_t)(MAX_SIDE + MAX_PAD) * (MAX_SIDE + MAX_PAD) * 8);
    guard_create(&r.y, (size_t)(MAX_SIDE + MAX_PAD) * (MAX_SIDE + MAX_PAD) * 8);
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        const kernels *k = level_table(level);
        if (!k) continue;
        transpose_fn *const functions[] = {k->transpose_b8, k->transpose_b16, k->transpose_b32,
                                           k->transpose_b64};
        for (size_t i = 0; i < COUNT_OF(functions); i++) {
            r.f = functions[i];
            r.size = (size_t)1 << i;
            run_shapes(&r);
        }
    }
    guard_destroy(&r.x);
    guard_destroy(&r.y);
}
