#include "image/transform.h"
#include "image/image_internal.h"
#include <math.h>
#include <string.h>

mn_code mn_similarity_fit(const mn_point *from, const mn_point *to, size_t n, mn_affine *out, mn_error *err)
{
    /* In the plane, a similarity is linear in (a, b) = scale × (cos, sin), so the least squares of eq. 40 to
     * 43 have this closed form, and a reflection cannot come out. */
    double fx = 0, fy = 0, tx = 0, ty = 0;
    for (size_t i = 0; i < n; i++) {
        fx += from[i].x, fy += from[i].y;
        tx += to[i].x, ty += to[i].y;
    }
    double count = n ? (double)n : 1;
    fx /= count, fy /= count, tx /= count, ty /= count;
    double spread = 0, along = 0, across = 0;
    for (size_t i = 0; i < n; i++) {
        double px = from[i].x - fx, py = from[i].y - fy, qx = to[i].x - tx, qy = to[i].y - ty;
        spread += px * px + py * py;
        along += px * qx + py * qy;
        across += px * qy - py * qx;
    }
    double a = along / spread, b = across / spread;
    if (!(spread > 0) || !isfinite(a) || !isfinite(b) || !(a * a + b * b > 1e-12))
        return mn_fail(err, MN_E_INVALID,
                       "no similarity maps these %zu points: they coincide or are not finite", n);
    out->a = (float)a, out->b = (float)-b, out->c = (float)(tx - (a * fx - b * fy));
    out->d = (float)b, out->e = (float)a, out->f = (float)(ty - (b * fx + a * fy));
    return MN_OK;
}

mn_affine mn_affine_invert(const mn_affine *m)
{
    double det = (double)m->a * m->e - (double)m->b * m->d;
    double a = m->e / det, b = -m->b / det, d = -m->d / det, e = m->a / det;
    return (mn_affine){
        (float)a, (float)b, (float)-(a * m->c + b * m->f), (float)d, (float)e, (float)-(d * m->c + e * m->f),
    };
}

mn_point mn_affine_apply(const mn_affine *m, mn_point p)
{
    return (mn_point){m->a * p.x + m->b * p.y + m->c, m->d * p.x + m->e * p.y + m->f};
}

static int clamp_int(double v, int low, int high)
{
    return v <= low    ? low
           : v >= high ? high
                       : (int)v; /* a NaN becomes what the cast makes of it: callers checked */
}

/* The largest power of two, at most 64, by which a step of `step` source pixels may be shrunk first. */
static int shrink_for(double step)
{
    int k = 1;
    while (k < 64 && step >= 2.0 * k)
        k *= 2;
    return k;
}

/* The part of the source that a warp touches, with a margin for the two taps. */
static mn_box touched_by(const mn_affine *m, int width, int height)
{
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        mn_point p = {corner & 1 ? (float)(width - 1) : 0, corner & 2 ? (float)(height - 1) : 0};
        p = mn_affine_apply(m, p);
        x0 = fminf(x0, p.x), x1 = fmaxf(x1, p.x);
        y0 = fminf(y0, p.y), y1 = fmaxf(y1, p.y);
    }
    return (mn_box){x0, y0, x1 - x0, y1 - y0};
}

static void warp_rows(const mn_image *image, const mn_affine *m, mn_image *out)
{
    const mn_simd *simd = mn_simd_get();
    for (int y = 0; y < mn_image_height(out); y++)
        simd->warp_row_rgb(mn_image_row(image, 0), mn_image_stride(image), mn_image_width(image),
                           mn_image_height(image), m->b * (float)y + m->c, m->e * (float)y + m->f, m->a, m->d,
                           mn_image_row_mut(out, y), mn_image_width(out));
}

/* Taking every other pixel of a fine picture shows patterns that are not there, so the touched part is
 * averaged over boxes first, and the warp reads those. */
