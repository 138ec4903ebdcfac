/* The domain: people, consent, lists, enrolment, identification. Knows no pixels' origin, no SQL and no HTTP.
 *
 * Consent is enforced here and nowhere else: a descriptor is stored only for a person with a valid consent
 * for the purpose of the list; a search runs only against lists of its own purpose; a person whose consent
 * ended is in no answer from that moment. Every look at a person leaves an audit record, written before the
 * answer is given. Every operation asks whether its actor has the right to it (core/rights.h), and whether
 * the lists and people that it touches are among those the actor is kept to. Thread-safe. */
#ifndef MN_CORE_CORE_H
#define MN_CORE_CORE_H

#include "base/arena.h"
#include "base/settings.h"
#include "base/thread.h"
#include "core/rights.h"
#include "face/pipeline.h"
#include "store/audit.h"
#include "store/rotate.h"
#include "store/store.h"

typedef struct mn_core mn_core;

/* Puts off the moment from which a result may be told. A look at somebody is on the audit record, on the
 * disk, before anybody is told what was seen. Without a holder the call waits for the disk. With one it may
 * come back sooner, having called hold; the result is then told after the release that belongs to it, or not
 * at all where `why` says why there is no record. */
typedef struct mn_holder mn_holder;
struct mn_holder {
    mn_arena *arena; /* lives until the last release, with what the actor points to */
    void (*hold)(mn_holder *h);
    void (*release)(mn_holder *h, const mn_error *why); /* once for each hold, on any thread; why: NULL */
};

/* Who acts. Without rights nothing may be done (MN_E_FORBIDDEN); the command line has all of them. What is
 * pointed to is the caller's, for as long as the call. */
typedef struct {
    mn_id account;    /* everything outside of it does not exist to this actor; nil: the first account */
    const char *name; /* for the audit log: "cli:alice" */
    mn_rights rights;
    /* Kept to some lists: only these, and the people in them, are there. lists may be NULL then (none). */
    bool limited;
    const mn_id *lists;
    size_t n_lists;
    mn_id user, token;   /* somebody with a session, or a token; both nil: the command line, or mien itself */
    const char *request; /* by which request over HTTP, for the audit log; NULL: by none */
    mn_holder *holder;   /* NULL: none */
} mn_actor;

/* MN_E_FORBIDDEN where the actor has no such right. Every operation asks by itself. */
mn_code mn_core_may(const mn_actor *who, mn_resource r, mn_verb verb, mn_error *err);

/* How the gallery is opened. */
typedef struct {
    bool fresh; /* a snapshot is not believed; everybody is read from the store */
    void (*progress)(void *user, uint64_t people); /* read from the store so far; may be NULL */
    void *user;
    const mn_cancel *cancel; /* may be NULL: opening then fails with MN_E_CANCELLED */
} mn_core_gallery_options;

typedef struct {
    const char *data_dir; /* made when missing and create is true: mien.db, master.key, blobs/ */
    bool create;
    /* Where records, samples and master key are instead: store.url, blobs.… and key.source. NULL: all in
     * data_dir. Read while opening only. */
    const mn_settings *settings;
    unsigned search_threads;
    double
        fmr; /* default threshold of one search: false-positive identification rate, and of one comparison */
    mn_core_gallery_options gallery;
    /* What went wrong and was got over, in one line; may be NULL. Called from any thread. */
    void (*warn)(void *user, const char *text);
    void *warn_user;
    /* Where the data were made with another pack, the change to this one begins: see core/reextract.h. */
    bool begin_change;
} mn_core_options;

/* pipeline: gives the pack and the descriptor model; a data directory made with another pack is refused
 * (MN_E_PACK). While a change of model is under way both open; the one that is not current searches among
 * those who have its descriptors, and enrols nobody. */
mn_code mn_core_open(const mn_core_options *options, mn_pipeline *pipeline, mn_core **out, mn_error *err);
/* The same without any network: for the gallery itself, not for what is done with pictures. The pack must
 * outlive the core. */
mn_code mn_core_open_pack(const mn_core_options *options, const mn_pack *pack, mn_core **out, mn_error *err);
/* The same for reading and erasing without any model: descriptors are neither made nor searched. */
mn_code mn_core_open_records(const mn_core_options *options, mn_core **out, mn_error *err);
void mn_core_close(mn_core *c);
/* The pack that the records were made with: "" where there are none yet. Needs no key. */
mn_code mn_core_pack_of(const mn_core_options *options, char *name, size_t size, mn_error *err);

