#include "app/census.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/time.h"

#include <pthread.h>

#define AGE_MAX_NS (MN_CENSUS_SECONDS * INT64_C(1000000000))

struct mn_census {
    mn_core *core;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* under lock */
    bool wanted, stop, known;
    mn_core_status last;
    int64_t counted_ns;
};

static void count(mn_census *w)
{
    mn_core_status now;
    mn_error err = {0};
    mn_code code = mn_core_status_read(w->core, &now, &err);
    if (code != MN_OK)
        mn_log(MN_LOG_WARN, "census", "the store could not be counted: %s", err.text);
    pthread_mutex_lock(&w->lock);
    if (code == MN_OK) {
        w->last = now;
        w->counted_ns = mn_monotonic_ns();
        w->known = true;
    }
    pthread_mutex_unlock(&w->lock);
}

static void *run(void *arg)
{
    mn_census *w = arg;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        if (w->wanted) {
            w->wanted = false;
            pthread_mutex_unlock(&w->lock);
            count(w);
            pthread_mutex_lock(&w->lock);
        } else {
            pthread_cond_wait(&w->wake, &w->lock);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

mn_code mn_census_create(mn_core *core, mn_census **out, mn_error *err)
{
    mn_census *w = mn_calloc(1, sizeof *w);
    if (!w)
        return mn_fail(err, MN_E_MEMORY, "no memory for the server");
    w->core = core;
    w->wanted = true;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (rc != 0) {
        pthread_cond_destroy(&w->wake);
        pthread_mutex_destroy(&w->lock);
        mn_free(w);
        return mn_fail_errno(err, rc, "no thread for the metrics");
    }
    *out = w;
    return MN_OK;
}

void mn_census_destroy(mn_census *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    mn_free(w);
}

bool mn_census_get(mn_census *w, mn_core_status *out, double *age_s)
{
    pthread_mutex_lock(&w->lock);
    bool known = w->known;
    int64_t age = known ? mn_monotonic_ns() - w->counted_ns : 0;
    if (known) {
        *out = w->last;
        *age_s = (double)age / 1e9;
    }
    if (!known || age > AGE_MAX_NS) {
        w->wanted = true;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return known;
}
