/* Curves as SVG: one file, no scripts, no fonts of its own; readable on white and on dark. */
#ifndef MN_CLI_PLOT_H
#define MN_CLI_PLOT_H

#include "base/buf.h"
#include "cli/stats.h"

typedef struct {
    double x, y; /* shares, 0 … 1 */
} mn_plot_point;

typedef struct {
    const char *title, *x_label, *y_label;
    double x_min, x_max, y_min, y_max; /* minima of logarithmic axes are > 0 */
    bool x_log, y_log;
    const mn_plot_point *points; /* in order of x; what lies outside of the axes is put on their border */
    size_t n;
} mn_plot;

/* Appends the SVG document. */
mn_code mn_plot_write(const mn_plot *plot, mn_buf *out, mn_error *err);

#define MN_CURVE_MAX 400
/* Thinned out to at most MN_CURVE_MAX points, evenly on a logarithmic x axis. Each returns how many. */
size_t mn_curve_roc(const mn_scores *s, mn_plot_point out[MN_CURVE_MAX]);            /* far, tar */
size_t mn_curve_det(const mn_scores *s, mn_plot_point out[MN_CURVE_MAX]);            /* fmr, fnmr */
size_t mn_curve_det_open_set(const mn_searches *s, mn_plot_point out[MN_CURVE_MAX]); /* fpir, fnir */

/* Writes <folder>/<name>; makes the folder. */
mn_code mn_plot_save(const mn_plot *plot, const char *folder, const char *name, mn_error *err);

#endif
