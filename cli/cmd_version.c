/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli_json.h"
#include "command.h"

static hone_status run(cli *c) {
    if (!c->set.json) {
        printf("hone %s\n", hone_version());
        printf("  instruction set  %s (this machine has %s)\n", hone_isa_default(),
               hone_isa_detected());
        printf("  processors       %d\n", hone_cpu_count());
        return HONE_OK;
    }
    json_t *root = doc_new();
    doc_text(root, "version", hone_version());
    doc_text(root, "isa", hone_isa_default());
    doc_text(root, "isa_detected", hone_isa_detected());
    doc_int(root, "processors", hone_cpu_count());
    return doc_print(root, &c->error);
}

static const option_group *const groups[] = {&options_common, NULL};

const command command_version = {
    .name = "version",
    .summary = "show the version and what this machine offers",
    .operands = "",
    .text = "Shows the version, the instruction set in use (the best of this machine, capped\n"
            "by the environment variable HONE_ISA) and the processors this process may use.\n",
    .examples = "hone version\nHONE_ISA=scalar hone version --json\n",
    .groups = groups,
    .run = run,
};
