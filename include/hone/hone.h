/* SPDX-License-Identifier: Apache-2.0
 *
 * hone: import, optimise and run neural networks, in C.
 *
 *     hone_error err;
 *     hone_model *model;
 *     hone_session *session;
 *     hone_view in, out;
 *     if (hone_model_open(&model, "model.onnx", NULL, &err) ||
 *         hone_session_create(&session, model, NULL, &err) ||
 *         hone_session_input(session, 0, &in, &err))
 *         return fprintf(stderr, "%s\n", err.text), 1;
 *     fill(in.data);
 *     if (hone_session_run(session, &err) || hone_session_output(session, 0, &out, &err)) ...
 *     hone_session_destroy(session);
 *     hone_model_close(model);
 *
 * Status. Every function that can fail returns a hone_status (0 is success) and fills the caller's
 * hone_error, which may be NULL. On failure, out-parameters stay untouched or are NULL and nothing
 * leaks. The library never aborts, exits, prints, installs handlers or changes process state.
 *
 * Threads. A hone_model is immutable: any number of threads and sessions may use it at once. A
 * hone_session belongs to one thread at a time; another one may only call hone_session_cancel.
 *
 * Ownership. What functions named create or open return, the caller destroys or closes; NULL is
 * accepted there. "Borrowed" pointers belong to the object and live as long as stated.
 *
 * Structs. Options and facts start with struct_size, the size of the struct as the caller compiled
 * it, and may grow: HONE_INIT(type) sets that and zeroes the rest, which always means "default".
 * Fields that this version does not know must be zero. The other structs stay as they are.
 *
 * Units. Sizes are in bytes, times in nanoseconds, dimensions in elements. Strings are UTF-8.
 */
#ifndef HONE_HONE_H
#define HONE_HONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HONE_API __attribute__((visibility("default")))
#else
#define HONE_API
#endif

/* Version of this header; major.minor.patch. The library's own is hone_version(). */
#define HONE_VERSION_MAJOR 0
#define HONE_VERSION_MINOR 1
#define HONE_VERSION_PATCH 0

/* Most dimensions of a tensor. */
#define HONE_MAX_RANK 8

#ifdef __cplusplus
extern "C++" template <typename T> inline T hone_init() {
    T value = T();
    value.struct_size = sizeof(T);
    return value;
}
#define HONE_INIT(type) hone_init<type>()
#else
#define HONE_INIT(type) ((type){.struct_size = sizeof(type)})
#endif

/* "0.1.0", static. */
HONE_API const char *hone_version(void);

/* ---- Status ---------------------------------------------------------------------------------- */

/* Numbers are stable. Groups: 1-9 the caller, 10-19 files, 20-29 models, 30-39 limits. */
typedef enum hone_status {
    HONE_OK = 0,
    HONE_E_ARG = 1,          /* a NULL handle, a bad index, an unknown name: the call is wrong */
    HONE_E_INPUT = 2,        /* an input's shape, type or value does not fit the model */
    HONE_E_BUSY = 3,         /* the session is running, in another thread or around a callback */
    HONE_E_IO = 10,          /* the file cannot be opened, read or written */
    HONE_E_FORMAT = 11,      /* the file is malformed, or the graph in it is invalid */
    HONE_E_UNSUPPORTED = 20, /* well-formed, but needs something that hone does not have */
    HONE_E_LIMIT = 30,       /* a limit set by the caller or by default was reached */
    HONE_E_DEADLINE = 31,    /* the deadline passed */
    HONE_E_CANCELLED = 32,   /* hone_session_cancel was called, or a callback said so */
    HONE_E_NOMEM = 33,       /* the allocator returned NULL */
    HONE_E_INTERNAL = 99     /* a bug in hone */
} hone_status;

/* What went wrong and where. `text` is complete on its own; the other fields are empty or -1 when
 * they do not apply. Names from files are escaped and cut. */
