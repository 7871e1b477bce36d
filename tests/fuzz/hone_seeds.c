/* SPDX-License-Identifier: Apache-2.0
 *
 * hone_seeds OUT FOLDER: writes the .hone files that fuzzing starts from: the models of the
 * format's tests, and every ONNX model of FOLDER as it is and optimised.
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "hone_models.h"

static int save(const hone_model *m, const char *folder, const char *name, const char *suffix) {
    char path[1024];
    hone_error err;
    snprintf(path, sizeof path, "%.400s/%.500s%s.hone", folder, name, suffix);
    return hone_model_save(m, path, &err) != HONE_OK;
}

static int convert(const char *out, const char *folder, const char *name) {
    static const struct {
        uint32_t flags;
        const char *suffix;
    } ways[] = {{HONE_OPEN_NO_OPTIMIZE, ""}, {0, "-optimized"}};
    char path[1024];
    int failed = 0;
    snprintf(path, sizeof path, "%.400s/%.500s", folder, name);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        hone_open_options options = HONE_INIT(hone_open_options);
        hone_model *m;
        hone_error err;
        options.flags = ways[i].flags;
        if (hone_model_open(&m, path, &options, &err) != HONE_OK) continue; /* meant to be bad */
        failed |= save(m, out, name, ways[i].suffix);
        hone_model_close(m);
    }
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;
    if (argc != 3) return 2;
    mkdir(argv[1], 0777);
    for (int i = 0; i < TEST_MODELS; i++) {
        hone_model *m;
        hone_error err;
        if (test_model_build(i, NULL, &m, &err) != HONE_OK) return 1;
        failed |= save(m, argv[1], test_model_name(i), "");
        hone_model_close(m);
    }
    DIR *dir = opendir(argv[2]);
    if (!dir) return 1;
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.') failed |= convert(argv[1], argv[2], e->d_name);
    closedir(dir);
    return failed;
}
