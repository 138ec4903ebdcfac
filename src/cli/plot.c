#include "cli/plot.h"
#include "base/file.h"
#include <math.h>
#include <stdio.h>

#define WIDTH   640
#define HEIGHT  480
#define LEFT    84
#define RIGHT   24
#define TOP     48
#define BOTTOM  64
#define SVG_MAX ((size_t)1 << 20)

/* ---- curves ---- */

/* The i-th of MN_CURVE_MAX counts from 0 to n, rising, dense at the low end. Returns the next one after
 * `last`. */
static size_t next_count(size_t last, size_t n)
{
    double factor = pow((double)n + 1, 1.0 / (MN_CURVE_MAX - 50));
    size_t next = (size_t)((double)last * factor);
    if (next <= last)
        next = last + 1;
    return next < n ? next : n;
}

/* One point for each count of accepted others; y is asked at the threshold that accepts that many. */
static size_t curve(const double *others, size_t n, double (*y)(const void *, double), const void *ctx,
                    mn_plot_point out[MN_CURVE_MAX])
{
    size_t points = 0;
    for (size_t count = 0; n && points < MN_CURVE_MAX; count = next_count(count, n)) {
        double rate = (double)count / (double)n;
        out[points++] = (mn_plot_point){rate, y(ctx, mn_stats_threshold(others, n, rate))};
        if (count == n)
            break;
    }
    return points;
}

static double tar_at(const void *ctx, double threshold)
{
    return 1 - mn_stats_fnmr(ctx, threshold);
}

static double fnmr_at(const void *ctx, double threshold)
{
    return mn_stats_fnmr(ctx, threshold);
}

static double fnir_at(const void *ctx, double threshold)
{
    return mn_stats_fnir(ctx, threshold);
}

size_t mn_curve_roc(const mn_scores *s, mn_plot_point out[MN_CURVE_MAX])
{
    return curve(s->others, s->n_others, tar_at, s, out);
}

size_t mn_curve_det(const mn_scores *s, mn_plot_point out[MN_CURVE_MAX])
{
    return curve(s->others, s->n_others, fnmr_at, s, out);
}

size_t mn_curve_det_open_set(const mn_searches *s, mn_plot_point out[MN_CURVE_MAX])
{
    return curve(s->unmated, s->n_unmated, fnir_at, s, out);
}

/* ---- axes ---- */

typedef struct {
    mn_buf *out;
    mn_error *err;
    mn_code code; /* the first fault; nothing is written after it */
} sheet;

#define PUT(p, ...)                                                                                          \
    do {                                                                                                     \
        if ((p)->code == MN_OK)                                                                              \
            (p)->code = mn_buf_printf((p)->out, (p)->err, __VA_ARGS__);                                      \
    } while (0)

/* 0 … 1 along the axis. */
static double along(double v, double low, double high, bool logarithmic)
{
    if (logarithmic)
        v = log10(v > low ? v : low), low = log10(low), high = log10(high);
    double a = (v - low) / (high - low);
    return a < 0 ? 0 : a > 1 ? 1 : a;
}

static double x_of(const mn_plot *p, double v)
{
    return LEFT + along(v, p->x_min, p->x_max, p->x_log) * (WIDTH - LEFT - RIGHT);
}

static double y_of(const mn_plot *p, double v)
{
    return HEIGHT - BOTTOM - along(v, p->y_min, p->y_max, p->y_log) * (HEIGHT - TOP - BOTTOM);
}

static void x_tick(sheet *s, const mn_plot *p, double v)
{
    double x = x_of(p, v);
    PUT(s, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x, TOP, x,
        HEIGHT - BOTTOM);
    PUT(s, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g %%</text>\n", x, HEIGHT - BOTTOM + 18,
        100 * v);
}

static void y_tick(sheet *s, const mn_plot *p, double v)
{
    double y = y_of(p, v);
    PUT(s, "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n", LEFT, y, WIDTH - RIGHT, y);
    PUT(s, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g %%</text>\n", LEFT - 8, y + 4, 100 * v);
}

/* Powers of ten on a logarithmic axis, six even steps on another. */
static void ticks(sheet *s, const mn_plot *p, double low, double high, bool logarithmic,
                  void (*tick)(sheet *, const mn_plot *, double))
{
    if (logarithmic)
        for (int e = (int)ceil(log10(low) - 1e-9); e <= (int)floor(log10(high) + 1e-9); e++)
            tick(s, p, pow(10, e));
    else
        for (int i = 0; i <= 5; i++)
            tick(s, p, low + (high - low) * i / 5);
}

static void head(sheet *s, const mn_plot *p)
{
    PUT(s,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "role=\"img\">\n<title>%s</title>\n"
        "<style>text{font:13px sans-serif;fill:#333}.grid{stroke:#ddd}.frame{fill:none;stroke:#888}"
        ".curve{fill:none;stroke:#0b63c5;stroke-width:2;stroke-linejoin:round}</style>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
        WIDTH, HEIGHT, WIDTH, p->title, WIDTH, HEIGHT);
    PUT(s, "<text x=\"%d\" y=\"26\" text-anchor=\"middle\" style=\"font-size:16px\">%s</text>\n",
        (LEFT + WIDTH - RIGHT) / 2, p->title);
    PUT(s, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", (LEFT + WIDTH - RIGHT) / 2,
        HEIGHT - 20, p->x_label);
    PUT(s, "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
        (TOP + HEIGHT - BOTTOM) / 2, p->y_label);
}

mn_code mn_plot_write(const mn_plot *p, mn_buf *out, mn_error *err)
{
    sheet s = {.out = out, .err = err};
    head(&s, p);
    ticks(&s, p, p->x_min, p->x_max, p->x_log, x_tick);
    ticks(&s, p, p->y_min, p->y_max, p->y_log, y_tick);
    PUT(&s, "<rect class=\"frame\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", LEFT, TOP,
        WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    PUT(&s, "<polyline class=\"curve\" points=\"");
    for (size_t i = 0; i < p->n; i++)
        PUT(&s, "%s%.1f,%.1f", i ? " " : "", x_of(p, p->points[i].x), y_of(p, p->points[i].y));
    PUT(&s, "\"/>\n</svg>\n");
    return s.code;
}

mn_code mn_plot_save(const mn_plot *plot, const char *folder, const char *name, mn_error *err)
{
    char path[4096];
    mn_buf svg;
    if (!mn_path_join(path, sizeof path, folder, name))
        return mn_fail(err, MN_E_LIMIT, "%s: the path is too long", folder);
    mn_buf_init(&svg, SVG_MAX);
    mn_code code = mn_file_make_folders(folder, 0755, err);
    if (code == MN_OK)
        code = mn_plot_write(plot, &svg, err);
    if (code == MN_OK)
        code = mn_file_write(path, svg.data, svg.len, 0644, err);
    mn_buf_finish(&svg);
    return code;
}
