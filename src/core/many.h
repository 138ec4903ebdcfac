/* Many things in one transaction, each for itself: who is refused hinders no other. Any other failure is
 * everybody's, and nothing is done: MN_E_CANCELLED, and MN_E_BUSY behind the deadline (0: none). */
#ifndef MN_CORE_MANY_H
#define MN_CORE_MANY_H

#include "core/records.h"

/* Does the i-th and tells its id. What it refuses (a code below 500 as HTTP has it) it must not have begun.
 */
typedef mn_code mn_core_one(mn_core *c, void *ctx, size_t i, mn_id *id, mn_error *err);

typedef struct {
    mn_core_one *one;
    void *ctx;
    size_t n;
    mn_deadline deadline;
    const mn_cancel *cancel;
    mn_arena *arena;  /* of the words */
    mn_made *results; /* room for n */
} mn_core_many;

/* Runs in a transaction: for mn_core_transact and mn_core_take_away. */
mn_code mn_core_each(mn_core *c, void *many, mn_error *err);

#endif
