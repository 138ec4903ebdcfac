#include "core/group.h"

void mn_group_init(mn_group *g, mn_group_run *run, void *ctx)
{
    *g = (mn_group){.run = run, .ctx = ctx};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->done, NULL);
}

void mn_group_finish(mn_group *g)
{
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->done);
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

/* Under the lock, which is free while the jobs run. */
static void work(mn_group *g)
{
    mn_group_job *jobs[MN_GROUP_MAX];
    size_t n = take(g, jobs);
    g->busy = true;
    pthread_mutex_unlock(&g->lock);
    g->run(g->ctx, jobs, n);
    pthread_mutex_lock(&g->lock);
    g->busy = false;
    for (size_t i = 0; i < n; i++)
        jobs[i]->finished = true;
    pthread_cond_broadcast(&g->done);
}

void mn_group_do(mn_group *g, mn_group_job *job)
{
    pthread_mutex_lock(&g->lock);
    job->next = NULL;
    if (g->last)
        g->last->next = job;
    else
        g->first = job;
    g->last = job;
    while (!job->finished)
        if (g->busy)
            pthread_cond_wait(&g->done, &g->lock);
        else
            work(g);
    pthread_mutex_unlock(&g->lock);
}
