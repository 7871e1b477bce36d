/* SPDX-License-Identifier: Apache-2.0 */
#include "new_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_error.h"

hone_status new_file_distinct(const char *source, const char *output, hone_error *err) {
    struct stat a, b;
    if (stat(source, &a) != 0 || stat(output, &b) != 0) return HONE_OK;
    if (a.st_dev != b.st_dev || a.st_ino != b.st_ino) return HONE_OK;
    return cli_fail_file(err, HONE_E_ARG, output, "the output is the model itself");
}

hone_status new_file_open(new_file *f, const char *path, hone_error *err) {
    static const char suffix[] = ".XXXXXX";
    *f = (new_file){.path = path};
    f->temporary = malloc(strlen(path) + sizeof suffix);
    if (!f->temporary) return cli_fail_nomem(err);
    strcpy(f->temporary, path);
    strcat(f->temporary, suffix);
    const int fd = mkstemp(f->temporary);
    if (fd >= 0) f->stream = fdopen(fd, "w");
    if (f->stream) return HONE_OK;
    const hone_status status = cli_fail_errno(err, path, "create");
    if (fd >= 0) {
        close(fd);
        unlink(f->temporary);
    }
    free(f->temporary);
    return status;
}

/* As readable as other new files are. */
static int settle(const new_file *f) {
    const mode_t mask = umask(0);
    umask(mask);
    return fchmod(fileno(f->stream), 0666 & ~mask) != 0 || fflush(f->stream) != 0 ||
           fsync(fileno(f->stream)) != 0;
}

hone_status new_file_commit(new_file *f, hone_error *err) {
    const int failed = ferror(f->stream) || settle(f);
    if (failed || rename(f->temporary, f->path) != 0) {
        const hone_status status = cli_fail_errno(err, f->path, "write");
        new_file_abort(f);
        return status;
    }
    fclose(f->stream);
    free(f->temporary);
    return HONE_OK;
}

void new_file_abort(new_file *f) {
    fclose(f->stream);
    unlink(f->temporary);
    free(f->temporary);
}
