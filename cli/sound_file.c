/* SPDX-License-Identifier: Apache-2.0
 *
 * Sound files through libsndfile, mixed down to one channel.
 */
#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

#include "cli_error.h"
#include "element.h"
#include "input_file.h"

/* Samples read at a time, all channels together. */
enum { CHUNK = 16384 };

typedef struct samples {
    float *data;
    int64_t count;
    int64_t capacity;
} samples;

static hone_status samples_reserve(samples *s, int64_t more, const input_target *target) {
    if (s->count + more <= s->capacity) return HONE_OK;
    const int64_t capacity = 2 * s->capacity + more;
    if ((uint64_t)capacity > tensor_limit(target->set) / sizeof *s->data)
        return cli_fail(target->err, HONE_E_LIMIT,
                        "the sound for input '%s' is over the limit of "
                        "%llu bytes",
                        target->port->name, (unsigned long long)tensor_limit(target->set));
    float *data = realloc(s->data, (size_t)capacity * sizeof *data);
    if (!data) return cli_fail_nomem(target->err);
    s->data = data;
    s->capacity = capacity;
    return HONE_OK;
}

static void append_mixed(samples *s, const float *chunk, int64_t frames, int channels) {
    for (int64_t i = 0; i < frames; i++) {
        float sum = 0;
        for (int c = 0; c < channels; c++) sum += chunk[i * channels + c];
        s->data[s->count++] = sum / (float)channels;
    }
}

/* The header may promise anything: memory grows with what is really there. */
static hone_status read_samples(samples *s, SNDFILE *file, int channels,
                                const input_target *target) {
    float chunk[CHUNK];
    sf_count_t frames;
    while ((frames = sf_readf_float(file, chunk, CHUNK / channels)) > 0) {
        TRY(samples_reserve(s, frames, target));
        append_mixed(s, chunk, frames, channels);
    }
    return HONE_OK;
}

static hone_status open_and_read(samples *s, const input_target *target, const char *path) {
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    hone_status status;
    if (!file)
        return cli_fail_file(target->err, HONE_E_FORMAT, path, "not a valid sound file: %s",
                             sf_strerror(NULL));
    const int64_t rate = target->set->audio_rate;
    if (info.channels < 1 || info.channels > CHUNK)
        status = cli_fail_file(target->err, HONE_E_FORMAT, path, "%d channels", info.channels);
    else if (rate > 0 && rate != info.samplerate)
        status =
            cli_fail_file(target->err, HONE_E_INPUT, path, "expected %lld samples a second, got %d",
                          (long long)rate, info.samplerate);
    else
        status = read_samples(s, file, info.channels, target);
    sf_close(file);
    return status;
}

/* With --audio-fit the length the input fixes, otherwise that of the sound. */
static int64_t wanted_count(const samples *s, const input_target *target) {
    int64_t count;
    const bool fixed =
        target->port->rank >= 0 && element_count(target->port->rank, target->port->dim, &count);
    return fixed && target->set->audio_fit ? count : s->count;
}

static hone_status samples_to_value(input_value *out, const samples *s,
                                    const input_target *target) {
    const hone_dtype dtype = target->port->dtype;
    double scale = target->set->audio_scale;
    if (isnan(scale)) scale = element_is_float(dtype) ? 1 : 32768;
    const int64_t count = wanted_count(s, target);
    TRY(input_value_fit(out, target, count));
    for (int64_t i = 0; i < count && i < s->count; i++)
        element_set(dtype, out->view.data, i, (double)s->data[i] * scale);
    return HONE_OK;
}

hone_status sound_load(input_value *out, const input_target *target, const char *path) {
    samples s = {NULL, 0, 0};
    hone_status status = open_and_read(&s, target, path);
    if (status == HONE_OK) status = samples_to_value(out, &s, target);
    free(s.data);
    return status;
}
