/* SPDX-License-Identifier: Apache-2.0
 *
 * A picture is cut into tiles; each component of a tile into resolutions, by halving; each
 * resolution into precincts; and the bands of a precinct into code-blocks. libopenjp2 takes some
 * hundred bytes for each piece, and a header of a few bytes can ask for one a pixel. But a tile
 * takes at least 12 bytes of the file, and a precinct one.
 */
#include "codestream.h"

#include <string.h>

enum { TILE_BYTES = 12, MAX_TILES = 65535, MAX_BLOCKS = 1 << 21, MAX_LEVELS = 32 };
/* Steps of counting; a file may state a coding for every tile. */
enum { MAX_WORK = 1 << 26 };

/* One axis: the picture and its tiles, from the size marker. */
typedef struct axis {
    uint64_t start, end;       /* of the picture */
    uint64_t tile_start, tile; /* the first tile and the distance of tiles */
    uint8_t step[MAX_COMPONENTS];
} axis;

typedef struct survey {
    const image *img;
    axis axes[2];
    int components;
    uint64_t work;
} survey;

/* The coding of a component, from a COD or COC marker. */
typedef struct coding {
    uint32_t levels;
    uint32_t block[2];       /* code-blocks: exponents of width, height */
    const uint8_t *precinct; /* exponents, a byte for each resolution; NULL: the largest */
} coding;

static uint64_t get_big(const uint8_t *p, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value = value << 8 | p[i];
    return value;
}

bool is_codestream(const uint8_t *four_bytes) {
    return memcmp(four_bytes, "\xFF\x4F\xFF\x51", 4) == 0;
}

/* Where the codestream begins: behind the boxes of a .jp2 file. `size` is too far. */
static size_t find_codestream(const uint8_t *data, size_t size) {
    size_t at = 0;
    if (size >= 4 && is_codestream(data)) return 0;
    while (size - at >= 16) {
        uint64_t length = get_big(data + at, 4);
        const size_t head = length == 1 ? 16 : 8;
        const bool found = memcmp(data + at + 4, "jp2c", 4) == 0;
        if (length == 1) length = get_big(data + at + 8, 8);
        if (found) return at + head;
        if (length < head || length > size - at) break;
        at += (size_t)length;
    }
    return size;
}

