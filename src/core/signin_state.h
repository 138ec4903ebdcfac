/* The state behind signing in, for the files that keep it. */
#ifndef MN_CORE_SIGNIN_STATE_H
#define MN_CORE_SIGNIN_STATE_H

#include "core/signin.h"

#include <stdatomic.h>

#define MN_THROTTLE_SLOTS 8192 /* a power of two; four beside each other are looked at */
#define MN_IDENTITY_SLOTS 16384
#define MN_IDENTITIES_MAX 65536 /* in memory; past it all are forgotten */

typedef struct {
    uint64_t key; /* 0: free */
    uint32_t failures;
    int64_t last_ns, until_ns; /* monotonic */
} mn_throttle;

struct mn_identity {
    atomic_uint refs;
    mn_identity *next; /* in its slot */
    uint8_t hash[MN_SECRET_HASH];
    mn_actor actor;
    mn_grant grant;
    mn_identity_info info;
    atomic_llong seen, written; /* last use, and what the store knows of it */
};

struct mn_signin {
    pthread_mutex_t policy_lock; /* guards the next one */
    mn_signin_policy policy;

    pthread_mutex_t work_lock; /* guards the next four */
    pthread_cond_t work_done;
    unsigned at_work, waiting;
    char nobody[MN_PASSWORD_HASH]; /* "": not made yet. Under work_lock */

    pthread_mutex_t throttle_lock;
    mn_throttle throttles[MN_THROTTLE_SLOTS];

    pthread_mutex_t cache_lock; /* guards the rest */
    mn_identity *slots[MN_IDENTITY_SLOTS];
    size_t n;
    uint64_t generation; /* of the store, that what is here was read at */
    int64_t asked_ns;    /* monotonic: when the store was last asked for it */
};

#endif