/* ---- 1:1 ---- */
typedef struct {
    bool same;
    double similarity, fmr, raw, threshold_fmr, threshold_raw;
    bool threshold_measured; /* false: the rate asked for is below what was measured; the strictest measured
                                score was used */
    mn_metric metric;
} mn_verdict;
/* Pure: no store, no audit (nobody enrolled is looked at). */
mn_verdict mn_decide_verify(const mn_model_info *model, const mn_descriptor *a, const mn_descriptor *b,
                            double fmr);

/* ---- enrolment ---- */
typedef struct {
    mn_purpose purpose;
    const char *method, *evidence;
    mn_time given, until;
    bool of_all; /* stated for many people at once: it takes back nothing of who withdrew */
} mn_consent_given;

typedef struct {
    const char *external_id,
        *name;        /* found by external_id where given, else by exact name within the list, else new */
    const char *list; /* made when missing, with the consent's purpose */
    const mn_consent_given *consent; /* NULL: the person must have one already, else MN_E_CONSENT */
} mn_enrol_person;

typedef struct {
    const char *source;   /* shown to people */
    const uint8_t *bytes; /* of the picture file, for resume; may be NULL */
    size_t n;
    const mn_face *face; /* with descriptor, quality and sample made */
    float min_quality;   /* overall; below: MN_E_QUALITY */
} mn_enrol_face;

typedef enum { MN_ENROLLED, MN_ENROLLED_ALREADY } mn_enrol_outcome;
typedef struct {
    mn_enrol_outcome outcome;
    mn_id person, face;
    bool person_is_new;
    bool duplicate; /* somebody else enrolled looks the same at the default rate */
    mn_id duplicate_person;
    const char *duplicate_name;
    double duplicate_similarity;
} mn_enrolment;

mn_code mn_core_enrol(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                      const mn_enrol_face *face, mn_arena *arena, mn_enrolment *out, mn_error *err);
/* Of many people, in one transaction for each `batch` of them. */
#define MN_ENROL_BATCH_MAX     4096
#define MN_ENROL_BATCH_DEFAULT 512 /* the setting enrol.batch's */
typedef struct {
    mn_enrol_person person;
    mn_enrol_face face; /* without a sample, nothing is written but records */
} mn_enrol_record;
typedef struct {
    size_t batch;        /* 1 to MN_ENROL_BATCH_MAX; 0: the setting's */
    bool all_or_nothing; /* one transaction for all (at most MN_ENROL_BATCH_MAX): one refusal refuses all */
    bool look_for_duplicates; /* a search for each, among those who were there before; not in its own batch */
} mn_enrol_options;
typedef struct {
    mn_code code;    /* why this one was refused; MN_OK: it is enrolled */
    const char *why; /* in words, in the arena; NULL where it is enrolled */
    mn_enrolment done;
} mn_enrol_result;

/* The rules of mn_core_enrol for each record, as if they came one after the other. A refused record has its
 * reason in results[i] and hinders no other. Any other failure (disk, server, memory) ends it: *done is how
 * many records from the first one on have been dealt with for good, with their results; the rest is not
 * enrolled. With all_or_nothing, a refusal is the error, which then names the record (the first is 1).
 * results: room for n. Costs one durable commit a batch, whose records are written together. */
mn_code mn_core_enrol_many(mn_core *c, const mn_actor *who, const mn_enrol_record *records, size_t n,
                           const mn_enrol_options *options, mn_arena *arena, mn_enrol_result *results,
                           size_t *done, mn_error *err);
/* Was this very picture enrolled for this person before? For resume, before the picture is worked on. */
mn_code mn_core_enrolled_before(mn_core *c, const mn_actor *who, const mn_enrol_person *person,
                                const uint8_t *bytes, size_t n, bool *yes, mn_error *err);

/* ---- 1:N ---- */
/* Of the people in the lists only these; all of what it says must hold. */
typedef struct {
    mn_choice active;                /* MN_ANY: not asked. Who is not active is found by no search */
    const char *const *external_ids; /* one of these, each named once; none: not asked */
    size_t n_external_ids;
    mn_time created_from, created_to; /* the person's record, from then on, and before */
    const char *custom;               /* a JSON object: these values of custom fields; NULL: not asked */
    size_t most;                      /* people that may pass: MN_E_LIMIT */
} mn_people_filter;

typedef struct {
    const mn_descriptor *probe;
    const char *const *lists; /* names or ids; none: all lists of the purpose */
    size_t n_lists;
    mn_purpose purpose;
    double fmr; /* chance that a search by a stranger gives anybody; 0: the list's, else the default */
    size_t k;
    const mn_people_filter *only; /* NULL: everybody in the lists */
    mn_deadline deadline;         /* of the search: MN_E_TIMEOUT; 0: none */
    const mn_cancel *cancel;      /* MN_E_CANCELLED; may be NULL */
} mn_identify;

