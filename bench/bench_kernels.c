/* SPDX-License-Identifier: Apache-2.0
 *
 * Speed of single kernels on one thread, on data in the first-level cache and on data in memory,
 * after the machine's peaks.
 *
 *   bench-kernels [--json] [--type f32] [--level avx2] [name]
 *
 * runs the slots whose name starts with `name`, at every level that has a kernel of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_clock.h"

#define CACHED_BYTES 8192
#define LARGE_BYTES  (32u << 20)
#define ROUNDS       5

typedef struct slot {
    const char *name, *type;
    unsigned mask;
    size_t offset;
} slot;
static const slot slots[] = {
#define TYPED(name, type, mask, doc) {#name, #type, mask, offsetof(kernels, name)},
#define SLOT(name, type, doc)        {#name, #type, 0, offsetof(kernels, name)},
#include "slots.def"
};

static const char *const type_name[KT_COUNT] = {"f32", "f64", "i8",  "i16", "i32", "i64",
                                                "u8",  "u16", "u32", "u64", "bool"};

typedef void any_fn(void);
typedef struct job {
    const slot *s;
    any_fn *f;
    size_t n;    /* elements */
    size_t side; /* of a square transpose */
    void *a, *b, *y;
} job;

typedef struct options {
    bool json;
    isa_level level; /* ISA_COUNT: all */
    ktype type;
    const char *name;
} options;

/* Runners: how a function type is called, and the bytes that an element moves, in elements' size.
 */
static void run_unary(void *user) {
    static const double param[] = {0.5, 1.5};
    const job *j = user;
    ((unary_fn *)j->f)(j->n, j->a, j->y, param);
}
static void run_binary(void *user) {
    const job *j = user;
    ((binary_fn *)j->f)(j->n, j->a, 1, j->b, 1, j->y);
}
static void run_select(void *user) {
    const job *j = user;
    ((select_fn *)j->f)(j->n, j->b, 1, j->a, 1, j->a, 0, j->y);
}
static void run_reduce(void *user) {
    const job *j = user;
    ((reduce_fn *)j->f)(j->n, j->a, j->y);
}
static void run_widen(void *user) {
    const job *j = user;
    ((widen_fn *)j->f)(j->n, j->a, j->y);
}
static void run_narrow(void *user) {
    const job *j = user;
    ((narrow_fn *)j->f)(j->n, j->a, j->y);
}
static void run_softmax(void *user) {
    const job *j = user;
    ((softmax_fn *)j->f)(j->n, j->a, j->y);
}
static void run_softmax_columns(void *user) {
    const job *j = user;
    ((softmax_columns_fn *)j->f)(16, j->n / 16, j->n / 16, j->a, j->y);
}
static void run_norm(void *user) {
    const job *j = user;
    ((norm_fn *)j->f)(j->n, j->a, j->b, j->b, 1e-5f, j->y, NULL);
}
static void run_transpose(void *user) {
    const job *j = user;
    ((transpose_fn *)j->f)(j->side, j->side, j->a, j->side, j->y, j->side);
}

static const struct {
    const char *type;
    void (*run)(void *user);
    double moved;
} runners[] = {
    {"unary_fn", run_unary, 2},         {"binary_fn", run_binary, 3},
    {"select_fn", run_select, 2.25},    {"reduce_fn", run_reduce, 1},
    {"widen_fn", run_widen, 1.5},       {"narrow_fn", run_narrow, 1.5},
    {"softmax_fn", run_softmax, 2},     {"norm_fn", run_norm, 4},
    {"transpose_fn", run_transpose, 2}, {"softmax_columns_fn", run_softmax_columns, 2},
};

static any_fn *kernel_of(const kernels *k, const slot *s, ktype t) {
    any_fn *f;
    memcpy(&f, (const char *)k + s->offset + (s->mask ? (size_t)t : 0) * sizeof f, sizeof f);
    return f;
}

static size_t element_size(const slot *s, ktype t) {
    if (strncmp(s->name, "transpose_b", 11) == 0) return (size_t)atoi(s->name + 11) / 8;
    return s->mask ? ktype_size(t) : 4;
}

