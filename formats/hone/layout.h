/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of a .hone file; docs/format.md is the specification. Records are read and written with
 * memcpy, never through a cast pointer, so that a file needs no alignment before it is checked.
 *
 *     header | section table | section | section | ...        every section at a multiple of 64
 */
#ifndef HONE_LAYOUT_H
#define HONE_LAYOUT_H

#include <stdint.h>

/* Weights are used in place, so a machine of the other byte order could not read them anyway. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, ".hone needs a little-endian machine");

/* A byte above 127 first, then a line end of each kind: what a transfer in text mode would change.
 */
#define HONE_MAGIC       "\x89HONE\r\n\x1a"
#define HONE_MAGIC_BYTES 8
#define HONE_MAGIC_NAME  5 /* bytes that tell the format, damaged or not */

#define FORMAT_MAJOR 1
#define FORMAT_MINOR 0

#define SECTION_ALIGN      64 /* of sections in the file and of tensors in their section */
#define SECTION_MAX        64
#define FORMAT_MAX_SYMBOLS 8192       /* strings that name dimensions */
#define NONE_INDEX         UINT32_MAX /* an index that points nowhere */

typedef struct file_header {
    char magic[HONE_MAGIC_BYTES];
    uint16_t major, minor;
    uint32_t section_count;
    uint64_t file_bytes;
    uint8_t reserved[32]; /* zero */
    uint64_t checksum;    /* of the bytes before it, then of the section table */
} file_header;
_Static_assert(sizeof(file_header) == 64, "file_header is 64 bytes");

typedef enum section_type {
    SECTION_STRINGS = 1,
    SECTION_TYPES = 2,
    SECTION_OPERATORS = 3,
    SECTION_TENSORS = 4,
    SECTION_GRAPHS = 5,
    SECTION_INFO = 6,
    SECTION_DATA = 7, /* dense tensors */
    SECTION_PACK = 8, /* tensors in the layout that `param` says */
    SECTION_TEXT = 9, /* elements of tensors of strings: numbers of strings */
    SECTION_TYPE_COUNT
} section_type;

#define SECTION_REQUIRED 1u /* a reader that does not know the type must refuse the file */
#define SECTION_BULK     2u /* large: the checksum is verified on demand only */

typedef struct section_record {
    uint32_t type, flags;
    uint64_t offset, length;
    uint64_t checksum;
    uint32_t param;
    uint32_t reserved; /* zero */
} section_record;
_Static_assert(sizeof(section_record) == 40, "section_record is 40 bytes");

/* STRINGS: count, then count + 1 offsets into the text that follows them; every string ends in NUL.
 */

typedef struct type_record {
    uint32_t kind; /* hone_kind */
    uint32_t dtype;
    int32_t rank;     /* -1: unknown */
    uint32_t element; /* a type with a smaller index, of a sequence or optional */
    int64_t dim[8];   /* -1: unknown; -2 - s: called like string s; 0 beyond the rank */
} type_record;
_Static_assert(sizeof(type_record) == 80, "type_record is 80 bytes");

typedef struct operator_record {
    uint32_t domain, name; /* strings */
    uint32_t version;      /* opset in which today's meaning began; 0: the operator never changed */
    uint32_t reserved;     /* zero */
} operator_record;
_Static_assert(sizeof(operator_record) == 16, "operator_record is 16 bytes");

typedef struct tensor_record {
    uint32_t dtype;
    uint32_t encoding; /* ENCODING_ALL */
    uint32_t layout;   /* layout_kind */
    uint32_t groups;   /* of a packed layout; 0 for LAYOUT_DENSE */
    uint32_t section;  /* index in the section table */
    uint32_t rank;
    uint64_t offset, length;    /* in the section; strings take 4 bytes each */
    uint32_t scale, zero_point; /* tensors */
    int32_t axis, block;        /* of the scale */
    int64_t dim[8];
    uint32_t index, reserved; /* tensor with the positions of a sparse encoding; zero */
} tensor_record;
_Static_assert(sizeof(tensor_record) == 128, "tensor_record is 128 bytes");

#define ENCODING_ALL 0 /* every element is stored */

/* GRAPHS: count, then that many graphs, bodies before the graphs that use them, the main graph
 * last: graph_record, value_record[values], node[nodes], uint32_t output[outputs] node:
 * node_record, uint32_t in[], uint32_t out[], attribute[] attribute: attribute_record, then what
 * its kind says */
typedef struct graph_record {
    uint32_t name;
    uint32_t inputs, constants, values, nodes, outputs;
} graph_record;

/* Values are numbered: inputs, constants, then what the nodes write, in their order. */
typedef struct value_record {
    uint32_t name;
    uint32_t type;   /* NONE_INDEX for a constant, whose tensor says it */
    uint32_t tensor; /* NONE_INDEX unless a constant */
} value_record;

typedef struct node_record {
    uint32_t op, name;
    uint32_t inputs, outputs, captured, attributes;
} node_record;

typedef struct attribute_record {
    uint32_t name;
    uint32_t kind;
} attribute_record;

/* What follows an attribute_record. */
typedef enum attribute_kind {
    ATTRIBUTE_INT = 1,     /* int64_t */
    ATTRIBUTE_FLOAT = 2,   /* float */
    ATTRIBUTE_STRING = 3,  /* uint32_t string */
    ATTRIBUTE_INTS = 4,    /* uint32_t count, int64_t[count] */
    ATTRIBUTE_FLOATS = 5,  /* uint32_t count, float[count] */
    ATTRIBUTE_STRINGS = 6, /* uint32_t count, uint32_t string[count] */
    ATTRIBUTE_TENSOR = 7,  /* uint32_t tensor */
    ATTRIBUTE_GRAPH = 8    /* uint32_t graph: one before this, used nowhere else */
} attribute_kind;

/* INFO: info_record, then pairs of strings. */
typedef struct info_record {
    uint32_t flags; /* INFO_* */
    uint32_t producer;
    uint64_t source_nodes; /* nodes of the file that the model was imported from */
    uint32_t metadata;     /* pairs that follow */
    uint32_t reserved;     /* zero */
} info_record;
_Static_assert(sizeof(info_record) == 24, "info_record is 24 bytes");

#define INFO_OPTIMIZED 1u /* passes have run: they would find nothing to do */

#endif
