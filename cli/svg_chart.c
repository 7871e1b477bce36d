/* SPDX-License-Identifier: Apache-2.0 */
#include "svg_chart.h"

#include <math.h>

#include "svg_axis.h"

/* Places, in units of the picture. */
enum { WIDTH = 720, HEIGHT = 280, ROOF_HEIGHT = 400 };
enum { LEFT = 64, RIGHT = 16, TOP = 12, BOTTOM = 44, NUMBER_WIDTH = 24 };
enum { BAR_NOTES = 130, BAR_STEP = 40, BAR_HEIGHT = 14, LABEL_HEIGHT = 18, LABEL_CHARACTERS = 84 };

typedef struct picture {
    const chart *chart;
    FILE *file;
    axis x, y;
    int height;
} picture;

void html_put(FILE *file, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '&': fputs("&amp;", file); break;
        case '<': fputs("&lt;", file); break;
        case '>': fputs("&gt;", file); break;
        case '"': fputs("&quot;", file); break;
        case '\'': fputs("&#39;", file); break;
        default: fputc(*text, file);
        }
    }
}

static void put_text(FILE *file, double x, double y, const char *class, const char *text) {
    fprintf(file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    html_put(file, text);
    fputs("</text>\n", file);
}

static void put_line(FILE *file, const char *class, const double from[2], const double to[2]) {
    fprintf(file, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
            from[0], from[1], to[0], to[1]);
}

/* What a pointer over a mark tells. */
static void put_tip(const picture *p, const chart_point *point) {
    fputs("<title>", p->file);
    if (point->label) html_put(p->file, point->label);
    if (point->note.s[0]) {
        fputs(point->label ? ": " : "", p->file);
        html_put(p->file, point->note.s);
    }
    fputs("</title>", p->file);
}

static void find_range(const chart *c, double low[2], double high[2]) {
    low[0] = low[1] = INFINITY;
    high[0] = high[1] = -INFINITY;
    for (size_t i = 0; i < c->count; i++) {
        const double v[2] = {c->point[i].x, c->point[i].y};
        for (int k = 0; k < 2; k++) {
            low[k] = fmin(low[k], v[k]);
            high[k] = fmax(high[k], v[k]);
        }
    }
}

static void choose_axes(picture *p) {
    const chart *c = p->chart;
    double low[2], high[2];
    find_range(c, low, high);
    if (c->kind == CHART_COLUMNS) {
        high[0] += c->width;
        low[1] = 0;
    }
    if (c->kind == CHART_STRIP) low[0] = 0;
    if (c->kind == CHART_ROOFLINE) {
        const double ridge = c->peak / c->slope;
        low[0] = fmin(low[0], ridge / 10);
        high[0] = fmax(high[0], ridge * 4);
        low[1] = fmin(low[1], c->peak / 100);
        high[1] = fmax(high[1], c->peak);
    }
    p->x = axis_make(c->kind == CHART_ROOFLINE, low[0], high[0]);
    p->y = axis_make(c->kind == CHART_ROOFLINE, low[1], high[1]);
    p->x.from = LEFT;
    p->x.to = WIDTH - RIGHT;
    p->y.from = p->height - BOTTOM;
    p->y.to = TOP;
}

static void draw_axes(const picture *p) {
    double ticks[AXIS_TICKS];
    const int xs = axis_ticks(&p->x, ticks);
    for (int i = 0; i < xs; i++) {
        const double at = axis_place(&p->x, ticks[i]);
        put_line(p->file, "grid", (double[]){at, p->y.from}, (double[]){at, p->y.to});
        put_text(p->file, at, p->y.from + 16, "middle", human_real(ticks[i]).s);
    }
    const int ys = axis_ticks(&p->y, ticks);
    for (int i = 0; i < ys; i++) {
        const double at = axis_place(&p->y, ticks[i]);
        put_line(p->file, "grid", (double[]){p->x.from, at}, (double[]){p->x.to, at});
        put_text(p->file, LEFT - 6, at + 4, "end", human_real(ticks[i]).s);
    }
    put_text(p->file, (p->x.from + p->x.to) / 2, p->height - 8, "middle axis", p->chart->x_title);
    fprintf(p->file, "<text class=\"middle axis\" transform=\"rotate(-90)\" x=\"%.1f\" y=\"14\">",
            -(p->y.from + p->y.to) / 2);
    html_put(p->file, p->chart->y_title);
    fputs("</text>\n", p->file);
}

static void draw_columns(const picture *p) {
    const chart *c = p->chart;
    for (size_t i = 0; i < c->count; i++) {
        const double left = axis_place(&p->x, c->point[i].x);
        const double right = axis_place(&p->x, c->point[i].x + c->width);
        const double top = axis_place(&p->y, c->point[i].y);
        fprintf(p->file,
                "<rect class=\"mark\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">", left,
                top, right - left > 1.5 ? right - left - 1 : right - left, p->y.from - top);
        put_tip(p, &c->point[i]);
        fputs("</rect>\n", p->file);
    }
}

static void draw_strip(const picture *p) {
    for (size_t i = 0; i < p->chart->count; i++)
        fprintf(p->file, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"2\"/>\n",
                axis_place(&p->x, p->chart->point[i].x), axis_place(&p->y, p->chart->point[i].y));
}

static void draw_roof(const picture *p) {
    const chart *c = p->chart;
    const double ridge = c->peak / c->slope;
    const double x = fmax(p->x.low, p->y.low / c->slope);
    const double start[2] = {axis_place(&p->x, x), axis_place(&p->y, x * c->slope)};
    const double bend[2] = {axis_place(&p->x, ridge), axis_place(&p->y, c->peak)};
    put_line(p->file, "roof", start, bend);
    put_line(p->file, "roof", bend, (double[]){p->x.to, bend[1]});
}

static void draw_roofline(const picture *p) {
    const chart *c = p->chart;
    draw_roof(p);
    for (size_t i = 0; i < c->count; i++) {
        const double x = axis_place(&p->x, c->point[i].x), y = axis_place(&p->y, c->point[i].y);
        const double radius = 4 + 14 * sqrt(fmin(fmax(c->point[i].weight, 0), 1));
        fprintf(p->file, "<circle class=\"mark glass\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\">", x, y,
                radius);
        put_tip(p, &c->point[i]);
        fputs("</circle>\n", p->file);
        if (c->point[i].number == 0) continue;
        const bool right = x + radius + NUMBER_WIDTH < WIDTH;
        fprintf(p->file, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%d</text>\n", right ? "" : "end",
                right ? x + radius + 3 : x - radius - 3, y + 4, c->point[i].number);
    }
}

/* The first characters of a text that is too long for its place. */
static line_text shortened(const char *text) {
    line_text out;
    const char *const end = text_character(text, LABEL_CHARACTERS);
    snprintf(out.s, sizeof out.s, "%.*s%s", (int)(end - text), text, *end ? "..." : "");
    return out;
}

/* Labels stand above their bars, where they have room for the names of kernels. */
static void draw_bars(const picture *p) {
    const chart *c = p->chart;
    double low[2], high[2];
    find_range(c, low, high);
    for (size_t i = 0; i < c->count; i++) {
        const double y = TOP + (double)i * BAR_STEP, top = y + LABEL_HEIGHT;
        const double width = high[0] > 0 ? (WIDTH - BAR_NOTES) * c->point[i].x / high[0] : 0;
        const char *label = c->point[i].label ? c->point[i].label : "";
        put_text(p->file, 0, top - 5, "", shortened(label).s);
        fprintf(p->file, "<rect class=\"mark\" x=\"0\" y=\"%.1f\" width=\"%.1f\" height=\"%d\">",
                top, fmax(width, 1), BAR_HEIGHT);
        put_tip(p, &c->point[i]);
        fputs("</rect>\n", p->file);
        put_text(p->file, width + 8, top + BAR_HEIGHT - 3, "", c->point[i].note.s);
    }
}

static int height_of(const chart *c) {
    if (c->kind == CHART_BARS) return TOP + (int)c->count * BAR_STEP + 8;
    return c->kind == CHART_ROOFLINE ? ROOF_HEIGHT : HEIGHT;
}

void svg_draw(const chart *c, const char *title, int number, FILE *file) {
    picture p = {.chart = c, .file = file, .height = height_of(c)};
    fprintf(file,
            "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%d d%d\">\n"
            "<title id=\"t%d\">",
            WIDTH, p.height, number, number, number);
    html_put(file, title);
    fprintf(file, "</title>\n<desc id=\"d%d\">", number);
    html_put(file, c->summary.s);
    fputs("</desc>\n", file);
    if (c->kind != CHART_BARS) {
        choose_axes(&p);
        draw_axes(&p);
    }
    switch (c->kind) {
    case CHART_COLUMNS: draw_columns(&p); break;
    case CHART_STRIP: draw_strip(&p); break;
    case CHART_BARS: draw_bars(&p); break;
    case CHART_ROOFLINE: draw_roofline(&p); break;
    }
    fputs("</svg>\n", file);
}
