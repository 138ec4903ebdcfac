/* Records that must survive: one struct of operations, one implementation per back end, one conformance
 * suite.
 *
 * The store knows no policy: what may be written is core's business. Records are plain values; texts and
 * arrays in a result belong to the arena given. Everything biometric arrives here sealed (store/seal.h). A
 * write that returned MN_OK (or the commit that closed its transaction) survives kill -9 and power loss. One
 * mn_store may be used by many threads; calls are serialised inside. Writes outside begin/commit are
 * transactions of their own.
 *
 * Every record belongs to an account. The account with the nil id is there from the first migration on. */
#ifndef MN_STORE_STORE_H
#define MN_STORE_STORE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "store/kinds.h"
#include "store/store_access.h"
#include "store/store_people.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    mn_list list;
    mn_time added, until; /* until: added + the list's retention, or MN_TIME_NEVER */
} mn_membership;

typedef struct {
    mn_id face;
    const char *model; /* descriptor model and precision: "mobilefacenet-128" */
    int dim;
    const uint8_t *sealed;
    size_t sealed_len;
} mn_descriptor_record;

typedef struct {
    uint64_t seq;
    mn_time time;
    mn_id account;
    const char *actor, *action, *target; /* "cli:root", "person.erase", a person's id */
    const char *detail;                  /* JSON object without biometric data */
    uint8_t prev[32], hash[32];          /* hash = BLAKE2b-256 over prev and all fields, see audit.h */
} mn_audit_record;

typedef struct {
    const mn_id *account;                /* NULL: all, as with the next three */
    const char *actor, *action, *target; /* exactly */
    bool beginning;                      /* all actions that begin with `action` */
    mn_time from, to;                    /* from then on, and before */
    bool newest;                         /* first; else the oldest */
    uint64_t after;                      /* the page goes on behind this seq; 0: from the first */
    size_t limit;
} mn_audit_query;

typedef struct {
    mn_id account;
    const mn_id *list; /* members at `now` only; NULL: all */
    mn_time now;
    const char *name_like; /* part of the name or external id, letters A-Z of either case; NULL: all */
    const char *name;      /* exactly this name; NULL: all */
    mn_id after;           /* exclusive, for paging by id; nil: from the first */
    size_t limit;          /* at least 1 */
} mn_person_query;

typedef struct {
    mn_id person;
    const uint8_t *wrapped;
    size_t n;
} mn_key_record;

typedef struct {
    mn_id list, person;
    mn_time added;
} mn_member_record;

/* Records of several kinds, written together. Those that a record belongs to come with it or are there
 * already. */
typedef struct {
    const mn_person *people;
    const mn_key_record *keys;
    const mn_consent *consents;
    const mn_member_record *members;
    const mn_face_record *faces;
    const mn_descriptor_record *descriptors;
    mn_audit_record *audit; /* as with audit_append: seq, prev and hash are filled */
    size_t n_people, n_keys, n_consents, n_members, n_faces, n_descriptors, n_audit;
} mn_records;

typedef struct {
    uint64_t people, faces, descriptors, lists, consents, audit;
} mn_store_counts;

/* Whose something is: of a person the account, of a face the person. */
typedef enum { MN_OWNED_PEOPLE, MN_OWNED_FACES } mn_owned_kind;
typedef struct {
    mn_id id, owner;
} mn_owned;

/* What a gallery needs to know of a person, see dossiers. */
typedef struct {
    mn_id person, list;
    mn_purpose purpose;
    mn_time until;
} mn_dossier_list;
typedef struct {
    mn_id person;
    mn_descriptor_record descriptor;
} mn_dossier_face;
typedef struct {
    mn_id person;
    bool active;
    const uint8_t *key; /* wrapped; NULL: there is none */
    size_t key_len;
    const mn_consent *consents; /* without method and evidence */
    const mn_dossier_list *lists;
    const mn_dossier_face *faces; /* those with a descriptor of the model */
    size_t n_consents, n_lists, n_faces;
} mn_dossier;

