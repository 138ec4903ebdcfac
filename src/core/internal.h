/* What the files of core share. Locks are taken in this order, and the first one never inside a store
 * transaction: follow → the store's own. */
#ifndef MN_CORE_INTERNAL_H
#define MN_CORE_INTERNAL_H

#include "core/core.h"
#include "core/group.h"
#include "gallery/cohort.h"
#include "gallery/rotation.h"
#include "gallery/snapshot.h"
#include "store/blobs.h"
#include "store/seal.h"

#include <jansson.h>
#include <limits.h>
#include <pthread.h>

#define MN_CORE_ARENA         ((size_t)256 << 20) /* for one page of people with all that is theirs */
#define MN_CORE_TEXT_MAX      200                 /* bytes of a name, external id, list, method, actor */
#define MN_DESCRIPTOR_CONTEXT 96
#define MN_SEAL_ROOM          256 /* what sealing adds, at most */

/* The deployment key, wrapped by the master key: where it stands in meta, and its context. */
#define MN_CORE_DEPLOYMENT_META "deployment_key"
#define MN_CORE_DEPLOYMENT      "deployment"

typedef struct mn_signin mn_signin;                   /* core/signin.h */
typedef struct mn_temporary_table mn_temporary_table; /* core/temporary.h */

/* Where there are no settings: as the defaults of attribute.max and attribute.memory. */
#define MN_CORE_ATTRIBUTES       10000
#define MN_CORE_ATTRIBUTE_MEMORY ((size_t)256 << 20)

#define MN_CORE_SNAPSHOT_CHANGES 1000 /* as the setting's default */

/* The gallery's snapshot. folder, path and pause_ns never change, every stands alone; follow_lock guards the
 * rest.
 */
typedef struct {
    char folder[PATH_MAX], path[PATH_MAX];
    _Atomic uint64_t every; /* changes of people from which on it is written anew; 0: none is kept */
    int64_t pause_ns;       /* between two in the background */
    uint64_t changes;       /* that it does not have */
    int64_t not_before;
    int writers; /* that are at it or wait; as long as there are any, the background begins no other */
    bool closing;
    mn_pool *writer;       /* made when first needed */
    pthread_mutex_t saves; /* one at a time; another process's makes it MN_E_BUSY. Before follow_lock */
} mn_core_snapshot;

/* People of whom something does not open, sorted; unreadable.c. */
typedef struct {
    pthread_mutex_t lock;
    mn_id *people;
    size_t n, room;
} mn_core_unreadable;

struct mn_core {
    mn_signin *signin;
    mn_temporary_table *temporary;
    mn_store *store;
    mn_blobs *blobs;
    mn_master *master;
    mn_key *deployment; /* for what is secret and nobody's: hashes of pictures */
    _Atomic double fmr; /* the setting match.fmr */

    /* NULL and empty where only records were opened. */
    mn_gallery *gallery;
    const mn_model_info *model;
    const char *model_name; /* of the fp32 model: int8 and fp32 give descriptors of one space */
    mn_secret_rotation *rotation;
    const char *pack; /* the caller's, as the model is */

    pthread_mutex_t follow_lock; /* guards the two below: how far the gallery has followed the store */
    uint64_t seen;               /* change log */
    mn_time looked;              /* ends of consents and memberships */
    unsigned threads;
    bool loaded, from_snapshot; /* set while opening */
    mn_core_snapshot snapshot;
    mn_core_unreadable unreadable;
    void (*warn)(void *user, const char *text);
    void *warn_user;

    mn_expired expired; /* at opening */
    mn_time grace;      /* between the end of consent and erasure */
    pthread_t house;
    pthread_mutex_t house_lock;
    pthread_cond_t house_wake;
    bool house_running, house_closed; /* closed: under house_lock */
    unsigned house_seconds;
    void (*house_failed)(void *user, const mn_error *err);
    void *house_user;

    size_t enrol_batch; /* of mn_core_enrol_many */
    mn_group enrolments, looks;
};

/* What a core needs to know of a pipeline. mn_core_open calls it; tests come in here. pack and model must
 * outlive the core. */
mn_code mn_core_open_model(const mn_core_options *options, const char *pack, const mn_model_info *model,
                           mn_core **out, mn_error *err);

mn_store_where mn_core_store_where(const mn_core_options *o); /* as long as they are */
/* Where the records are, for messages; the address of a database is a secret. */
const char *mn_core_place(const mn_core_options *o);
/* As it is, whatever its version, for meta_get only. *out: NULL where there are no records yet. */
mn_code mn_core_look_at_store(const mn_core_options *o, mn_store **out, mn_error *err);

