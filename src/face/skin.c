#include "face/skin.h"
#include <math.h>
#include <string.h>

#define COLUMNS   128 /* sampled across a face */
#define EDGES     40
#define STEPS_MAX (1 << 16) /* in one direction: as many pixels as a picture has */

/* Outlines in the mesh. */
static const short oval[] = {10,  338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288,
                             397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
                             172, 58,  132, 93,  234, 127, 162, 21,  54,  103, 67,  109};
static const short left_eye[] = {70,  63,  105, 66,  107,
                                 133, 154, 145, 163, 33}; /* of the picture, with its brow */
static const short right_eye[] = {300, 293, 334, 296, 336, 362, 381, 374, 390, 263};
static const short mouth[] = {61,  185, 40,  39,  37,  0,  267, 269, 270, 409,
                              291, 375, 321, 405, 314, 17, 84,  181, 91,  146};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static mn_point at(const mn_image *image, const mn_point3 *mesh, int i)
{
    float k = mn_image_scale(image), shift = (k - 1) / 2;
    return (mn_point){(mesh[i].x - shift) / k, (mesh[i].y - shift) / k};
}

static float clamp01(float v)
{
    return v > 0 ? (v < 1 ? v : 1) : 0; /* also 0 for what is not a number */
}

/* Of places `step` apart from the first to the last, both included; 0 also for what is not a number. */
static int count_steps(float first, float last, float step)
{
    float n = (last - first) / step;
    return n >= 0 ? (int)fminf(n, STEPS_MAX - 1) + 1 : 0;
}

static bool is_inside(const mn_image *image, float x, float y)
{
    return x >= 0 && y >= 0 && x < (float)mn_image_width(image) && y < (float)mn_image_height(image);
}

static int luma(const uint8_t *p)
{
    return (77 * p[0] + 150 * p[1] + 29 * p[2] + 128) >> 8;
}

/* Where a row crosses an outline, rising. Even-odd. */
static size_t crossings(const mn_image *image, const mn_point3 *mesh, const short *outline, size_t n, float y,
                        float xs[EDGES])
{
    size_t found = 0;
    for (size_t i = 0; i < n && found < EDGES; i++) {
        mn_point a = at(image, mesh, outline[i]), b = at(image, mesh, outline[(i + 1) % n]);
        if ((a.y <= y) == (b.y <= y))
            continue;
        float x = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
        size_t j = found++;
        for (; j > 0 && xs[j - 1] > x; j--)
            xs[j] = xs[j - 1];
        xs[j] = x;
    }
    return found & ~(size_t)1;
}

static void mark(uint8_t *mask, int columns, float left, float step, const float *xs, size_t n, uint8_t value)
{
    for (size_t i = 0; i + 1 < n; i += 2) {
        int from = (int)ceilf((xs[i] - left) / step), to = (int)floorf((xs[i + 1] - left) / step);
        for (int c = from > 0 ? from : 0; c <= to && c < columns; c++)
            mask[c] = value;
    }
}

typedef struct {
    float left, top, right, bottom;
} extent;

static extent extent_of_oval(const mn_image *image, const mn_point3 *mesh)
{
    extent e = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < COUNT(oval); i++) {
        mn_point p = at(image, mesh, oval[i]);
        e.left = fminf(e.left, p.x), e.right = fmaxf(e.right, p.x);
        e.top = fminf(e.top, p.y), e.bottom = fmaxf(e.bottom, p.y);
    }
    return e;
}

typedef struct {
    uint32_t levels[256];
    double sum, half[2];
    size_t n, halves[2], dark, bright, glare;
} skin_sums;

/* The line between the halves: from between the eyes to the chin. */
typedef struct {
    mn_point from;
    float dx, dy;
} midline;