typedef struct hone_error {
    hone_status status;
    int64_t offset; /* byte in the file, or -1 */
    char file[128];
    char node[96];
    char op[48];
    char text[512];
} hone_error;

/* "HONE_E_FORMAT" and so on, static. */
HONE_API const char *hone_status_name(hone_status status);

/* ---- Types ----------------------------------------------------------------------------------- */

/* Element types, numbered as in ONNX (TensorProto.DataType). */
typedef enum hone_dtype {
    HONE_UNDEFINED = 0,
    HONE_F32 = 1,
    HONE_U8 = 2,
    HONE_I8 = 3,
    HONE_U16 = 4,
    HONE_I16 = 5,
    HONE_I32 = 6,
    HONE_I64 = 7,
    HONE_STRING = 8,
    HONE_BOOL = 9, /* one byte, 0 or 1 */
    HONE_F16 = 10,
    HONE_F64 = 11,
    HONE_U32 = 12,
    HONE_U64 = 13,
    HONE_C64 = 14,
    HONE_C128 = 15,
    HONE_BF16 = 16,
    HONE_F8E4M3FN = 17,
    HONE_F8E4M3FNUZ = 18,
    HONE_F8E5M2 = 19,
    HONE_F8E5M2FNUZ = 20,
    HONE_U4 = 21, /* types of less than 8 bits are packed, low bits first */
    HONE_I4 = 22,
    HONE_F4E2M1 = 23,
    HONE_F8E8M0 = 24,
    HONE_U2 = 25,
    HONE_I2 = 26,
    HONE_F6E2M3 = 27,
    HONE_F6E3M2 = 28,
    HONE_DTYPE_COUNT = 29
} hone_dtype;

/* "float32" and so on, static; "undefined" for anything else. */
HONE_API const char *hone_dtype_name(hone_dtype dtype);
/* Bits of one element; 0 for strings and undefined. */
HONE_API size_t hone_dtype_bits(hone_dtype dtype);

/* What a value is made of. */
typedef enum hone_kind {
    HONE_TENSOR = 0,
    HONE_SEQUENCE = 1, /* any number of values of one type */
    HONE_OPTIONAL = 2, /* one value or none */
    HONE_MAP = 3       /* keys and values: two tensors of one axis */
} hone_kind;

/* A value. A tensor is dense and row-major: dim[0] is the slowest axis, rank 0 is a scalar; its
 * elements of type string are pointers to text that ends in NUL. Every other kind holds dim[0]
 * values: rank is 1, and data is an array of hone_view. */
typedef struct hone_view {
    void *data;
    size_t bytes;
    hone_dtype dtype; /* of a tensor */
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
    hone_kind kind; /* zero, which an initializer that ends before it leaves, is a tensor */
} hone_view;

/* One input or output of a model. Unknown dimensions are -1 and may have a name. Borrowed from
 * the model. A rank of -1 means that even the rank is unknown. Where the kind is none of tensors,
 * the rest describes the tensors inside. */
typedef struct hone_port {
    const char *name;
    hone_dtype dtype;
    hone_kind kind;
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
    const char *dim_name[HONE_MAX_RANK]; /* NULL when unnamed */
} hone_port;

/* Memory functions. alloc returns memory aligned to at least `align` (a power of two, at most 4096)
 * or NULL. Both must be thread-safe. */
typedef struct hone_allocator {
    void *(*alloc)(void *user, size_t size, size_t align);
    void (*free)(void *user, void *ptr);
    void *user;
} hone_allocator;

typedef enum hone_log_level {
    HONE_LOG_WARNING = 1,
    HONE_LOG_INFO = 2,
    HONE_LOG_DEBUG = 3
} hone_log_level;
/* Receives one line without a newline. Must return. */
typedef void (*hone_log_fn)(void *user, hone_log_level level, const char *line);
/* Receives `done` of `total` units of work of the named stage. Returns 0 to go on; anything else
 * stops with HONE_E_CANCELLED. */
