/* SPDX-License-Identifier: Apache-2.0 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

enum { BUFFER_BYTES = 256 * 1024 };

/* Renaming would destroy a device, and fail on a folder only after all the work is done. */
static hone_status check_target(const ctx *c, file_writer *w) {
    struct stat st = {0};
    if (!*w->path) return fail(c, HONE_E_IO, "cannot write: the name is empty");
    if (w->name[0]) {
        if (fstatat(w->folder, w->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT ? HONE_OK : fail_io(c, w->path, "stat", errno);
        if (S_ISREG(st.st_mode)) w->mode = st.st_mode & (S_IRWXU | S_IRWXG | S_IRWXO);
        if (S_ISREG(st.st_mode)) return HONE_OK;
        /* A link is replaced, but not if what it leads to may be needed in its place: a device. */
        if (S_ISLNK(st.st_mode) &&
            (fstatat(w->folder, w->name, &st, 0) != 0 || S_ISREG(st.st_mode)))
            return HONE_OK;
    }
    fail(c, HONE_E_IO, "cannot write: not a regular file");
    return fail_in_file(c, HONE_E_IO, w->path);
}

/* The name needs to be free, not secret: O_EXCL makes sure, the clock makes a clash unlikely. */
static hone_status create_temporary(const ctx *c, file_writer *w) {
    static atomic_uint counter;
    for (int tries = 0; tries < 100; tries++) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        const unsigned serial = atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
        const unsigned long long salt =
            (unsigned long long)now.tv_nsec << 32 ^ (unsigned long long)getpid() << 12 ^ serial;
        snprintf(w->temp, sizeof w->temp, ".hone-%016llx.tmp", salt);
        w->fd = openat(w->folder, w->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                       S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH);
        if (w->fd >= 0) return HONE_OK;
        if (errno != EEXIST) break;
    }
    w->temp[0] = '\0'; /* not ours: must not be removed */
    return fail_io(c, w->path, "create", errno);
}

hone_status writer_open(const ctx *c, file_writer *w, const char *path) {
    const char *slash = strrchr(path, '/');
    *w = (file_writer){.folder = -1, .fd = -1, .path = path, .alloc = c->alloc};
    w->name = slash ? slash + 1 : path;
    file_dir folder;
    TRY(file_dir_open_parent(c, path, &folder));
    w->folder = folder.fd;
    folder.fd = -1;
    file_dir_close(&folder);

    hone_status s = check_target(c, w);
    if (s == HONE_OK) {
        w->buffer = mem_alloc(w->alloc, BUFFER_BYTES, TENSOR_ALIGN);
        if (!w->buffer) s = fail_nomem(c, BUFFER_BYTES);
    }
    if (s == HONE_OK) s = create_temporary(c, w);
    if (s == HONE_OK && w->mode && fchmod(w->fd, w->mode) != 0)
        s = fail_io(c, path, "set the permissions of", errno);
    if (s != HONE_OK) writer_abort(w);
    return s;
}

static hone_status write_all(const ctx *c, file_writer *w, const char *data, size_t size) {
    while (size) {
        const ssize_t n = write(w->fd, data, size);
        if (n < 0 && errno != EINTR) return fail_io(c, w->path, "write", errno);
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return HONE_OK;
}

static hone_status flush(const ctx *c, file_writer *w) {
    const size_t fill = w->fill;
    w->fill = 0;
    return write_all(c, w, w->buffer, fill);
}

hone_status writer_put(const ctx *c, file_writer *w, const void *data, size_t size) {
    w->written += size;
    if (size > BUFFER_BYTES - w->fill) TRY(flush(c, w));
    if (size >= BUFFER_BYTES) return write_all(c, w, data, size);
    if (size) memcpy(w->buffer + w->fill, data, size);
    w->fill += size;
    return HONE_OK;
}

/* Writes what is buffered and has the disk confirm it, without retry: a failed fsync may have
 * dropped the pages, and a second one would lie. */
static hone_status settle(const ctx *c, file_writer *w) {
    TRY(flush(c, w));
    if (fsync(w->fd) != 0) return fail_io(c, w->path, "flush to disk", errno);
    const int fd = w->fd;
    w->fd = -1;
    if (close(fd) != 0 && errno != EINTR) return fail_io(c, w->path, "close", errno);
    if (renameat(w->folder, w->temp, w->folder, w->name) != 0)
        return fail_io(c, w->path, "replace", errno);
    w->temp[0] = '\0';
    /* Some file systems cannot flush a folder and say so with EINVAL; the file itself is safe. */
    if (fsync(w->folder) != 0 && errno != EINVAL)
        return fail_io(c, w->path, "flush the folder of", errno);
    return HONE_OK;
}

hone_status writer_commit(const ctx *c, file_writer *w) {
    const hone_status s = settle(c, w);
    writer_abort(w);
    return s;
}

void writer_abort(file_writer *w) {
    if (w->fd >= 0) close(w->fd);
    if (w->temp[0] && w->folder >= 0) unlinkat(w->folder, w->temp, 0);
    if (w->folder >= 0) close(w->folder);
    mem_free(w->alloc, w->buffer);
    w->fd = w->folder = -1;
    w->buffer = NULL;
    w->temp[0] = '\0';
}
