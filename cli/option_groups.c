/* SPDX-License-Identifier: Apache-2.0
 *
 * The options that several commands share.
 */
#include "cli_options.h"

static const option_def common[] = {
    OPTION("json", 0, OPTION_FLAG, json, NULL, "Write the result as one JSON document"),
    OPTION("quiet", 'q', OPTION_FLAG, quiet, NULL, "No progress, notes or warnings on stderr"),
    OPTION("verbose", 'v', OPTION_FLAG, verbose, NULL, "More detail"),
    OPTION("help", 'h', OPTION_FLAG, help, NULL, "Show this help"),
    OPTION_END,
};
const option_group options_common = {"General", common};

#define PASSES_HELP                                                                                \
    "all, none, names of some (with what they need), or of those to leave out as -NAME, "          \
    "separated "                                                                                   \
    "by commas"
#define MODEL_OPTIONS(...)                                                                         \
    OPTION("shape", 's', OPTION_LIST, shapes, "NAME=1,3,224,224",                                  \
           "Shape of an input; '?' leaves a dimension unknown. May be repeated. Dimensions of "    \
           "the same name in other inputs follow"),                                                \
        OPTION("no-optimize", 0, OPTION_FLAG, no_optimize, NULL,                                   \
               "Keep the graph as imported: no folding, no fusion"),                               \
        __VA_ARGS__,                                                                               \
        OPTION("verify", 0, OPTION_FLAG, verify, NULL,                                             \
               "Check the weights of a .hone file against their checksums; import always does"),   \
        OPTION("no-external", 0, OPTION_FLAG, no_external, NULL,                                   \
               "Refuse tensors that are stored in other files"),                                   \
        OPTION("data-dir", 0, OPTION_TEXT, data_dir, "DIR",                                        \
               "Folder of external tensor files (default: the model's)"),                          \
        OPTION("max-memory", 0, OPTION_SIZE, limits.memory_bytes, "SIZE",                          \
               "Most memory that opening may take (default 16G)"),                                 \
        OPTION("max-file", 0, OPTION_SIZE, limits.file_bytes, "SIZE",                              \
               "Largest file to open (default 16G)"),                                              \
        OPTION("max-tensor", 0, OPTION_SIZE, limits.tensor_bytes, "SIZE",                          \
               "Largest tensor (default 4G)"),                                                     \
        OPTION_IN("max-nodes", 0, OPTION_INT, limits.nodes, "N",                                   \
                  "Most nodes in the model (default 1000000)", 1, 1e12),                           \
        OPTION_IN("max-trips", 0, OPTION_INT, limits.loop_trips, "N",                              \
                  "Most iterations of all Loops in one run (default 10000000)", 1, 1e18),          \
        OPTION_END
static const option_def model[] = {MODEL_OPTIONS(OPTION(
    "passes", 0, OPTION_TEXT, passes.text, "LIST", "Optimisation passes that run: " PASSES_HELP))};
const option_group options_model = {"Model", model};
static const option_def model_shown[] = {MODEL_OPTIONS(
    OPTION("passes", 'p', OPTION_FLAG_TEXT, passes, "LIST",
           "Show what each optimisation pass changed. LIST: those that run, " PASSES_HELP))};
const option_group options_model_shown = {"Model", model_shown};

static const option_def session[] = {
    OPTION_IN("threads", 't', OPTION_INT, threads, "N",
              "Threads (default: as many as the process may use)", 1, 1024),
    OPTION("isa", 0, OPTION_TEXT, isa, "LEVEL",
           "Highest instruction set to use, such as scalar or avx2 (default: the best; see 'hone "
           "version')"),
    OPTION("memory-limit", 0, OPTION_SIZE, memory_limit, "SIZE",
           "Most memory for running the model (default: no limit)"),
    OPTION_IN("seed", 0, OPTION_INT, seed, "SEED",
              "Seed of the model's random operators (default 0)", 0, 9e15),
    OPTION_END,
};
const option_group options_session = {"Execution", session};

static const option_def input[] = {
    OPTION(
        "input", 'i', OPTION_LIST, inputs, "NAME=FILE",
        "Value of an input: a .npy, picture or sound file, told by its content, or "
        "NAME=@1,2,3 for numbers given here. NAME= may be left out when the model has one input"),
    OPTION_IN("random", 'r', OPTION_INT, random_seed, "SEED",
              "Fill the inputs that are not given with random numbers", 0, 9e15),
    OPTION("image-size", 0, OPTION_EXTENT, image_size, "WxH",
           "Resize images, bilinear (default: the size the model fixes, else the image's own)"),
    OPTION("image-scale", 0, OPTION_REAL, image_scale, "F",
           "Pixel value = (pixel * scale - mean) / std (default: 1/255 for float inputs, 1 for "
           "integer inputs)"),
    OPTION("image-mean", 0, OPTION_REALS, image_mean, "F[,F,F]",
           "Mean per channel, in the order of the channels (default 0)"),
    OPTION("image-std", 0, OPTION_REALS, image_std, "F[,F,F]", "Divisor per channel (default 1)"),
    OPTION("image-layout", 0, OPTION_CHOICE, image_layout, "nchw|nhwc",
           "Order of the dimensions (default: where the model has 1 or 3 channels, else nchw)"),
    OPTION("image-color", 0, OPTION_CHOICE, image_color, "rgb|bgr|gray",
           "Channels (default: gray for one channel, else rgb)"),
    OPTION_IN("audio-rate", 0, OPTION_INT, audio_rate, "HZ",
              "Refuse sound files of another sample rate (default: any)", 1, 1e7),
    OPTION("audio-scale", 0, OPTION_REAL, audio_scale, "F",
           "Factor for samples in -1..1 (default: 1 for float inputs, 32768 for integer inputs)"),
    OPTION("audio-fit", 0, OPTION_FLAG, audio_fit, NULL,
           "Cut the sound, or pad it with zeros, to the length of the input"),
    OPTION_END,
};
const option_group options_input = {"Inputs", input};
