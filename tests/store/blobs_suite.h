/* What every blob store must do, whatever it stands on: one suite of tests against mn_blobs_ops, run once per
 * back end. */
#ifndef MN_TESTS_STORE_BLOBS_SUITE_H
#define MN_TESTS_STORE_BLOBS_SUITE_H

#include "store/blobs.h"

typedef struct {
    const char *name;
    mn_code (*begin)(mn_error *err);                /* a new, empty place for the next test */
    mn_code (*open)(mn_blobs **out, mn_error *err); /* what stands there */
    /* Puts something there that is no blob. */
    void (*litter)(const char *name);
} mn_blobs_backend;

int mn_blobs_suite(const mn_blobs_backend *backend); /* number of failed tests */

/* For further tests of a back end. */
void mn_blobs_assert(mn_blobs *b, const mn_id *id, const void *want, size_t n);
typedef struct {
    size_t n, stop_at;
    uint64_t bytes;
} mn_blobs_tally;
mn_code mn_blobs_count(void *ctx, const mn_id *id, uint64_t size, mn_error *err); /* ctx: an mn_blobs_tally */

#endif
