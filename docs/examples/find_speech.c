/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds speech in a sound file as it would in a stream, with the Silero VAD model:
 *
 *     find_speech voice.onnx SOUND
 *
 * The sound has 16000 samples a second. The model sees 512 samples at a time, behind the last 64 of
 * the piece before, and hands on what it remembers through its state.
 */
#include <hone/hone.h>
#include <sndfile.h>
#include <stdio.h>
#include <string.h>

enum { RATE = 16000, PIECE = 512, CONTEXT = 64, STATE = 2 * 128 };
enum { INPUT, IN_STATE, IN_RATE };                                   /* inputs of the model */
enum { PROBABILITY, OUT_STATE };                                     /* and its outputs */
static const double begins = 0.5, ends = 0.35, shortest_pause = 0.1; /* seconds */

typedef struct detector {
    hone_model *model;
    hone_session *session;
    hone_view input, state, rate;
} detector;

static hone_status open_detector(detector *d, const char *path, hone_error *err) {
    const int64_t input[] = {1, CONTEXT + PIECE}, state[] = {2, 1, 128};
    hone_status s = hone_model_open(&d->model, path, NULL, err);
    if (!s) s = hone_session_create(&d->session, d->model, NULL, err);
    if (!s) s = hone_session_set_shape(d->session, INPUT, 2, input, err);
    if (!s) s = hone_session_set_shape(d->session, IN_STATE, 3, state, err);
    if (!s) s = hone_session_set_shape(d->session, IN_RATE, 0, NULL, err);
    if (!s) s = hone_session_input(d->session, INPUT, &d->input, err);
    if (!s) s = hone_session_input(d->session, IN_STATE, &d->state, err);
    if (!s) s = hone_session_input(d->session, IN_RATE, &d->rate, err);
    if (!s) *(int64_t *)d->rate.data = RATE;
    return s;
}

/* How likely the next PIECE samples are speech. */
static hone_status feed(detector *d, const float *samples, double *probability, hone_error *err) {
    hone_view out, state;
    float *input = d->input.data;
    memmove(input, input + PIECE, CONTEXT * sizeof *input);
    memcpy(input + CONTEXT, samples, PIECE * sizeof *input);
    hone_status s = hone_session_run(d->session, err);
    if (!s) s = hone_session_output(d->session, PROBABILITY, &out, err);
    if (!s) s = hone_session_output(d->session, OUT_STATE, &state, err);
    if (s) return s;
    memcpy(d->state.data, state.data, STATE * sizeof(float));
    *probability = (double)*(const float *)out.data;
    return HONE_OK;
}

/* Speech begins with one likely piece, and ends with a pause that is long enough. */
typedef struct tracker {
    bool speaking, spoken; /* now; at any time */
    double start, pause;   /* seconds; pause < 0: none */
} tracker;

static void track(tracker *t, double now, double probability) {
    if (!t->speaking && probability >= begins) {
        *t = (tracker){.speaking = true, .spoken = true, .start = now, .pause = -1};
    } else if (t->speaking && probability < ends) {
        if (t->pause < 0) t->pause = now;
        if (now - t->pause < shortest_pause) return;
        printf("  speech from %5.2f to %5.2f s\n", t->start, t->pause);
        t->speaking = false;
    } else if (probability >= begins) {
        t->pause = -1;
    }
}

static hone_status listen(detector *d, SNDFILE *sound, hone_error *err) {
    tracker t = {.speaking = false};
    float samples[PIECE];
    double now = 0;
    sf_count_t n;
    while ((n = sf_readf_float(sound, samples, PIECE)) > 0) {
        double probability;
        memset(samples + n, 0, (size_t)(PIECE - n) * sizeof *samples);
        const hone_status s = feed(d, samples, &probability, err);
        if (s) return s;
        track(&t, now, probability);
        now += (double)PIECE / RATE;
    }
    if (t.speaking) printf("  speech from %5.2f to %5.2f s\n", t.start, now);
    if (!t.spoken) printf("  no speech\n");
    return HONE_OK;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: find_speech MODEL SOUND\n"), 2;
    SF_INFO info = {0};
    SNDFILE *sound = sf_open(argv[2], SFM_READ, &info);
    if (!sound) return fprintf(stderr, "%s: %s\n", argv[2], sf_strerror(NULL)), 1;
    int failed = 1;
    if (info.samplerate != RATE || info.channels != 1) {
        fprintf(stderr, "%s: expected one channel of %d samples a second\n", argv[2], RATE);
    } else {
        hone_error err;
        detector d = {.model = NULL};
        hone_status status = open_detector(&d, argv[1], &err);
        if (!status) status = listen(&d, sound, &err);
        if (status) fprintf(stderr, "find_speech: %s\n", err.text);
        failed = status != HONE_OK;
        hone_session_destroy(d.session);
        hone_model_close(d.model);
    }
    sf_close(sound);
    return failed;
}
