/* What was asked and how long it took, an operation each, for Prometheus. Counting takes no lock; a few
 * atomic additions a request. */
#ifndef MN_APP_METRICS_H
#define MN_APP_METRICS_H

#include "app/api.h"
#include "app/census.h"
#include "base/buf.h"
#include "core/core.h"
#include "net/http.h"

typedef struct mn_metrics mn_metrics;

mn_code mn_metrics_create(mn_metrics **out, mn_error *err);
void mn_metrics_destroy(mn_metrics *m); /* NULL is allowed */

/* operation: MN_OPS where no route was found. */
void mn_metrics_count(mn_metrics *m, int operation, const mn_http_outcome *outcome);

typedef struct {
    const mn_http_server *server;
    const mn_pipeline *pipeline;
    mn_census *census;
    const char *data_dir; /* "": there is none on this host */
} mn_metrics_sources;

/* The text format 0.0.4: requests, connections and queues of the server, work of the pipeline, what is in the
 * store, the limits of accounts, room on the disk, memory and time of the process. */
mn_code mn_metrics_write(const mn_metrics *m, const mn_metrics_sources *from, mn_buf *out, mn_error *err);

#endif
