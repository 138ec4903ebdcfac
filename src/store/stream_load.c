/* Into a store. Its meta "loading" holds "<stamp> <pages>" while it is being filled, changed in the
 * transaction that writes a page; "" or nothing afterwards. Then "loaded" holds what it was filled with:
 * whoever was cut off in the very last moment, and starts it again, is told that it is whole. */
#include "store/audit.h"
#include "store/stream.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK_MAX 256

static mn_code read_note(mn_store *s, const char *key, char out[MARK_MAX], mn_error *err)
{
    const char *mark = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look at the store");
    mn_code code = s->ops->meta_get(s, key, arena, &mark, err);
    if (code == MN_OK)
        snprintf(out, MARK_MAX, "%s", mark ? mark : "");
    mn_arena_destroy(arena);
    return code;
}

static mn_code read_mark(mn_store *s, char out[MARK_MAX], mn_error *err)
{
    return read_note(s, MN_STREAM_MARK, out, err);
}

mn_code mn_stream_unfinished(mn_store *s, mn_error *err)
{
    char mark[MARK_MAX];
    mn_code code = read_mark(s, mark, err);
    if (code != MN_OK || !*mark)
        return code;
    return mn_fail(err, MN_E_INVALID,
                   "a restore or a copy into this store was interrupted: start it again with the same "
                   "arguments, it goes on where it stopped");
}

static mn_code check_empty(mn_store *s, mn_error *err)
{
    mn_store_counts n;
    mn_code code = s->ops->counts(s, &n, err);
    if (code != MN_OK)
        return code;
    if (n.people + n.faces + n.lists + n.consents + n.audit == 0)
        return MN_OK;
    return mn_fail(err, MN_E_EXISTS,
                   "there are records already (%" PRIu64 " people, %" PRIu64
                   " audit records): nothing is overwritten, name an empty place",
                   n.people, n.audit);
}

/* *pages: that are there already. */
static mn_code find_start(mn_store *s, const char *stamp, uint64_t *pages, mn_error *err)
{
    char mark[MARK_MAX];
    size_t n = strlen(stamp);
    mn_code code = n < MN_STREAM_STAMP && !strchr(stamp, ' ')
                       ? read_mark(s, mark, err)
                       : mn_fail(err, MN_E_INTERNAL, "a stamp of %zu bytes, or with blanks", n);
    if (code != MN_OK)
        return code;
    *pages = 0;
    if (!*mark)
        return check_empty(s, err);
    if (strncmp(mark, stamp, n) != 0 || mark[n] != ' ')
        return mn_fail(err, MN_E_EXISTS,
                       "here a restore or copy of something else was interrupted, or the source was written "
                       "to since: empty this place and begin anew");
    *pages = strtoull(mark + n + 1, NULL, 10);
    return MN_OK;
}

mn_code mn_stream_resumes(mn_store *to, const char *stamp, mn_error *err)
{
    uint64_t pages;
    return find_start(to, stamp, &pages, err);
}

