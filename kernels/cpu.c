/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ISA levels does this machine run? A level needs the instructions and an operating system
 * that saves the registers they use.
 */
#include "kernels.h"

#include <string.h>

static const char *const level_name[ISA_COUNT] = {
    [ISA_SCALAR] = "scalar",         [ISA_AVX2] = "avx2", [ISA_AVX512] = "avx512",
    [ISA_AVX512VNNI] = "avx512vnni", [ISA_NEON] = "neon", [ISA_NEONDOT] = "neondot",
};

const char *isa_name(isa_level level) {
    return (unsigned)level < ISA_COUNT ? level_name[level] : "unknown";
}

isa_level isa_from_name(const char *name) {
    for (int i = 0; i < ISA_COUNT; i++)
        if (strcmp(name, level_name[i]) == 0) return (isa_level)i;
    return ISA_COUNT;
}

#if defined(__x86_64__)

#include <cpuid.h>

/* Bits of CPUID leaves 1 and 7 and of XCR0, as the processor manuals number them. */
#define LEAF1_ECX_AVX2   (1u << 12 | 1u << 27 | 1u << 28 | 1u << 29) /* FMA OSXSAVE AVX F16C */
#define LEAF7_EBX_AVX2   (1u << 5 | 1u << 8)                         /* AVX2 BMI2 */
#define LEAF7_EBX_AVX512 (1u << 16 | 1u << 17 | 1u << 30 | 1u << 31) /* F DQ BW VL */
#define LEAF7_ECX_VNNI   (1u << 11)
#define XCR0_YMM         0x06u /* SSE and AVX state */
#define XCR0_ZMM         0xe6u /* and mask registers, and both parts of the 512-bit registers */

static bool has_all(unsigned value, unsigned bits) { return (value & bits) == bits; }

/* Only valid when CPUID says OSXSAVE. By hand, because the compiler's intrinsic needs a flag that
 * this file must not be compiled with. */
static unsigned read_xcr0(void) {
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

isa_level isa_detect(void) {
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return ISA_SCALAR;
    if (!has_all(ecx, LEAF1_ECX_AVX2)) return ISA_SCALAR;
    const unsigned xcr0 = read_xcr0();
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) return ISA_SCALAR;
    if (!has_all(ebx, LEAF7_EBX_AVX2) || !has_all(xcr0, XCR0_YMM)) return ISA_SCALAR;
    if (!has_all(ebx, LEAF7_EBX_AVX512) || !has_all(xcr0, XCR0_ZMM)) return ISA_AVX2;
    return has_all(ecx, LEAF7_ECX_VNNI) ? ISA_AVX512VNNI : ISA_AVX512;
}

bool isa_supported(isa_level level) {
    return (unsigned)level <= ISA_AVX512VNNI && level <= isa_detect();
}

/* Leaves 0x80000002 to 0x80000004 are 48 characters, padded with spaces or zeros. */
void cpu_name(char out[CPU_NAME]) {
    unsigned r[12];
    size_t n = 0;
    for (unsigned i = 0; i < 3; i++) {
        unsigned *at = r + 4 * i;
        if (!__get_cpuid(0x80000002u + i, &at[0], &at[1], &at[2], &at[3])) {
            strcpy(out, "x86-64");
            return;
        }
    }
    char text[sizeof r + 1] = {0};
    memcpy(text, r, sizeof r);
    for (const char *c = text; *c; c++)
        if (*c != ' ' || (n > 0 && out[n - 1] != ' ')) out[n++] = *c;
    while (n > 0 && out[n - 1] == ' ') n--;
    out[n] = 0;
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

isa_level isa_detect(void) {
#if defined(__linux__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) return ISA_NEONDOT;
#endif
    return ISA_NEON;
}

bool isa_supported(isa_level level) {
    return level == ISA_SCALAR || level == ISA_NEON ||
           (level == ISA_NEONDOT && isa_detect() == ISA_NEONDOT);
}

void cpu_name(char out[CPU_NAME]) { strcpy(out, "aarch64"); }

#else

isa_level isa_detect(void) { return ISA_SCALAR; }
bool isa_supported(isa_level level) { return level == ISA_SCALAR; }
void cpu_name(char out[CPU_NAME]) { strcpy(out, "unknown"); }

#endif