typedef struct row {
    const char *name, *type, *level, *data;
    double melem, gigabytes; /* a second */
} row;
static void print_row(const options *o, const row *r) {
    if (o->json)
        printf("{\"kernel\": \"%s\", \"type\": \"%s\", \"level\": \"%s\", \"data\": \"%s\", "
               "\"melem_s\": %.1f, \"gb_s\": %.2f}\n",
               r->name, r->type, r->level, r->data, r->melem, r->gigabytes);
    else
        printf("%-18s %-5s %-8s %-6s %10.1f Melem/s %8.2f GB/s\n", r->name, r->type, r->level,
               r->data, r->melem, r->gigabytes);
}

static void bench_slot(const options *o, const kernels *k, const slot *s, float *buffers[3]) {
    const size_t size = element_size(s, o->type);
    for (size_t r = 0; r < sizeof runners / sizeof *runners; r++) {
        if (strcmp(runners[r].type, s->type) != 0) continue;
        for (int large = 0; large < 2; large++) {
            job j = {s, kernel_of(k, s, o->type), 0, 0, buffers[0], buffers[1], buffers[2]};
            j.n = (large ? LARGE_BYTES : CACHED_BYTES) / size;
            while ((j.side + 1) * (j.side + 1) <= j.n) j.side++;
            const bench_result result = bench_run(k, runners[r].run, &j, (double)j.n, ROUNDS);
            const double rate = (double)j.n / result.seconds;
            const double bytes = runners[r].moved * (double)size;
            print_row(o, &(row){s->name, s->mask ? type_name[o->type] : "", isa_name(k->level),
                                large ? "memory" : "cache", 1e-6 * rate, 1e-9 * rate * bytes});
        }
    }
}

static void nothing(void *user) { (void)user; }

static void bench_level(const options *o, const kernels *k, const kernels *below,
                        float *buffers[3]) {
    const bench_result idle = bench_run(k, nothing, NULL, 0, 20);
    if (o->json)
        printf("{\"level\": \"%s\", \"peak_gflop_s\": %.1f}\n", isa_name(k->level),
               1e-9 * idle.peak);
    else
        printf("%s: %.1f GFLOP/s on one thread\n", isa_name(k->level), 1e-9 * idle.peak);
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        const slot *s = &slots[i];
        if (strncmp(s->name, o->name, strlen(o->name)) != 0) continue;
        if (s->mask && !(s->mask & KT_BIT(o->type))) continue;
        if (below && kernel_of(k, s, o->type) == kernel_of(below, s, o->type)) continue;
        bench_slot(o, k, s, buffers);
    }
}

static bool parse(int argc, char **argv, options *o) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            o->json = true;
        } else if (strcmp(argv[i], "--level") == 0 && i + 1 < argc) {
            o->level = isa_from_name(argv[++i]);
            if (!isa_supported(o->level)) return false;
        } else if (strcmp(argv[i], "--type") == 0 && i + 1 < argc) {
            i++;
            for (o->type = KT_F32; o->type < KT_COUNT; o->type++)
                if (strcmp(argv[i], type_name[o->type]) == 0) break;
            if (o->type == KT_COUNT) return false;
        } else {
            o->name = argv[i];
        }
    }
    return true;
}

int main(int argc, char **argv) {
    options o = {.level = ISA_COUNT, .type = KT_F32, .name = ""};
    if (!parse(argc, argv, &o)) {
        fprintf(stderr, "usage: bench-kernels [--json] [--type f32] [--level avx2] [name]\n");
        return 1;
    }
    float *buffers[3];
    for (int i = 0; i < 3; i++) buffers[i] = bench_floats(2 * LARGE_BYTES / sizeof(float));
    kernels tables[2];
    const kernels *below = NULL;
    for (isa_level level = ISA_SCALAR; level < ISA_COUNT; level++) {
        if (!isa_supported(level)) continue;
        kernels *k = below == &tables[0] ? &tables[1] : &tables[0];
        kernels_fill(level, k);
        if (o.level == ISA_COUNT || o.level == level) bench_level(&o, k, below, buffers);
        below = k;
    }
    for (int i = 0; i < 3; i++) free(buffers[i]);
    return 0;
}
