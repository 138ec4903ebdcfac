/* Small jobs that come at the same time share one transaction, and so its fsync: whoever finds nobody at work
 * takes all that wait and runs them for everybody (the leader), while the next ones gather. Waiting costs a
 * caller one other transaction at most, plus their own. A job may also be posted: then nobody waits, and a
 * thread of the group's leads when no caller does. Thread-safe; never inside a store transaction. */
#ifndef MN_CORE_GROUP_H
#define MN_CORE_GROUP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define MN_GROUP_MAX 256 /* jobs that one leader takes */

/* The first member of a job; zeros before mn_group_do and mn_group_post. */
typedef struct mn_group_job mn_group_job;
struct mn_group_job {
    mn_group_job *next;
    bool finished;
    void (*settled)(mn_group_job *job); /* mn_group_post's */
};

/* Runs n jobs, 1 to MN_GROUP_MAX of them; each keeps its own answer. No lock of the group's is held. */
typedef void mn_group_run(void *ctx, mn_group_job *const *jobs, size_t n);

typedef struct {
    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t done;
    pthread_cond_t wake;        /* of the thread */
    mn_group_job *first, *last; /* those that wait */
    bool busy;                  /* somebody works for all */
    bool threaded, stop;
    pthread_t thread; /* made with the first job that is posted */
    mn_group_run *run;
    void *ctx;
} mn_group;

void mn_group_init(mn_group *g, mn_group_run *run, void *ctx);
void mn_group_finish(mn_group *g); /* runs what was posted; nobody waits or posts any more */
/* Back when the job has run. */
void mn_group_do(mn_group *g, mn_group_job *job);
/* Back at once; when the job has run, settled is called, on another thread, and the group touches the job no
 * more. Where there is no thread the job runs first, and settled is called on this one. */
void mn_group_post(mn_group *g, mn_group_job *job, void (*settled)(mn_group_job *job));

#endif
