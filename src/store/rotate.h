/* Exchanging the master key: every wrapped key is wrapped anew; what is sealed under these keys is not
 * touched.
 *
 * Goes on while others read and write, in this process and in others. Interrupted at any point, by kill -9
 * too, nothing is lost: until the end both master keys are there and open what they wrapped. Called again, it
 * goes on where it stopped.
 *
 * Key from a file: the new key is made here, in <path>.new; at the end it is <path>, and the old one is gone.
 * Backups made before open with the old key only: keep it with them, or make a new backup and drop them.
 * From the environment or a credential: the new key is given beside the old one (store/seal.h), to all
 * processes that use the store; afterwards, they are started with the new one alone. */
#ifndef MN_STORE_ROTATE_H
#define MN_STORE_ROTATE_H

#include "base/thread.h"
#include "store/seal.h"
#include "store/store.h"

/* A key wrapped by the master key that stands in meta, in hexadecimal. */
typedef struct {
    const char *meta;    /* "deployment_key" */
    const char *context; /* what it was wrapped with */
} mn_rotate_meta;

#define MN_ROTATE_SETTLE_MS 5000

typedef struct {
    const char *actor; /* for the audit log */
    const mn_rotate_meta *metas;
    size_t n_metas;
    size_t batch; /* keys in one transaction; 0: 500 */
    /* How long a transaction of somebody else may last that wrapped by the old key just before it was
     * exchanged; 0 where nobody else has the store open. */
    int settle_ms;
    void (*progress)(void *user, uint64_t done); /* keys looked at in this walk; may be NULL */
    void *user;
    const mn_cancel *cancel; /* may be NULL: stops between two batches with MN_E_CANCELLED; may be resumed */
} mn_rotate_options;

typedef struct {
    char to[MN_MASTER_ID_TEXT]; /* the id of the master key that wraps now */
    uint64_t keys;              /* that are wrapped by it */
    uint64_t rewrapped;         /* of these, in this call */
    bool resumed;               /* an exchange that was interrupted was brought to its end */
} mn_rotate_report;

/* The context of a person's key is the person's id. Appends "master.rotate" to the audit log, once. Notes the
 * new key's id as meta "master_key". MN_E_CORRUPT: somebody's key does not open (the text names the person);
 * nothing is exchanged then. MN_E_BUSY: another process is at it. MN_E_INVALID: no new key was given. */
mn_code mn_rotate_master(mn_store *s, mn_master *m, const mn_rotate_options *options, mn_rotate_report *out,
                         mn_error *err);

typedef struct {
    char id[MN_MASTER_ID_TEXT]; /* of the master key that wraps now */
    uint64_t current, older;    /* keys of people wrapped by it, and by others */
} mn_rotate_state;

/* For `mien keys show`. */
mn_code mn_rotate_look(mn_store *s, const mn_master *m, mn_rotate_state *out, mn_error *err);

#endif
