/* What the files of backup and restore share. */
#ifndef MN_CORE_BACKUP_INTERNAL_H
#define MN_CORE_BACKUP_INTERNAL_H

#include "core/backup.h"
#include "core/internal.h"
#include "store/stream.h"

#include <limits.h>

#define MN_BACKUP_HASH 32

/* ---- backup_keys.c: the keys file ---- */

/* One person: the key as it is wrapped now, and when a key of theirs was destroyed last. */
typedef struct {
    mn_id person;           /* nil: the deployment key; 0…01: the note of the master key's id */
    uint64_t destroyed_seq; /* audit record; 0: never */
    mn_time destroyed;
    bool erased; /* the whole person */
    uint8_t len; /* 0: there is no key */
    uint8_t wrapped[86];
} mn_key_slot;

typedef struct {
    mn_key_slot *slots; /* by id */
    size_t n, room;
    uint64_t seq; /* the audit record up to which destroyed keys are in it */
    uint8_t head[32];
} mn_key_file;

void mn_key_file_finish(mn_key_file *k);
mn_code mn_key_file_read(const char *folder, mn_key_file *out, mn_error *err);
const mn_key_slot *mn_key_file_find(const mn_key_file *k, const mn_id *person);
/* Takes an audit record into the ledger, where it tells of a destroyed key. */
mn_code mn_key_file_note(mn_key_file *k, const mn_audit_record *r, mn_error *err);
void mn_key_file_sort(mn_key_file *k); /* after notes; one slot a person, the newest destruction */
/* Brings the folder's keys file up to the store: destroyed keys are overwritten where they stand, then the
 * file is written anew. */
mn_code mn_backup_update_keys(mn_store *s, const char *folder, mn_error *err);

/* ---- backup_folder.c ---- */
typedef struct {
    mn_backup_info info;
    mn_stream_totals totals;
    uint64_t record_bytes;
    uint8_t records[MN_BACKUP_HASH], samples[MN_BACKUP_HASH];
    uint8_t self[MN_BACKUP_HASH]; /* of the manifest's text */
} mn_manifest;

typedef struct {
    mn_id id;
    uint64_t size;
    uint8_t hash[MN_BACKUP_HASH];
} mn_sample;

/* *lock ends with mn_backup_close. MN_E_NOT_FOUND: this is no backup folder; made where create is true. */
mn_code mn_backup_open(const char *folder, bool create, int *lock, mn_error *err);
void mn_backup_close(int lock);
/* The folder's id, for telling it from another one mounted in its place. */
mn_code mn_backup_id(const char *folder, char id[MN_ID_TEXT], mn_error *err);
mn_code mn_backup_lock_file(const char *folder, const char *name, int wait_ms, int *lock, mn_error *err);
mn_code mn_backup_path(const char *folder, const char *name, const char *file, char out[PATH_MAX],
                       mn_error *err);
mn_code mn_backup_write_manifest(const char *folder, const char *name, mn_manifest *m, mn_error *err);
mn_code mn_backup_read_manifest(const char *folder, const char *name, mn_manifest *out, mn_error *err);
/* NULL: the newest. */
mn_code mn_backup_choose(const char *folder, const char *name, char out[MN_BACKUP_NAME], mn_error *err);
mn_code mn_backup_hash_file(const char *path, uint8_t hash[MN_BACKUP_HASH], uint64_t *bytes, mn_error *err);
void mn_backup_hash(const void *bytes, size_t n, uint8_t hash[MN_BACKUP_HASH]);
/* Of a backup; freed with mn_free. */
mn_code mn_backup_read_samples(const char *folder, const char *name, const uint8_t *hash, mn_sample **out,
                               size_t *n, mn_error *err);
mn_code mn_backup_open_pool(const char *folder, mn_blobs **out, mn_error *err);
mn_code mn_backup_sync_folder(const char *path, mn_error *err);
void mn_backup_remove_parts(const char *folder); /* what was not finished */

/* ---- backup_remember.c: the store's list of its folders ---- */
#define MN_BACKUP_META  "backups"
#define MN_RESTORE_META "restore_step" /* how far a restore came */
mn_code mn_core_backups_remember(mn_core *c, const char *folder, mn_error *err);

#endif
