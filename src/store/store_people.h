/* Looking through people, members and consents; evidence of consents; answers that are kept, so that a
 * request that comes twice is done once. Part of store.h, which says what holds for all of it. */
#ifndef MN_STORE_STORE_PEOPLE_H
#define MN_STORE_STORE_PEOPLE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "store/store_records.h"

typedef enum {
    MN_PEOPLE_OLDEST,
    MN_PEOPLE_NEWEST,
    MN_PEOPLE_NAME, /* by bytes */
    MN_PEOPLE_NAME_DOWN,
    MN_PEOPLE_UPDATED,
    MN_PEOPLE_UPDATED_DOWN,
    MN_PEOPLE_ORDERS
} mn_people_order;

typedef struct {
    mn_id account;
    const mn_id *list;  /* members only; NULL: all. Oldest and newest then go by the people's ids */
    const mn_id *lists; /* members of any of these n_lists, where no list is named; NULL: all */
    size_t n_lists;
    const char *like;          /* part of the name or external id, letters A-Z of either case; NULL: all */
    const char *external_id;   /* exactly this one; NULL: all. At most one answer, without a page behind it */
    mn_choice active, faces;   /* whether there are faces */
    const mn_purpose *consent; /* valid at `now`; NULL: all */
    mn_time now;               /* who is a member then, and agrees */
    mn_time created_from, created_to; /* from then on, and before */
    mn_time updated_from, updated_to;
    const char *custom; /* JSON object: each of its values is the field's, or one of the field's; NULL: all */
    mn_people_order order;
    const mn_id *after; /* the page goes on behind this person; NULL: from the first */
    mn_time after_time; /* created or updated of that one, by the order */
    const char *after_name;
    size_t limit; /* at least 1 */
} mn_people_query;

typedef enum { MN_LISTS_NAME, MN_LISTS_NAME_DOWN, MN_LISTS_OLDEST, MN_LISTS_NEWEST } mn_list_order;

typedef struct {
    mn_id account;
    const mn_purpose *purpose; /* NULL: all, as with the next */
    const char *like;          /* part of the name, letters A-Z of either case */
    mn_choice active;
    mn_time now; /* whose members are counted */
    mn_list_order order;
    const mn_id
        *after; /* the page goes on behind this list, which may be gone by now; NULL: from the first */
    const char *after_name;
    mn_time after_created;
    size_t limit; /* at least 1 */
} mn_list_query;

typedef struct {
    mn_list list;
    uint64_t members;
} mn_list_view;

typedef struct {
    mn_id person;
    const char *name, *external_id;
    mn_time added, until;
} mn_member;

/* A membership whose list's retention is over, and whose list it is. */
typedef struct {
    mn_id list, person, account;
} mn_ended;

typedef enum {
    MN_MEMBERS_PERSON, /* by the people's ids */
    MN_MEMBERS_ADDED,
    MN_MEMBERS_ADDED_DOWN,
    MN_MEMBERS_NAME,
    MN_MEMBERS_NAME_DOWN
} mn_member_order;

typedef struct {
    mn_id list;
    const char *like; /* part of the name or external id, letters A-Z of either case; NULL: all */
    mn_time now;      /* members at this moment */
    mn_member_order order;
    const mn_place *after; /* NULL: from the first */
    size_t limit;
} mn_member_query;

/* What a look at a person shows: consents and faces in the order of their ids, lists of their names. */
typedef struct {
    mn_person person;
    mn_consent *consents;
    mn_list *lists;
    mn_face_record *faces;
    size_t n_consents, n_lists, n_faces;
    mn_time erasure_due; /* MN_TIME_NEVER: none is under way */
} mn_person_whole;

typedef enum {
    MN_CONSENTS_UNTIL,
    MN_CONSENTS_UNTIL_DOWN,
    MN_CONSENTS_GIVEN,
    MN_CONSENTS_GIVEN_DOWN
} mn_consent_order;

typedef enum { MN_CONSENT_ANY, MN_CONSENT_VALID, MN_CONSENT_EXPIRED, MN_CONSENT_WITHDRAWN } mn_consent_state;

typedef struct {
    mn_id account;
    const mn_purpose *purpose; /* NULL: all */
    mn_consent_state state;    /* at `now` */
    mn_time now;
    mn_time until_from,
        until_to; /* ending then or later, and before; MN_TIME_NEVER: those without an end too */
    mn_time given_from, given_to; /* from then on, and before */
    mn_consent_order order;
    const mn_place *after; /* NULL: from the first */
    size_t limit;
} mn_consent_query;

typedef struct {
    mn_id consent, blob; /* the blob goes to the trash with the record, and this with its consent */
    const char *format;  /* "application/pdf" */
    int64_t bytes;
} mn_evidence;

/* What became of a request that its caller gave a key. */
typedef struct {
    mn_id account, caller;
    const char *key;
    uint8_t hash[32]; /* of the request */
    mn_time until;
    mn_id person;          /* goes with this person; nil: with nobody */
    const uint8_t *answer; /* sealed; NULL: it is being worked on, or was cut off */
    size_t answer_len;
} mn_once;

typedef struct {
    mn_code (*page)(mn_store *s, const mn_people_query *q, mn_arena *a, mn_person **out, size_t *n,
                    mn_error *err);
    /* One statement. The lists are those of `now`. */
    mn_code (*whole)(mn_store *s, const mn_id *person, mn_time now, mn_arena *a, mn_person_whole *out,
                     mn_error *err);
    /* The members are counted, of those of the page only. */
    mn_code (*lists)(mn_store *s, const mn_list_query *q, mn_arena *a, mn_list_view **out, size_t *n,
                     mn_error *err);
    mn_code (*members)(mn_store *s, const mn_member_query *q, mn_arena *a, mn_member **out, size_t *n,
                       mn_error *err);
    mn_code (*member_count)(mn_store *s, const mn_id *list, mn_time now, uint64_t *out, mn_error *err);
    /* At most `limit` of the memberships that ended by `now`, those that ended first; each list's stand
     * together. Nothing else shows them: they are there until member_delete removes them. */
    mn_code (*members_ended)(mn_store *s, mn_time now, size_t limit, mn_arena *a, mn_ended **out, size_t *n,
                             mn_error *err);
    mn_code (*list_delete)(mn_store *s, const mn_id *list, mn_error *err); /* its members stay as people */
    mn_code (*consent_get)(mn_store *s, const mn_id *id, mn_arena *a, mn_consent *out, mn_error *err);
    mn_code (*consents)(mn_store *s, const mn_consent_query *q, mn_arena *a, mn_consent **out, size_t *n,
                        mn_error *err);
    mn_code (*evidence_put)(mn_store *s, const mn_evidence *e, mn_error *err); /* MN_E_EXISTS */
    mn_code (*evidence_get)(mn_store *s, const mn_id *consent, mn_arena *a, mn_evidence *out, mn_error *err);

    mn_code (*once_take)(mn_store *s, const mn_once *o, mn_error *err); /* MN_E_EXISTS */
    mn_code (*once_get)(mn_store *s, const mn_id *account, const mn_id *caller, const char *key, mn_arena *a,
                        mn_once *out, mn_error *err);
    mn_code (*once_keep)(mn_store *s, const mn_once *o, mn_error *err); /* its person and answer */
    mn_code (*once_drop)(mn_store *s, const mn_once *o, mn_error *err);
    mn_code (*once_expire)(mn_store *s, mn_time now, mn_error *err);
} mn_people_ops;

#endif