static void add_skin(skin_sums *s, const uint8_t *p, float x, float y, const midline *m)
{
    int l = luma(p), low = p[0] < p[1] ? p[0] : p[1],
        side = (x - m->from.x) * m->dy > (y - m->from.y) * m->dx;
    low = low < p[2] ? low : p[2];
    s->levels[l]++;
    s->sum += l;
    s->half[side] += l;
    s->halves[side]++;
    s->dark += l <= 25;
    s->bright += l >= 247;
    s->glare += l >= 240 && low >= 225;
    s->n++;
}

static void sum_skin(const mn_image *image, const mn_point3 *mesh, skin_sums *s)
{
    extent e = extent_of_oval(image, mesh);
    float step = fmaxf(1, (e.right - e.left) / COLUMNS), xs[EDGES];
    float top = fmaxf(0, ceilf(e.top)), height = (float)mn_image_height(image);
    int columns = count_steps(e.left, e.right, step), rows = count_steps(top, fminf(e.bottom, height), step);
    uint8_t mask[COLUMNS + 2];
    mn_point eyes = at(image, mesh, 168), chin = at(image, mesh, 152);
    const midline middle = {eyes, chin.x - eyes.x, chin.y - eyes.y};
    if (columns == 0)
        return;
    columns = columns > COLUMNS + 2 ? COLUMNS + 2 : columns;
    for (int i = 0; i < rows; i++) {
        float y = top + (float)i * step;
        if (y >= height)
            break;
        memset(mask, 0, sizeof mask);
        mark(mask, columns, e.left, step, xs, crossings(image, mesh, oval, COUNT(oval), y, xs), 1);
        mark(mask, columns, e.left, step, xs, crossings(image, mesh, left_eye, COUNT(left_eye), y, xs), 0);
        mark(mask, columns, e.left, step, xs, crossings(image, mesh, right_eye, COUNT(right_eye), y, xs), 0);
        mark(mask, columns, e.left, step, xs, crossings(image, mesh, mouth, COUNT(mouth), y, xs), 0);
        const uint8_t *row = mn_image_row(image, (int)y);
        for (int c = 0; c < columns; c++) {
            float x = e.left + (float)c * step;
            if (mask[c] && x >= 0 && x < (float)mn_image_width(image))
                add_skin(s, row + 3 * (int)x, x, y, &middle);
        }
    }
}

static float range_of(const skin_sums *s)
{
    size_t below = 0, edge = s->n / 100;
    int low = -1, high = 255;
    for (int l = 0; l < 256; l++) {
        below += s->levels[l];
        if (low < 0 && below > edge)
            low = l;
        if (below >= s->n - edge) {
            high = l;
            break;
        }
    }
    return (float)(high - low + 1) / 256;
}

/* Mean colour, 0 … 255, of a disc; false where less than half of it is in the picture. */
static bool disc(const mn_image *image, mn_point c, float radius, float rgb[3])
{
    double sum[3] = {0};
    size_t n = 0, all = 0;
    float step = fmaxf(1, radius / 12);
    int side = count_steps(-radius, radius, step);
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++) {
            float x = c.x - radius + (float)i * step, y = c.y - radius + (float)j * step;
            if (hypotf(x - c.x, y - c.y) > radius)
                continue;
            all++;
            if (!is_inside(image, x, y))
                continue;
            const uint8_t *p = mn_image_row(image, (int)y) + 3 * (int)x;
            for (int k = 0; k < 3; k++)
                sum[k] += p[k];
            n++;
        }
    for (int i = 0; i < 3; i++)
        rgb[i] = n ? (float)(sum[i] / (double)n) : 0;
    return 2 * n > all && n > 0;
}

