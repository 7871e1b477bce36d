/* SPDX-License-Identifier: Apache-2.0
 *
 * What a chart shows; drawn by svg_chart.c.
 */
#ifndef HONE_CLI_CHART_H
#define HONE_CLI_CHART_H

#include "cli_text.h"

typedef enum chart_kind {
    CHART_COLUMNS, /* a histogram: columns of one width from x on, y high */
    CHART_STRIP,   /* y over x */
    CHART_BARS,    /* one bar a label, x long, with `note` behind it */
    CHART_ROOFLINE /* y over x, both logarithmic, below min(peak, slope * x) */
} chart_kind;

typedef struct chart_point {
    double x, y;
    double weight; /* CHART_ROOFLINE: 0 to 1, how large it is drawn */
    int number;    /* CHART_ROOFLINE: printed beside it; 0: none */
    char *label;   /* owned; NULL: none */
    number_text note;
} chart_point;

typedef struct chart {
    chart_kind kind;
    const char *x_title, *y_title;
    line_text summary; /* for those who do not see it */
    chart_point *point;
    size_t count, capacity;
    double width;       /* CHART_COLUMNS: of each */
    double peak, slope; /* CHART_ROOFLINE */
    bool failed;        /* memory was out */
} chart;

/* Adds a point; label may be NULL, and is copied. Returns it for the rest, or NULL. */
chart_point *chart_add(chart *c, double x, double y, const char *label);
void chart_release(chart *c);

#endif