typedef int (*hone_progress_fn)(void *user, const char *stage, int64_t done, int64_t total);
/* Receives a piece of generated text. Returns 0 to go on; anything else stops with HONE_E_IO. */
typedef int (*hone_write_fn)(void *user, const char *text, size_t size);

/* Bounds on what an untrusted file may ask for. Zero means the default in brackets. */
typedef struct hone_limits {
    size_t struct_size;
    uint64_t file_bytes;   /* size of a file [16 GiB; ONNX itself ends at 2 GiB] */
    uint64_t tensor_bytes; /* size of one tensor [4 GiB] */
    uint64_t memory_bytes; /* everything that opening a model allocates [16 GiB, and not more than
                            * the machine or the container has] */
    uint64_t fold_bytes;   /* all constants computed while opening [256 MiB]; the work of computing
                            * them is bounded as well */
    int64_t nodes;         /* nodes of all graphs together [1 000 000] */
    int64_t tensors;       /* initializers of all graphs together [1 000 000] */
    int32_t depth;         /* nesting of graphs and functions [32] */
    int64_t loop_trips;    /* iterations of all Loops in one run [10 000 000] */
} hone_limits;

/* ---- Operators of your own ------------------------------------------------------------------- */

/* What the functions of an operator work with. It and the views from it are valid during the call.
 */
typedef struct hone_operator_call hone_operator_call;

/* The outputs depend on more than the inputs, such as a clock: it is run every time. */
#define HONE_OPERATOR_IMPURE 1u
/* Only running tells the shapes of the outputs: run gives them by hone_call_make_output. */
#define HONE_OPERATOR_DYNAMIC 2u

/* An operator that a caller adds, or puts in the place of one of hone's in files (what hone itself
 * writes operators over stays its own). Inputs and outputs are tensors. Both functions may be
 * called by several threads at once. They return HONE_OK or what hone_call_fail returned. */
typedef struct hone_operator {
    size_t struct_size;
    const char *domain; /* as in files; "" is ONNX's own */
    const char *name;
    int32_t since;      /* first version of the domain that it serves [1] */
    int32_t min_inputs; /* inputs, omitted ones counted */
    int32_t max_inputs; /* [any number] */
    uint32_t flags;     /* HONE_OPERATOR_* */
    /* States type and shape of every output by hone_call_set_output, from those of the inputs.
     * Called while a model is opened and whenever shapes change. */
    hone_status (*infer)(void *user, hone_operator_call *call);
    /* Computes the outputs. */
    hone_status (*run)(void *user, hone_operator_call *call);
    void *user; /* passed to both */
} hone_operator;

/* An attribute of a node. Which members count follows from what the operator expects: numbers are
 * in i or f, lists have `count` entries. Borrowed from the model. */
typedef struct hone_attribute {
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
    const char *const *strings;
    int32_t count;
    hone_view tensor; /* dtype HONE_UNDEFINED: none */
} hone_attribute;

/* Numbers of inputs and outputs of the node, omitted ones counted. */
HONE_API int32_t hone_call_input_count(const hone_operator_call *call);
HONE_API int32_t hone_call_output_count(const hone_operator_call *call);
/* Input i; false when it is omitted. During infer, unknown dimensions are -1, a rank of -1 means
 * that even the rank is unknown, and data is NULL unless the value is known already. */
HONE_API bool hone_call_input(const hone_operator_call *call, int32_t i, hone_view *out);
/* The attribute of that name; false when the node has none. */
HONE_API bool hone_call_attribute(const hone_operator_call *call, const char *name,
                                  hone_attribute *out);
/* In infer: type and shape of output i. Dimensions that are not known yet are -1; rank -1: not even
 * the rank is. */
HONE_API hone_status hone_call_set_output(hone_operator_call *call, int32_t i, hone_dtype dtype,
                                          int32_t rank, const int64_t *dim);
/* In run: output i, to be written completely; false when nobody reads it. */
HONE_API bool hone_call_output(const hone_operator_call *call, int32_t i, hone_view *out);
/* In run of a HONE_OPERATOR_DYNAMIC: gives output i this shape, and memory. An output that nobody
 * reads leaves *out as it is. The last call for an output counts. */
