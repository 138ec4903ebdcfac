#include "app/gate.h"

#include "base/alloc.h"

#include <pthread.h>

#define LOOK_NS INT64_C(200000000) /* between two looks whether waiting is to end */

struct mn_gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned places; /* under the lock: free ones */
};

mn_code mn_gate_create(unsigned places, mn_gate **out, mn_error *err)
{
    pthread_condattr_t monotonic;
    mn_gate *g = mn_calloc(1, sizeof *g);
    if (!g)
        return mn_fail(err, MN_E_MEMORY, "no memory for a gate");
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->left, &monotonic);
    pthread_condattr_destroy(&monotonic);
    g->places = places ? places : mn_cpu_count();
    *out = g;
    return MN_OK;
}

void mn_gate_destroy(mn_gate *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->left);
    mn_free(g);
}

static mn_code check(mn_deadline deadline, const mn_cancel *cancel, mn_error *err)
{
    if (mn_cancelled(cancel))
        return mn_fail(err, MN_E_CANCELLED, "the server is stopping");
    if (mn_deadline_passed(deadline))
        return mn_fail(err, MN_E_TIMEOUT, "the time for this request is over: send fewer pictures at once");
    return MN_OK;
}

mn_code mn_gate_enter(mn_gate *g, mn_deadline deadline, const mn_cancel *cancel, mn_error *err)
{
    pthread_mutex_lock(&g->lock);
    mn_code code = check(deadline, cancel, err);
    while (code == MN_OK && g->places == 0) {
        int64_t until = mn_monotonic_ns() + LOOK_NS;
        if (deadline && deadline < until)
            until = deadline;
        const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
        pthread_cond_timedwait(&g->left, &g->lock, &at);
        code = check(deadline, cancel, err);
    }
    if (code == MN_OK)
        g->places--;
    else
        pthread_cond_signal(&g->left); /* the wake-up may have been meant for somebody who stays */
    pthread_mutex_unlock(&g->lock);
    return code;
}

void mn_gate_leave(mn_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->places++;
    pthread_cond_signal(&g->left);
    pthread_mutex_unlock(&g->lock);
}
