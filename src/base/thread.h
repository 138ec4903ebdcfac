/* Threads: a pool of N workers on one bounded queue, and cancellation.
 *
 * Jobs begin in the order in which they were submitted. Of each, exactly one of run() and drop() is called:
 * drop() when its token was cancelled before it began, or when the pool was destroyed first; both on a
 * worker's thread, except that the destroyer drops what is still queued. A job whose submission failed stays
 * the caller's: neither is called. */
#ifndef MN_BASE_THREAD_H
#define MN_BASE_THREAD_H

#include "base/error.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    atomic_bool cancelled;
} mn_cancel; /* zero-initialised = not cancelled; must outlive the jobs that look at it */

void mn_cancel_set(mn_cancel *c);
bool mn_cancelled(const mn_cancel *c); /* false for NULL */

typedef struct mn_pool mn_pool;

typedef struct {
    void (*run)(void *job, unsigned worker); /* worker: 0 … n-1, for per-worker scratch memory */
    void (*drop)(void *job);                 /* instead of run, when cancelled; may be NULL */
    void *job;
    const mn_cancel *cancel; /* may be NULL */
} mn_job;

mn_code mn_pool_create(unsigned workers, size_t queue_max, mn_pool **out, mn_error *err);
void mn_pool_destroy(mn_pool *pool); /* drops what is queued, waits for what runs; not from a worker */
/* A full queue: waits for room, or fails with MN_E_BUSY. MN_E_CANCELLED while the pool is being destroyed.
 * The job is copied. A worker may submit, but one that waits for room in its own queue may wait for ever. */
mn_code mn_pool_submit(mn_pool *pool, const mn_job *job, bool wait, mn_error *err);
void mn_pool_drain(mn_pool *pool); /* waits until queue and workers are idle; not from a worker */
unsigned mn_pool_workers(const mn_pool *pool);

unsigned mn_cpu_count(void); /* usable by this process (affinity, cgroup quota), at least 1 */

#endif
