/* Backups: a folder that holds many, made while everything goes on, restored into an empty place on either
 * back end.
 *
 *   backup.json       says that this is a backup folder, and its id
 *   keys              people's wrapped keys and the ledger of destroyed ones: one for all backups
 *   blobs/ab/cd/<id>  sealed samples, each once
 *   <name>/           manifest.json, records (store/stream.h), samples (ids, sizes, hashes)
 *   .part-<name>/     one that was not finished, or is being removed: no backup
 *
 * No backup holds a person's key. The keys stand in one file, which is brought up to the store at every
 * backup, and at every erasure where the folder can be reached: a destroyed key is overwritten there, so that
 * no older backup opens it any more. The master key is in no backup. Folders are 0700, files 0600; one
 * process at a time works on a folder (MN_E_BUSY). */
#ifndef MN_CORE_BACKUP_H
#define MN_CORE_BACKUP_H

#include "core/core.h"

#define MN_BACKUP_NAME    40 /* "20260131T120000123Z-a3f2": sorts by time */
#define MN_BACKUP_FOLDERS 16 /* that a store remembers */

typedef struct {
    void (*progress)(void *user, const char *what, uint64_t done, uint64_t total); /* may be NULL */
    void *user;
    const mn_cancel *cancel; /* may be NULL */
} mn_backup_options;

typedef struct {
    char name[MN_BACKUP_NAME];
    mn_time made;     /* the moment whose records it holds */
    int version;      /* of the store */
    uint64_t records; /* rows of all kinds */
    uint64_t people, faces, audit;
    uint64_t samples, sample_bytes;
    uint64_t missing;  /* samples that a record names and that were nowhere */
    uint64_t copied;   /* samples that the folder did not have yet; from mn_core_backup only */
    const char *fault; /* from mn_backup_list: why it cannot be used; NULL where its manifest is whole */
} mn_backup_info;

/* Makes the folder (its parent must be there) or adds to it. Interrupted in any way, there is no new backup;
 * what was copied of the samples is not copied again. The store remembers the folder. */
mn_code mn_core_backup(mn_core *c, const mn_actor *who, const char *folder, const mn_backup_options *o,
                       mn_backup_info *out, mn_error *err);
/* Oldest first; those that are damaged too. */
mn_code mn_backup_list(const char *folder, mn_arena *arena, mn_backup_info **out, size_t *n, mn_error *err);
/* Reads every byte of a backup (NULL: the newest). MN_E_CORRUPT says what is not as it was written. */
mn_code mn_backup_verify(const char *folder, const char *name, const mn_backup_options *o,
                         mn_backup_info *out, mn_error *err);

typedef struct {
    uint64_t removed, left, samples; /* backups, backups, samples that no other backup needs */
} mn_backup_pruned;
/* Removes all but the newest `keep` (at least 1), and the samples that none of these names. */
mn_code mn_backup_prune(const char *folder, uint64_t keep, mn_backup_pruned *out, mn_error *err);

typedef struct {
    mn_backup_info backup;
    uint64_t people;  /* that are there now */
    uint64_t erased;  /* people who were erased since the backup: not restored */
    uint64_t closed;  /* people whose biometrics were: restored without them */
    uint64_t samples; /* in place */
    bool whole;       /* it had been restored there before, to the end */
} mn_restore_report;
/* name: NULL for the newest. ledger: a file as `mien audit export` prints it, whose erasures are applied too;
 * may be NULL. Verifies the backup, then fills the place that the options name (data_dir and settings), which
 * must be empty, or one in which the same restore was interrupted, or was done and nobody wrote since: then
 * it is compared and told again. Nobody can open it before it is whole. The master key must be put there by
 * whoever has it. */
mn_code mn_core_restore(const mn_core_options *where, const mn_actor *who, const char *folder,
                        const char *name, const char *ledger, const mn_backup_options *o,
                        mn_restore_report *out, mn_error *err);

/* Folders whose keys file could not be brought up to the last erasure; tried again at every erasure, opening
 * and backup. */
mn_code mn_core_backups_behind(mn_core *c, mn_arena *arena, const char ***folders, size_t *n, mn_error *err);

#endif
