/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes a file so that its name always shows either the old content or all of the new one.
 *
 * The bytes go to a temporary file in the target's folder; commit flushes it to the disk, renames
 * it over the target and flushes the folder. Until then, and after any failure, the target is as it
 * was and no temporary file stays behind. A symbolic link with the target's name is replaced, never
 * written through; a file that is replaced passes on its permissions.
 */
#ifndef HONE_WRITER_H
#define HONE_WRITER_H

#include "status.h"

typedef struct file_writer {
    int folder, fd; /* -1 when closed */
    const char *path;
    const char *name; /* the last component of path */
    char temp[32];
    unsigned mode; /* permissions of the file that is replaced, or 0 */
    char *buffer;
    size_t fill;
    uint64_t written; /* bytes given to writer_put so far */
    allocator *alloc;
} file_writer;

/* `path` is borrowed until commit or abort. After a failure there is nothing to abort. */
hone_status writer_open(const ctx *c, file_writer *w, const char *path);
/* After a failure the caller still aborts. */
hone_status writer_put(const ctx *c, file_writer *w, const void *data, size_t size);
/* Ends the writer, whether it succeeds or not. */
hone_status writer_commit(const ctx *c, file_writer *w);
/* Gives up: the temporary file goes. Does nothing after writer_commit. */
void writer_abort(file_writer *w);

#endif
