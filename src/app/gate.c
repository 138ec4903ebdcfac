#include "app/gate.h"

#include "base/alloc.h"

#include <pthread.h>

#define LOOK_NS INT64_C(200000000) /* between two looks whether waiting is to end */

typedef struct waiter waiter;
struct waiter {
    waiter *next;
    uint64_t bytes;
};

struct mn_gate {
    uint64_t bytes_max;
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    unsigned places, inside; /* free ones, and those who are in */
    uint64_t bytes;          /* that they have */
    waiter *first;           /* in the order in which they came */
};

mn_code mn_gate_create(unsigned places, uint64_t bytes, mn_gate **out, mn_error *err)
{
    pthread_condattr_t monotonic;
    mn_gate *g = mn_calloc(1, sizeof *g);
    if (!g)
        return mn_fail(err, MN_E_MEMORY, "no memory for a gate");
    pthread_mutex_init(&g->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&g->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    g->places = places ? places : mn_cpu_count();
    g->bytes_max = bytes;
    *out = g;
    return MN_OK;
}

void mn_gate_destroy(mn_gate *g)
{
    if (!g)
        return;
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->changed);
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

static bool may_enter(const mn_gate *g, const waiter *w)
{
    if (g->first != w || g->places == 0)
        return false;
    return g->inside == 0 || (w->bytes <= g->bytes_max && g->bytes <= g->bytes_max - w->bytes);
}

static void queue(mn_gate *g, waiter *w)
{
    waiter **at = &g->first;
    while (*at)
        at = &(*at)->next;
    *at = w;
}

static void unqueue(mn_gate *g, const waiter *w)
{
    waiter **at = &g->first;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

/* Wakes without the lock, for which who is woken would only wait; and nobody where the first may not go in.
 */
static void unlock_and_wake(mn_gate *g)
{
    bool wake = g->first && may_enter(g, g->first);
    pthread_mutex_unlock(&g->lock);
    if (wake)
        pthread_cond_broadcast(&g->changed);
}

mn_code mn_gate_enter(mn_gate *g, uint64_t bytes, mn_deadline deadline, const mn_cancel *cancel,
                      mn_error *err)
{
    waiter w = {.bytes = bytes};
    pthread_mutex_lock(&g->lock);
    queue(g, &w);
    mn_code code = check(deadline, cancel, err);
    while (code == MN_OK && !may_enter(g, &w)) {
        int64_t until = mn_monotonic_ns() + LOOK_NS;
        if (deadline && deadline < until)
            until = deadline;
        const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
        pthread_cond_timedwait(&g->changed, &g->lock, &at);
        code = check(deadline, cancel, err);
    }
    if (code == MN_OK) {
        g->places--;
        g->inside++;
        g->bytes += bytes;
    }
    unqueue(g, &w);
    unlock_and_wake(g); /* the next one may go in as well */
    return code;
}

void mn_gate_give_back(mn_gate *g, uint64_t bytes)
{
    pthread_mutex_lock(&g->lock);
    g->bytes -= bytes;
    unlock_and_wake(g);
}

void mn_gate_leave(mn_gate *g, uint64_t bytes)
{
    pthread_mutex_lock(&g->lock);
    g->places++;
    g->inside--;
    g->bytes -= bytes;
    unlock_and_wake(g);
}
