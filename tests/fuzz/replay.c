/* SPDX-License-Identifier: Apache-2.0
 *
 * replay [--plain] FILE|FOLDER...: runs a fuzz target over files, and without --plain over every
 * truncation of the small ones and over each of them with a byte changed.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { SMALL = 2048, INPUT_BYTES = 1 << 24 };

static size_t inputs;
static int plain;

/* In memory of exactly this size, so that tools see every access outside. */
static void run(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    inputs++;
}

static void run_damaged(uint8_t *data, size_t size) {
    static const uint8_t flips[] = {0x01, 0x80, 0x7F, 0xFF};
    for (size_t n = 0; n < size; n++) run(data, n);
    for (size_t i = 0; i < size; i++) {
        const uint8_t keep = data[i];
        for (size_t k = 0; k < sizeof flips; k++) {
            data[i] = keep ^ flips[k];
            run(data, size);
        }
        data[i] = keep;
    }
}

static int run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 1;
    uint8_t *data = malloc(INPUT_BYTES);
    const size_t size = fread(data, 1, INPUT_BYTES, file);
    fclose(file);
    run(data, size);
    if (size <= SMALL && !plain) run_damaged(data, size);
    free(data);
    return 0;
}

static int run_folder(DIR *dir, const char *path) {
    int failed = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char name[1024];
        if (e->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%.700s/%s", path, e->d_name);
        failed |= run_file(name);
    }
    return failed;
}

int main(int argc, char **argv) {
    int failed = argc < 2;
    plain = argc > 1 && strcmp(argv[1], "--plain") == 0;
    for (int i = 1 + plain; i < argc; i++) {
        DIR *dir = opendir(argv[i]);
        failed |= dir ? run_folder(dir, argv[i]) : run_file(argv[i]);
        if (dir) closedir(dir);
    }
    printf("%zu inputs\n", inputs);
    return failed || inputs == 0;
}