/* change.c: which model the data are of. Current: enrolment goes there, and it opens without being named.
 * Next: descriptors for it are being made. Previous: its descriptors are still there. */
typedef enum { MN_MODEL_CURRENT, MN_MODEL_NEXT, MN_MODEL_PREVIOUS, MN_MODEL_OTHER } mn_model_role;
typedef struct {
    const char *pack, *model, *dim; /* NULL: none has this role */
} mn_model_mark;
mn_code mn_core_model_mark(mn_core *c, mn_model_role role, mn_arena *arena, mn_model_mark *out,
                           mn_error *err);
/* NULL: nobody has the role from now on. */
mn_code mn_core_model_set(mn_core *c, mn_model_role role, const mn_model_mark *mark, mn_error *err);
mn_code mn_core_model_role(mn_core *c, mn_arena *arena, mn_model_role *out, mn_error *err);
/* In the transaction that opens the keys. */
mn_code mn_core_check_pack(mn_core *c, const mn_core_options *o, const char *pack, mn_arena *arena,
                           mn_error *err);
/* In a transaction that puts descriptors: MN_E_PACK where this core's model is not the current one (any
 * more). */
mn_code mn_core_check_current(mn_core *c, mn_arena *arena, mn_error *err);
/* MN_E_PACK where the data have no descriptors of this core's model any more. */
mn_code mn_core_check_served(mn_core *c, mn_arena *arena, mn_error *err);

/* follow.c: fills the empty gallery; before any other thread has the core. */
mn_code mn_core_load_first(mn_core *c, const mn_core_gallery_options *o, mn_error *err);
/* Brings the gallery up to the store, whoever wrote there, and takes out whose time has come. */
mn_code mn_core_follow(mn_core *c, mn_error *err);
mn_code mn_core_follow_locked(mn_core *c, mn_arena *arena, mn_error *err); /* with follow_lock held */
/* The exact descriptor of a face: for the gallery's last step. ctx: the core. One that does not open is
 * noted, and as if it were not there (MN_E_NOT_FOUND). */
mn_code mn_core_fetch(void *ctx, const mn_id *face, float *out, mn_error *err);

/* snapshot.c */
mn_code mn_core_snapshot_init(mn_core *c, const mn_core_options *o, mn_error *err);
/* False: there is none that can be believed, and the gallery is empty as before. */
bool mn_core_snapshot_load(mn_core *c);
/* Removes those of models that the store knows no more: they hold people as well. */
void mn_core_snapshot_tidy(mn_core *c);
/* With follow_lock held: so many people were exchanged. Has it written in the background when it is time. */
void mn_core_snapshot_changed(mn_core *c, size_t people, mn_arena *arena);
void mn_core_snapshot_close(mn_core *c); /* while all else is still open */
void mn_core_warn(const mn_core *c, const mn_error *e, const char *then);

/* unreadable.c */
/* Of these people something does not open; first: of the first one. Warns once of each. */
void mn_core_unreadable_add(mn_core *c, const mn_id *people, size_t n, const mn_error *first);
/* They are read anew. */
void mn_core_unreadable_forget(mn_core *c, const mn_id *people, size_t n);

/* load.c */
/* What of these people belongs into the gallery now; entries and all that they point to are the arena's,
 * unsealed: wipe the vectors with mn_core_wipe. What does not open is passed over, and noted. */
mn_code mn_core_load_people(mn_core *c, const mn_dossier *people, size_t n, mn_arena *arena,
                            mn_gallery_entry **entries, size_t *n_entries, mn_error *err);
void mn_core_wipe(const mn_core *c, const mn_gallery_entry *entries, size_t n);
/* Everybody, into an empty gallery; on failure some of them may be in it. */
mn_code mn_core_load_all(mn_core *c, const mn_core_gallery_options *o, mn_error *err);

/* identify.c */
/* The lists that one search goes through. */
typedef struct {
    mn_id *ids;
    size_t n;
    double fmr; /* the strictest of those that have one of their own; 0: none has */
} mn_scope;
/* lists: names or ids; none for all of the purpose. MN_E_PURPOSE for a list of another one, and for
 * verification. */
mn_code mn_core_scope(mn_core *c, const mn_actor *who, const char *const *lists, size_t n_lists,
                      mn_purpose purpose, mn_arena *arena, mn_scope *out, mn_error *err);