static mn_code put_page(mn_store *s, const mn_page *page, const char *stamp, uint64_t pages, mn_error *err)
{
    char mark[MARK_MAX];
    snprintf(mark, sizeof mark, "%s %" PRIu64, stamp, pages);
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->rows_put(s, page->kind, page->rows, page->n, err);
    if (code == MN_OK)
        code = s->ops->meta_put(s, MN_STREAM_MARK, mark, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

/* Looked at and marked in one transaction: nobody begins to use the empty store in between. */
static mn_code begin_load(mn_store *s, const char *stamp, uint64_t *there, mn_error *err)
{
    char mark[MARK_MAX];
    snprintf(mark, sizeof mark, "%s 0", stamp);
    mn_code code = s->ops->begin(s, err);
    if (code != MN_OK)
        return code;
    code = find_start(s, stamp, there, err);
    if (code == MN_OK && *there == 0)
        code = s->ops->meta_put(s, MN_STREAM_MARK, mark, err);
    if (code == MN_OK)
        return s->ops->commit(s, err);
    s->ops->rollback(s);
    return code;
}

mn_code mn_stream_load(mn_source *from, mn_store *to, const char *stamp, const mn_stream_options *o,
                       mn_error *err)
{
    uint64_t there = 0, pages = 0, rows = 0;
    mn_page page = {0};
    mn_code code = begin_load(to, stamp, &there, err);
    while (code == MN_OK) {
        code = mn_source_next(from, &page, err);
        if (code != MN_OK || !page.kind)
            break;
        if (mn_cancelled(o->cancel))
            code = mn_fail(err, MN_E_CANCELLED, "interrupted: start it again to go on");
        if (code == MN_OK && o->each)
            code = o->each(o->user, &page, err);
        if (code == MN_OK && ++pages > there)
            code = put_page(to, &page, stamp, pages, err);
        rows += page.n;
        if (code == MN_OK && o->progress)
            o->progress(o->user, rows);
    }
    return code == MN_OK ? to->ops->rows_end(to, err) : code;
}

mn_code mn_stream_finish(mn_store *to, const char *stamp, mn_error *err)
{
    mn_code code = to->ops->meta_put(to, MN_STREAM_LOADED, stamp, err);
    return code == MN_OK ? to->ops->meta_put(to, MN_STREAM_MARK, "", err) : code;
}

mn_code mn_stream_loaded(mn_store *s, char out[MN_STREAM_STAMP], mn_error *err)
{
    char mark[MARK_MAX], loaded[MARK_MAX];
    mn_code code = read_mark(s, mark, err);
    if (code == MN_OK)
        code = read_note(s, MN_STREAM_LOADED, loaded, err);
    if (code == MN_OK)
        snprintf(out, MN_STREAM_STAMP, "%.*s", MN_STREAM_STAMP - 1, *mark ? "" : loaded);
    return code;
}

mn_code mn_stream_stamp(mn_store *s, const char *what, char out[MN_STREAM_STAMP], mn_error *err)
{
    uint64_t generation = 0;
    const char *head = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to look at the store");
    mn_code code = s->ops->generation(s, &generation, err);
    if (code == MN_OK)
        code = s->ops->meta_get(s, "audit_head", arena, &head, err);
    if (code == MN_OK) {
        snprintf(out, MN_STREAM_STAMP, "%.80s:%" PRIu64 ":%.90s", what, generation, head ? head : "");
        for (char *p = out; *p; p++)
            *p = *p == ' ' ? ':' : *p;
    }
    mn_arena_destroy(arena);
    return code;
}

/* ---- copying ---- */

static mn_code measure_store(mn_store *s, const mn_stream_options *o, mn_stream_totals *out, mn_error *err)
{
    mn_source *source = NULL;
    mn_code code = mn_source_open_store(s, NULL, &source, err);
    if (code == MN_OK)
        code = mn_stream_measure(source, o, out, err);
    mn_source_close(source);
    return code;
}

/* Sends what is not there yet. */
static mn_code send(mn_store *from, mn_store *to, const char *stamp, bool whole, const mn_stream_options *o,
                    mn_stream_totals *sent, mn_error *err)
{
    const mn_stream_options silent = {.cancel = o->cancel};
    mn_source *source = NULL;
    mn_code code = MN_OK;
    if (!whole)
        code = mn_source_open_store(from, NULL, &source, err);
    if (code == MN_OK && !whole)
        code = mn_stream_load(source, to, stamp, o, err);
    mn_source_close(source);
    return code == MN_OK ? measure_store(from, &silent, sent, err) : code;
}

static mn_code check_arrival(mn_store *to, const mn_stream_totals *sent, const mn_cancel *cancel,
                             mn_audit_report *audit, mn_error *err)
{
    const mn_stream_options silent = {.cancel = cancel};
    mn_stream_totals arrived;
    mn_code code = to->ops->begin_read(to, err);
    if (code != MN_OK)
        return code;
    code = measure_store(to, &silent, &arrived, err);
    to->ops->rollback(to);
    if (code == MN_OK)
        code = mn_stream_compare(sent, &arrived, err);
    if (code == MN_OK)
        code = to->ops->check(to, err);
    return code == MN_OK ? mn_audit_verify(to, audit, err) : code;
}

static mn_code check_still_whole(mn_store *to, const mn_stream_totals *sent, const mn_cancel *cancel,
                                 mn_audit_report *audit, mn_error *err)
{
    mn_error found = {0};
    mn_code code = check_arrival(to, sent, cancel, audit, &found);
    if (code == MN_E_CORRUPT)
        return mn_fail(err, MN_E_EXISTS,
                       "this was copied here already, and is not the same any more (%s): nothing is "
                       "overwritten, name an empty place",
                       found.text);
    if (code != MN_OK && err)
        *err = found;
    return code;
}

mn_code mn_store_copy(mn_store *from, mn_store *to, void (*progress)(void *user, uint64_t rows), void *user,
                      const mn_cancel *cancel, mn_copy_report *out, mn_error *err)
{
    const mn_stream_options o = {.progress = progress, .user = user, .cancel = cancel};
    char before[MN_STREAM_STAMP], after[MN_STREAM_STAMP], there[MN_STREAM_STAMP];
    mn_stream_totals sent;
    mn_audit_report audit = {0};
    bool whole = false;
    mn_code code = mn_stream_unfinished(from, err);
    if (code == MN_OK)
        code = from->ops->begin_read(from, err);
    if (code != MN_OK)
        return code;
    code = mn_stream_stamp(from, "copy", before, err);
    if (code == MN_OK)
        code = mn_stream_loaded(to, there, err);
    if (code == MN_OK) {
        whole = strcmp(there, before) == 0;
        code = send(from, to, before, whole, &o, &sent, err);
    }
    from->ops->rollback(from);
    if (code == MN_OK)
        code = (whole ? check_still_whole : check_arrival)(to, &sent, cancel, &audit, err);
    if (code == MN_OK)
        code = mn_stream_stamp(from, "copy", after, err);
    if (code == MN_OK && !whole)
        code = mn_stream_finish(to, before, err);
    if (code == MN_OK)
        *out = (mn_copy_report){sent.rows, audit.records, strcmp(before, after) != 0};
    return code;
}
