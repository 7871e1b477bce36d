/* SPDX-License-Identifier: Apache-2.0
 *
 * The main graph of a model in Graphviz's language.
 */
#ifndef HONE_CLI_DOT_GRAPH_H
#define HONE_CLI_DOT_GRAPH_H

#include "hone/hone.h"

/* Writes to stdout. Constants are not drawn. */
hone_status dot_graph_print(const hone_model *model, hone_error *err);

#endif