static uint64_t divide_up(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

static uint64_t tiles_of(const axis *a) { return divide_up(a->end - a->tile_start, a->tile); }

/* Pieces of 2^exponent along an axis, of the resolution that is 2^-halvings of the component, in
 * all tiles together. */
static uint64_t count_pieces(const axis *a, int component, uint32_t halvings, uint32_t exponent) {
    const uint64_t scale = (uint64_t)a->step[component] << halvings, tiles = tiles_of(a);
    uint64_t count = 0;
    for (uint64_t i = 0; i < tiles; i++) {
        uint64_t from = a->tile_start + i * a->tile, to = from + a->tile;
        if (from < a->start) from = a->start;
        if (to > a->end) to = a->end;
        from = divide_up(from, scale);
        to = divide_up(to, scale);
        if (from < to) count += ((to - 1) >> exponent) - (from >> exponent) + 1;
    }
    return count;
}

static uint32_t precinct_exponent(const coding *k, uint32_t resolution, int i) {
    if (!k->precinct) return 15;
    return i == 0 ? k->precinct[resolution] & 15u : k->precinct[resolution] >> 4;
}

static hone_status check_coding(survey *s, const coding *k, int component) {
    const image *img = s->img;
    const axis *axes = s->axes;
    s->work += (k->levels + 1) * (tiles_of(&axes[0]) + tiles_of(&axes[1]));
    if (s->work > MAX_WORK)
        return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: too many tiles and codings");
    double precincts = 0, blocks = 0; /* exact as far as the limits go */
    for (uint32_t r = 0; r <= k->levels; r++) {
        double in_both[2] = {1, 1};
        for (int i = 0; i < 2; i++) {
            const uint32_t precinct = precinct_exponent(k, r, i);
            const uint32_t block =
                k->block[i] + (r > 0) < precinct ? k->block[i] + (r > 0) : precinct;
            in_both[0] *= (double)count_pieces(&axes[i], component, k->levels - r, precinct);
            in_both[1] *= (double)count_pieces(&axes[i], component, k->levels - r, block);
        }
        precincts += in_both[0];
        blocks += in_both[1] * (r > 0 ? 3 : 1); /* as many in each of three bands */
    }
    if (precincts > (double)img->size || blocks > MAX_BLOCKS)
        return image_fail(img, HONE_E_UNSUPPORTED,
                          "JPEG 2000: %.0f precincts and %.0f code-blocks in a file of %zu bytes",
                          precincts, blocks, img->size);
    return HONE_OK;
}

/* levels, block width, height, style, wavelet, and precincts if there are any. False where the file
 * ends, or for what the library refuses by itself. */
static bool read_coding(const uint8_t *p, const uint8_t *end, bool has_precincts, coding *out) {
    if (end - p < 5) return false;
    *out = (coding){.levels = p[0], .block = {(p[1] & 15u) + 2, (p[2] & 15u) + 2}};
    if (out->levels > MAX_LEVELS) return false;
    if (has_precincts) out->precinct = p + 5;
    return !has_precincts || end - p >= 5 + (ptrdiff_t)out->levels + 1;
}

enum { COD = 0xFF52, COC = 0xFF53, SOT = 0xFF90, SOD = 0xFF93, EOC = 0xFFD9 };

/* COD: FF52  length  style  order, layers, transform   coding
 * COC: FF53  length  component  style                  coding */
static hone_status check_marker(survey *s, const uint8_t *p, const uint8_t *end) {
    const bool of_all = get_big(p, 2) == COD;
    const ptrdiff_t head = of_all ? 9 : 6;
    coding k;
    if (end - p < head || !read_coding(p + head, end, p[of_all ? 4 : 5] & 1, &k)) return HONE_OK;
    for (int i = 0; i < s->components; i++)
        if (of_all || p[4] == i) TRY(check_coding(s, &k, i));
    return HONE_OK;
}

/* Those that libopenjp2 knows. It finds its own way through others, which may be another than ours.
 */
static bool is_header_marker(uint64_t id) {
    static const uint8_t known[] = {0x50, 0x51, 0x52, 0x53, 0x55, 0x57, 0x58,
                                    0x59, 0x5C, 0x5D, 0x5E, 0x5F, 0x60, 0x61,
                                    0x63, 0x64, 0x74, 0x75, 0x77, 0x78, 0x90};
    return id >> 8 == 0xFF && memchr(known, (int)(id & 0xFF), sizeof known);
}

/* The main header, and that of each part of a tile: segments of a marker, a length and so many
 * bytes. SOT tells where the next part of a tile begins. What is malformed is left to the library.
 */
static hone_status check_headers(survey *s, const uint8_t *p) {
    const uint8_t *end = s->img->data + s->img->size, *part = NULL;
    while (end - p >= 4) {
        const uint64_t id = get_big(p, 2), length = get_big(p + 2, 2) + 2;
        if (id == SOD && part) {
            const uint64_t whole = get_big(part + 6, 4), header = (uint64_t)(p - part) + 2;
            if (whole < header || whole > (uint64_t)(end - part)) return HONE_OK;
            p = part + whole;
            part = NULL;
            continue;
        }
        if (id == EOC) return HONE_OK;
        if (!is_header_marker(id))
            return image_fail(s->img, HONE_E_UNSUPPORTED, "JPEG 2000: marker %#llx",
                              (unsigned long long)id);
        if (length < 4 || length > (uint64_t)(end - p) || (id == SOT && length != 12))
            return HONE_OK;
        if (id == SOT) part = p;
        if (id == COD || id == COC) TRY(check_marker(s, p, p + length));
        p += length;
    }
    return HONE_OK;
}

enum { SIZE_MARKER = 42 }; /* without what follows for each component */

/* The size marker comes first:
 *
 *     FF4F FF51  length  kind  x1 y1 x0 y0  tile width, height  tile x0 y0  components
 *     and for each component: bits, step of x, step of y
 */
static hone_status read_axes(survey *s, const uint8_t *p) {
    bool valid = true;
    for (int i = 0; i < 2; i++) {
        axis *a = &s->axes[i];
        a->end = get_big(p + 8 + 4 * i, 4);
        a->start = get_big(p + 16 + 4 * i, 4);
        a->tile = get_big(p + 24 + 4 * i, 4);
        a->tile_start = get_big(p + 32 + 4 * i, 4);
        valid &= a->tile > 0 && a->tile_start <= a->start && a->start < a->end;
        for (int c = 0; c < s->components; c++) {
            a->step[c] = p[SIZE_MARKER + 3 * c + 1 + i];
            valid &= a->step[c] > 0;
        }
    }
    if (valid) return HONE_OK;
    return image_fail(s->img, HONE_E_FORMAT, "JPEG 2000: sizes that contradict each other");
}

hone_status codestream_check(const image *img) {
    const size_t at = find_codestream(img->data, img->size);
    const uint8_t *p = img->data + at;
    if (img->size - at < SIZE_MARKER || !is_codestream(p))
        return image_fail(img, HONE_E_FORMAT, "JPEG 2000: no codestream in the file");
    survey s = {.img = img, .components = (int)get_big(p + 40, 2)};
    if (s.components < 1 || s.components > MAX_COMPONENTS)
        return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: %d components", s.components);
    if (img->size - at < SIZE_MARKER + 3 * (size_t)s.components)
        return image_fail(img, HONE_E_FORMAT, "JPEG 2000: the file ends early");
    TRY(read_axes(&s, p));
    const uint64_t tiles = tiles_of(&s.axes[0]) * tiles_of(&s.axes[1]);
    if (tiles > img->size / TILE_BYTES || tiles > MAX_TILES)
        return image_fail(img, HONE_E_UNSUPPORTED, "JPEG 2000: %llu tiles in a file of %zu bytes",
                          (unsigned long long)tiles, img->size);
    return check_headers(&s, p + 2);
}
