/* A stream of records: out of a store or a file, into a store or a file. Backup, restore and copying between
 * back ends are this one mechanism.
 *
 * A source gives pages of rows, kind by kind (store/kinds.h), always the same pages for the same records; so
 * a number of pages says how far an interrupted load came. Digests are over the rows in order, and the same
 * whatever back end they stand in. Not thread-safe; memory is a page at a time.
 *
 * The file: the 16 bytes "mien.records.1\n\0", then frames of type (1 byte), length (u32), payload, and 16
 * bytes of BLAKE2b over the frame and the sum of the frame before it. 'K' describes a kind (name, keys,
 * append_only, columns), 'P' holds rows of the kind before it, 'E' ends the file with the number of rows.
 * Integers are little-endian. */
#ifndef MN_STORE_STREAM_H
#define MN_STORE_STREAM_H

#include "base/buf.h"
#include "base/thread.h"
#include "store/store.h"

#define MN_STREAM_DIGEST 32
/* The notes in meta of a store that is being filled, and of what it was filled with. They stand in no stream,
 * and neither does the key of gallery snapshots (MN_STORE_SNAPSHOT_META): it must be in one store only, to be
 * destroyed there. */
#define MN_STREAM_MARK   "loading"
#define MN_STREAM_LOADED "loaded"

typedef struct {
    const mn_kind *kind; /* NULL: the end */
    const mn_value *rows;
    size_t n;
} mn_page;

typedef struct {
    size_t n;
    uint64_t rows; /* of all kinds */
    struct {
        char name[MN_KIND_NAME];
        uint64_t rows;
        uint8_t digest[MN_STREAM_DIGEST];
    } kinds[MN_KINDS_MAX];
} mn_stream_totals;

typedef struct mn_source mn_source;

/* What a walk over a store leaves out, and its kinds where these are not those of this version; all may be
 * NULL. */
typedef struct {
    const char *kind;
    const char *const *metas; /* keys, ended by NULL */
    const mn_kind *const *kinds;
    size_t n_kinds;
} mn_stream_without;
/* The store must be in begin_read all the while, so that all pages are of one moment. */
mn_code mn_source_open_store(mn_store *s, const mn_stream_without *without, mn_source **out, mn_error *err);
/* MN_E_CORRUPT, here and later, for anything that is not as it was written. */
mn_code mn_source_open_file(const char *path, mn_source **out, mn_error *err);
void mn_source_close(mn_source *s);
/* The kinds that a file turned out to hold, as far as it was read; they last as long as the source. */
size_t mn_source_file_kinds(const mn_source *s, const mn_kind *out[MN_KINDS_MAX]);
mn_code mn_source_next(mn_source *s, mn_page *out, mn_error *err); /* valid until the next call */

typedef struct {
    mn_code (*each)(void *user, const mn_page *page, mn_error *err); /* sees every page; may be NULL */
    void (*progress)(void *user, uint64_t rows);                     /* so far; may be NULL */
    void *user;
    const mn_cancel *cancel; /* MN_E_CANCELLED between two pages; may be NULL */
} mn_stream_options;

/* Into a new file, mode 0600, fsynced; removed on failure. */
mn_code mn_stream_write(mn_source *from, const char *path, const mn_stream_options *o, mn_stream_totals *out,
                        mn_error *err);
/* Reads to the end. */
mn_code mn_stream_measure(mn_source *from, const mn_stream_options *o, mn_stream_totals *out, mn_error *err);

#define MN_STREAM_STAMP 200 /* bytes, the zero byte too; no blanks */
/* `what` (up to 80 bytes) with what every write that matters changes: the number of the newest change, and
 * the head of the audit log. */
mn_code mn_stream_stamp(mn_store *s, const char *what, char out[MN_STREAM_STAMP], mn_error *err);

/* Into an empty store, or one in which a load with the same `stamp` was interrupted, which goes on.
 * MN_E_EXISTS: there is something else. The store is marked as being filled until mn_stream_finish; whoever
 * opens it meanwhile must refuse it (mn_stream_unfinished). */
mn_code mn_stream_load(mn_source *from, mn_store *to, const char *stamp, const mn_stream_options *o,
                       mn_error *err);
/* Would such a load begin or go on? MN_OK, or as above. */
mn_code mn_stream_resumes(mn_store *to, const char *stamp, mn_error *err);
/* `stamp` stays in it as what it was filled with (mn_stream_loaded). */
mn_code mn_stream_finish(mn_store *to, const char *stamp, mn_error *err);
/* What a load that was finished here left; "" where there was none, or one is under way. */
mn_code mn_stream_loaded(mn_store *s, char out[MN_STREAM_STAMP], mn_error *err);
/* MN_E_INVALID: a load into this store was interrupted. */
mn_code mn_stream_unfinished(mn_store *s, mn_error *err);
/* MN_E_CORRUPT names the kind of which the two do not hold the same. */
mn_code mn_stream_compare(const mn_stream_totals *a, const mn_stream_totals *b, mn_error *err);

typedef struct {
    uint64_t rows, audit;
    bool moved_on; /* somebody wrote to the source since: that is not in the copy */
} mn_copy_report;
/* Everything of one store into another, of any back end: keys, seals and the audit log's chain as they are.
 * Resumes where a call with the same source, not written to since, was interrupted; where one was finished
 * and the copy not used since, this one finds it whole. Verifies what arrived, the chain too. */
mn_code mn_store_copy(mn_store *from, mn_store *to, void (*progress)(void *user, uint64_t rows), void *user,
                      const mn_cancel *cancel, mn_copy_report *out, mn_error *err);

/* ---- for the files of the stream ---- */
mn_code mn_stream_encode(const mn_page *page, mn_buf *out, mn_error *err);
typedef struct mn_meter mn_meter; /* counts and digests what passes */
mn_meter *mn_meter_create(void);
void mn_meter_destroy(mn_meter *m);
mn_code mn_meter_add(mn_meter *m, const mn_page *page, const mn_buf *encoded, mn_error *err);
void mn_meter_read(const mn_meter *m, mn_stream_totals *out);

typedef struct {
    void (*close)(mn_source *s);
    mn_code (*next)(mn_source *s, mn_page *out, mn_error *err);
} mn_source_ops;
struct mn_source {
    const mn_source_ops *ops;
};

#endif