HONE_API hone_status hone_call_make_output(hone_operator_call *call, int32_t i, int32_t rank,
                                           const int64_t *dim, hone_view *out);
/* In run: room for the text of an element, `length` bytes and a NUL that is there already. It lives
 * as long as the outputs. NULL when memory is out. */
HONE_API char *hone_call_text(hone_operator_call *call, size_t length);
/* Records an error, which the caller of hone gets with the node's name before it. Returns status.
 */
HONE_API hone_status hone_call_fail(hone_operator_call *call, hone_status status, const char *text);

/* ---- Operators that hone has ----------------------------------------------------------------- */

typedef enum hone_operator_kind {
    HONE_OPERATOR_CORE = 0,      /* has a kernel of its own */
    HONE_OPERATOR_COMPOSITE = 1, /* is written over others when a model is imported */
    HONE_OPERATOR_CONTROL = 2    /* runs bodies: If, Loop, Scan */
} hone_operator_kind;

/* What can be said of an operator. Static. */
typedef struct hone_operator_info {
    size_t struct_size;
    const char *domain; /* "" is ONNX's own; "hone" holds those that only hone has */
    const char *name;
    hone_operator_kind kind;
    int32_t version_count; /* meanings it had; see hone_operator_version */
    int32_t input_count, output_count, attribute_count; /* described ones; see hone_slot_info */
} hone_operator_info;
/* An input or output. */
typedef struct hone_slot_info {
    const char *name;
    uint32_t types; /* bit 1 << hone_dtype for each element type it may have */
    char group;     /* slots of the same letter have the same type; 0: not tied */
    bool optional;
    bool variadic; /* the last slot: stands for any number */
    bool any_kind; /* sequences, optionals and maps too */
} hone_slot_info;
typedef struct hone_attribute_info {
    const char *name;
    const char *kind; /* "int", "floats", "graph", .. as files call it */
    bool required;
    int64_t min, max;           /* allowed integers; min == max: any */
    const char *const *choices; /* allowed texts, ending with NULL; or NULL */
} hone_attribute_info;

HONE_API int32_t hone_operator_count(void);
/* HONE_E_ARG when there is no operator of that number; they are in order of domain and name. */
HONE_API hone_status hone_operator_get_info(int32_t index, hone_operator_info *out,
                                            hone_error *err);
/* The version of the domain at which meaning number `version` began; 0 past the last. They rise;
 * the first is the oldest that is read. */
HONE_API int32_t hone_operator_version(int32_t index, int32_t version);
/* Number `slot` of its inputs or outputs; false past the last. */
HONE_API bool hone_operator_input(int32_t index, int32_t slot, hone_slot_info *out);
HONE_API bool hone_operator_output(int32_t index, int32_t slot, hone_slot_info *out);
HONE_API bool hone_operator_attribute(int32_t index, int32_t attribute, hone_attribute_info *out);

/* ---- Models ---------------------------------------------------------------------------------- */

typedef struct hone_model hone_model;

/* A fixed shape for one input, given while opening. Dimensions of -1 stay as the model says. */
typedef struct hone_input_shape {
    const char *name;
    int32_t rank;
    int64_t dim[HONE_MAX_RANK];
} hone_input_shape;

/* Flags of hone_open_options. NO_OPTIMIZE keeps the graph as imported: nothing is folded, fused or
 * packed. NO_EXTERNAL refuses tensors that are stored in other files. VERIFY checks the checksums
 * of a .hone file's weights as well, which reads all of them. TUNE leaves weights in their original
 * layout, for hone_model_tune. */
#define HONE_OPEN_NO_OPTIMIZE 1u
#define HONE_OPEN_NO_EXTERNAL 2u
#define HONE_OPEN_VERIFY      4u
#define HONE_OPEN_TUNE        8u

