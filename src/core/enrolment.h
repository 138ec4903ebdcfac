/* What the files of enrolment share: one enrolment on its way, and a transaction that takes many of them.
 *
 *   enrol.c        checks that need no transaction; the look for somebody who looks the same
 *   enrol_plan.c   which list, which person: everything that can refuse an enrolment
 *   enrol_write.c  the records, all of a transaction in one call of the store, or in few
 *   enrol_group.c  enrolments that come at the same time share a transaction, and so its fsync */
#ifndef MN_CORE_ENROLMENT_H
#define MN_CORE_ENROLMENT_H

#include "core/internal.h"
#include "core/quota.h"

#define MN_ENROL_SAMPLE_MAX ((size_t)4 << 20)
#define MN_ENROL_HASH_TEXT  65

typedef struct {
    mn_list list;
    bool is_new;    /* not in the store yet */
    bool uncertain; /* somebody may be put into it whose name is not known yet */
} mn_enrol_list;

typedef enum {
    MN_JOB_NEW,   /* a person to be made */
    MN_JOB_KNOWN, /* somebody of the store */
    MN_JOB_LATER  /* hangs on another enrolment of this transaction: looked at after it */
} mn_job_fate;

typedef struct mn_enrol_job {
    mn_group_job group; /* first: enrol_group.c */
    mn_core *c;
    const mn_actor *who;
    const mn_enrol_person *person;
    const mn_enrol_face *face;
    mn_arena *arena; /* the caller's: for the answer */
    mn_time now;
    char hash[MN_ENROL_HASH_TEXT]; /* of the picture; "" without its bytes */
    mn_buf jpeg;                   /* empty without a sample */
    mn_ranked lookalike[2];        /* the nearest two: one of them may be the person */
    mn_ranking lookalikes;

    /* Inside the transaction. */
    mn_enrol_list *list;
    mn_person record;
    size_t matches; /* people of the store that fit; record is the first of them */
    bool asked;
    mn_job_fate fate;
    mn_key *key;               /* while something is sealed; borrowed */
    struct mn_enrol_job *same; /* another one of the same person, in the same call of the store */
    mn_id blob;                /* written, not committed yet; nil: none */

    mn_enrolment done;
    mn_code code; /* why it was refused, or what failed; MN_OK: nothing */
    bool refused; /* for a reason of its own */
    mn_error error;
} mn_enrol_job;

typedef struct {
    mn_core *c;
    mn_arena *arena; /* of the transaction */
    bool whole;      /* one refusal refuses all */
    mn_enrol_list *lists;
    size_t n_lists;
    mn_quota *quota; /* what is left of the accounts' limits */
} mn_enrol_round;

/* enrol_plan.c. A refusal is noted in the job, and is MN_OK here unless the round is whole or the cause is
 * nothing of this enrolment's (memory, the disk). */
mn_code mn_enrol_refuse(const mn_enrol_round *r, mn_enrol_job *job, mn_code code, mn_error *err);
/* Decides list, person and fate of each job that is not refused. */
mn_code mn_enrol_plan(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err);

/* enrol_write.c: one transaction. Whoever was refused has it in the job; after a failure nothing is stored,
 * and every job that was not refused has that failure. */
mn_code mn_enrol_run(mn_core *c, mn_enrol_job *const *jobs, size_t n, bool whole, mn_error *err);

/* One face of a person of the store (job->record), inside a transaction of the caller's: fills done. */
mn_code mn_enrol_put_face(mn_enrol_job *job, mn_arena *a, mn_error *err);
/* After it, by job->code: closes the key; removes the sample of what failed. True: it may be stored all the
 * same (the answer to the commit was lost). */
bool mn_enrol_end(mn_core *c, mn_enrol_job *job, bool committing);

/* enrol.c: a hash of the picture that says nothing to whoever has the same picture and not the key */
void mn_enrol_hash(const mn_core *c, const uint8_t *bytes, size_t n, char text[MN_ENROL_HASH_TEXT]);

/* enrol_group.c: the same for one, maybe together with others that wait. */
void mn_enrol_run_grouped(mn_core *c, mn_enrol_job *job);
void mn_enrol_run_group(void *ctx, mn_group_job *const *waiting, size_t n); /* mn_group_run; ctx: the core */

#endif
