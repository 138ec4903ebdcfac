#include "core/group.h"

void mn_group_init(mn_group *g, mn_group_run *run, void *ctx)
{
    *g = (mn_group){.run = run, .ctx = ctx};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->done, NULL);
    pthread_cond_init(&g->wake, NULL);
}

/* Under the lock. */
static size_t take(mn_group *g, mn_group_job *jobs[MN_GROUP_MAX])
{
    size_t n = 0;
    while (g->first && n < MN_GROUP_MAX) {
        jobs[n++] = g->first;
        g->first = g->first->next;
    }
    if (!g->first)
        g->last = NULL;
    return n;
}

/* Under the lock. A job that is waited for is its owner's again once it is finished; those that were posted
 * are moved to the front of jobs, and counted. */
static size_t finish(mn_group_job *jobs[MN_GROUP_MAX], size_t n)
{
    size_t posted = 0;
    for (size_t i = 0; i < n; i++) {
        if (jobs[i]->settled)
            jobs[posted++] = jobs[i];
        else
            jobs[i]->finished = true;
    }
    return posted;
}

/* Under the lock, which is free while the jobs run, and while others are told: they would only wait for it.
 */
static void work(mn_group *g)
{
    mn_group_job *jobs[MN_GROUP_MAX];
    size_t n = take(g, jobs);
    g->busy = true;
    pthread_mutex_unlock(&g->lock);
    g->run(g->ctx, jobs, n);
    pthread_mutex_lock(&g->lock);
    g->busy = false;
    size_t posted = finish(jobs, n);
    bool more = g->first && g->threaded;
    pthread_mutex_unlock(&g->lock);
    if (posted < n)
        pthread_cond_broadcast(&g->done);
    if (more)
        pthread_cond_signal(&g->wake);
    for (size_t i = 0; i < posted; i++)
        jobs[i]->settled(jobs[i]);
    pthread_mutex_lock(&g->lock);
}

static void *lead(void *group)
{
    mn_group *g = group;
    pthread_mutex_lock(&g->lock);
    while (!g->stop || g->first)
        if (g->first && !g->busy)
            work(g);
        else
            pthread_cond_wait(&g->wake, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

void mn_group_finish(mn_group *g)
{
    pthread_mutex_lock(&g->lock);
    g->stop = true;
    pthread_cond_signal(&g->wake);
    pthread_mutex_unlock(&g->lock);
    if (g->threaded)
        pthread_join(g->thread, NULL);
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->done);
    pthread_cond_destroy(&g->wake);
}

/* Under the lock. */
static void append(mn_group *g, mn_group_job *job)
{
    job->next = NULL;
    if (g->last)
        g->last->next = job;
    else
        g->first = job;
    g->last = job;
}

void mn_group_do(mn_group *g, mn_group_job *job)
{
    pthread_mutex_lock(&g->lock);
    append(g, job);
    while (!job->finished)
        if (g->busy)
            pthread_cond_wait(&g->done, &g->lock);
        else
            work(g);
    pthread_mutex_unlock(&g->lock);
}

void mn_group_post(mn_group *g, mn_group_job *job, void (*settled)(mn_group_job *job))
{
    pthread_mutex_lock(&g->lock);
    if (!g->threaded)
        g->threaded = pthread_create(&g->thread, NULL, lead, g) == 0;
    bool post = g->threaded, wake = post && !g->busy; /* else who works wakes it */
    if (post) {
        job->settled = settled;
        append(g, job);
    }
    pthread_mutex_unlock(&g->lock);
    if (wake) /* without the lock: the thread would only wait for it */
        pthread_cond_signal(&g->wake);
    if (post)
        return;
    mn_group_do(g, job);
    settled(job);
}
