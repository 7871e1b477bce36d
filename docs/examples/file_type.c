/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells the type of files from their bytes, with the Magika model:
 *
 *     file_type file_type.onnx file_type.json FILE...
 *
 * The model takes 1024 bytes from the start of a file and 1024 from its end, each without the
 * blanks around it, and gives a probability for each of the labels that the JSON file lists.
 */
#include <ctype.h>
#include <hone/hone.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096, PART = 1024, PADDING = 256, MAX_LABELS = 512 };

/* The strings of the array "target_labels_space". Returns how many there are. */
static int read_labels(const char *path, const char *labels[MAX_LABELS]) {
    static char json[65536];
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    json[fread(json, 1, sizeof json - 1, file)] = '\0';
    fclose(file);
    char *array = strstr(json, "\"target_labels_space\":[");
    if (!array) return 0;
    array = strchr(array, '[') + 1;
    array[strcspn(array, "]")] = '\0';
    int count = 0;
    for (char *s = strtok(array, "\","); s && count < MAX_LABELS; s = strtok(NULL, "\","))
        labels[count++] = s;
    return count;
}

/* The first PART bytes after leading blanks, then padding. */
static void take_start(const unsigned char *block, size_t size, int32_t *out) {
    size_t skip = 0;
    while (skip < size && isspace(block[skip])) skip++;
    for (size_t i = 0; i < PART; i++) out[i] = skip + i < size ? block[skip + i] : PADDING;
}

/* Padding, then the last PART bytes before trailing blanks. */
static void take_end(const unsigned char *block, size_t size, int32_t *out) {
    while (size > 0 && isspace(block[size - 1])) size--;
    for (size_t i = 0; i < PART; i++) out[PART - 1 - i] = i < size ? block[size - 1 - i] : PADDING;
}

/* How many bytes were found, or -1 when the file cannot be read. */
static long read_file(const char *path, int32_t *out) {
    unsigned char block[BLOCK];
    FILE *file = fopen(path, "rb");
    if (!file) return -1;
    size_t size = fread(block, 1, BLOCK, file);
    take_start(block, size, out);
    if (size == BLOCK && fseek(file, -BLOCK, SEEK_END) == 0) size = fread(block, 1, BLOCK, file);
    take_end(block, size, out + PART);
    const bool failed = ferror(file) != 0;
    fclose(file);
    return failed ? -1 : (long)size;
}

typedef struct label_list {
    const char *name[MAX_LABELS];
    int count;
} label_list;

/* Sets *unread for a file that cannot be read, and goes on. */
static hone_status classify(hone_session *session, const char *path, const label_list *labels,
                            bool *unread, hone_error *err) {
    hone_view in, out;
    hone_status status = hone_session_input(session, 0, &in, err);
    if (status) return status;
    const long size = read_file(path, in.data);
    if (size < 0) *unread = true;
    if (size <= 0) return printf("  %-34s %s\n", path, size ? "cannot be read" : "empty"), HONE_OK;
    status = hone_session_run(session, err);
    if (status) return status;
    status = hone_session_output(session, 0, &out, err);
    if (status) return status;
    const float *p = out.data;
    int best = 0;
    for (int i = 1; i < labels->count && i < (int)out.dim[1]; i++)
        if (p[i] > p[best]) best = i;
    printf("  %-34s %-12s %5.1f %%\n", path, labels->name[best], 100.0 * (double)p[best]);
    return HONE_OK;
}

int main(int argc, char **argv) {
    if (argc < 4) return fprintf(stderr, "usage: file_type MODEL LABELS FILE...\n"), 2;
    label_list labels;
    labels.count = read_labels(argv[2], labels.name);
    if (labels.count == 0) return fprintf(stderr, "%s: no labels\n", argv[2]), 1;

    hone_error err;
    hone_model *model = NULL;
    hone_session *session = NULL;
    bool unread = false;
    const int64_t shape[] = {1, 2L * PART};
    hone_status status = hone_model_open(&model, argv[1], NULL, &err);
    if (!status) status = hone_session_create(&session, model, NULL, &err);
    if (!status) status = hone_session_set_shape(session, 0, 2, shape, &err);
    for (int i = 3; i < argc && !status; i++)
        status = classify(session, argv[i], &labels, &unread, &err);
    if (status) fprintf(stderr, "file_type: %s\n", err.text);
    hone_session_destroy(session);
    hone_model_close(model);
    return status || unread ? 1 : 0;
}
