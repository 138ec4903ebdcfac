/* People, lists and consents as records: making, changing, finding, erasing them. Every operation asks for
 * the actor's right, keeps to the lists that the actor is kept to, and leaves an audit record. What is found
 * is the arena's. Thread-safe. */
#ifndef MN_CORE_RECORDS_H
#define MN_CORE_RECORDS_H

#include "core/core.h"

/* What became of one of many. */
typedef struct {
    mn_code code;    /* MN_OK: done */
    const char *why; /* in words, else; the arena's */
    mn_id id;        /* of what was made or worked on */
} mn_made;

/* ---- people ---- */
typedef struct {
    bool set;         /* false: as it is */
    const char *text; /* NULL: none from now on */
} mn_text_change;

typedef struct {
    const char *name; /* NULL: as it is */
    mn_text_change external_id, user_data;
    const char *custom;  /* JSON object: these fields change, null empties one. NULL: all as they are */
    const bool *active;  /* NULL: as it is; new people are */
    const mn_id *avatar; /* one of the person's faces; nil: none; NULL: as it is */
} mn_person_fields;

typedef struct {
    mn_person_fields fields;  /* with a name, without an avatar */
    const char *const *lists; /* names or ids of those that are there */
    size_t n_lists;
    const mn_consent_given *consents;
    size_t n_consents;
} mn_person_new;

/* MN_E_EXISTS for an external id that somebody has; MN_E_CONSENT where a list's purpose is not agreed to;
 * MN_E_QUOTA. Whoever is kept to lists must name one. */
mn_code mn_core_person_create(mn_core *c, const mn_actor *who, const mn_person_new *what, mn_arena *arena,
                              mn_person_view *out, mn_error *err);
/* Many in one transaction, as if they came one after the other; who is refused hinders no other. Any other
 * failure is everybody's, and nobody is made: MN_E_CANCELLED, and MN_E_BUSY behind the deadline (0: none).
 * results: room for n. */
mn_code mn_core_people_create(mn_core *c, const mn_actor *who, const mn_person_new *what, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err);
mn_code mn_core_person_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                           mn_person_view *out, mn_error *err);
/* Another number for everything else that a look at a person shows: of the record, consents (as they are
 * now), lists, faces. Who sees fewer of the lists has another one. */
int64_t mn_core_person_state(const mn_person_view *v);
/* if_state: MN_E_PRECONDITION where the actor's look has another one by now; NULL: whatever it is. */
mn_code mn_core_person_change(mn_core *c, const mn_actor *who, const mn_id *id,
                              const mn_person_fields *fields, const int64_t *if_state, mn_arena *arena,
                              mn_person_view *out, mn_error *err);
/* list: name or id; NULL: all, or for whoever is kept to lists all of these. The query's account and lists
 * are not looked at. */
mn_code mn_core_people_find(mn_core *c, const mn_actor *who, const char *list, const mn_people_query *what,
                            mn_arena *arena, mn_person_view **out, size_t *n, mn_error *err);
/* The sample of the face chosen, else of the best one; appended. */
mn_code mn_core_avatar(mn_core *c, const mn_actor *who, const mn_id *person, mn_buf *out, mn_error *err);

typedef struct {
    bool erased; /* false: when the grace period has passed */
    mn_time time;
    uint64_t faces, samples, consents;
    bool key_destroyed;
    uint64_t audit; /* number of its record */
} mn_certificate;
/* As mn_core_erase. */
mn_code mn_core_erase_certified(mn_core *c, const mn_actor *who, const mn_id *person, mn_certificate *out,
                                mn_error *err);

/* Faces, consents and memberships of `from` become those of `into`, which keeps its name and fields; `from`
 * is erased at once, with a certificate. What either record says was withdrawn counts for both; only lists
 * and faces that a consent still allows are moved. Files that prove consents of `from` go with it.
 * MN_E_CONFLICT where one of them is going to be erased. */
mn_code mn_core_person_merge(mn_core *c, const mn_actor *who, const mn_id *into, const mn_id *from,
                             mn_arena *arena, mn_person_view *out, mn_error *err);

/* ---- consents ---- */
/* A new one also takes back an erasure that is under way. MN_E_INVALID for one that ended already or is
 * given in the future; MN_E_CONSENT for one that is older than a withdrawal. */
mn_code mn_core_consent_give(mn_core *c, const mn_actor *who, const mn_id *person,
                             const mn_consent_given *given, mn_arena *arena, mn_consent *out, mn_error *err);
