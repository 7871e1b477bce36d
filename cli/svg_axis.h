/* SPDX-License-Identifier: Apache-2.0
 *
 * Axes of charts: numbers to places, and where the ticks are.
 */
#ifndef HONE_CLI_SVG_AXIS_H
#define HONE_CLI_SVG_AXIS_H

#include <stdbool.h>

#define AXIS_TICKS 40

typedef struct axis {
    bool log;
    double low, high; /* numbers at the ends */
    double from, to;  /* places of the ends */
} axis;

/* Covers low to high, rounded outwards. With `log` both are positive. */
axis axis_make(bool log, double low, double high);
/* The place of a number, no farther out than the ends. */
double axis_place(const axis *a, double value);
/* Numbers to write, rising; returns how many. */
int axis_ticks(const axis *a, double ticks[AXIS_TICKS]);

#endif
