/* SPDX-License-Identifier: Apache-2.0
 *
 * Charts as SVG inside an HTML page, whose style sheet colours them by class.
 */
#ifndef HONE_CLI_SVG_CHART_H
#define HONE_CLI_SVG_CHART_H

#include <stdio.h>

#include "chart.h"

/* `title` and the chart's summary are told to readers who do not see it; `number` makes ids differ.
 */
void svg_draw(const chart *c, const char *title, int number, FILE *file);

/* Text with what would be markup escaped. */
void html_put(FILE *file, const char *text);

#endif
