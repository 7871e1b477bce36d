/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a .hone file, in the order of the functions below. Everything that is read is checked
 * where it is read; whatever lies in the reader afterwards is safe to use.
 */
#ifndef HONE_READER_H
#define HONE_READER_H

#include "format.h"
#include "layout.h"

/* A part of the file that is read from front to back. */
typedef struct cursor {
    const unsigned char *at;
    size_t left;
    size_t offset; /* of `at` in the file */
} cursor;

typedef struct hone_reader {
    const ctx *c;
    hone_model *model;
    const source *source;
    const unsigned char *file;
    size_t size;
    arena scratch; /* for what the model does not need */

    section_record *sections;
    uint32_t n_sections;
    int32_t known[SECTION_TYPE_COUNT]; /* index of the section of that type, or -1 */

    const char **strings; /* in scratch */
    uint32_t n_strings;
    size_t names_left; /* bytes that copies of names may still take; see take_name */
    graph *main;       /* made first: it owns the table of symbols */
    int64_t *symbols;  /* by string: its code as the name of a dimension, or 0; in scratch */
    int32_t n_symbols;
    type *types; /* in the model's arena, as the tensors */
    uint32_t n_types;
    operator_record *ops;
    uint32_t n_ops;
    tensor *tensors;
    uint32_t n_tensors;
} hone_reader;

/* Header, section table, checksums (those of bulk sections if the options ask for it). */
hone_status read_sections(hone_reader *r);
/* Strings, types, operators, tensors. */
hone_status read_tables(hone_reader *r);
/* All graphs; r->main becomes the model's graph. */
hone_status read_graphs(hone_reader *r);
/* Metadata and other facts. */
hone_status read_info(hone_reader *r);

/* The section of a known type; HONE_E_FORMAT when the file has none. */
hone_status section_open(const hone_reader *r, section_type t, cursor *out);

/* Copies the next `size` bytes; `what` is for the message when the section ends before. */
hone_status take(const hone_reader *r, cursor *in, void *out, size_t size, const char *what);
/* Reads a number of records of `size` bytes that follow; they fit into what is left. */
hone_status take_count(const hone_reader *r, cursor *in, size_t size, const char *what,
                       uint32_t *out);
/* For records of varying length: is a count possible when each takes at least `size` bytes? */
hone_status check_count(const hone_reader *r, const cursor *in, uint64_t count, size_t size,
                        const char *what);
/* The string of that number. */
hone_status find_string(const hone_reader *r, const cursor *in, uint32_t index, const char **out);
/* The same for a string that will be copied into the graph. Many records may share a long one, so
 * that a small file could ask for a lot of memory: all copies together are bounded. */
hone_status take_name(hone_reader *r, const cursor *in, uint32_t index, const char **out);

/* HONE_E_FORMAT at the place of the cursor. */
#define fail_here(r, in, ...) fail_at((r)->c, HONE_E_FORMAT, (int64_t)(in)->offset, __VA_ARGS__)

#endif
