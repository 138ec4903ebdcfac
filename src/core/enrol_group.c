/* Enrolments that come at the same time share a transaction. Each is refused or enrolled for itself; only a
 * failure of the transaction (the disk, the server) is one of all of them. */
#include "core/enrolment.h"

void mn_enrol_run_group(void *ctx, mn_group_job *const *waiting, size_t n)
{
    mn_enrol_job *jobs[MN_GROUP_MAX];
    for (size_t i = 0; i < n; i++)
        jobs[i] = (mn_enrol_job *)waiting[i]; /* its first member */
    mn_enrol_run(ctx, jobs, n, false, NULL);  /* each job has its own answer */
}

void mn_enrol_run_grouped(mn_core *c, mn_enrol_job *job)
{
    mn_group_do(&c->enrolments, &job->group);
}
