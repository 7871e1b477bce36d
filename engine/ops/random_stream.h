/* SPDX-License-Identifier: Apache-2.0
 *
 * Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel Random
 * Numbers: As Easy as 1, 2, 3", 2011). Number i of a stream is a function of the stream's key, of
 * its draw and of i alone, so that work can be split in any way.
 */
#ifndef HONE_RANDOM_STREAM_H
#define HONE_RANDOM_STREAM_H

#include "step.h"

typedef struct random_stream {
    uint64_t key;
    uint64_t draw;
} random_stream;

/* The stream of a step. The key mixes the session's seed, the operator's own seed and the name of
 * the result, so that nodes do not share numbers and other nodes do not change them; the draw
 * counts how often the session has run the node. The first run of every session gives the same
 * numbers. */
hone_status random_begin(run_ctx *r, const step *s, float seed, random_stream *out);

/* 64 random bits: half 0 or 1 of a block of the stream. */
uint64_t random_block(const random_stream *s, uint64_t block, int half);
/* The same: number i of the stream. */
static inline uint64_t random_bits(const random_stream *s, uint64_t i) {
    return random_block(s, i >> 1, (int)(i & 1));
}

/* Uniform in (0, 1), never an end: 52 bits and a half. */
static inline double random_open(const random_stream *s, uint64_t i) {
    return ((double)(random_bits(s, i) >> 12) + 0.5) * 0x1p-52;
}
/* Uniform in [0, 1) with the 24 bits of a float32, which rounding cannot make 1. */
static inline double random_unit(const random_stream *s, uint64_t i) {
    return (double)(random_bits(s, i) >> 40) * 0x1p-24;
}
/* The same with the 53 bits of a float64. */
static inline double random_unit_wide(const random_stream *s, uint64_t i) {
    return (double)(random_bits(s, i) >> 11) * 0x1p-53;
}

#endif
