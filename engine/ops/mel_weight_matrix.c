/* SPDX-License-Identifier: Apache-2.0
 *
 * MelWeightMatrix: column i is a triangle over the frequency bins of a spectrum, with its corners
 * evenly spaced on the mel scale.
 */
#include <math.h>
#include <string.h>

#include "checked.h"
#include "op.h"

enum { MEL_BINS, MEL_DFT_LENGTH, MEL_RATE, MEL_LOW, MEL_HIGH, MEL_INPUTS };

typedef struct mel_params {
    hone_dtype output_datatype;
} mel_params;

static const attr_spec mel_attrs[] = {ATTR_ROW(DTYPE, mel_params, output_datatype, .i = HONE_F32)};
static const op_arg mel_in[] = {{"num_mel_bins", DT_INDEX, 0, 0},
                                {"dft_length", DT_INDEX, 0, 0},
                                {"sample_rate", DT_INDEX, 0, 0},
                                {"lower_edge_hertz", DT_FLOATS, 0, 0},
                                {"upper_edge_hertz", DT_FLOATS, 0, 0}};
static const op_arg mel_out[] = {{"output", DT_NUMBERS, 0, 0}};
static const op_version mel_versions[] = {{17, NULL}};

static hone_status mel_infer(infer *f) {
    const mel_params *p = f->params;
    const tensor *bins = infer_value(f, MEL_BINS), *length = infer_value(f, MEL_DFT_LENGTH);
    shape y = shape_of_rank(2);
    for (int32_t i = 0; i < MEL_INPUTS; i++) {
        int64_t count;
        if (shape_count(infer_shape(f, i), &count) && count != 1)
            return infer_fail(f, "input '%s' has %lld elements: expected 1", mel_in[i].name,
                              (long long)count);
    }
    if (!dtype_in(p->output_datatype, DT_NUMBERS))
        return infer_fail(f, "%s is no number type", hone_dtype_name(p->output_datatype));
    if (bins && length) {
        y.dim[0] = tensor_i64(length, 0) / 2 + 1;
        y.dim[1] = tensor_i64(bins, 0);
        if (y.dim[0] < 1 || y.dim[1] < 0) return infer_fail(f, "a size is negative");
    }
    infer_set(f, 0, p->output_datatype, &y);
    return HONE_OK;
}

/* The frequency bin of corner i of `corners`. The scale is mel(f) = 2595 log10(1 + f / 700). */
static double corner_bin(const step *s, int64_t i, int64_t corners) {
    const double ln10 = 2.302585092994045684;
    const double low = 2595 * log1p(tensor_f64(&s->in[MEL_LOW], 0) / 700) / ln10;
    const double high = 2595 * log1p(tensor_f64(&s->in[MEL_HIGH], 0) / 700) / ln10;
    const double mel = low + (double)i * ((high - low) / (double)corners);
    const double hertz = 700 * expm1(mel / 2595 * ln10);
    const double length = (double)tensor_i64(&s->in[MEL_DFT_LENGTH], 0);
    return floor((length + 1) * hertz / (double)tensor_i64(&s->in[MEL_RATE], 0));
}

/* Column i between bins left <= centre <= right; bins outside of the spectrum are cut off. */
static void fill_column(const tensor *y, int64_t i, double left, double centre, double right) {
    const int64_t rows = y->shape.dim[0], columns = y->shape.dim[1];
    for (int64_t j = 0; j < rows; j++) {
        const double at = (double)j;
        double v = 0;
        if (at < centre && at >= left)
            v = (at - left) / (centre - left);
        else if (at == centre)
            v = 1;
        else if (at > centre && at < right)
            v = (right - at) / (right - centre);
        if (v != 0) tensor_set_f64(y, j * columns + i, v);
    }
}

static hone_status mel_run(run_ctx *r, const step *s) {
    const tensor *y = &s->out[0];
    const int64_t columns = y->shape.dim[1];
    if (tensor_i64(&s->in[MEL_RATE], 0) <= 0) return run_fail(r, "sample_rate is not positive");
    memset(y->data, 0, y->bytes);
    for (int64_t i = 0; i < columns; i++)
        fill_column(y, i, corner_bin(s, i, columns + 2), corner_bin(s, i + 1, columns + 2),
                    corner_bin(s, i + 2, columns + 2));
    return HONE_OK;
}

static const char *const mel_cases[] = {"i64{8} i64{16} i64{8192} f32{0} f32{4096}", NULL};

const op op_mel_weight_matrix = {.name = "MelWeightMatrix",
                                 .domain = "",
                                 OP_VERSIONS(mel_versions),
                                 OP_ARGS_IN(mel_in),
                                 OP_ARGS_OUT(mel_out),
                                 OP_ATTRS(mel_attrs, mel_params),
                                 .infer = mel_infer,
                                 .run = mel_run,
                                 .cases = mel_cases};
