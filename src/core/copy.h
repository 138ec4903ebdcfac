/* The store as a whole: brought to this version, and copied to another back end. */
#ifndef MN_CORE_COPY_H
#define MN_CORE_COPY_H

#include "core/core.h"
#include "store/stream.h"

typedef struct {
    int was, newest; /* versions */
} mn_migration;
/* dry: only looks. MN_E_NOT_FOUND where there is no store, MN_E_CORRUPT for one of a newer mien. Each
 * migration is whole or not done. */
mn_code mn_core_migrate(const mn_core_options *where, bool dry, mn_migration *out, mn_error *err);

/* Everything of the records to `to`: the address of a PostgreSQL database, or a data directory (made when
 * missing) for SQLite. Samples and master key stay where they are. Goes on where it was interrupted, and
 * finds it whole where it was done, as long as nobody wrote to the source since. It is on record in the
 * source, and so in the copy, before it begins.
 */
mn_code mn_core_copy_store(mn_core *c, const mn_actor *who, const char *to,
                           void (*progress)(void *user, uint64_t rows), void *user, const mn_cancel *cancel,
                           mn_copy_report *out, mn_error *err);

#endif
