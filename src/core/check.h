/* The records as a whole: are they what was written, and does everything open?
 *
 * The back end's own structures; the audit log's chain from its first record on; the key of every person, and
 * every descriptor under it, of every model that has a part; a blob for every sample, picture and file that a
 * record names, and no others. People go on being enrolled and erased meanwhile. Costs reading all records
 * once, and a list of all blobs; 40 bytes of memory for each blob. */
#ifndef MN_CORE_CHECK_H
#define MN_CORE_CHECK_H

#include "core/core.h"

typedef enum {
    MN_DAMAGE_KEY,        /* of a person: nothing of theirs opens. item: nil */
    MN_DAMAGE_DESCRIPTOR, /* item: its face */
    MN_DAMAGE_BLOB,       /* one that a record names is nowhere. item: the blob */
    MN_DAMAGE_ORPHAN      /* a blob that no record names: waste, but no damage. item: the blob; person: nil */
} mn_damage_kind;

typedef struct {
    mn_damage_kind kind;
    mn_id person, item;
    const char *why;
} mn_damage;

typedef struct {
    void (*found)(void *user, const mn_damage *d); /* may be NULL, as may be the next */
    void (*progress)(void *user, const char *what, uint64_t done, uint64_t all);
    void *user;              /* what: static */
    const mn_cancel *cancel; /* may be NULL */
} mn_check_options;

typedef struct {
    uint64_t audit, keys, descriptors, blobs; /* looked at */
    uint64_t damaged, orphans;                /* found */
} mn_check_report;

/* MN_E_CORRUPT: something is damaged; where single records are, *out is filled all the same. options and out
 * may be NULL. */
mn_code mn_core_check(mn_core *c, const mn_check_options *options, mn_check_report *out, mn_error *err);

#endif
