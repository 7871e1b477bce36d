/* SPDX-License-Identifier: Apache-2.0 */
#include "svg_axis.h"

#include <math.h>

/* About how many ticks a linear axis gets; 1, 2 or 5 times a power of ten lie between them. */
enum { WANTED_TICKS = 6 };
/* Decades that a logarithmic axis shows at most: what lies lower is drawn at its end. */
enum { MOST_DECADES = 12 };
/* Up to so many, there are ticks at 2 and 5 as well. */
enum { FEW_DECADES = 2 };

static double tick_step(const axis *a) {
    const double rough = (a->high - a->low) / WANTED_TICKS;
    const double unit = pow(10, floor(log10(rough)));
    return unit * (rough / unit <= 1 ? 1 : rough / unit <= 2 ? 2 : rough / unit <= 5 ? 5 : 10);
}

axis axis_make(bool log, double low, double high) {
    axis a = {.log = log, .low = low, .high = high};
    if (log) {
        a.high = pow(10, ceil(log10(high) - 1e-9));
        a.low = pow(10, floor(log10(low) + 1e-9));
        if (a.low >= a.high) a.high = 10 * a.low;
        if (a.low < a.high * pow(10, -MOST_DECADES)) a.low = a.high * pow(10, -MOST_DECADES);
        return a;
    }
    if (!(a.high > a.low)) a.high = a.low + (a.low != 0 ? fabs(a.low) / 10 : 1);
    const double step = tick_step(&a);
    a.low = floor(a.low / step + 1e-9) * step;
    a.high = ceil(a.high / step - 1e-9) * step;
    return a;
}

double axis_place(const axis *a, double value) {
    double share = a->log ? (value > 0 ? log10(value / a->low) / log10(a->high / a->low) : 0)
                          : (value - a->low) / (a->high - a->low);
    if (!(share > 0)) share = 0;
    if (share > 1) share = 1;
    return a->from + share * (a->to - a->from);
}

static int log_ticks(const axis *a, double ticks[AXIS_TICKS]) {
    static const double between[] = {1, 2, 5};
    const int decades = (int)lround(log10(a->high / a->low));
    int n = 0;
    for (int d = 0; d <= decades && n + 3 < AXIS_TICKS; d++) {
        for (int i = 0; i < (decades > FEW_DECADES || d == decades ? 1 : 3); i++)
            ticks[n++] = a->low * pow(10, d) * between[i];
    }
    return n;
}

int axis_ticks(const axis *a, double ticks[AXIS_TICKS]) {
    if (a->log) return log_ticks(a, ticks);
    const double step = tick_step(a);
    const int count = (int)lround((a->high - a->low) / step);
    int n = 0;
    for (; n <= count && n < AXIS_TICKS; n++) {
        ticks[n] = a->low + n * step;
        if (fabs(ticks[n]) < step / 1e6) ticks[n] = 0;
    }
    return n;
}
