/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beneath.h"

static const char empty_file[1];

/* Thread-safe, unlike strerror in some C libraries. */
static const char *error_text(int error) {
#if defined(__GLIBC__)
    const char *text = strerrordesc_np(error);
    return text ? text : "unknown error";
#else
    return strerror(error);
#endif
}

hone_status fail_io(const ctx *c, const char *path, const char *action, int error) {
    fail(c, HONE_E_IO, "cannot %s: %s", action, error_text(error));
    return fail_in_file(c, HONE_E_IO, path);
}

/* Is fd a regular file within the limit? */
static hone_status check_file(const ctx *c, int fd, const char *path, size_t *size) {
    struct stat st;
    if (fstat(fd, &st) != 0) return fail_io(c, path, "stat", errno);
    if (!S_ISREG(st.st_mode)) {
        fail(c, HONE_E_IO, "not a regular file");
        return fail_in_file(c, HONE_E_IO, path);
    }
    const uint64_t bytes = (uint64_t)st.st_size;
    if (bytes > c->limits->file_bytes || bytes > PTRDIFF_MAX) {
        fail(c, HONE_E_LIMIT, "file of %llu bytes: the limit is %llu (file_bytes)",
             (unsigned long long)bytes, (unsigned long long)c->limits->file_bytes);
        return fail_in_file(c, HONE_E_LIMIT, path);
    }
    *size = (size_t)bytes;
    return HONE_OK;
}

/* Reads exactly `size` bytes. */
static hone_status read_all(const ctx *c, int fd, const char *path, char *to, size_t size) {
    size_t done = 0;
    while (done < size) {
        const ssize_t n = read(fd, to + done, size - done);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0) {
            fail(c, HONE_E_IO, "file shrank from %zu to %zu bytes while it was read", size, done);
            return fail_in_file(c, HONE_E_IO, path);
        } else if (errno != EINTR) {
            return fail_io(c, path, "read", errno);
        }
    }
    return HONE_OK;
}

static hone_status read_into_memory(const ctx *c, int fd, const char *path, size_t size,
                                    file_map *out) {
    enum { PAGE = 4096 };
    void *data = mem_alloc(c->alloc, size, PAGE);
    if (!data) return fail_nomem(c, size);
    const hone_status s = read_all(c, fd, path, data, size);
    if (s != HONE_OK) {
        mem_free(c->alloc, data);
        return s;
    }
    *out = (file_map){data, size, c->alloc};
    return HONE_OK;
}

/* Takes over fd. */
static hone_status map_descriptor(const ctx *c, int fd, const char *path, file_map *out) {
    size_t size = 0;
    hone_status s = check_file(c, fd, path, &size);
    if (s == HONE_OK && size == 0) {
        *out = (file_map){empty_file, 0, NULL};
    } else if (s == HONE_OK) {
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data != MAP_FAILED)
            *out = (file_map){data, size, NULL};
        else if (errno == ENODEV || errno == EACCES)
            s = read_into_memory(c, fd, path, size, out);
        else
            s = fail_io(c, path, "map", errno);
    }
    close(fd);
    return s;
}

hone_status file_map_open(const ctx *c, const char *path, file_map *out) {
    const int fd = open(path, BENEATH_FLAGS);
    if (fd < 0) return fail_io(c, path, "open", errno);
    return map_descriptor(c, fd, path, out);
}

void file_unmap(void *data, size_t size) {
    if (size) munmap(data, size); /* an empty file is not mapped */
}

void file_map_close(file_map *m) {
    void *data = (void *)(uintptr_t)m->data;
    if (m->alloc)
        mem_free(m->alloc, data);
    else
        file_unmap(data, m->size);
    *m = (file_map){0};
}

static hone_status open_folder(const ctx *c, const char *path, size_t length, file_dir *out) {
    char *copy = mem_zalloc(c->alloc, length + 1, 1);
    if (!copy) return fail_nomem(c, length);
    memcpy(copy, path, length);
    const int fd = open(copy, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        const hone_status s = fail_io(c, copy, "open folder", errno);
        mem_free(c->alloc, copy);
        return s;
    }
    *out = (file_dir){fd, copy, c->alloc};
    return HONE_OK;
}

hone_status file_dir_open(const ctx *c, const char *path, file_dir *out) {
    return open_folder(c, path, strlen(path), out);
}

hone_status file_dir_open_parent(const ctx *c, const char *path, file_dir *out) {
    const char *slash = strrchr(path, '/');
    if (!slash) return open_folder(c, ".", 1, out);
    return open_folder(c, path, slash == path ? 1 : (size_t)(slash - path), out);
}

void file_dir_close(file_dir *d) {
    if (d->fd >= 0) close(d->fd);
    if (d->alloc) mem_free(d->alloc, d->path);
    *d = FILE_DIR_CLOSED;
}

hone_status file_map_beneath(const ctx *c, const file_dir *d, const char *location, file_map *out) {
    const char *problem = location_problem(location);
    int fd = -1;
    if (!problem) {
        fd = beneath_open(d->fd, location);
        if (fd == -ELOOP) problem = "it leads through a symbolic link";
        if (fd == -EXDEV) problem = "it leads out of the folder";
    }
    if (problem) {
        char name[128];
        return fail(c, HONE_E_FORMAT, "external data location '%s' is refused: %s",
                    escape_name(name, sizeof name, location), problem);
    }
    if (fd < 0) return fail_io(c, location, "open external data", -fd);
    return map_descriptor(c, fd, location, out);
}
