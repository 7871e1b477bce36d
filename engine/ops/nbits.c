/* SPDX-License-Identifier: Apache-2.0 */
#include "nbits.h"

#include <string.h>

enum { SPAN = 256 }; /* codes that are unpacked at once */

/* Bytes of n codes. */
static int64_t bytes_of(const nbits_params *p, int64_t n) {
    const int64_t each = 8 / p->bits;
    return n / each + (n % each != 0);
}

static nbits_sizes sizes_of(const nbits_params *p, int64_t rows, int64_t row_bytes) {
    nbits_sizes s = {.rows = rows};
    const int64_t elements = p->flat ? rows * p->k : p->k;
    s.blocks = elements / p->block_size + (elements % p->block_size != 0);
    s.row_bytes = row_bytes ? row_bytes : s.blocks * bytes_of(p, p->block_size);
    s.zero_bytes = bytes_of(p, s.blocks);
    return s;
}

static hone_status check_count(const infer *f, int32_t i, int64_t expected, int64_t or_this) {
    int64_t count;
    if (!infer_has(f, i) || !shape_count(infer_shape(f, i), &count) || count == expected ||
        count == or_this)
        return HONE_OK;
    return infer_fail(f, "input '%s' has %lld elements: expected %lld",
                      op_input(f->node->op, i)->name, (long long)count, (long long)expected);
}

hone_status nbits_check(const infer *f, int32_t first, const nbits_params *p, int64_t rows,
                        int64_t row_bytes) {
    const bool power = (p->bits & (p->bits - 1)) == 0;
    if (!power || (p->table.set && p->table.n != 1 << p->bits))
        return infer_fail(f, "codes of %lld bits and a table of %d", (long long)p->bits,
                          p->table.n);
    /* So that a block begins at a byte, and blocks never share one. */
    if (!p->flat && p->block_size * p->bits % 8)
        return infer_fail(f, "blocks of %lld codes of %lld bits are not whole bytes",
                          (long long)p->block_size, (long long)p->bits);
    if (p->flat && (infer_has(f, first + NBITS_ZEROS) || infer_has(f, first + NBITS_GROUPS)))
        return infer_fail(f, "flat weights with zero points or groups");
    if (!dim_known(rows) || (!p->flat && !dim_known(row_bytes))) return HONE_OK;
    if (rows > INT32_MAX) return infer_fail(f, "%lld rows of weights", (long long)rows);
    const nbits_sizes s = sizes_of(p, rows, row_bytes);
    if (!p->flat && s.row_bytes < bytes_of(p, p->k))
        return infer_fail(f, "%lld bytes do not hold %lld codes of %lld bits",
                          (long long)s.row_bytes, (long long)p->k, (long long)p->bits);
    const int64_t bytes = p->flat ? bytes_of(p, rows * p->k) : dim_mul(rows, s.row_bytes);
    const int64_t scales = p->flat ? s.blocks : dim_mul(rows, s.blocks);
    const bool packed = infer_dtype(f, first + NBITS_ZEROS) == HONE_U8;
    const int64_t zeros = packed ? dim_mul(rows, s.zero_bytes) : scales;
    const int64_t padded = dim_mul(s.blocks, p->block_size);
    TRY(check_count(f, first + NBITS_CODES, bytes, bytes));
    TRY(check_count(f, first + NBITS_SCALES, scales, scales));
    TRY(check_count(f, first + NBITS_ZEROS, zeros, zeros));
    return check_count(f, first + NBITS_GROUPS, p->k, padded);
}

hone_status nbits_weights_of(run_ctx *r, const step *s, int32_t first, nbits_weights *w) {
    const tensor *in = s->in + first;
    w->s = sizes_of(w->p, w->s.rows, w->s.row_bytes);
    w->codes = in[NBITS_CODES].data;
    w->scales = in[NBITS_SCALES].data;
    if (step_has(s, first + NBITS_ZEROS)) {
        const bool packed = in[NBITS_ZEROS].dtype == HONE_U8;
        w->packed_zeros = packed ? in[NBITS_ZEROS].data : NULL;
        w->zeros = packed ? NULL : in[NBITS_ZEROS].data;
    }
    if (!step_has(s, first + NBITS_GROUPS)) return HONE_OK;
    w->groups = in[NBITS_GROUPS].data;
    for (int64_t i = 0; i < w->p->k; i++)
        if (w->groups[i] < 0 || w->groups[i] >= w->s.blocks)
            return run_fail(r, "group %d of element %lld is out of range: there are %lld",
                            w->groups[i], (long long)i, (long long)w->s.blocks);
    return HONE_OK;
}

