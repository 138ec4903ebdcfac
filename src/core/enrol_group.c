/* Enrolments that come at the same time share a transaction. Each is refused or enrolled for itself; only a
 * failure of the transaction (the disk, the server) is one of all of them. What one of them has to put away
 * anew is its own thread's to do, so that nobody waits for it. */
#include "core/enrolment.h"

void mn_enrol_run_group(void *ctx, mn_group_job *const *waiting, size_t n)
{
    size_t again = 0;
    mn_enrol_job *jobs[MN_GROUP_MAX];
    for (size_t i = 0; i < n; i++)
        jobs[i] = (mn_enrol_job *)waiting[i];             /* its first member */
    mn_enrol_run_once(ctx, jobs, n, false, &again, NULL); /* each job has its own answer */
}

void mn_enrol_run_grouped(mn_core *c, mn_enrol_job *job)
{
    int attempt = 0;
    do {
        job->group = (mn_group_job){0};
        mn_group_do(&c->enrolments, &job->group);
    } while (job->code == MN_OK && job->fate == MN_JOB_AGAIN && mn_enrol_again(job, ++attempt) == MN_OK);
}