static float linear(float v)
{
    v /= 255;
    return v <= 0.04045f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

static float lab_curve(float t)
{
    return t > 0.008856f ? cbrtf(t) : 7.787f * t + 16.0f / 116;
}

/* sRGB to the two colour axes of CIELAB with white D65 (IEC 61966-2-1; CIE 15). */
static void lab_of(const float rgb[3], float *a, float *b)
{
    float r = linear(rgb[0]), g = linear(rgb[1]), u = linear(rgb[2]);
    float x = lab_curve((0.4124f * r + 0.3576f * g + 0.1805f * u) / 0.9505f);
    float y = lab_curve(0.2126f * r + 0.7152f * g + 0.0722f * u);
    float z = lab_curve((0.0193f * r + 0.1192f * g + 0.9505f * u) / 1.089f);
    *a = 500 * (x - y);
    *b = 200 * (y - z);
}

static void measure_zones(const mn_image *image, const mn_face *face, mn_skin *out)
{
    static const short middle[MN_ZONES] = {151, 199, 50, 280};
    mn_point l = at(image, face->mesh, 33), r = at(image, face->mesh, 263);
    float radius = fmaxf(1, 0.1f * hypotf(r.x - l.x, r.y - l.y)), colour[3] = {0}, rgb[3];
    int n = 0;
    for (int i = 0; i < MN_ZONES; i++) {
        if (!disc(image, at(image, face->mesh, middle[i]), radius, rgb))
            continue;
        out->zone[i] = (0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2]) / 255;
        for (int c = 0; i != MN_ZONE_CHIN && c < 3; c++) /* a chin may have a beard */
            colour[c] += rgb[c];
        n += i != MN_ZONE_CHIN;
    }
    for (int c = 0; c < 3; c++)
        colour[c] /= n ? (float)n : 1;
    lab_of(colour, &out->lab_a, &out->lab_b);
}

mn_skin mn_skin_measure(const mn_image *image, const mn_face *face)
{
    skin_sums s = {0};
    sum_skin(image, face->mesh, &s);
    mn_skin out = {.n = s.n};
    if (s.n < MN_SKIN_LEAST)
        return out;
    float n = (float)s.n;
    out.mean = (float)s.sum / n / 255;
    out.dark = (float)s.dark / n, out.bright = (float)s.bright / n, out.glare = (float)s.glare / n;
    out.range = range_of(&s);
    for (int i = 0; i < 2; i++)
        out.half[i] = s.halves[i] ? (float)(s.half[i] / (double)s.halves[i]) / 255 : 0;
    measure_zones(image, face, &out);
    return out;
}

/* ---- beside the face ---- */

mn_background mn_background_measure(const mn_image *image, const mn_face *face)
{
    extent e = extent_of_oval(image, face->mesh);
    mn_point l = at(image, face->mesh, 33), r = at(image, face->mesh, 263), chin = at(image, face->mesh, 152);
    int width = mn_image_width(image), height = mn_image_height(image);
    float middle = (e.left + e.right) / 2, half = 0.5f * (e.right - e.left) * 1.5f; /* hair and ears */
    float eyes = (l.y + r.y) / 2, crown = eyes - 1.15f * (chin.y - eyes);
    float step = fmaxf(1, (float)(width > height ? width : height) / 256);
    double sum = 0, squares = 0;
    size_t n = 0, all = 0;
    int columns = count_steps(step / 2, (float)width, step),
        rows = count_steps(step / 2, (float)height, step);
    for (int j = 0; j < rows; j++)
        for (int i = 0; i < columns; i++) {
            float x = step / 2 + (float)i * step, y = step / 2 + (float)j * step;
            if (!is_inside(image, x, y))
                continue;
            all++;
            if (y > chin.y || (y > crown && fabsf(x - middle) < half))
                continue;
            double v = luma(mn_image_row(image, (int)y) + 3 * (int)x);
            sum += v, squares += v * v;
            n++;
        }
    mn_background out = {.share = all ? (float)n / (float)all : 0};
    if (n == 0)
        return out;
    double mean = sum / (double)n, variance = squares / (double)n - mean * mean;
    out.mean = (float)(mean / 255);
    out.deviation = (float)(sqrt(variance > 0 ? variance : 0) / 255);
    return out;
}

