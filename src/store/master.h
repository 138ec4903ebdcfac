/* The master keys that are there at this moment, and the steps by which a key file is exchanged. For
 * store/seal.c and store/rotate.c. */
#ifndef MN_STORE_MASTER_H
#define MN_STORE_MASTER_H

#include "store/seal.h"

#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>

#define MN_MASTER_KEY  32
#define MN_MASTER_ID   8 /* bytes */
#define MN_MASTER_RING 3 /* <path>.new, <path>, <path>.old */

typedef struct {
    uint8_t id[MN_MASTER_ID], bytes[MN_MASTER_KEY];
} mn_master_key;

typedef struct {
    size_t n;                           /* at least 1; no two are the same */
    mn_master_key keys[MN_MASTER_RING]; /* the first one wraps */
} mn_master_ring;

typedef struct {
    bool there;
    ino_t inode;
    struct timespec changed;
} mn_master_stamp;

struct mn_master {
    mn_master_source source; /* never changes, as little as the next */
    char paths[MN_MASTER_RING][PATH_MAX];

    /* Held while a key is used, for the ring may be read again. */
    pthread_mutex_t lock;
    mn_master_ring *ring;                   /* locked memory, read-only between readings */
    mn_master_stamp stamps[MN_MASTER_RING]; /* of the files as they were read */

    int held[2]; /* locks on key files while this process exchanges them; -1: none */
};

/* Each between lock and unlock of m->lock. The key that wraps; the one with that id, NULL for none. */
mn_code mn_master_newest(mn_master *m, const mn_master_key **out, mn_error *err);
mn_code mn_master_find(mn_master *m, const uint8_t id[MN_MASTER_ID], const mn_master_key **out,
                       mn_error *err);

/* master_file.c: key files. stamp may be NULL. MN_E_NOT_FOUND: no such file. */
mn_code mn_master_read_file(const char *path, bool private_only, uint8_t key[MN_MASTER_KEY], mn_error *err);
mn_code mn_master_create_file(const char *path, mn_error *err);
void mn_master_stamp_file(const char *path, mn_master_stamp *out);

/* An exchange of key files:
 *
 *   begin: <path>.new is made ─ all is wrapped anew ─ switch: <path> becomes .old, .new becomes <path>
 *   ─ what was still wrapped by the old key meanwhile is wrapped anew ─ end: .old is removed
 *
 * Interrupted anywhere, begin says where to go on. */
mn_code mn_master_exchange_begin(mn_master *m, bool *switched, bool *resumed, mn_error *err);
mn_code mn_master_exchange_switch(mn_master *m, mn_error *err);
mn_code mn_master_exchange_end(mn_master *m, mn_error *err);
void mn_master_exchange_leave(mn_master *m); /* always: gives the locks back */

#endif