typedef struct hone_open_options {
    size_t struct_size;
    uint32_t flags;
    const hone_limits *limits;       /* NULL: defaults */
    const hone_allocator *allocator; /* NULL: malloc. Copied; used until the model closes */
    hone_log_fn log;                 /* NULL: nothing is logged */
    hone_progress_fn progress;       /* may stop the opening */
    void *user;                      /* passed to log and progress */
    const char *data_dir; /* folder of external tensor files; NULL: the model file's folder */
    const hone_input_shape *shapes;
    int32_t shape_count;
    int32_t operator_count;
    const hone_operator *const *operators; /* copied; their functions must outlive the model */
    /* Which passes of the optimisation run: NULL or "all"; "none"; "a,b": only those and what they
     * need; "-a,-b": all but those. Their names and meanings: hone_pass. An optimised .hone file
     * stays as it is. */
    const char *passes;
} hone_open_options;

/* Opens a model file. The format (.hone, ONNX) is told by its content. The file is mapped and must
 * not change while the model is open. */
HONE_API hone_status hone_model_open(hone_model **out, const char *path,
                                     const hone_open_options *options, hone_error *err);
/* The same from memory, which must stay valid and unchanged until the model closes. External
 * tensors are refused unless data_dir is given. */
HONE_API hone_status hone_model_open_memory(hone_model **out, const void *data, size_t size,
                                            const hone_open_options *options, hone_error *err);
/* Gives the handle back. Memory goes when the last session of the model is destroyed as well. */
HONE_API void hone_model_close(hone_model *model);
/* Writes a .hone file, atomically: a temporary file in the same folder, fsync, rename. The same
 * model always gives the same bytes. docs/format.md specifies them. */
HONE_API hone_status hone_model_save(const hone_model *model, const char *path, hone_error *err);

/* An operator that a model file needs. `missing` says why hone cannot run it, or is NULL. */
typedef struct hone_need {
    const char *domain;
    const char *name;
    int32_t opset;       /* version of the domain that the file imports */
    int64_t nodes;       /* of this operator, those in functions counted once */
    const char *missing; /* or NULL */
    const char *example; /* name of such a node, or of its first output */
} hone_need;
/* Returns 0 to go on; anything else stops with HONE_E_CANCELLED. */
typedef int (*hone_need_fn)(void *user, const hone_need *need);
/* Tells every operator that an ONNX file needs, in the order in which they are first met, without
 * reading weights: also those that keep hone_model_open from opening it. A .hone file lacks nothing
 * once it loads: it tells what its graphs hold, by domain and name, with the version in which its
 * meaning began, and without operators of the caller's. */
HONE_API hone_status hone_model_survey(const char *path, const hone_open_options *options,
                                       hone_need_fn tell, void *user, hone_error *err);

HONE_API int32_t hone_model_input_count(const hone_model *model);
HONE_API int32_t hone_model_output_count(const hone_model *model);
HONE_API hone_status hone_model_input(const hone_model *model, int32_t index, hone_port *out,
                                      hone_error *err);
HONE_API hone_status hone_model_output(const hone_model *model, int32_t index, hone_port *out,
                                       hone_error *err);

/* Facts about a model. */
typedef struct hone_model_info {
    size_t struct_size;
    const char *format;    /* "onnx", "hone" */
    const char *producer;  /* borrowed; "" if unknown */
    int64_t source_nodes;  /* nodes in the source file */
    int64_t nodes;         /* nodes after optimisation, bodies included */
    int64_t parameters;    /* elements of all weights */
    uint64_t weight_bytes; /* as held now */
    uint64_t file_bytes;
    int32_t metadata_count;
} hone_model_info;
HONE_API hone_status hone_model_get_info(const hone_model *model, hone_model_info *out,
                                         hone_error *err);
/* Key and value number `index`, borrowed. */
HONE_API hone_status hone_model_metadata(const hone_model *model, int32_t index, const char **key,
                                         const char **value, hone_error *err);

