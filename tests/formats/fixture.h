/* SPDX-License-Identifier: Apache-2.0
 *
 * What the format tests share: a context, a folder that goes away, files in it.
 */
#ifndef HONE_FIXTURE_H
#define HONE_FIXTURE_H

#include "status.h"
#include "unit_test.h"

typedef struct fixture {
    char folder[64]; /* a fresh, empty folder */
    hone_error err;
    hone_limits limits;
    allocator alloc;
    ctx c;
} fixture;

void fixture_init(fixture *f);
/* Removes the folder and fails the test if memory is still allocated. */
void fixture_fini(fixture *f);
/* Clears the error between two calls under test. */
void fixture_reset(fixture *f);

/* "folder/name" in a static buffer, valid for four more calls. */
const char *fixture_path(const fixture *f, const char *name);
void fixture_write(const fixture *f, const char *name, const void *data, size_t size);
/* Number of entries in the folder. */
int fixture_entries(const fixture *f);
/* Descriptors that the process has open. */
int open_descriptors(void);

/* The recorded error must have this status and this piece of text. */
void expect_error(const fixture *f, hone_status got, hone_status want, const char *piece);

#endif
