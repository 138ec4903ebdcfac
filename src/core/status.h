/* How much there is of everything, for those who run the program. No names. */
#ifndef MN_CORE_STATUS_H
#define MN_CORE_STATUS_H

#include "core/core.h"

/* Accounts with limits that are looked at, by name; the rest is not. */
#define MN_STATUS_ACCOUNTS 100

typedef struct {
    mn_id account;
    int64_t people, faces;         /* there are */
    int64_t people_max, faces_max; /* 0: no limit */
    mn_time expires;               /* MN_TIME_NEVER */
} mn_account_status;

typedef struct {
    mn_store_counts counts;
    bool has_gallery; /* false: opened for the records only */
    mn_core_gallery_state gallery;
    mn_account_status accounts[MN_STATUS_ACCOUNTS];
    size_t n_accounts;
} mn_core_status;

/* May this actor see it? The right license.view, in the first account: it concerns all accounts. */
mn_code mn_core_status_may(const mn_actor *who, mn_error *err);
/* Of all accounts: who asks is not checked here. Counts whole tables: for once a minute, not for each
 * request. Thread-safe. */
mn_code mn_core_status_read(mn_core *c, mn_core_status *out, mn_error *err);

#endif
