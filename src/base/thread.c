#include "base/thread.h"
#include "base/alloc.h"
#include <pthread.h>
#include <signal.h>

/* States of a pool: open -> closing (destroy was called; submitting fails) -> gone.
 * A job is in the ring, then with a worker (or, when closing, with the destroyer), then done: never in two
 * places. */
struct mn_pool {
    unsigned n_workers;
    pthread_t *threads; /* the first n_started are running; written by the creator only */
    unsigned n_started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t work;  /* a job was queued, or closing */
    pthread_cond_t room;  /* a job was taken, or closing */
    pthread_cond_t quiet; /* nothing queued and nothing running, or the last waiting submitter left */
    mn_job *ring;
    size_t capacity, first, queued;
    unsigned next_worker; /* number for the next thread that starts */
    unsigned running;     /* jobs with a worker */
    unsigned idle;        /* workers that wait for work */
    unsigned submitters;  /* threads that wait for room, or are about to wake a worker */
    bool closing;
};

void mn_cancel_set(mn_cancel *c)
{
    atomic_store_explicit(&c->cancelled, true, memory_order_release);
}

bool mn_cancelled(const mn_cancel *c)
{
    return c && atomic_load_explicit(&c->cancelled, memory_order_acquire);
}

static void drop(const mn_job *job)
{
    if (job->drop)
        job->drop(job->job);
}

/* With the lock held and queued > 0. */
static mn_job take_job(mn_pool *pool)
{
    mn_job job = pool->ring[pool->first];
    pool->first = (pool->first + 1) % pool->capacity;
    pool->queued--;
    return job;
}

static void *work(void *arg)
{
    mn_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    unsigned number = pool->next_worker++;
    for (;;) {
        pool->idle++;
        while (!pool->queued && !pool->closing)
            pthread_cond_wait(&pool->work, &pool->lock);
        pool->idle--;
        if (pool->closing)
            break;
        mn_job job = take_job(pool);
        pool->running++;
        pthread_cond_signal(&pool->room);
        pthread_mutex_unlock(&pool->lock);
        if (mn_cancelled(job.cancel))
            drop(&job);
        else
            job.run(job.job, number);
        pthread_mutex_lock(&pool->lock);
        pool->running--;
        if (!pool->running && !pool->queued)
            pthread_cond_broadcast(&pool->quiet);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Signals belong to the main thread: workers start with all of them blocked. */
static mn_code start_workers(mn_pool *pool, mn_error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = 0;
    while (pool->n_started < pool->n_workers && !failed) {
        failed = pthread_create(&pool->threads[pool->n_started], NULL, work, pool);
        if (!failed)
            pool->n_started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return mn_fail_errno(err, failed, "cannot start thread %u of %u", pool->n_started + 1,
                             pool->n_workers);
    return MN_OK;
}

mn_code mn_pool_create(unsigned workers, size_t queue_max, mn_pool **out, mn_error *err)
{
    if (!workers || !queue_max)
        return mn_fail(err, MN_E_INVALID, "a pool needs workers and room in its queue, not %u and %zu",
                       workers, queue_max);
    mn_pool *pool = mn_calloc(1, sizeof *pool);
    if (!pool)
        return mn_fail(err, MN_E_MEMORY, "out of memory for a pool of threads");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pthread_cond_init(&pool->room, NULL);
    pthread_cond_init(&pool->quiet, NULL);
    pool->n_workers = workers;
    pool->capacity = queue_max;
    pool->threads = mn_calloc(workers, sizeof *pool->threads);
    pool->ring = mn_calloc(queue_max, sizeof *pool->ring);
    mn_code code = pool->threads && pool->ring
                       ? start_workers(pool, err)
                       : mn_fail(err, MN_E_MEMORY, "out of memory for %u threads and a queue of %zu", workers,
                                 queue_max);
    if (code) {
        mn_pool_destroy(pool);
        return code;
    }
    *out = pool;
    return MN_OK;
}

static void drop_queued(mn_pool *pool)
{
    while (pool->queued) {
        mn_job job = take_job(pool);
        pthread_mutex_unlock(&pool->lock);
        drop(&job);
        pthread_mutex_lock(&pool->lock);
    }
}

void mn_pool_destroy(mn_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->work);
    pthread_cond_broadcast(&pool->room);
    drop_queued(pool);
    while (pool->submitters)
        pthread_cond_wait(&pool->quiet, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->n_started; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->quiet);
    pthread_cond_destroy(&pool->room);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    mn_free(pool->ring);
    mn_free(pool->threads);
    mn_free(pool);
}

/* With the lock held. The destroyer waits until no submitter is left in here. */
static void leave(mn_pool *pool)
{
    pool->submitters--;
    if (pool->closing && !pool->submitters)
        pthread_cond_broadcast(&pool->quiet);
}

static void wait_for_room(mn_pool *pool)
{
    pool->submitters++;
    while (pool->queued == pool->capacity && !pool->closing)
        pthread_cond_wait(&pool->room, &pool->lock);
    leave(pool);
}

/* With the lock held, which is free meanwhile: who is woken would only wait for it. */
static void wake_worker(mn_pool *pool)
{
    pool->submitters++;
    pthread_mutex_unlock(&pool->lock);
    pthread_cond_signal(&pool->work);
    pthread_mutex_lock(&pool->lock);
    leave(pool);
}

mn_code mn_pool_submit(mn_pool *pool, const mn_job *job, bool wait, mn_error *err)
{
    mn_code code = MN_OK;
    pthread_mutex_lock(&pool->lock);
    if (wait && pool->queued == pool->capacity && !pool->closing)
        wait_for_room(pool);
    if (pool->closing) {
        code = mn_fail(err, MN_E_CANCELLED, "the pool of threads is closing");
    } else if (pool->queued == pool->capacity) {
        code = mn_fail(err, MN_E_BUSY, "the queue is full: %zu jobs wait", pool->queued);
    } else {
        pool->ring[(pool->first + pool->queued++) % pool->capacity] = *job;
        if (pool->idle > 0)
            wake_worker(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    return code;
}

void mn_pool_drain(mn_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->queued || pool->running)
        pthread_cond_wait(&pool->quiet, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

unsigned mn_pool_workers(const mn_pool *pool)
{
    return pool->n_workers;
}