/* The key in meta under which copies of biometric data outside of the store are sealed, such as a gallery's
 * snapshot. Whatever takes a face, a person's key or a person out of the store takes it out as well, in the
 * same transaction: what was sealed under it cannot be opened from then on, wherever the copies are. */
#define MN_STORE_SNAPSHOT_META "snapshot_key"

/* What is going to be destroyed of a person, and when. One a person; it goes with the person. */
typedef enum {
    MN_ERASURE_WITHDRAWN, /* the last consent was withdrawn */
    MN_ERASURE_EXPIRED,   /* the last consent ran out */
    MN_ERASURE_ASKED      /* somebody erased the person */
} mn_erasure_why;
typedef struct {
    mn_id person;
    mn_time asked, due;
    mn_erasure_why why;
    bool whole; /* the person's record as well; else faces, samples and key */
} mn_erasure;

typedef struct {
    mn_code (*put)(mn_store *s, const mn_erasure *e, mn_error *err); /* in the place of an earlier one */
    mn_code (*get)(mn_store *s, const mn_id *person, mn_arena *a, mn_erasure *out, mn_error *err);
    mn_code (*drop)(mn_store *s, const mn_id *person, mn_error *err); /* MN_OK where there is none */
    /* At most `limit` of those whose time has come by `now`, oldest first. */
    mn_code (*due)(mn_store *s, mn_time now, size_t limit, mn_arena *a, mn_erasure **out, size_t *n,
                   mn_error *err);
    /* At most `limit` people behind `after`, in the order of their ids, who have a key, a consent that ran
     * out by `now`, none that is valid then, and no erasure yet. */
    mn_code (*without_consent)(mn_store *s, mn_time now, const mn_id *after, size_t limit, mn_arena *a,
                               mn_id **out, size_t *n, mn_error *err);
} mn_erasure_ops;

/* The whole picture that a face was enrolled from, sealed, in a blob. It goes with the face, and its blob to
 * the trash. */
typedef struct {
    mn_id face, blob;
    const char *format; /* "image/jpeg" */
    int64_t bytes;      /* unsealed */
} mn_original;

typedef enum { MN_FACES_OLDEST, MN_FACES_NEWEST, MN_FACES_WORST, MN_FACES_BEST } mn_face_order;
typedef struct {
    mn_id account;
    const mn_id *list, *person; /* NULL: all */
    const mn_id *lists;         /* of members of any of these n_lists; NULL: all */
    size_t n_lists;
    mn_time now;                     /* who is a member then */
    double min_quality, max_quality; /* both count as in */
    mn_time from, to;                /* created from then on, and before */
    mn_face_order order;
    const mn_id *after; /* the page goes on behind this face; NULL: from the first */
    mn_time after_created;
    double after_quality; /* as it was read */
    size_t limit;
} mn_face_query;
typedef struct {
    mn_face_record face;
    bool original;
} mn_face_found;

typedef struct {
    mn_code (*page)(mn_store *s, const mn_face_query *q, mn_arena *a, mn_face_found **out, size_t *n,
                    mn_error *err);
    mn_code (*original_put)(mn_store *s, const mn_original *o, mn_error *err);
    mn_code (*original_get)(mn_store *s, const mn_id *face, mn_arena *a, mn_original *out, mn_error *err);
    mn_code (*original_delete)(mn_store *s, const mn_id *face, mn_error *err);
} mn_face_ops;