/* One tensor of the main graph: what a node reads or writes. Borrowed from the model. */
typedef struct hone_value_info {
    hone_port port;
    const void *data; /* the elements of a constant in row-major order, or NULL */
    size_t bytes;
    bool packed; /* a constant that is held in a kernel's layout only: data is NULL */
} hone_value_info;
/* One operator of the main graph. Value numbers index hone_model_value; -1 is an omitted input. */
typedef struct hone_node_info {
    const char *name;
    const char *op;
    const char *domain;
    const int32_t *inputs;
    const int32_t *outputs;
    int32_t input_count;
    int32_t output_count;
} hone_node_info;
HONE_API int32_t hone_model_node_count(const hone_model *model);
HONE_API int32_t hone_model_value_count(const hone_model *model);
HONE_API hone_status hone_model_node(const hone_model *model, int32_t index, hone_node_info *out,
                                     hone_error *err);
HONE_API hone_status hone_model_value(const hone_model *model, int32_t index, hone_value_info *out,
                                      hone_error *err);
/* Writes the text of attribute number `index` of a node as "name=value" into buf, cut where it does
 * not fit and always terminated. Returns HONE_E_ARG when there is no such attribute. */
HONE_API hone_status hone_model_node_attribute(const hone_model *model, int32_t node, int32_t index,
                                               char *buf, size_t size, hone_error *err);
/* How many changes pass number `index` of the optimisation made; HONE_E_ARG past the last one. */
HONE_API hone_status hone_model_pass(const hone_model *model, int32_t index, const char **name,
                                     int64_t *changes, hone_error *err);
/* Name and one line about pass number `index` of all that there are, in the order in which they
 * run, which may be more than once; HONE_E_ARG past the last one. */
HONE_API hone_status hone_pass(int32_t index, const char **name, const char **doc, hone_error *err);

/* ---- Sessions -------------------------------------------------------------------------------- */

typedef struct hone_session hone_session;

#define HONE_SESSION_PROFILE 1u /* take the time of every step */

typedef struct hone_session_options {
    size_t struct_size;
    uint32_t flags;
    int32_t threads;       /* 0: as many as the process may use */
    uint64_t memory_limit; /* bytes of everything the session allocates; 0: the memory of the
                            * machine or the container */
    const char *isa;       /* "scalar", "avx2", ...; NULL: the best, capped by HONE_ISA */
    const hone_allocator *allocator;
    hone_log_fn log;
    void *user;
    int32_t plans; /* plans kept for different input shapes [8] */
    uint64_t seed; /* of random operators: the first run of sessions with one seed draws the same
                    * numbers, further runs go on from there */
} hone_session_options;

/* A session is cheap: it holds plans, one arena and input buffers, and shares the weights. It
 * keeps the model alive. Results do not depend on the number of threads, at most 1024. Threads do
 * not survive fork(): a child process must not touch the sessions of its parent. */
HONE_API hone_status hone_session_create(hone_session **out, const hone_model *model,
                                         const hone_session_options *options, hone_error *err);
HONE_API void hone_session_destroy(hone_session *session);

/* Sets the shape of an input. Inputs whose shape the model fixes need no call. Another shape than
 * before ends a binding. */
HONE_API hone_status hone_session_set_shape(hone_session *session, int32_t input, int32_t rank,
                                            const int64_t *dim, hone_error *err);
/* The session's own buffer of an input, writable, zero at first. Ends a binding. Borrowed until the
 * next hone_session_set_shape or hone_session_bind of this input, or destroy. */
HONE_API hone_status hone_session_input(hone_session *session, int32_t input, hone_view *out,
                                        hone_error *err);
/* Uses the caller's memory as an input, without a copy, until it is bound again or one of the two
 * functions above ends that; it also sets the shape. view->bytes is exactly what the shape needs.
 * view->data must be aligned to the element and stay valid and unchanged during runs; it must not
 * be memory borrowed from hone_session_output of the same session. For an optional, the value in it
 * may be given itself. On failure the input stays as it was. */
