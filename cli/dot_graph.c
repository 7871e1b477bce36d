/* SPDX-License-Identifier: Apache-2.0 */
#include "dot_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "cli_text.h"

/* What makes a value: a node, an input of the model, or nothing that is drawn. */
enum { FROM_NOWHERE = -1 };

/* Quotes and backslashes, after control characters are gone, are all that could end a string. */
static void print_escaped(const char *text) {
    const line_text clean = clean_text(text);
    for (const char *s = clean.s; *s; s++) {
        if (*s == '"' || *s == '\\') putchar('\\');
        putchar(*s);
    }
}

static void print_port(const char *kind, int32_t index, const hone_port *port) {
    printf("  %s%d [shape=ellipse, label=\"", kind, index);
    print_escaped(port->name);
    printf("\\n");
    print_escaped(port_text(port).s);
    printf("\"];\n");
}

static void print_node(int32_t index, const hone_node_info *node) {
    printf("  n%d [label=\"", index);
    print_escaped(node->op);
    if (node->name[0]) {
        printf("\\n");
        print_escaped(node->name);
    }
    printf("\"];\n");
}

/* An edge from node `from` to the thing written as kind and index, with the value's shape. */
static void print_edge(int32_t from, const char *kind, int32_t to, const hone_port *port) {
    printf("  n%d -> %s%d [label=\"", from, kind, to);
    print_escaped(port_text(port).s);
    printf("\"];\n");
}

static hone_status print_nodes(const hone_model *model, int32_t *maker, hone_error *err) {
    const int32_t count = hone_model_node_count(model);
    for (int32_t i = 0; i < count; i++) {
        hone_node_info node;
        TRY(hone_model_node(model, i, &node, err));
        print_node(i, &node);
        for (int32_t k = 0; k < node.output_count; k++)
            if (node.outputs[k] >= 0) maker[node.outputs[k]] = i;
    }
    return HONE_OK;
}

/* Number of the model's input of that name, or -1. */
static int32_t input_named(const hone_model *model, const char *name) {
    const int32_t count = hone_model_input_count(model);
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        if (hone_model_input(model, i, &port, NULL) == HONE_OK && strcmp(port.name, name) == 0)
            return i;
    }
    return -1;
}

static hone_status print_edges(const hone_model *model, const int32_t *maker, hone_error *err) {
    const int32_t count = hone_model_node_count(model);
    for (int32_t i = 0; i < count; i++) {
        hone_node_info node;
        TRY(hone_model_node(model, i, &node, err));
        for (int32_t k = 0; k < node.input_count; k++) {
            hone_value_info value;
            if (node.inputs[k] < 0) continue;
            TRY(hone_model_value(model, node.inputs[k], &value, err));
            const int32_t from = maker[node.inputs[k]];
            const int32_t input = from < 0 ? input_named(model, value.port.name) : -1;
            if (from >= 0)
                print_edge(from, "n", i, &value.port);
            else if (input >= 0)
                printf("  i%d -> n%d;\n", input, i);
        }
    }
    return HONE_OK;
}

static hone_status print_inputs(const hone_model *model, hone_error *err) {
    const int32_t count = hone_model_input_count(model);
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        TRY(hone_model_input(model, i, &port, err));
        print_port("i", i, &port);
    }
    return HONE_OK;
}

/* Outputs are found by name among the values that nodes make. */
static hone_status print_outputs(const hone_model *model, const int32_t *maker, hone_error *err) {
    const int32_t count = hone_model_output_count(model);
    const int32_t values = hone_model_value_count(model);
    for (int32_t i = 0; i < count; i++) {
        hone_port port;
        TRY(hone_model_output(model, i, &port, err));
        print_port("o", i, &port);
        for (int32_t v = 0; v < values; v++) {
            hone_value_info value;
            if (maker[v] == FROM_NOWHERE) continue;
            TRY(hone_model_value(model, v, &value, err));
            if (strcmp(value.port.name, port.name) == 0) print_edge(maker[v], "o", i, &port);
        }
    }
    return HONE_OK;
}

hone_status dot_graph_print(const hone_model *model, hone_error *err) {
    const int32_t values = hone_model_value_count(model);
    int32_t *maker = cli_alloc(err, (size_t)values, sizeof *maker);
    if (!maker) return HONE_E_NOMEM;
    for (int32_t v = 0; v < values; v++) maker[v] = FROM_NOWHERE;
    printf("digraph model {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    hone_status status = print_inputs(model, err);
    if (status == HONE_OK) status = print_nodes(model, maker, err);
    if (status == HONE_OK) status = print_edges(model, maker, err);
    if (status == HONE_OK) status = print_outputs(model, maker, err);
    printf("}\n");
    free(maker);
    return status;
}
