/* SPDX-License-Identifier: Apache-2.0 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "hone/hone.h"

/* The first two words of a file of the cgroup (version 2), as numbers; how many there are. */
static int cgroup_numbers(const char *path, unsigned long long out[2]) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    char text[64];
    const ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0) return 0;
    text[n] = '\0';
    const int found = sscanf(text, "%llu %llu", &out[0], &out[1]);
    return found < 0 ? 0 : found;
}

/* Whole processors that the cgroup grants, or 0 when it sets no quota. */
static int32_t cgroup_cpus(void) {
    unsigned long long quota[2];
    if (cgroup_numbers("/sys/fs/cgroup/cpu.max", quota) != 2 || !quota[0] || !quota[1]) return 0;
    const unsigned long long n = (quota[0] + quota[1] - 1) / quota[1];
    return n < 65536 ? (int32_t)n : 0;
}

int32_t machine_cpus(void) {
    const int saved = errno;
    cpu_set_t set;
    int32_t n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    const int32_t quota = cgroup_cpus();
    if (quota > 0 && quota < n) n = quota;
    errno = saved;
    return n < 1 ? 1 : n;
}

uint64_t machine_memory(void) {
    const int saved = errno;
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t bytes = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    unsigned long long granted[2];
    if (cgroup_numbers("/sys/fs/cgroup/memory.max", granted) >= 1 && granted[0] < bytes)
        bytes = granted[0];
    errno = saved;
    return bytes;
}

int32_t hone_cpu_count(void) { return machine_cpus(); }
