/* SPDX-License-Identifier: Apache-2.0
 *
 * What the machine, or the container that the process is in, has to offer.
 */
#ifndef HONE_MACHINE_H
#define HONE_MACHINE_H

#include <stdint.h>

/* Processors that this process may use: affinity and cgroup quota. */
int32_t machine_cpus(void);
/* Bytes of memory: physical, or what the cgroup grants. */
uint64_t machine_memory(void);

#endif
