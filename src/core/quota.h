/* The limits of an account, inside a writing transaction: what is left, counted down by what is going to be
 * written there. Accounts without limits are not counted. */
#ifndef MN_CORE_QUOTA_H
#define MN_CORE_QUOTA_H

#include "core/internal.h"

typedef struct mn_quota {
    mn_id account;
    int64_t people, faces; /* left; -1: no limit */
    int64_t people_max, faces_max;
    struct mn_quota *next;
} mn_quota;

/* *all: NULL at the beginning of the transaction, the arena's. MN_E_QUOTA takes nothing. */
mn_code mn_quota_take(mn_core *c, mn_quota **all, const mn_id *account, int64_t people, int64_t faces,
                      mn_arena *arena, mn_error *err);
/* What was taken is not going to be written after all. */
void mn_quota_give_back(mn_quota *all, const mn_id *account, int64_t people, int64_t faces);

#endif
