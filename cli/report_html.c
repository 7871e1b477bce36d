/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports as one HTML page. It holds no scripts, and its policy lets it load nothing: names in it
 * come from files that may be hostile.
 */
#include "report.h"
#include "svg_chart.h"

static const char style[] =
    ":root{color-scheme:light dark;--paper:#fff;--ink:#1d2127;--faint:#5b6470;--line:#d9dee5;"
    "--mark:#2166ac;--roof:#b2430e}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#16191d;--ink:#e6e9ed;--faint:#a3acb8;"
    "--line:#363c45;--mark:#74b0ea;--roof:#f0905a}}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem}\n"
    "h1{font-size:1.6rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 "
    ".5rem}\n"
    "p{color:var(--faint);margin:.25rem 0}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .75rem .25rem 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--line)}\n"
    "td,tbody th{overflow-wrap:anywhere}thead th,.facts th{color:var(--faint);font-weight:600}\n"
    ".n{text-align:right;white-space:nowrap}tbody th{font-weight:400}\n"
    "summary{cursor:pointer;color:var(--faint)}\n"
    "svg{width:100%;height:auto;display:block}\n"
    "svg text{fill:var(--ink);font-size:12px}svg .axis{fill:var(--faint)}\n"
    "svg .middle{text-anchor:middle}svg .end{text-anchor:end}\n"
    ".grid{stroke:var(--line)}.roof{stroke:var(--roof);stroke-width:2}\n"
    ".mark{fill:var(--mark)}.glass{fill-opacity:.55;stroke:var(--mark)}\n";

static void html_facts(const report_part *part, FILE *file) {
    fputs("<table class=\"facts\"><tbody>\n", file);
    for (size_t i = 0; i < part->fact_count; i++) {
        const fact *f = &part->facts[i];
        const bool goes_on = i > 0 && !f->label[0];
        if (goes_on)
            fputs("<br>", file);
        else
            fprintf(file, "%s<tr><th scope=\"row\">%s</th><td>", i > 0 ? "</td></tr>\n" : "",
                    f->label);
        html_put(file, f->text.s);
    }
    fputs("</td></tr>\n</tbody></table>\n", file);
}

static void html_row(const table *t, int32_t row, FILE *file) {
    fputs("<tr>", file);
    for (int32_t c = 0; c < t->columns; c++) {
        const char *class = table_column(t, c).right ? " class=\"n\"" : "";
        fprintf(file, c == 0 ? "<th scope=\"row\"%s>" : "<td%s>", class);
        html_put(file, table_text(t, row, c));
        fputs(c == 0 ? "</th>" : "</td>", file);
    }
    fputs("</tr>\n", file);
}

static void html_table(const report_part *part, FILE *file) {
    const table *t = &part->table;
    if (part->is_long) {
        fputs("<details><summary>", file);
        html_put(file, part->title.s);
        fputs("</summary>\n", file);
    }
    fputs("<div class=\"scroll\"><table><thead><tr>", file);
    for (int32_t c = 0; c < t->columns; c++) {
        const table_head head = table_column(t, c);
        fprintf(file, "<th scope=\"col\"%s>", head.right ? " class=\"n\"" : "");
        html_put(file, head.name);
        fputs("</th>", file);
    }
    fputs("</tr></thead><tbody>\n", file);
    for (int32_t row = 0; row < table_rows(t); row++) html_row(t, row, file);
    fputs("</tbody></table></div>\n", file);
    if (part->is_long) fputs("</details>\n", file);
}

static void html_part(const report_part *part, int number, FILE *file) {
    fputs("<section>\n", file);
    if (part->title.s[0] && !part->is_long) {
        fputs("<h2>", file);
        html_put(file, part->title.s);
        fputs("</h2>\n", file);
    }
    switch (part->kind) {
    case PART_FACTS: html_facts(part, file); break;
    case PART_TABLE: html_table(part, file); break;
    case PART_CHART:
        svg_draw(&part->chart, part->title.s, number, file);
        fputs("<p>", file);
        html_put(file, part->chart.summary.s);
        fputs("</p>\n", file);
    }
    fputs("</section>\n", file);
}

hone_status report_write_html(const report *r, FILE *file, hone_error *err) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" "
          "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
          file);
    html_put(file, r->title.s);
    fprintf(file, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    html_put(file, r->title.s);
    fputs("</h1>\n<p>", file);
    html_put(file, r->subtitle.s);
    fputs("</p>\n", file);
    for (int32_t i = 0; i < r->count; i++)
        if (r->part[i].kind != PART_FACTS || r->part[i].fact_count > 0)
            html_part(&r->part[i], i, file);
    fputs("</main>\n</body>\n</html>\n", file);
    return report_check(r, err);
}
