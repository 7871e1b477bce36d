/* SPDX-License-Identifier: Apache-2.0 */
#include "beneath.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(SYS_openat2)
#include <linux/openat2.h>
#endif

enum { MAX_COMPONENT = 255, MAX_LOCATION = 4095 };

static bool is_letter(char ch) { return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z'); }

/* `s` points at a component of length n. */
static const char *component_problem(const char *s, size_t n) {
    if (n == 0) return "it has an empty component";
    if (n == 1 && s[0] == '.') return "it has the component '.'";
    if (n == 2 && s[0] == '.' && s[1] == '.') return "it has the component '..'";
    return n > MAX_COMPONENT ? "a component is too long" : NULL;
}

const char *location_problem(const char *location) {
    if (location[0] == '\0') return "it is empty";
    if (location[0] == '/') return "it is absolute";
    if (is_letter(location[0]) && location[1] == ':') return "it starts with a drive letter";
    if (strlen(location) > MAX_LOCATION) return "it is too long";
    for (const char *s = location; *s; s++) {
        if (*s == '\\') return "it has a backslash";
        if ((unsigned char)*s < 0x20 || *s == 0x7F) return "it has a control character";
    }
    for (const char *s = location;; s++) {
        const size_t n = strcspn(s, "/");
        const char *problem = component_problem(s, n);
        if (problem) return problem;
        s += n;
        if (*s == '\0') return NULL;
    }
}

int beneath_open_kernel(int folder, const char *location) {
#if defined(SYS_openat2)
    const struct open_how how = {
        .flags = BENEATH_FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    /* EAGAIN tells of a rename on the way, which is rare: a few tries are enough. */
    for (int tries = 0; tries < 8; tries++) {
        const long fd = syscall(SYS_openat2, folder, location, &how, sizeof how);
        if (fd >= 0) return (int)fd;
        if (errno != EAGAIN && errno != EINTR) return -errno;
    }
    return -EAGAIN;
#else
    (void)folder;
    (void)location;
    return -ENOSYS;
#endif
}

/* A symbolic link as a folder component reports ENOTDIR together with O_DIRECTORY. */
static int walk_error(int folder, const char *name, int error) {
    char target[1];
    if (error == ENOTDIR && readlinkat(folder, name, target, sizeof target) >= 0) return -ELOOP;
    return -error;
}

int beneath_open_walk(int folder, const char *location) {
    int at = folder;
    for (const char *s = location;;) {
        char name[MAX_COMPONENT + 1];
        const size_t n = strcspn(s, "/");
        if (n > MAX_COMPONENT) return -ENAMETOOLONG;
        memcpy(name, s, n);
        name[n] = '\0';
        const bool last = s[n] == '\0';
        const int flags =
            last ? BENEATH_FLAGS | O_NOFOLLOW : O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW;
        const int fd = openat(at, name, flags);
        const int result = fd >= 0 ? fd : walk_error(at, name, errno);
        if (at != folder) close(at);
        if (last || fd < 0) return result;
        at = fd;
        s += n + 1;
    }
}

int beneath_open(int folder, const char *location) {
    const int fd = beneath_open_kernel(folder, location);
    /* EPERM comes from sandboxes that filter system calls they do not know. */
    const bool missing = fd == -ENOSYS || fd == -EPERM || fd == -EINVAL || fd == -E2BIG;
    return missing ? beneath_open_walk(folder, location) : fd;
}