typedef struct {
    mn_id person, face;
    const char *name, *external_id, *list;
    mn_id list_id;
    double raw;        /* as in 1:1 */
    double score;      /* by which matches are ordered and judged: raw, or normalised (gallery/cohort.h) */
    double similarity; /* of the score */
    double fmr;        /* of the score, corrected for the number of people searched */
} mn_match;

typedef struct {
    mn_match *matches; /* best first; none: nobody */
    size_t n;
    size_t searched;  /* people, of whom `only` is left */
    bool normalised;  /* were scores weighed against those with the other people searched? */
    bool prefiltered; /* were sketches compared first, as there are many people? */
    double
        missed; /* then the share of mates at cosine 0.6 that this is expected to pass over, by computation */
    double threshold_fmr;
    double threshold_score; /* scores reach it */
    bool threshold_measured;
    const mn_calibration *calibration; /* of the scores */
} mn_identification;

mn_code mn_core_identify(mn_core *c, const mn_actor *who, const mn_identify *what, mn_arena *arena,
                         mn_identification *out, mn_error *err);
/* The faces of a picture: n probes (what->probe is not looked at), an answer and an audit record each, all in
 * one transaction. */
mn_code mn_core_identify_each(mn_core *c, const mn_actor *who, const mn_identify *what,
                              const mn_descriptor *const *probes, size_t n, mn_arena *arena,
                              mn_identification *out, mn_error *err);

/* ---- people ---- */
typedef struct {
    mn_person person;
    mn_consent *consents;
    size_t n_consents;
    mn_list *lists;
    size_t n_lists;
    mn_face_record *faces;
    size_t n_faces;
    mn_time erasure_due; /* MN_TIME_NEVER: none is under way */
} mn_person_view;

mn_code mn_core_people(mn_core *c, const mn_actor *who, const char *list, const char *name_like,
                       const mn_id *after, size_t limit, mn_arena *arena, mn_person_view **out, size_t *n,
                       mn_error *err);
/* ref: an id, an external id, or an exact name that only one person has (MN_E_CONFLICT-like MN_E_EXISTS where
 * several). */
mn_code mn_core_person(mn_core *c, const mn_actor *who, const char *ref, mn_arena *arena, mn_person_view *out,
                       mn_error *err);
/* The stored sample of a face (JPEG), appended to out. MN_E_NOT_FOUND where none was stored, MN_E_CONSENT
 * where the person has no valid consent any more. */
mn_code mn_core_sample(mn_core *c, const mn_actor *who, const mn_id *face, mn_buf *out, mn_error *err);
/* Takes the person out of every answer at once, and destroys their key, descriptors, samples, consents and
 * memberships: at once, or when the grace period has passed (the setting consent.grace_hours). Until then the
 * erasure can be undone by enrolling with a new consent. What stays is the certificate in the audit log: id,
 * when it was asked for, when it was done, counts, and the id of the destroyed key. */
mn_code mn_core_erase(mn_core *c, const mn_actor *who, const mn_id *person, mn_error *err);
mn_code mn_core_erase_now(mn_core *c, const mn_actor *who, const mn_id *person, mn_error *err);
/* When what is stored of this person will be destroyed; MN_TIME_NEVER: nothing is under way, or there is no
 * such person for the actor. Needs people.view. */
mn_code mn_core_erasure_due(mn_core *c, const mn_actor *who, const mn_id *person, mn_time *due,
                            mn_error *err);
/* Out of every search for this purpose at once. Where no valid consent is left, descriptors, samples and key
 * are destroyed too, when the grace period has passed; the person's record and the consents stay as proof.
 * MN_E_NOT_FOUND: there is no consent to withdraw. */
mn_code mn_core_consent_withdraw(mn_core *c, const mn_actor *who, const mn_id *person, mn_purpose purpose,
                                 mn_error *err);
/* The same for everybody whose consents have all run out, and all erasures that are due; and memberships that
 * are over are removed, which nothing has shown since they ended. mn_core_open does it too. out may be NULL.
 */
typedef struct {
    size_t people;      /* whose biometrics were destroyed */
    size_t memberships; /* that were removed */
} mn_expired;
mn_code mn_core_expire(mn_core *c, const mn_actor *who, mn_expired *out, mn_error *err);
/* What opening this core dealt with. */
mn_expired mn_core_expired_at_opening(const mn_core *c);
/* A thread that does so at once and then every so many seconds until the core is closed, and removes sessions
 * that ended, for a program that runs for long. failed (may be NULL) is called there with what hindered it;
 * it tries again the next time. Once a core. */