/* The list through which this person may be found for this purpose at this moment; NULL: through
 * none. */
mn_code mn_core_allowed_by(mn_core *c, const mn_id *person, mn_purpose purpose, const mn_scope *s,
                           mn_arena *arena, const mn_list **list, mn_error *err);
mn_code mn_core_check_descriptor(const mn_core *c, const mn_descriptor *d, mn_error *err);
/* Whom to look for, among whom. */
typedef struct {
    const mn_descriptor *probe;
    const mn_id *lists;  /* any of these; none: nobody */
    const mn_id *people; /* in them only these, where `chosen` */
    size_t n_lists, n_people, k;
    bool chosen;
    mn_deadline deadline;    /* MN_E_TIMEOUT after it */
    const mn_cancel *cancel; /* may be NULL */
} mn_core_query;
/* The nearest k people, however far away. found->out: room for k. */
mn_code mn_core_search(mn_core *c, const mn_core_query *what, mn_ranking *found, mn_error *err);
/* pick.c: does it ask for anything? NULL does not. */
bool mn_core_filters(const mn_people_filter *f);
/* Whom what->only lets through: at least those of them who are in the scope. Freed with mn_free. */
mn_code mn_core_pick(mn_core *c, const mn_actor *who, const mn_identify *what, const mn_scope *s, mn_id **out,
                     size_t *n, mn_error *err);
/* The score that a search must reach for the rate to be `fmr`; *measured: see mn_calibration_threshold. */
double mn_core_threshold(const mn_ranking *found, double fmr, bool *measured);

/* record.c. The detail is taken over, and may be NULL only for want of memory. */
mn_code mn_core_check_actor(const mn_actor *who, mn_error *err);
mn_code mn_core_record(mn_core *c, const mn_actor *who, const char *action, const mn_id *target,
                       json_t *detail, mn_error *err);
/* The same as a record that is still to be written; its texts are in the arena, and the actor's name. */
mn_code mn_core_make_record(const mn_actor *who, const char *action, const mn_id *target, json_t *detail,
                            mn_time now, mn_arena *arena, mn_audit_record *out, mn_error *err);
json_t *mn_core_json_id(const mn_id *id);

/* record_group.c: looks at people that come at the same time share the transaction of their audit records.
 * Not inside a transaction. */
typedef struct {
    mn_audit_record *v;
    size_t n, room;
    mn_arena *arena;
} mn_core_trail;
/* Takes the detail over, which may be NULL only for want of memory. target may be NULL. */
mn_code mn_core_trail_add(mn_core_trail *t, const mn_actor *who, const char *action, const mn_id *target,
                          json_t *detail, mn_error *err);
/* Decides an answer and adds its records to the trail. Runs inside the transaction, maybe on another thread
 * while the caller waits; may read the store and must not write. */
typedef mn_code mn_core_look(mn_core *c, void *ctx, mn_arena *arena, mn_core_trail *trail, mn_error *err);
mn_code mn_core_look_on_record(mn_core *c, mn_core_look *look, void *ctx, mn_arena *arena, mn_error *err);
/* The same for what was looked at already; detail: JSON; action: static. With who->holder the record may be
 * on its way when this returns. */
mn_code mn_core_note_look(mn_core *c, const mn_actor *who, const char *action, const mn_id *target,
                          const char *detail, mn_error *err);
void mn_core_run_looks(void *ctx, mn_group_job *const *jobs, size_t n);

/* 1 to MN_CORE_TEXT_MAX bytes of UTF-8 without control characters. `what` names it in the error. */
mn_code mn_core_check_text(const char *what, const char *text, mn_error *err);
/* The same for a text of up to max bytes that may have several lines, and may be empty. */
mn_code mn_core_check_lines(const char *what, const char *text, size_t max, mn_error *err);

/* consent.c */
bool mn_consent_valid(const mn_consent *c, mn_purpose purpose, mn_time now);
bool mn_consents_allow(const mn_consent *c, size_t n, mn_purpose purpose, mn_time now);
/* Is there any consent of this person's that is valid now? */
mn_code mn_core_agreed_to_any(mn_core *c, const mn_id *person, mn_arena *arena, bool *yes, mn_error *err);
/* Is it on record and valid, or was it withdrawn since? */
bool mn_core_consent_said(const mn_consent *all, size_t n, const mn_consent_given *given, mn_time now);
mn_consent mn_core_consent_record(const mn_id *person, const mn_consent_given *given);
/* MN_E_CONSENT where none of these is valid for the purpose. */
mn_code mn_core_consent_needed(const mn_consent *all, size_t n, mn_purpose purpose, mn_time now,
                               mn_error *err);