static mn_code warp_shrunk(const mn_image *image, const mn_affine *m, int k, mn_image *out, mn_error *err)
{
    int w = mn_image_width(image), h = mn_image_height(image);
    mn_box box = touched_by(m, mn_image_width(out), mn_image_height(out));
    int x0 = clamp_int(box.x - 2.0f * (float)k, 0, w) / k * k,
        x1 = clamp_int(box.x + box.width + 2.0f * (float)k, 0, w);
    int y0 = clamp_int(box.y - 2.0f * (float)k, 0, h) / k * k,
        y1 = clamp_int(box.y + box.height + 2.0f * (float)k, 0, h);
    if (x1 <= x0 || y1 <= y0) {
        warp_rows(image, m, out); /* nothing of the source is in sight: all black */
        return MN_OK;
    }
    mn_image *small = NULL;
    mn_code code = mn_image_shrink(image, x0, y0, x1, y1, k, k, &small, err);
    if (code != MN_OK)
        return code;
    /* Box j covers the source pixels x0 + k j … x0 + k j + k-1, so its centre is x0 + k j + (k-1)/2. */
    float middle = (float)(k - 1) / 2, scale = 1.0f / (float)k;
    mn_affine into = {m->a * scale, m->b * scale, (m->c - (float)x0 - middle) * scale,
                      m->d * scale, m->e * scale, (m->f - (float)y0 - middle) * scale};
    warp_rows(small, &into, out);
    mn_image_unref(small);
    return MN_OK;
}

mn_code mn_image_warp(const mn_image *image, const mn_affine *m, int width, int height, mn_image **out,
                      mn_error *err)
{
    if (mn_image_channels(image) != 3)
        return mn_fail(err, MN_E_INVALID, "only RGB pictures can be warped");
    double step = sqrt(fabs((double)m->a * m->e - (double)m->b * m->d));
    if (!isfinite(step) || !isfinite(m->c) || !isfinite(m->f))
        return mn_fail(err, MN_E_INVALID, "the warp is not finite");
    mn_image *made = NULL;
    mn_code code = mn_image_create(width, height, 3, &made, err);
    if (code != MN_OK)
        return code;
    int k = shrink_for(step);
    if (k > 1)
        code = warp_shrunk(image, m, k, made, err);
    else
        warp_rows(image, m, made);
    if (code != MN_OK) {
        mn_image_unref(made);
        return code;
    }
    mn_image_set_scale(made, mn_image_scale(image) * (float)step);
    *out = made;
    return MN_OK;
}

mn_code mn_image_crop(const mn_image *image, const mn_box *box, mn_image **out, mn_error *err)
{
    int w = mn_image_width(image), h = mn_image_height(image), channels = mn_image_channels(image);
    double right = (double)box->x + box->width, bottom = (double)box->y + box->height;
    if (!isfinite(right) || !isfinite(bottom))
        return mn_fail(err, MN_E_INVALID, "the box to cut out is not finite");
    int x0 = clamp_int(floor(box->x), 0, w), y0 = clamp_int(floor(box->y), 0, h);
    int x1 = clamp_int(ceil(right), 0, w), y1 = clamp_int(ceil(bottom), 0, h);
    if (x1 <= x0 || y1 <= y0)
        return mn_fail(err, MN_E_INVALID,
                       "the box to cut out (%g, %g, %g × %g) has no pixel in the picture of %d × %d",
                       (double)box->x, (double)box->y, (double)box->width, (double)box->height, w, h);
    mn_image *made = NULL;
    mn_code code = mn_image_create(x1 - x0, y1 - y0, channels, &made, err);
    if (code != MN_OK)
        return code;
    for (int y = y0; y < y1; y++)
        memcpy(mn_image_row_mut(made, y - y0), mn_image_row(image, y) + (size_t)x0 * (size_t)channels,
               (size_t)(x1 - x0) * (size_t)channels);
    mn_image_set_scale(made, mn_image_scale(image));
    *out = made;
    return MN_OK;
}

mn_code mn_image_flip(const mn_image *image, mn_image **out, mn_error *err)
{
    int w = mn_image_width(image), h = mn_image_height(image), channels = mn_image_channels(image);
    mn_image *made = NULL;
    mn_code code = mn_image_create(w, h, channels, &made, err);
    if (code != MN_OK)
        return code;
    for (int y = 0; y < h; y++) {
        const uint8_t *from = mn_image_row(image, y) + (ptrdiff_t)(w - 1) * channels;
        uint8_t *to = mn_image_row_mut(made, y);
        for (int x = 0; x < w; x++, from -= channels, to += channels)
            for (int c = 0; c < channels; c++)
                to[c] = from[c];
    }
    mn_image_set_scale(made, mn_image_scale(image));
    *out = made;
    return MN_OK;
}

void mn_image_to_planes(const mn_image *image, const mn_plane_spec *spec, float *planes)
{
    const mn_simd *simd = mn_simd_get();
    size_t w = (size_t)mn_image_width(image), h = (size_t)mn_image_height(image);
    for (size_t y = 0; y < h; y++)
        simd->planes_f32(mn_image_row(image, (int)y), w, spec, planes + y * w, planes + (h + y) * w,
                         planes + (2 * h + y) * w);
}
