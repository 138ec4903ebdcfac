/* What the files of enrolment share: one enrolment on its way, and a transaction that takes many of them.
 *
 *   enrol.c        checks that need no transaction; the look for somebody who looks the same
 *   enrol_early.c  the sample, sealed and put away before the transaction
 *   enrol_plan.c   which list, which person: everything that can refuse an enrolment
 *   enrol_write.c  the records, all of a transaction in one call of the store, or in few
 *   enrol_group.c  enrolments that come at the same time share a transaction, and so its fsync */
#ifndef MN_CORE_ENROLMENT_H
#define MN_CORE_ENROLMENT_H

#include "core/internal.h"
#include "core/quota.h"
#include "core/temporary.h"

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
    MN_JOB_LATER, /* hangs on another enrolment of this transaction: looked at after it */
    MN_JOB_AGAIN  /* its sample is sealed for somebody else: looked at in another transaction */
} mn_job_fate;

typedef struct mn_enrol_job mn_enrol_job;
typedef struct mn_enrol_round mn_enrol_round;

struct mn_enrol_job {
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

    /* Before the transaction. */
    mn_id face_id;             /* of the face to be made */
    mn_core_early_key early;   /* whom it is taken to be for; key NULL: nobody so far */
    bool newcomer;             /* that is somebody who is not in the store */
    mn_picture_file original;  /* the whole picture, to be kept */
    mn_id blob, original_blob; /* put away, and not named by the store yet; nil: none */
    bool put;                  /* all of them, sealed under early */

    /* Inside the transaction. */
    /* One of another kind (enrol_face.c) writes itself; NULL: by the plan. A refusal or AGAIN is noted in the
     * job and is MN_OK. */
    mn_code (*write)(mn_enrol_job *job, mn_enrol_round *r, mn_error *err);
    mn_enrol_list *list;
    mn_person record;
    size_t matches; /* people of the store that fit; record is the first of them */
    bool asked;
    mn_job_fate fate;
    mn_key *key;               /* while something is sealed; borrowed */
    struct mn_enrol_job *same; /* another one of the same person, in the same call of the store */

    mn_enrolment done;
    mn_code code; /* why it was refused, or what failed; MN_OK: nothing */
    bool refused; /* for a reason of its own */
    mn_error error;
};

struct mn_enrol_round {
    mn_core *c;
    mn_arena *arena; /* of the transaction */
    bool whole;      /* one refusal refuses all */
    mn_enrol_list *lists;
    size_t n_lists;
    mn_quota *quota; /* what is left of the accounts' limits */
};

/* enrol_early.c. Guesses whom the job is for, seals the sample for them and puts it away; a guess among
 * `before`, which come in the same batch, goes first. Who will be refused, as it looks now, is no guess. */
mn_code mn_enrol_guess(mn_enrol_job *job, mn_enrol_job *const *before, size_t n, mn_error *err);
/* Seals the sample under job->early and puts it away, in the place of an earlier one. */
mn_code mn_enrol_put_early(mn_enrol_job *job, mn_error *err);
/* Inside the transaction, which says who it is (NULL: somebody new): settles job->early. Where the sample is
 * sealed for another one the fate is AGAIN, and early is from now on what is right. */
mn_code mn_enrol_settle(mn_enrol_job *job, const mn_id *person, mn_arena *arena, mn_error *err);
/* For a job that is done with, when the transaction has ended: closes what is open, and removes the pictures
 * that nobody needs. committing: the answer to a commit may have been lost. */
void mn_enrol_end(mn_enrol_job *job, bool committing);

/* enrol_plan.c. A refusal is noted in the job, and is MN_OK here unless the round is whole or the cause is
 * nothing of this enrolment's (memory, the disk). */
mn_code mn_enrol_refuse(const mn_enrol_round *r, mn_enrol_job *job, mn_code code, mn_error *err);
/* Decides list, person and fate of each job that is not refused. */
mn_code mn_enrol_plan(mn_enrol_round *r, mn_enrol_job *const *jobs, size_t n, mn_error *err);

/* enrol_write.c: one transaction, and another one for those whose fate is AGAIN. The jobs change places.
 * Whoever was refused has it in the job; after a failure nothing is stored, and every job that was not
 * refused has that failure. All are ended. */
mn_code mn_enrol_run(mn_core *c, mn_enrol_job **jobs, size_t n, bool whole, mn_error *err);
/* One transaction; those whose fate is AGAIN are not ended, and nothing of them is stored. With whole, that
 * is so of all where it is of one. *again: how many there are, now at the front. */
mn_code mn_enrol_run_once(mn_core *c, mn_enrol_job **jobs, size_t n, bool whole, size_t *again,
                          mn_error *err);
#define MN_ENROL_ATTEMPTS 8
/* For one that goes round again: seals its sample for the right person. Fails also after so many attempts;
 * then the job has the failure, and is ended. */
mn_code mn_enrol_again(mn_enrol_job *job, int attempt);

/* A face of a person of the store (job->record, whose key is settled), inside a transaction of the caller's:
 * fills done. */
mn_code mn_enrol_put_face(mn_enrol_job *job, mn_arena *a, mn_error *err);

/* enrol.c: a hash of the picture that says nothing to whoever has the same picture and not the key */
void mn_enrol_hash(const mn_core *c, const uint8_t *bytes, size_t n, char text[MN_ENROL_HASH_TEXT]);
/* list: NULL while there is none. */
mn_code mn_enrol_find_person(mn_core *c, const mn_actor *who, const mn_enrol_person *p, const mn_list *list,
                             mn_arena *arena, mn_person *out, bool *found, mn_error *err);

/* enrol_group.c: the same for one, maybe together with others that wait. The answer is the job's. */
void mn_enrol_run_grouped(mn_core *c, mn_enrol_job *job);
void mn_enrol_run_group(void *ctx, mn_group_job *const *waiting, size_t n); /* mn_group_run; ctx: the core */

/* ---- rows.c: the records of one call of the store, while they are made ---- */
typedef struct {
    mn_person *people;
    mn_key_record *keys;
    mn_consent *consents;
    mn_member_record *members;
    mn_face_record *faces;
    mn_descriptor_record *descriptors; /* one for each of the faces */
    mn_audit_record *audit;
    size_t n_people, n_keys, n_consents, n_members, n_faces, n_audit;
} mn_rows;
/* Room for as many as `room` counts: keys and audit records, one for each of its people. */
mn_code mn_rows_make(mn_rows *r, const mn_rows *room, mn_arena *a, mn_error *err);
mn_code mn_rows_put(mn_core *c, const mn_rows *r, mn_error *err);

#endif
