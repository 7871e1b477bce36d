/* SPDX-License-Identifier: Apache-2.0
 *
 * The only file I/O in the library: regular files as read-only memory. Writing is in writer.h.
 *
 * Anything but a regular file is refused before a byte is read, so that a FIFO cannot hang and a
 * device cannot deliver forever. Descriptors never outlive a call, except a file_dir's, and are not
 * inherited by children. Errors name the path and the system's reason.
 */
#ifndef HONE_FILE_H
#define HONE_FILE_H

#include "status.h"

/* A file as memory. It is mapped; where the file system cannot map it is read into memory from the
 * allocator. A zeroed file_map is valid and empty. */
typedef struct file_map {
    const void *data; /* page-aligned; not NULL after a successful open, even when size is 0 */
    size_t size;
    allocator *alloc; /* owner of data, or NULL when it is mapped */
} file_map;

/* limits->file_bytes bounds the size. On failure *out is untouched. */
hone_status file_map_open(const ctx *c, const char *path, file_map *out);
/* Accepts a zeroed map; leaves one behind. */
void file_map_close(file_map *m);
/* Gives back data of a file_map without an allocator. */
void file_unmap(void *data, size_t size);

/* A folder whose files may be opened by names that come from an untrusted file. */
typedef struct file_dir {
    int fd;     /* -1 when closed */
    char *path; /* for messages */
    allocator *alloc;
} file_dir;

#define FILE_DIR_CLOSED ((file_dir){.fd = -1})

/* `path` itself is trusted: it may lead through symbolic links. */
hone_status file_dir_open(const ctx *c, const char *path, file_dir *out);
/* The folder that holds the file `path`. */
hone_status file_dir_open_parent(const ctx *c, const char *path, file_dir *out);
void file_dir_close(file_dir *d);

/* Opens `location`, a relative path with '/' between its components, beneath the folder. Refused as
 * HONE_E_FORMAT: names that location_problem objects to and anything that is reached through a
 * symbolic link. Hard links cannot be told from files and are followed. */
hone_status file_map_beneath(const ctx *c, const file_dir *d, const char *location, file_map *out);

/* HONE_E_IO with the path and the text of `error`, an errno value. */
hone_status fail_io(const ctx *c, const char *path, const char *action, int error);

#endif
