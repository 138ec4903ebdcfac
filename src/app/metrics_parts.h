/* What the files of the metrics share: lines of the text format. */
#ifndef MN_APP_METRICS_PARTS_H
#define MN_APP_METRICS_PARTS_H

#include "app/metrics.h"

/* The first failure stays, so that writers need not look at each line. */
typedef struct {
    mn_buf *out;
    mn_error *err;
    mn_code code;
} mn_metrics_writer;

/* Names are written with mien_ before them. */
void mn_metrics_head(mn_metrics_writer *w, const char *name, const char *type, const char *help);
void mn_metrics_value(mn_metrics_writer *w, const char *name, const char *labels, double v);
void mn_metrics_one(mn_metrics_writer *w, const char *name, const char *type, const char *help, double v);

/* metrics_gauges.c */
void mn_metrics_store(mn_metrics_writer *w, mn_census *census);
void mn_metrics_disk(mn_metrics_writer *w, const char *data_dir);
void mn_metrics_process(mn_metrics_writer *w, mn_time started);

#endif