HONE_API hone_status hone_session_bind(hone_session *session, int32_t input, const hone_view *view,
                                       hone_error *err);
/* Plans for the current input shapes without running. hone_session_run does it when needed. */
HONE_API hone_status hone_session_prepare(hone_session *session, hone_error *err);
/* Runs the model once. After the first run with a shape, running allocates nothing (unless shapes
 * inside the model depend on data). */
HONE_API hone_status hone_session_run(hone_session *session, hone_error *err);
/* An output of the last run. Borrowed until the next run, prepare, set_shape or destroy. */
HONE_API hone_status hone_session_output(const hone_session *session, int32_t output,
                                         hone_view *out, hone_error *err);

/* The next runs fail with HONE_E_DEADLINE when they take longer than this; 0 removes the bound. */
HONE_API hone_status hone_session_set_deadline(hone_session *session, uint64_t nanoseconds,
                                               hone_error *err);
/* Makes the current run (or the next, if none is on) fail with HONE_E_CANCELLED. From any thread,
 * and from signal handlers. */
HONE_API void hone_session_cancel(hone_session *session);

/* ---- Tuning ---------------------------------------------------------------------------------- */

/* One layer with several algorithms to choose from, after tuning. */
typedef struct hone_tuned {
    const char *node;
    const char *op;
    const char *chosen;   /* "direct", "winograd 2", "winograd 4" */
    const char *expected; /* what the cost model would have chosen */
    uint64_t chosen_ns;   /* least time of the layer in a run of the model */
    uint64_t expected_ns;
} hone_tuned;
/* Sets shapes and values of the inputs of a session. */
typedef hone_status (*hone_tune_inputs_fn)(void *user, hone_session *session, hone_error *err);
typedef void (*hone_tuned_fn)(void *user, const hone_tuned *layer);

typedef struct hone_tune_options {
    size_t struct_size;
    const hone_session_options *session; /* of the sessions that are timed, or NULL: threads, isa */
    hone_tune_inputs_fn inputs;          /* NULL: the model fixes all shapes; zeros */
    hone_tuned_fn tell;                  /* or NULL */
    hone_progress_fn progress;           /* or NULL; may stop */
    void *user;                          /* passed to all three */
    double seconds;                      /* for each algorithm [0.5] */
} hone_tune_options;

/* Times the algorithms that each layer could use, in runs of the whole model on this machine, and
 * gives its weights the layout of the fastest; one that the cost model would not choose has to be
 * 3 % faster. The model was opened with HONE_OPEN_TUNE and has no session; no other thread uses
 * it. Its metadata then has an entry "hone.tuned" that names the processor, the instruction set
 * and the number of threads; saved, the model keeps its choices, and runs on any machine. Results
 * differ by rounding between algorithms. After a failure the model can only be closed.
 * HONE_E_ARG for a model that was not opened so. */
HONE_API hone_status hone_model_tune(hone_model *model, const hone_tune_options *options,
                                     hone_error *err);

typedef struct hone_session_memory {
    size_t struct_size;
    uint64_t planned_bytes;   /* arena of the current plan: the peak of all intermediate tensors */
    uint64_t unshared_bytes;  /* what they would take without sharing memory */
    uint64_t allocated_bytes; /* everything the session holds now */
    uint64_t peak_bytes;      /* the most it ever held */
    uint64_t lower_bound_bytes; /* of planned_bytes: what is alive during the worst step; with this
                                 * order of steps, no arrangement in memory needs less */
} hone_session_memory;
HONE_API hone_status hone_session_get_memory(const hone_session *session, hone_session_memory *out,
                                             hone_error *err);