/* A byte holds 2 ^ this many codes: sizes are divided by shifting, as blocks are short. */
static int shift_of(int64_t bits) { return bits == 8 ? 0 : bits == 4 ? 1 : 2; }

/* Code number i of packed ones. */
static uint8_t code_at(const uint8_t *codes, int64_t bits, int64_t i) {
    const int shift = shift_of(bits);
    const int64_t in_byte = i & ((1 << shift) - 1);
    return (uint8_t)(codes[i >> shift] >> (in_byte * bits) & ((1 << bits) - 1));
}

/* Codes [from, from + n), a byte each. Whole bytes go through loops that the compiler vectorises.
 */
static void unpack(const uint8_t *codes, int64_t bits, int64_t from, int64_t n, uint8_t *out) {
    const int shift = shift_of(bits);
    const int64_t partial = (1 << shift) - 1;
    int64_t i = 0;
    for (; i < n && ((from + i) & partial); i++) out[i] = code_at(codes, bits, from + i);
    const uint8_t *whole = codes + ((from + i) >> shift);
    const int64_t bytes = (n - i) >> shift;
    uint8_t *to = out + i;
    if (bits == 8) {
        memcpy(to, whole, (size_t)bytes);
    } else if (bits == 4) {
        for (int64_t b = 0; b < bytes; b++) {
            to[2 * b] = whole[b] & 15;
            to[2 * b + 1] = whole[b] >> 4;
        }
    } else {
        for (int64_t b = 0; b < bytes; b++) {
            to[4 * b] = whole[b] & 3;
            to[4 * b + 1] = whole[b] >> 2 & 3;
            to[4 * b + 2] = whole[b] >> 4 & 3;
            to[4 * b + 3] = whole[b] >> 6;
        }
    }
    for (i += bytes << shift; i < n; i++) out[i] = code_at(codes, bits, from + i);
}

static float zero_of(const nbits_weights *w, int64_t row, int64_t block) {
    if (w->zeros) return w->zeros[row * w->s.blocks + block];
    if (w->packed_zeros) return code_at(w->packed_zeros + row * w->s.zero_bytes, w->p->bits, block);
    return (float)(1 << (w->p->bits - 1));
}

/* n elements of one block. */
static void decode_block(const nbits_weights *w, const uint8_t *code, int64_t n, int64_t row,
                         int64_t block, float *out) {
    const float scale = w->scales[(w->p->flat ? 0 : row * w->s.blocks) + block];
    if (w->p->table.set) {
        for (int64_t i = 0; i < n; i++) out[i] = w->p->table.v[code[i]] * scale;
        return;
    }
    const float zero = zero_of(w, row, block);
    for (int64_t i = 0; i < n; i++) out[i] = ((float)code[i] - zero) * scale;
}

/* n elements, each of a block of its own. */
static void decode_scattered(const nbits_weights *w, const uint8_t *code, int64_t n, int64_t row,
                             int64_t first, float *out) {
    for (int64_t i = 0; i < n; i++)
        decode_block(w, code + i, 1, row, w->groups[first + i], out + i);
}

static void decode_row(const nbits_weights *w, int64_t row, float *out) {
    const nbits_params *p = w->p;
    const int64_t first = p->flat ? row * p->k : 0; /* number of the row's first element */
    const uint8_t *codes = w->codes + (p->flat ? 0 : row * w->s.row_bytes);
    int64_t block = first / p->block_size, left = p->block_size - first % p->block_size;
    uint8_t code[SPAN];
    for (int64_t i = 0, n; i < p->k; i += n) {
        n = p->k - i < SPAN ? p->k - i : SPAN;
        unpack(codes, p->bits, first + i, n, code);
        if (w->groups) {
            decode_scattered(w, code, n, row, i, out + i);
            continue;
        }
        for (int64_t j = 0, m; j < n; j += m) {
            m = n - j < left ? n - j : left;
            decode_block(w, code + j, m, row, block, out + i + j);
            left -= m;
            if (left > 0) continue;
            left = p->block_size;
            block++;
        }
    }
}

void nbits_decode(const nbits_weights *w, int64_t first, int64_t last, float *out) {
    for (int64_t row = first; row < last; row++) decode_row(w, row, out + (row - first) * w->p->k);
}
