/* Enrolments that come at the same time share a transaction, and so its fsync: whoever finds nobody at work
 * takes all that wait, while the next ones gather. Each is refused or enrolled for itself; only a failure of
 * the transaction (the disk, the server) is one of all of them. */
#include "core/enrolment.h"

#define TOGETHER 256

/* Under the lock. */
static size_t take(mn_core *c, mn_enrol_job *jobs[TOGETHER])
{
    size_t n = 0;
    while (c->enrol_first && n < TOGETHER) {
        jobs[n++] = c->enrol_first;
        c->enrol_first = c->enrol_first->next;
    }
    if (!c->enrol_first)
        c->enrol_last = NULL;
    return n;
}

/* Under the lock, which is free while the transaction runs. */
static void work(mn_core *c)
{
    mn_enrol_job *jobs[TOGETHER];
    size_t n = take(c, jobs);
    c->enrolling = true;
    pthread_mutex_unlock(&c->enrol_lock);
    mn_enrol_run(c, jobs, n, false, NULL); /* each job has its own answer */
    pthread_mutex_lock(&c->enrol_lock);
    c->enrolling = false;
    for (size_t i = 0; i < n; i++)
        jobs[i]->finished = true;
    pthread_cond_broadcast(&c->enrol_done);
}

void mn_enrol_run_grouped(mn_core *c, mn_enrol_job *job)
{
    pthread_mutex_lock(&c->enrol_lock);
    job->next = NULL;
    if (c->enrol_last)
        c->enrol_last->next = job;
    else
        c->enrol_first = job;
    c->enrol_last = job;
    while (!job->finished)
        if (c->enrolling)
            pthread_cond_wait(&c->enrol_done, &c->enrol_lock);
        else
            work(c);
    pthread_mutex_unlock(&c->enrol_lock);
}
