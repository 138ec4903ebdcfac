/* What the files of import share: a batch on its way.
 *
 *   import.c        opening; who was erased; a batch's transaction
 *   import_head.c   lists and custom fields that people of the file have
 *   import_check.c  what a record says, by itself
 *   import_plan.c   who, which lists, which consents, which faces: everything that can refuse a person
 *   import_early.c  the samples, sealed and put away before the transaction
 *   import_write.c  the records, all of a round in one call of the store */
#ifndef MN_CORE_IMPORT_PARTS_H
#define MN_CORE_IMPORT_PARTS_H

#include "core/enrolment.h"
#include "core/import.h"
#include "core/internal.h"
#include "core/quota.h"

/* What was made before the transaction of one person of a batch. */
typedef struct {
    mn_id id;   /* that the face is going to have; nil: not known yet */
    mn_id blob; /* its sample; nil: not put away */
    bool used;  /* by the transaction that is running */
    bool wrong; /* sealed for somebody else, as the transaction says */
} mn_import_early_face;
typedef struct {
    mn_id newcomer_id;     /* that somebody new is going to have, in every attempt; nil: not known yet */
    mn_core_early_key key; /* closed; n 0: nobody was guessed */
    bool newcomer;
    mn_import_early_face *faces; /* one for each of the person's */
    size_t n_faces;
} mn_import_early;

struct mn_import {
    mn_core *c;
    const mn_actor *who;
    bool dry_run;
    mn_arena *arena;       /* of one round of a batch */
    mn_arena *early_arena; /* of all rounds of it */
    mn_import_early *early;
    size_t n_early;
    bool has_samples; /* to be put away early: then the keys of all faces are made so */
    mn_id *erased;    /* sorted */
    size_t n_erased, cap_erased;
    uint64_t audit_seen; /* up to this record of the audit log */

    /* In a dry run, what would have been made before the people. */
    mn_arena *promises;
    mn_list *lists;
    size_t n_lists, cap_lists;
    json_t *fields;
};

typedef struct {
    const mn_import_face *face;
    mn_id id;
    const char *hash; /* of the numbers as they came, so that a second run knows them again */
} mn_import_new_face;

/* What is to become of one person. */
typedef struct {
    mn_import_person *p;
    mn_import_early *early;
    bool waits, done; /* waits: hangs on another one of its round, and is planned again after it */
    mn_person record;
    bool is_new;
    mn_person_whole there; /* of somebody who is there */
    mn_list *lists;        /* one for each of p's */
    bool *list_is_new;
    mn_consent *consents; /* to be put, as with the next */
    mn_import_new_face *faces;
    size_t n_consents, n_faces, n_known;
} mn_import_plan;

typedef struct {
    const char *name; /* as a record has it: a name or an id */
    mn_list list;
} mn_import_seen_list;

/* Hashes of ids and external ids; 0: a free slot. That two of them may be the same costs a round, and no
 * more. */
typedef struct {
    uint64_t *slots;
    size_t mask;
} mn_import_keys;

typedef struct {
    const mn_import *i;
    mn_core *c;
    mn_arena *arena;
    mn_time now;
    mn_import_plan *plans;
    size_t n;
    mn_quota *quota;
    json_t *fields;             /* the account's custom ones, once they were needed */
    mn_import_seen_list *lists; /* those of the store, also since this transaction began */
    size_t n_lists, cap_lists;
    mn_id face; /* one that was put; nil: none */
    bool again; /* a sample is sealed for somebody else or is not there: nothing is to be written */

    /* Of a round: what the store has of what the records name. */
    mn_owned *people, *faces; /* sorted */
    mn_person *externals;     /* sorted by external id */
    size_t n_people, n_faces, n_externals;
    mn_import_keys keys; /* of people and faces that this round makes or changes */
    mn_rows rows;
} mn_import_batch;

mn_code mn_import_no_memory(mn_error *err);
/* import.c. Of a machine's fault, not of the record's: it ends the batch. */
bool mn_import_is_fatal(mn_code code);
bool mn_import_was_erased(const mn_import *i, const mn_id *id);

/* import_head.c */
const mn_list *mn_import_promised(const mn_import *i, const char *name);                    /* NULL: none */
mn_code mn_import_fields(const mn_import *i, mn_arena *arena, json_t **out, mn_error *err); /* the arena's */
void mn_import_forget_promises(mn_import *i);

/* import_check.c */
mn_code mn_import_check(const mn_core *c, const mn_import_person *p, mn_error *err);

/* import_plan.c. Asks the store for all that plans[0 … n - 1] name and that are not done yet. */
mn_code mn_import_look(mn_import_batch *b, mn_import_plan *plans, size_t n, mn_error *err);
/* Decides; writes nothing. plan->waits: nothing was decided. */
mn_code mn_import_decide(mn_import_batch *b, mn_import_plan *plan, mn_error *err);
mn_code mn_import_note_list(mn_import_batch *b, const char *name, const mn_list *list, mn_error *err);

/* import_early.c. Makes room, then guesses; afterwards what is missing is sealed and put away, outside of any
 * transaction. */
mn_code mn_import_make_early(mn_import *i, const mn_import_person *people, size_t n, mn_error *err);
mn_code mn_import_guess(mn_import_batch *b, mn_error *err); /* the batch is good for nothing else then */
mn_code mn_import_put_early(mn_import *i, const mn_import_person *people, mn_error *err);
void mn_import_drop_early(mn_import *i, bool unused_only);
/* Inside the transaction: the key of a person who needs samples, and each sample's place in the face's
 * record; b->again where it is not as it was guessed, which is corrected for the next time. */
mn_code mn_import_settle(mn_import_batch *b, mn_import_plan *plan, mn_key **key, mn_error *err);
void mn_import_take_sample(mn_import_batch *b, const mn_import_plan *plan, const mn_import_new_face *f,
                           mn_face_record *face);

/* import_write.c. Room for the records of plans[0 … n - 1]; then the records of one of them (also lists,
 * which are written here); then one call of the store for all. A failure is one of the batch. */
mn_code mn_import_make_rows(mn_import_batch *b, const mn_import_plan *plans, size_t n, mn_error *err);
mn_code mn_import_fill(mn_import_batch *b, mn_import_plan *plan, mn_error *err);
mn_code mn_import_put_rows(mn_import_batch *b, mn_error *err);

#endif
