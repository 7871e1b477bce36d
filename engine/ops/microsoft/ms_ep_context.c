/* SPDX-License-Identifier: Apache-2.0
 *
 * com.microsoft EPContext: known by name so that a file that has it is refused with the reason.
 */
#include "op.h"

typedef struct context_params {
    int64_t embed_mode, main_context, max_size;
    const char *text; /* of all attributes that are text: none is read */
} context_params;

#define TEXT(label) ATTR_NAMED(STRING, label, context_params, text)
static const attr_spec context_attrs[] = {ATTR_ROW(INT, context_params, embed_mode),
                                          ATTR_ROW(INT, context_params, main_context),
                                          ATTR_ROW(INT, context_params, max_size),
                                          TEXT("ep_cache_context"),
                                          TEXT("ep_sdk_version"),
                                          TEXT("hardware_architecture"),
                                          TEXT("notes"),
                                          TEXT("onnx_model_filename"),
                                          TEXT("partition_name"),
                                          TEXT("source")};

/* Whatever the blob takes and gives. */
static const op_arg context_any[] = {
    {"any", DT_MOVABLE, 0, ARG_OPTIONAL | ARG_VARIADIC | ARG_ANY_KIND}};

static hone_status context_expand(builder *b, draft *d) {
    (void)d;
    return builder_fail(b, HONE_E_UNSUPPORTED, "a compiled blob for another runtime");
}

static const op_version versions[] = {{1, NULL}};
const op op_ms_ep_context = {.name = "EPContext",
                             .domain = "com.microsoft",
                             OP_VERSIONS(versions),
                             OP_ARGS_IN(context_any),
                             OP_ARGS_OUT(context_any),
                             OP_ATTRS(context_attrs, context_params),
                             .expand = context_expand};