#define MN_CORE_HOUSE_SECONDS_MAX 86400
mn_code mn_core_keep_house(mn_core *c, unsigned seconds, void (*failed)(void *user, const mn_error *err),
                           void *user, mn_error *err);
/* Do the records answer? One small read. */
mn_code mn_core_alive(mn_core *c, mn_error *err);
/* Of all accounts. */
mn_code mn_core_counts(mn_core *c, mn_store_counts *out, mn_error *err);

/* ---- the gallery ---- */
typedef struct {
    uint64_t rows, people, lists, chunks, sketched; /* sketched: chunks with sketches */
    double
        missed_max; /* share of mates at cosine 0.6 that a search may pass over for them; 0: none uses them */
    uint64_t tombstones;        /* rows of removed people, not compacted yet */
    uint64_t bytes, cold_bytes; /* in memory, all in all; in files besides */
    int dim;
    uint64_t generation; /* of the store, up to which it has followed */
    uint64_t changes;    /* people changed since the snapshot, as far as this process knows */
    uint64_t unreadable; /* people of whom something does not open, as far as it was noticed */
    bool from_snapshot;  /* was it opened from one? */
    bool snapshot;       /* is there one now? */
    uint64_t snapshot_bytes, snapshot_faces, snapshot_generation;
    mn_time snapshot_written;
} mn_core_gallery_state;
mn_code mn_core_gallery_look(mn_core *c, mn_core_gallery_state *out, mn_error *err);
/* Of how many people something does not open, as far as it was noticed: it is in no search, see core/check.h.
 */
size_t mn_core_unreadable_count(mn_core *c);
/* Writes the snapshot now. It is also written once as many people have changed as the setting
 * gallery.snapshot says: in the background, or when the core is closed. cancel may be NULL. */
mn_code mn_core_gallery_save(mn_core *c, const mn_cancel *cancel, mn_error *err);

/* ---- the audit log ---- */
/* Of all accounts. */
mn_code mn_core_audit_verify(mn_core *c, mn_audit_report *out, mn_error *err);
/* The same for a server, in pages so that others get to the store meanwhile, and on record. For the first
 * account's people with audit.view. MN_E_CORRUPT where the log is not as it was written; MN_E_TIMEOUT and
 * MN_E_CANCELLED after the deadline, and by cancel (may be NULL). */
mn_code mn_core_audit_prove(mn_core *c, const mn_actor *who, mn_deadline deadline, const mn_cancel *cancel,
                            mn_audit_report *out, mn_error *err);
/* A page of records: q's account is not looked at, for the first account's people see all and others their
 * own account's. On record with what was asked for, once for the first page. Needs audit.view. */
mn_code mn_core_audit_find(mn_core *c, const mn_actor *who, const mn_audit_query *q, mn_arena *arena,
                           mn_audit_record **out, size_t *n, mn_error *err);
/* The same for taking it out, oldest first: begin is once and on record, then page after page. Needs
 * audit.export. */
mn_code mn_core_audit_export_begin(mn_core *c, const mn_actor *who, mn_time from, mn_time to, mn_error *err);
mn_code mn_core_audit_export_page(mn_core *c, const mn_actor *who, const mn_audit_query *q, mn_arena *arena,
                                  mn_audit_record **out, size_t *n, mn_error *err);
/* Records from `from` on and before `to`, oldest first, of all accounts for the first one and else of the
 * actor's own; a non-zero answer of fn stops, and is returned. That
 * they were asked for is itself on record before the first one is given. *n: how many were given. */
mn_code mn_core_audit_export(mn_core *c, const mn_actor *who, mn_time from, mn_time to,
                             mn_code (*fn)(void *ctx, const mn_audit_record *r, mn_error *err), void *ctx,
                             uint64_t *n, mn_error *err);

/* ---- the master key ---- */
mn_code mn_core_look_at_keys(mn_core *c, mn_rotate_state *out, mn_error *err);
/* See mn_rotate_master: may be interrupted and called again. progress (may be NULL) gets the keys looked at
 * so far; cancel may be NULL. */
mn_code mn_core_rotate_keys(mn_core *c, const mn_actor *who, void (*progress)(void *user, uint64_t done),
                            void *user, const mn_cancel *cancel, mn_rotate_report *out, mn_error *err);

#endif