typedef struct {
    const char *name;
    const mn_erasure_ops *erasure;
    const mn_people_ops *people; /* looking through people, members and consents; kept answers */
    const mn_face_ops *face;     /* looking through faces, and their originals */
    const mn_access_ops *access; /* accounts, users, roles, tokens, sessions */
    void (*close)(mn_store *s);
    mn_code (*begin)(mn_store *s,
                     mn_error *err); /* nests not; holds the store for this thread until commit or rollback */
    /* The same for reading one moment's view, which hinders no writer elsewhere; ends with rollback. */
    mn_code (*begin_read)(mn_store *s, mn_error *err);
    mn_code (*commit)(mn_store *s, mn_error *err);
    void (*rollback)(mn_store *s);

    /* The change log, by which a copy in memory follows the store, whoever writes. A person is named in it
     * once, with the number of the newest change to anything of theirs (record, consent, membership, face,
     * descriptor, deletion); numbers become visible in rising order. Reading the generation first and the
     * people after it misses nothing. */
    mn_code (*generation)(mn_store *s, uint64_t *out, mn_error *err);
    /* The next `limit` people changed after `since`, oldest change first; *reached is what to ask from next
     * time. */
    mn_code (*changes)(mn_store *s, uint64_t since, size_t limit, mn_arena *a, mn_id **people, size_t *n,
                       uint64_t *reached, mn_error *err);
    /* People with a consent or a membership that ends after `from` and not after `to`. */
    mn_code (*ended)(mn_store *s, mn_time from, mn_time to, mn_arena *a, mn_id **people, size_t *n,
                     mn_error *err);

    mn_code (*meta_get)(mn_store *s, const char *key, mn_arena *a, const char **value,
                        mn_error *err); /* NULL: unset */
    mn_code (*meta_put)(mn_store *s, const char *key, const char *value, mn_error *err);

    mn_code (*person_put)(mn_store *s, const mn_person *p, mn_error *err); /* insert, or update by id */
    mn_code (*person_get)(mn_store *s, const mn_id *id, mn_arena *a, mn_person *out, mn_error *err);
    mn_code (*person_by_external_id)(mn_store *s, const mn_id *account, const char *external_id, mn_arena *a,
                                     mn_person *out, mn_error *err);
    mn_code (*person_list)(mn_store *s, const mn_person_query *q, mn_arena *a, mn_person **out, size_t *n,
                           mn_error *err);
    /* With faces, descriptors, consents, memberships, key and kept answers; samples and evidence go to the
     * trash. When the
     * transaction has ended, the deleted bytes are in no file of the back end any more (unless another
     * process is reading just then: the next write makes up for it). */
    mn_code (*person_delete)(mn_store *s, const mn_id *id, mn_error *err);

    mn_code (*key_put)(mn_store *s, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *err);
    mn_code (*key_get)(mn_store *s, const mn_id *person, mn_arena *a, const uint8_t **wrapped, size_t *n,
                       mn_error *err);
    /* What was sealed under the key cannot be opened any more. As with person_delete, no file keeps its
     * bytes. */
    mn_code (*key_delete)(mn_store *s, const mn_id *person, mn_error *err); /* MN_OK where there is none */
    /* Wrapped keys in the order of their people's ids: at most `limit`, of people after `after` (nil: from
     * the first). The bytes last for the call. A non-zero answer stops, and is returned. fn may read the
     * store and must not write to it. */
    mn_code (*key_each)(mn_store *s, const mn_id *after, size_t limit,
                        mn_code (*fn)(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n,
                                      mn_error *err),
                        void *ctx, mn_error *err);
    /* Puts `wrapped` where `old` stands, and only there: *replaced is false for a key that was destroyed or
     * changed since it was read. As with person_delete, no file keeps the old bytes. */
    mn_code (*key_replace)(mn_store *s, const mn_id *person, const uint8_t *old, size_t old_len,
                           const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err);

    mn_code (*consent_put)(mn_store *s, const mn_consent *c, mn_error *err);
    mn_code (*consent_list)(mn_store *s, const mn_id *person, mn_arena *a, mn_consent **out, size_t *n,
                            mn_error *err);

    /* With another retention, the ends of its memberships are other ones; those that ended by l->updated stay
     * ended. */
    mn_code (*list_put)(mn_store *s, const mn_list *l, mn_error *err);
    mn_code (*list_get)(mn_store *s, const mn_id *id, mn_arena *a, mn_list *out, mn_error *err);
    mn_code (*list_by_name)(mn_store *s, const mn_id *account, const char *name, mn_arena *a, mn_list *out,
                            mn_error *err);
    mn_code (*list_list)(mn_store *s, const mn_id *account, mn_arena *a, mn_list **out, size_t *n,
                         mn_error *err);
    mn_code (*member_put)(mn_store *s, const mn_id *list, const mn_id *person, mn_time added, mn_error *err);
    /* One that holds at `now`; 0: also one that ended. */
    mn_code (*member_delete)(mn_store *s, const mn_id *list, const mn_id *person, mn_time now, mn_error *err);
    /* Those that hold at `now`. */
    mn_code (*lists_of)(mn_store *s, const mn_id *person, mn_time now, mn_arena *a, mn_membership **out,
                        size_t *n, mn_error *err);

    mn_code (*face_put)(mn_store *s, const mn_face_record *f,
                        mn_error *err); /* MN_E_EXISTS: that picture is there */
    mn_code (*face_get)(mn_store *s, const mn_id *id, mn_arena *a, mn_face_record *out, mn_error *err);
    mn_code (*face_delete)(mn_store *s, const mn_id *id, mn_error *err); /* its sample goes to the trash */
    mn_code (*faces_of)(mn_store *s, const mn_id *person, mn_arena *a, mn_face_record **out, size_t *n,
                        mn_error *err);
    mn_code (*face_by_source)(mn_store *s, const mn_id *person, const char *source_hash, mn_arena *a,
                              mn_face_record *out, mn_error *err);
    mn_code (*descriptor_put)(mn_store *s, const mn_descriptor_record *d, mn_error *err);
    mn_code (*descriptor_get)(mn_store *s, const mn_id *face, const char *model, mn_arena *a,
                              mn_descriptor_record *out, mn_error *err);
    /* The same, whose it is, and the key that it is sealed under, in one read: for a search. key->n is 0
     * where there is none. */
    mn_code (*descriptor_with_key)(mn_store *s, const mn_id *face, const char *model, mn_arena *a,
                                   mn_descriptor_record *out, mn_key_record *key, mn_error *err);
    mn_code (*descriptor_delete)(mn_store *s, const mn_id *face, const char *model,
                                 mn_error *err); /* MN_OK where there is none */
    /* The next `limit` faces after `after` (nil: from the first), in the order of their ids, that have a
     * descriptor of the model `with` and none of the model `without`; NULL: that is not asked. */
    mn_code (*faces_page)(mn_store *s, const char *with, const char *without, const mn_id *after,
                          size_t limit, mn_arena *a, mn_face_record **out, size_t *n, mn_error *err);
    /* All descriptors of a model, person by person, in id order. The record's memory lasts for the call. A
     * non-zero answer stops, and is returned. fn may read the store and must not write to it. */
    mn_code (*descriptor_each)(mn_store *s, const char *model,
                               mn_code (*fn)(void *ctx, const mn_id *person, const mn_descriptor_record *d,
                                             mn_error *err),
                               void *ctx, mn_error *err);

    /* The next `limit` people after `after` (nil: from the first) in the order of their ids, each with all
     * that a gallery needs, in a handful of statements. Inside begin_read all of it is of one moment. */
    mn_code (*dossiers)(mn_store *s, const char *model, const mn_id *after, size_t limit, mn_arena *a,
                        mn_dossier **out, size_t *n, mn_error *err);

    /* Blobs that no record names any more, and that are still to be removed. */
    mn_code (*trash_list)(mn_store *s, size_t limit, mn_arena *a, mn_id **blobs, size_t *n, mn_error *err);
    mn_code (*trash_drop)(mn_store *s, const mn_id *blob, mn_error *err); /* it is removed now */

    mn_code (*audit_append)(mn_store *s, mn_audit_record *r, mn_error *err); /* fills seq, prev, hash */
    /* In their order. */
    mn_code (*audit_append_many)(mn_store *s, mn_audit_record *r, size_t n, mn_error *err);
    mn_code (*audit_find)(mn_store *s, const mn_audit_query *q, mn_arena *a, mn_audit_record **out, size_t *n,
                          mn_error *err);
    mn_code (*audit_each)(mn_store *s, uint64_t from_seq,
                          mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err), void *ctx,
                          mn_error *err);

    /* The same as putting each of these records, at a fraction of the cost, and whole or not at all: after a
     * failure nothing of it is there, and a transaction of the caller's goes on. A record may be named once
     * in a call. */
    mn_code (*put_many)(mn_store *s, const mn_records *r, mn_error *err);
    /* The people with one of these n external ids; with a list, its members at `now` with one of these names,
     * of one name at least two where there are more. No text stands there twice. In no order that is
     * promised. */
    mn_code (*people_find)(mn_store *s, const mn_id *account, const mn_id *list, mn_time now,
                           const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                           mn_error *err);
    /* Those of n people or faces that are there, of whatever account. In no order that is promised. */
    mn_code (*owners)(mn_store *s, mn_owned_kind kind, const mn_id *ids, size_t n, mn_arena *a,
                      mn_owned **out, size_t *n_out, mn_error *err);
    /* Records as rows, for backups and copies (store/stream.h); nothing else writes this way. At most
     * MN_KIND_ROWS rows of a kind behind `after` (the values of its key columns; NULL: from the first), in
     * the order of their keys: *rows has n times n_columns values. */
    mn_code (*rows)(mn_store *s, const mn_kind *k, const mn_value *after, mn_arena *a, mn_value **rows,
                    size_t *n, mn_error *err);
    /* As they are: no change is noted, nothing is hashed. A row whose key is there is changed, or left as it
     * is where the kind is append-only. At most MN_KIND_ROWS. A failure ends the transaction. */
    mn_code (*rows_put)(mn_store *s, const mn_kind *k, const mn_value *rows, size_t n, mn_error *err);
    /* After the last rows_put: what counts by itself goes on behind the rows. */
    mn_code (*rows_end)(mn_store *s, mn_error *err);
    mn_code (*version)(mn_store *s, int *out, mn_error *err); /* migrations that ran */

    mn_code (*counts)(mn_store *s, mn_store_counts *out, mn_error *err);
    mn_code (*check)(mn_store *s, mn_error *err); /* integrity of the back end's own structures */
} mn_store_ops;