/* Inside a transaction: MN_E_CONSENT where nothing valid for the purpose is there or stated. *put: what was
 * stated is not on record yet. */
mn_code mn_core_consent_decide(mn_core *c, const mn_id *person, const mn_consent_given *given,
                               mn_purpose purpose, mn_time now, mn_arena *arena, bool *put, mn_error *err);
mn_code mn_core_consent_check(const mn_consent_given *given, mn_time now, mn_error *err);

/* lists.c. name: or an id. One that the actor is not let to is not found: neither betrays anything. */
mn_code mn_core_find_list(mn_core *c, const mn_actor *who, const char *name, mn_arena *arena, mn_list *out,
                          bool *found, mn_error *err);

/* access.c, as mn_core_may */
/* The same for what concerns all lists of the account: not for who is kept to some. */
mn_code mn_core_may_all_lists(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err);
/* The same for what concerns all accounts: for the first account's people alone. */
mn_code mn_core_may_everywhere(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err);
bool mn_core_list_allowed(const mn_actor *who, const mn_id *list);
/* Is one of the lists that the actor may use a list of this person? */
mn_code mn_core_person_visible(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                               bool *yes, mn_error *err);
/* Who belongs to another account, or only to lists that the actor may not use, is not there. */
mn_code mn_core_get_person(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena, mn_person *out,
                           mn_error *err);
/* The same for changing the person: all their lists must be such that the actor may use them. */
mn_code mn_core_get_whole_person(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                                 mn_person *out, mn_error *err);

/* people.c */
mn_code mn_core_make_views(mn_core *c, const mn_actor *who, const mn_person *people, size_t n,
                           mn_arena *arena, mn_person_view **out, mn_error *err);
/* faces.c: the face of somebody whom the actor may see; whose it is is not to be known else. */
mn_code mn_core_get_face(mn_core *c, const mn_actor *who, const mn_id *face, mn_arena *arena,
                         mn_face_record *out, mn_error *err);
/* MN_E_CONSENT where the person agrees to nothing any more: nothing that shows their face is given out. */
mn_code mn_core_check_agreed(mn_core *c, const mn_id *person, mn_arena *arena, mn_error *err);
mn_code mn_core_open_sample(mn_core *c, const mn_face_record *f, mn_arena *arena, mn_buf *out, mn_error *err);

/* keys.c: what is sealed, and where it belongs */
mn_code mn_core_person_key(mn_core *c, const mn_id *person, mn_arena *arena, mn_key **out, mn_error *err);
mn_code mn_core_make_person_key(mn_core *c, const mn_id *person, mn_key **out, mn_error *err);
/* A person's key as it is before the transaction that stores what is sealed under it: the store's, or a new
 * one that is nowhere yet, so that what stays of a transaction that never was is readable to nobody. */
#define MN_CORE_WRAPPED_MAX 512
typedef struct {
    mn_id person;
    mn_key *key; /* NULL: none */
    uint8_t wrapped[MN_CORE_WRAPPED_MAX];
    size_t n;
    bool is_new; /* made here; one of the store's is never put there again: it may have been destroyed */
} mn_core_early_key;
/* Of somebody who is in the store, or whose key is made here. */
mn_code mn_core_early_key_take(mn_core *c, const mn_id *person, mn_arena *arena, mn_core_early_key *out,
                               mn_error *err);
mn_code mn_core_early_key_make(mn_core *c, const mn_id *person, mn_core_early_key *out, mn_error *err);
/* The same key once more. */
mn_code mn_core_early_key_copy(mn_core *c, const mn_core_early_key *from, mn_core_early_key *out,
                               mn_error *err);
/* Inside the transaction. *stands: it is the person's key, or new, they have none, and it is put; false where
 * it was destroyed or another one made since. */
mn_code mn_core_early_key_settle(mn_core *c, const mn_core_early_key *k, mn_arena *arena, bool *stands,
                                 mn_error *err);
void mn_core_early_key_close(mn_core_early_key *k);
mn_code mn_core_seal_sample(const mn_key *key, const mn_id *face, const mn_buf *jpeg, mn_buf *out,
                            mn_error *err);
