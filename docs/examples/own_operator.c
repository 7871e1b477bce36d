/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a model with an operator that hone does not have: Wave of domain com.example, which is
 * sin(frequency * x) and keeps the shape of x.
 *
 *     own_operator MODEL
 *
 * Input 0 of the model is filled with 0, 1, 2, ..; output 0 is printed, one number a line.
 */
#include <hone/hone.h>
#include <math.h>
#include <stdio.h>

static hone_status wave_infer(void *user, hone_operator_call *call) {
    hone_view x;
    (void)user;
    if (!hone_call_input(call, 0, &x) || x.dtype != HONE_F32)
        return hone_call_fail(call, HONE_E_FORMAT, "input 0 is not of type float32");
    return hone_call_set_output(call, 0, HONE_F32, x.rank, x.dim);
}

static hone_status wave_run(void *user, hone_operator_call *call) {
    hone_view x, y;
    hone_attribute frequency = {.f = 1};
    (void)user;
    if (!hone_call_input(call, 0, &x) || !hone_call_output(call, 0, &y)) return HONE_OK;
    hone_call_attribute(call, "frequency", &frequency);
    const float *from = x.data;
    float *to = y.data;
    for (size_t i = 0; i < y.bytes / sizeof(float); i++) to[i] = sinf(frequency.f * from[i]);
    return HONE_OK;
}

static int complain(const hone_error *err) {
    fprintf(stderr, "own_operator: %s\n", err->text);
    return 1;
}

int main(int argc, char **argv) {
    hone_operator wave = HONE_INIT(hone_operator);
    wave.domain = "com.example";
    wave.name = "Wave";
    wave.min_inputs = wave.max_inputs = 1;
    wave.infer = wave_infer;
    wave.run = wave_run;
    const hone_operator *const operators[] = {&wave};
    hone_open_options options = HONE_INIT(hone_open_options);
    options.operators = operators;
    options.operator_count = 1;

    hone_error err;
    hone_model *model;
    hone_session *session;
    hone_view in, out;
    if (argc != 2) return fprintf(stderr, "usage: own_operator MODEL\n"), 2;
    if (hone_model_open(&model, argv[1], &options, &err) ||
        hone_session_create(&session, model, NULL, &err) ||
        hone_session_input(session, 0, &in, &err))
        return complain(&err);
    for (size_t i = 0; i < in.bytes / sizeof(float); i++) ((float *)in.data)[i] = (float)i;
    if (hone_session_run(session, &err) || hone_session_output(session, 0, &out, &err))
        return complain(&err);
    for (size_t i = 0; i < out.bytes / sizeof(float); i++)
        printf("%.6g\n", ((const float *)out.data)[i]);
    hone_session_destroy(session);
    hone_model_close(model);
    return 0;
}
