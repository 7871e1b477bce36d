/* SPDX-License-Identifier: Apache-2.0 */
#include "image_tensor.h"

#include <math.h>
#include <stdlib.h>

#include "cli_error.h"
#include "cli_text.h"
#include "element.h"

/* Eight bits a channel, rows from the top, red first. */
typedef struct image {
    int64_t width;
    int64_t height;
    const uint8_t *rgb;
} image;

/* Everything that is decided before the first pixel is written. */
typedef struct image_plan {
    bool channels_last;
    int64_t color;
    int64_t channels;
    int64_t width;
    int64_t height;
    double scale;
    double mean[3];
    double std[3];
} image_plan;

/* One output coordinate lies between two input ones. */
typedef struct tap {
    int64_t low;
    int64_t high;
    double weight; /* of high */
} tap;

static bool is_channel_count(int64_t n) { return n == 1 || n == 3; }

/* A dimension the input fixes, else the option's value, else `fallback`. */
static int64_t first_known(int64_t option, int64_t fixed, int64_t fallback) {
    return option > 0 ? option : fixed >= 0 ? fixed : fallback;
}

static hone_status plan_channels(image_plan *plan, const input_target *target, int64_t fixed) {
    static const char *const names[] = {"", "rgb", "bgr", "gray"};
    plan->color = target->set->image_color;
    if (plan->color == COLOR_AUTO) plan->color = fixed == 1 ? COLOR_GRAY : COLOR_RGB;
    plan->channels = plan->color == COLOR_GRAY ? 1 : 3;
    if (fixed < 0 || fixed == plan->channels) return HONE_OK;
    return cli_fail(target->err, HONE_E_INPUT,
                    "input '%s' is %s, with %lld channels: an image as %s has %lld",
                    target->port->name, port_text(target->port).s, (long long)fixed,
                    names[plan->color], (long long)plan->channels);
}

/* One value for every channel, or one each. */
static hone_status plan_reals(double out[3], const real_list *list, const char *option,
                              double fallback, int64_t channels, hone_error *err) {
    if (list->count > 1 && list->count != channels)
        return cli_fail(err, HONE_E_ARG, "%s: expected 1 or %lld values, got %d", option,
                        (long long)channels, list->count);
    for (int i = 0; i < 3; i++)
        out[i] = list->count == 0 ? fallback : list->item[list->count > 1 ? i : 0];
    return HONE_OK;
}

static hone_status plan_values(image_plan *plan, const input_target *target) {
    const settings *set = target->set;
    plan->scale = set->image_scale;
    if (isnan(plan->scale)) plan->scale = element_is_float(target->port->dtype) ? 1.0 / 255 : 1;
    TRY(plan_reals(plan->mean, &set->image_mean, "--image-mean", 0, plan->channels, target->err));
    TRY(plan_reals(plan->std, &set->image_std, "--image-std", 1, plan->channels, target->err));
    for (int i = 0; i < 3; i++)
        if (plan->std[i] == 0)
            return cli_fail(target->err, HONE_E_ARG, "--image-std: expected no zero");
    return HONE_OK;
}

static hone_status plan_image(image_plan *plan, const input_target *target, const image *img) {
    const hone_port *port = target->port;
    const settings *set = target->set;
    const int32_t rank = port->rank < 0 ? 4 : port->rank;
    if (rank != 3 && rank != 4)
        return cli_fail(target->err, HONE_E_INPUT,
                        "input '%s' is %s: an image has 3 or 4 dimensions", port->name,
                        port_text(port).s);
    int64_t dim[3] = {-1, -1, -1}; /* the last three */
    for (int32_t i = 0; port->rank > 0 && i < 3; i++) dim[i] = port->dim[rank - 3 + i];
    plan->channels_last =
        set->image_layout == LAYOUT_NHWC ||
        (set->image_layout == LAYOUT_AUTO && is_channel_count(dim[2]) && !is_channel_count(dim[0]));
    const int at = plan->channels_last ? 0 : 1; /* where the height is */
    plan->height = first_known(set->image_size.height, dim[at], img->height);
    plan->width = first_known(set->image_size.width, dim[at + 1], img->width);
    TRY(plan_channels(plan, target, dim[plan->channels_last ? 2 : 0]));
    return plan_values(plan, target);
}

/* Pixels are areas, so centres map to centres: the edges of both images coincide. */
static tap tap_at(int64_t to, int64_t to_size, int64_t from_size) {
    const double at = ((double)to + 0.5) * (double)from_size / (double)to_size - 0.5;
    const double inside = fmin(fmax(at, 0), (double)(from_size - 1));
    const int64_t low = (int64_t)inside;
    return (tap){low, low + 1 < from_size ? low + 1 : low, inside - (double)low};
}

static void sample(double rgb[3], const image *img, tap y, tap x) {
    const uint8_t *top = img->rgb + 3 * y.low * img->width;
    const uint8_t *bottom = img->rgb + 3 * y.high * img->width;
    for (int c = 0; c < 3; c++) {
        const double a = top[3 * x.low + c] * (1 - x.weight) + top[3 * x.high + c] * x.weight;
        const double b = bottom[3 * x.low + c] * (1 - x.weight) + bottom[3 * x.high + c] * x.weight;
        rgb[c] = a * (1 - y.weight) + b * y.weight;
    }
}

static void convert_color(double pixel[3], int64_t color) {
    const double red = pixel[0];
    if (color == COLOR_GRAY) {
        pixel[0] = 0.299 * red + 0.587 * pixel[1] + 0.114 * pixel[2];
    } else if (color == COLOR_BGR) {
        pixel[0] = pixel[2];
        pixel[2] = red;
    }
}

static void write_pixels(hone_view *view, const image_plan *plan, const image *img,
                         const tap *columns) {
    const int64_t area = plan->width * plan->height;
    for (int64_t y = 0; y < plan->height; y++) {
        const tap row = tap_at(y, plan->height, img->height);
        for (int64_t x = 0; x < plan->width; x++) {
            double pixel[3];
            sample(pixel, img, row, columns[x]);
            convert_color(pixel, plan->color);
            const int64_t at = y * plan->width + x;
            for (int64_t c = 0; c < plan->channels; c++) {
                const double value = (pixel[c] * plan->scale - plan->mean[c]) / plan->std[c];
                const int64_t i = plan->channels_last ? at * plan->channels + c : c * area + at;
                element_set(view->dtype, view->data, i, value);
            }
        }
    }
}

hone_status image_to_value(input_value *out, const input_target *target, const hone_view *rgb) {
    const image img = {.width = rgb->dim[1], .height = rgb->dim[0], .rgb = rgb->data};
    image_plan plan;
    TRY(plan_image(&plan, target, &img));
    const int64_t last[4] = {1, plan.height, plan.width, plan.channels};
    const int64_t first[4] = {1, plan.channels, plan.height, plan.width};
    const int64_t *dim = plan.channels_last ? last : first;
    const bool batched = target->port->rank != 3;
    TRY(input_value_create(out, target, batched ? 4 : 3, batched ? dim : dim + 1));
    tap *columns = cli_alloc(target->err, (size_t)plan.width, sizeof *columns);
    if (!columns) {
        input_value_release(out);
        return HONE_E_NOMEM;
    }
    for (int64_t x = 0; x < plan.width; x++) columns[x] = tap_at(x, plan.width, img.width);
    write_pixels(&out->view, &plan, &img, columns);
    free(columns);
    return HONE_OK;
}