/* The same of a whole picture. */
mn_code mn_core_seal_original(const mn_key *key, const mn_id *face, const uint8_t *bytes, size_t n,
                              mn_buf *out, mn_error *err);
mn_code mn_core_unseal_original(const mn_key *key, const mn_id *face, const mn_buf *sealed, mn_buf *out,
                                mn_error *err);
mn_code mn_core_unseal_sample(const mn_key *key, const mn_id *face, const mn_buf *sealed, mn_buf *out,
                              mn_error *err);

/* descriptors.c: "plain" is what the network made, "turned" what everything behind it works with. */
/* In the transaction that checks the pack. MN_E_PACK: the store's descriptors were turned by another
 * rotation. */
mn_code mn_core_open_rotation(mn_core *c, mn_arena *arena, mn_error *err);
mn_code mn_core_make_rotation(const mn_core *c, int dim, mn_secret_rotation **out, mn_error *err);
void mn_core_turn(const mn_core *c, const float *plain, float *out);
void mn_core_turn_back(const mn_core *c, const float *turned, float *out);
mn_code mn_core_seal_descriptor(const mn_core *c, const mn_key *key, const mn_id *face, const float *plain,
                                mn_buf *out, mn_error *err);
/* The turned one, of the model's dimensions; MN_E_CORRUPT for what was changed, moved, or is of another
 * length. */
mn_code mn_core_unseal_descriptor(const mn_core *c, const mn_key *key, const mn_descriptor_record *d,
                                  float *out, mn_error *err);
/* The same where core was opened without a model, or for another one. */
mn_code mn_core_unseal_turned(const mn_secret_rotation *rotation, int dim, const mn_key *key,
                              const mn_descriptor_record *d, float *out, mn_error *err);

/* Of any model, sealed under another key for another face, without being looked at. */
mn_code mn_core_move_descriptor(const mn_key *from, const mn_key *to, const mn_id *face,
                                const mn_descriptor_record *d, mn_buf *out, mn_error *err);

/* erase.c: removes the blobs that no record names any more. What cannot be removed stays noted for the next
 * time. */
void mn_core_empty_trash(mn_core *c);
/* One transaction around a step, which is taken back when it fails. */
typedef mn_code mn_core_step(mn_core *c, void *ctx, mn_arena *arena, mn_error *err);
mn_code mn_core_in_transaction(mn_core *c, mn_core_step *step, void *ctx, mn_arena *arena, mn_error *err);
/* The same, then the trash is emptied and the gallery follows. */
mn_code mn_core_take_out(mn_core *c, mn_core_step *step, void *ctx, mn_error *err);

/* The rest inside a transaction. Destroys faces, samples and key of a person whose record stays; no
 * certificate. */
mn_code mn_core_forget(mn_core *c, const mn_id *person, mn_arena *arena, size_t *faces, mn_error *err);
/* Destroys at once what e says, with its certificate. */
mn_code mn_core_destroy(mn_core *c, const mn_actor *who, const mn_erasure *e, mn_arena *arena, mn_error *err);
/* The same, or notes it for the end of the grace period that began when it was asked for; e->due is filled.
 */
mn_code mn_core_retire(mn_core *c, const mn_actor *who, mn_erasure *e, mn_arena *arena, mn_error *err);
/* After a new consent; MN_OK where nothing was noted. */
mn_code mn_core_undo_erasure(mn_core *c, const mn_actor *who, const mn_id *person, mn_arena *arena,
                             mn_error *err);
/* When a retired person's erasure is due; null where it is done. */
json_t *mn_core_json_due(const mn_core *c, const mn_erasure *e);

/* attributes.c: those of people whose consent ended are forgotten. */
void mn_core_attributes_expire(mn_core *c);

/* members.c: those that ended are removed, each page in a transaction of its own, with a record for each
 * list; *n grows. The arena is reset. */
mn_code mn_core_members_expire(mn_core *c, const mn_actor *who, mn_arena *arena, size_t *n, mn_error *err);

/* expire.c */
void mn_core_end_house(mn_core *c);

/* backup_remember.c. In the transaction that destroys keys: the backup folders must follow. */
mn_code mn_core_backups_due(mn_core *c, mn_error *err);
/* After it: those that can be reached follow. What cannot be done stays noted for the next time. */
void mn_core_backups_follow(mn_core *c);

/* open.c */
mn_code mn_core_open_blobs(const mn_core_options *o, mn_blobs **out, mn_error *err);

#endif