/* One step of the current plan. Borrowed until the next run, prepare or set_shape. */
typedef struct hone_step {
    size_t struct_size;
    int32_t node;     /* index for hone_model_node */
    const char *name; /* node name */
    const char *op;
    const char *kernel;      /* the chosen kernel */
    const char *declined;    /* "name: reason; ..." of better kernels that declined, or "" */
    const char *note;        /* "constant", "view", "in place", "dynamic" or "" */
    uint64_t time_ns;        /* of the last run; 0 without HONE_SESSION_PROFILE */
    uint64_t start_ns;       /* since that run began */
    uint64_t flops;          /* 2 x multiply-adds, or element operations */
    uint64_t bytes;          /* read and written: inputs, weights and outputs, each once; of what
                              * is picked from (Gather, Slice), as much as is taken */
    hone_port output;        /* shape of the first output */
    uint64_t constant_bytes; /* of `bytes`: weights and other constants */
} hone_step;
HONE_API int32_t hone_session_step_count(const hone_session *session);
HONE_API hone_status hone_session_step(const hone_session *session, int32_t index, hone_step *out,
                                       hone_error *err);
/* Writes the last run as Chrome trace JSON. HONE_E_ARG without HONE_SESSION_PROFILE or a run. */
HONE_API hone_status hone_session_write_trace(const hone_session *session, hone_write_fn write,
                                              void *user, hone_error *err);

/* Called after each step of the main graph with every tensor it wrote, in order. The view is
 * borrowed during the call. The name is the file's, or "" for values that optimisation made; open
 * with HONE_OPEN_NO_OPTIMIZE to see all of the file's values. The session is busy during the call,
 * but for hone_session_cancel. NULL removes the observer. */
typedef void (*hone_observe_fn)(void *user, const char *name, const hone_view *view);
HONE_API hone_status hone_session_observe(hone_session *session, hone_observe_fn fn, void *user,
                                          hone_error *err);

/* ---- Machine --------------------------------------------------------------------------------- */

/* Name of the best ISA level of this machine, and of the one in use after HONE_ISA; static. */
HONE_API const char *hone_isa_detected(void);
HONE_API const char *hone_isa_default(void);
/* Processors this process may use (affinity and cgroup quota). */
HONE_API int32_t hone_cpu_count(void);

/* What the machine does at best. A step that does f operations over b bytes takes no less than the
 * larger of f / flops_per_second and b / bytes_per_second, unless its bytes are still in a cache.
 */
typedef struct hone_machine_speed {
    size_t struct_size;
    double flops_per_second; /* float32 multiply-adds in registers, 2 each */
    double bytes_per_second; /* reading memory in order */
    uint64_t buffer_bytes;   /* what was read over and over: more than a program's share of the
                              * last-level cache */
} hone_machine_speed;
/* Measures it, with `threads` threads (0: as many as the process may use); the operations with the
 * instruction set `isa` (NULL: the one in use), the memory with the best. Takes about half a
 * second, and up to 256 MiB of memory meanwhile. */
HONE_API hone_status hone_machine_probe(hone_machine_speed *out, int32_t threads, const char *isa,
                                        hone_error *err);

/* ---- Tensors of your own --------------------------------------------------------------------- */

/* A tensor of numbers in memory that hone_view_free releases. Its elements are not set. */
HONE_API hone_status hone_view_create(hone_view *out, hone_dtype dtype, int32_t rank,
                                      const int64_t *dim, const hone_limits *limits,
                                      hone_error *err);
/* NULL and an empty view are accepted. */
HONE_API void hone_view_free(hone_view *view);

/* ---- NumPy files ----------------------------------------------------------------------------- */

/* Reads a .npy file (format 1-3, C or Fortran order, little-endian, fixed-size types, text
 * included) into memory that hone_view_free releases. bfloat16 and narrower types have no NumPy
 * form and are refused. */
HONE_API hone_status hone_npy_load(hone_view *out, const char *path, const hone_limits *limits,
                                   hone_error *err);
HONE_API hone_status hone_npy_load_memory(hone_view *out, const void *data, size_t size,
                                          const hone_limits *limits, hone_error *err);
/* Writes atomically. bfloat16 is written as uint16, other types without a NumPy form as uint8. */
HONE_API hone_status hone_npy_save(const char *path, const hone_view *view, hone_error *err);

#ifdef __cplusplus
}
#endif

#endif