/* Many in one transaction, each for themselves, as mn_core_people_create has it. */
typedef struct {
    mn_id person;
    mn_consent_given given;
} mn_consent_for;
mn_code mn_core_consents_give(mn_core *c, const mn_actor *who, const mn_consent_for *what, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err);
/* Of one person, newest first; all of them. */
mn_code mn_core_consents_of(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                            mn_consent **out, size_t *n, mn_error *err);
mn_code mn_core_consent_get(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                            mn_arena *arena, mn_consent *out, mn_error *err);
/* Of everybody; not for those who are kept to lists. The query's account is not looked at. */
mn_code mn_core_consents_find(mn_core *c, const mn_actor *who, const mn_consent_query *what, mn_arena *arena,
                              mn_consent **out, size_t *n, mn_error *err);
/* With all other valid ones for the same purpose, see mn_core_consent_withdraw. MN_E_CONFLICT for one that
 * ended already. */
mn_code mn_core_consent_withdraw_one(mn_core *c, const mn_actor *who, const mn_id *person,
                                     const mn_id *consent, mn_arena *arena, mn_consent *out, mn_error *err);
/* The same for a consent whose person is not named. */
mn_code mn_core_consent_end(mn_core *c, const mn_actor *who, const mn_id *consent, mn_arena *arena,
                            mn_error *err);
/* The file that proves a consent, sealed by the person's key: where that is destroyed, so is the file. Once a
 * consent (MN_E_EXISTS). */
#define MN_CORE_EVIDENCE_MAX ((size_t)16 << 20)
mn_code mn_core_evidence_put(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                             const char *format, const uint8_t *bytes, size_t n, mn_error *err);
/* Appended to out; *format is the arena's. */
mn_code mn_core_evidence_get(mn_core *c, const mn_actor *who, const mn_id *person, const mn_id *consent,
                             mn_arena *arena, const char **format, mn_buf *out, mn_error *err);
mn_code mn_core_has_evidence(mn_core *c, const mn_id *consent, bool *yes, mn_error *err);

/* ---- lists ---- */
typedef struct {
    const char *name;          /* NULL: as it is */
    const mn_purpose *purpose; /* new lists only: people agreed to it */
    mn_text_change comment, color;
    const mn_time *retention; /* NULL: as it is, or never */
    const double *fmr;        /* 0: none of its own */
    const bool *active, *acknowledge, *sound;
} mn_list_fields;

mn_code mn_core_list_create(mn_core *c, const mn_actor *who, const mn_list_fields *fields, mn_arena *arena,
                            mn_list_view *out, mn_error *err);
/* Many in one transaction, each for itself, as mn_core_people_create has it. */
mn_code mn_core_lists_create(mn_core *c, const mn_actor *who, const mn_list_fields *fields, size_t n,
                             mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena, mn_made *results,
                             mn_error *err);
mn_code mn_core_lists_delete(mn_core *c, const mn_actor *who, const mn_id *ids, size_t n,
                             mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena, mn_made *results,
                             mn_error *err);
mn_code mn_core_list_get(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_list_view *out,
                         mn_error *err);
/* ref: a name, else an id. */
mn_code mn_core_list_find(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena,
                          mn_list_view *out, mn_error *err);
mn_code mn_core_list_change(mn_core *c, const mn_actor *who, const mn_id *id, const mn_list_fields *fields,
                            const mn_time *if_updated, mn_arena *arena, mn_list_view *out, mn_error *err);
/* Its members stay as people, and are in no search through it any more. if_updated as in a change. */
mn_code mn_core_list_delete(mn_core *c, const mn_actor *who, const mn_id *id, const mn_time *if_updated,
                            mn_error *err);

/* The query's account is not looked at. */
mn_code mn_core_lists_find(mn_core *c, const mn_actor *who, const mn_list_query *what, mn_arena *arena,
                           mn_list_view **out, size_t *n, mn_error *err);

/* ---- tokens: many in one transaction, each for itself ---- */
mn_code mn_core_tokens_revoke(mn_core *c, const mn_actor *who, const mn_id *ids, size_t n,
                              mn_deadline deadline, const mn_cancel *cancel, mn_arena *arena,
                              mn_made *results, mn_error *err);

/* ---- members ---- */
mn_code mn_core_members(mn_core *c, const mn_actor *who, const mn_member_query *q, mn_arena *arena,
                        mn_member **out, size_t *n, mn_error *err);
typedef struct {
    mn_code code;    /* MN_OK: done */
    const char *why; /* in words, else */
} mn_member_result;
/* In one transaction, each person for themselves: results has room for n_add + n_remove. Who is added needs a
 * valid consent for the list's purpose; who was in it before begins anew. */
mn_code mn_core_members_change(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *add,
                               size_t n_add, const mn_id *remove, size_t n_remove, mn_arena *arena,
                               mn_member_result *results, mn_error *err);
/* One of them, whose refusal is the error. */
mn_code mn_core_member_add(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *person,
                           mn_arena *arena, mn_member *out, mn_error *err);
mn_code mn_core_member_remove(mn_core *c, const mn_actor *who, const mn_id *list, const mn_id *person,
                              mn_error *err);

#endif