float mn_image_colourfulness(const mn_image *image)
{
    int width = mn_image_width(image), height = mn_image_height(image);
    int step = (width > height ? width : height) / 256 + 1;
    double sum = 0;
    size_t n = 0;
    for (int y = 0; y < height; y += step)
        for (int x = 0; x < width; x += step) {
            const uint8_t *p = mn_image_row(image, y) + 3 * x;
            int high = p[0] > p[1] ? p[0] : p[1], low = p[0] < p[1] ? p[0] : p[1];
            high = high > p[2] ? high : p[2], low = low < p[2] ? low : p[2];
            sum += high - low;
            n++;
        }
    return n ? (float)(sum / (double)n) : 0;
}

/* ---- eyes and mouth ---- */

#define EYE_LEAST 32.0f /* px in memory from corner to corner: skin colours the pupils of smaller ones */

static float red_share(const mn_image *image, const mn_point3 *mesh, int inner, int outer, int upper,
                       int lower)
{
    mn_point a = at(image, mesh, inner), b = at(image, mesh, outer), u = at(image, mesh, upper),
             d = at(image, mesh, lower);
    float width = hypotf(a.x - b.x, a.y - b.y), radius = 0.12f * width;
    mn_point c = {(u.x + d.x) / 2, (u.y + d.y) / 2};
    size_t red = 0, n = 0;
    if (!(width >= EYE_LEAST))
        return -1;
    int side = count_steps(-radius, radius, 1);
    for (int j = 0; j < side; j++)
        for (int i = 0; i < side; i++) {
            float x = c.x - radius + (float)i, y = c.y - radius + (float)j;
            if (!is_inside(image, x, y) || hypotf(x - c.x, y - c.y) > radius)
                continue;
            const uint8_t *p = mn_image_row(image, (int)y) + 3 * (int)x;
            int other = p[1] > p[2] ? p[1] : p[2];
            red += p[0] >= 80 && 10 * p[0] > 22 * other;
            n++;
        }
    return n ? (float)red / (float)n : -1;
}

float mn_red_eye_share(const mn_image *image, const mn_face *face)
{
    float left = red_share(image, face->mesh, 133, 33, 159, 145);
    float right = red_share(image, face->mesh, 362, 263, 386, 374);
    return left > right ? left : right;
}

static float distance(const mn_point3 *mesh, int a, int b)
{
    return hypotf(hypotf(mesh[a].x - mesh[b].x, mesh[a].y - mesh[b].y), mesh[a].z - mesh[b].z);
}

/* Mouth width over the distance of the outer eye corners, and how far the corners are above the middle of the
 * lips, in mouth widths, along the line from the chin to the bridge of the nose. */
#define WIDTH_NEUTRAL 0.55f
#define WIDTH_BROAD   0.70f
#define LIFT_NEUTRAL  -0.02f
#define LIFT_BROAD    0.10f

float mn_smile_of_mesh(const mn_point3 *mesh)
{
    float width = distance(mesh, 61, 291), eyes = distance(mesh, 33, 263), face = distance(mesh, 168, 152);
    mn_point3 up = {(mesh[168].x - mesh[152].x) / face, (mesh[168].y - mesh[152].y) / face,
                    (mesh[168].z - mesh[152].z) / face};
    float x = (mesh[61].x + mesh[291].x - mesh[13].x - mesh[14].x) / 2;
    float y = (mesh[61].y + mesh[291].y - mesh[13].y - mesh[14].y) / 2;
    float z = (mesh[61].z + mesh[291].z - mesh[13].z - mesh[14].z) / 2;
    float lift = (x * up.x + y * up.y + z * up.z) / width;
    float wide = clamp01((width / eyes - WIDTH_NEUTRAL) / (WIDTH_BROAD - WIDTH_NEUTRAL));
    float high = clamp01((lift - LIFT_NEUTRAL) / (LIFT_BROAD - LIFT_NEUTRAL));
    return sqrtf(wide * high);
}
