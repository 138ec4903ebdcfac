/* What every store must do, whatever it stands on: one suite of tests against mn_store_ops, run once per back
 * end. */
#ifndef MN_TESTS_STORE_CONFORMANCE_H
#define MN_TESTS_STORE_CONFORMANCE_H

#include "store/store.h"

typedef struct {
    const char *name;
    /* Opens the store that stands at `where` (an empty folder at first, the same one again for a reopening).
     */
    mn_code (*open)(const char *where, mn_store **out, mn_error *err);
} mn_store_backend;

int mn_store_conformance(const mn_store_backend *backend); /* number of failed tests */
int mn_store_conformance_many(const mn_store_backend *backend);
/* Opens an empty store with the tables of an earlier version, or what is there, up to the newest version. */
typedef mn_code mn_store_open_version(const char *where, int version, mn_store **out, mn_error *err);
int mn_store_conformance_migrations(mn_store_open_version *open);
int mn_store_conformance_access(const mn_store_backend *backend);

#endif
