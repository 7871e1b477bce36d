/* SPDX-License-Identifier: Apache-2.0
 *
 * Opens files by names that come from untrusted files, never outside a given folder.
 */
#ifndef HONE_BENEATH_H
#define HONE_BENEATH_H

#include <fcntl.h>

/* How files are opened for reading: O_NONBLOCK so that a FIFO without a writer does not hang. */
#define BENEATH_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Why a location must not be used, judged by its text alone, or NULL if it may. Only plain relative
 * paths with '/' pass, also where another system would read them differently: empty, '.' and '..'
 * components, backslashes, drive letters and control characters are refused. */
const char *location_problem(const char *location);

/* All three return a descriptor or a negative errno value: -ELOOP for a symbolic link on the way,
 * -EXDEV when the path leaves the folder. `location` has passed location_problem. */
int beneath_open(int folder, const char *location);
/* By openat2, in one step that nothing can race; -ENOSYS where the system has no such call. */
int beneath_open_kernel(int folder, const char *location);
/* Component by component, for systems without openat2. */
int beneath_open_walk(int folder, const char *location);

#endif