struct mn_store {
    const mn_store_ops *ops;
};

/* Creates (mode 0600) or opens <path>, migrates forward. MN_E_CORRUPT for what is no store or from a newer
 * version. */
mn_code mn_store_open_sqlite(const char *path, mn_store **out, mn_error *err);

/* A PostgreSQL database, by its address ("postgresql://user@host/database") or libpq's "keyword=value" form;
 * an empty one gets its tables, an older one is migrated forward. Several processes may share it: writers
 * take turns, a writer waits for ten seconds at most (MN_E_BUSY). Lost connections are made anew; MN_E_IO
 * says whether a write is certainly not stored or whether that is unknown. Deleted rows stay in the server's
 * files until it vacuums and recycles its log, see docs/guide/postgresql.md. */
mn_code mn_store_open_postgres(const char *conninfo, mn_store **out, mn_error *err);

/* By the setting store.url: <data_dir>/mien.db where it is NULL or empty, a PostgreSQL database where it
 * begins with postgresql:// or postgres://, else MN_E_INVALID. timeout_ms: what PostgreSQL may take for a
 * statement; two seconds later it is given up (MN_E_IO); 0: MN_STORE_TIMEOUT_MS. */
#define MN_STORE_TIMEOUT_MS 60000
typedef struct {
    const char *data_dir, *url;
    int timeout_ms;
} mn_store_where;
mn_code mn_store_open(const char *data_dir, const char *url, mn_store **out, mn_error *err);

/* What opening does with a store of an older version, or an empty one. */
typedef enum {
    MN_STORE_MIGRATE, /* to the newest version, as mn_store_open does */
    MN_STORE_REFUSE,  /* MN_E_INVALID for an older one that has records; an empty one gets its tables */
    MN_STORE_LOOK, /* nothing; only `version` and `meta_get` may be called. MN_E_NOT_FOUND for an empty one */
    MN_STORE_UP_TO, /* an empty one to `version`; what is there stays as it is. For loading rows */
} mn_store_how;
mn_code mn_store_open_as(const mn_store_where *where, mn_store_how how, int version, mn_store **out,
                         mn_error *err);
int mn_store_newest_version(void);       /* of both back ends: their migrations have the same numbers */
bool mn_store_is_local(const char *url); /* NULL or empty: in the data directory */

#endif
