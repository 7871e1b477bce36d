/* SPDX-License-Identifier: Apache-2.0
 *
 * What every vector vocabulary shares. Each file of kernels/isa includes exactly one of scalar.h,
 * avx2.h, avx512.h and neon.h, then bodies written over the names that scalar.h documents.
 *
 * Everything in these headers and in the bodies is static: a function with external linkage that
 * was compiled for a high level could be merged into code that runs on every machine.
 */
#ifndef HONE_SIMD_COMMON_H
#define HONE_SIMD_COMMON_H

/* Formulas reach their loops as function pointers, so inlining must not be left to a guess. */
#define SIMD_INLINE static inline __attribute__((always_inline))

/* Before a loop over registers: constant bounds, at most 32 turns, and no loop must remain. */
#if defined(__clang__)
#define SIMD_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SIMD_UNROLL _Pragma("GCC unroll 32")
#endif

/* Keeps what was loaded into v in its register: otherwise a compiler may read memory again for
 * every use, as an operand of the instruction that uses it. */
#if defined(__aarch64__)
#define SIMD_KEEP(v) __asm__("" : "+w"(v))
#else
#define SIMD_KEEP(v) __asm__("" : "+v"(v))
#endif

/* Brings the cache line at p closer for reading. p may be any address. */
#define SIMD_PREFETCH(p)    __builtin_prefetch(p)
#define SIMD_PREFETCH_L2(p) __builtin_prefetch((p), 0, 2)

#endif
