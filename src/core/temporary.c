#include "core/temporary.h"

#include "base/alloc.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS 1000000000 /* between two looks for what is over */

/* One block: this, then all that it points to. */
typedef struct {
    mn_temporary is;
    size_t size;
    bool claimed;
} entry;

struct mn_temporary_table {
    size_t per_account, bytes_max;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    /* Under the lock. */
    entry **entries; /* in the order of their ids */
    size_t n, room, bytes;
    bool sweeping, closed;
    pthread_t sweeper;
};

mn_code mn_temporary_create(size_t per_account, size_t bytes, mn_temporary_table **out, mn_error *err)
{
    pthread_condattr_t monotonic;
    mn_temporary_table *t = mn_calloc(1, sizeof *t);
    if (!t)
        return mn_fail(err, MN_E_MEMORY, "no memory for temporary faces");
    t->per_account = per_account;
    t->bytes_max = bytes;
    pthread_mutex_init(&t->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    *out = t;
    return MN_OK;
}

/* ---- entries, with the lock held ---- */

static void destroy(mn_temporary_table *t, entry *e)
{
    t->bytes -= e->size;
    sodium_memzero(e, e->size);
    mn_free(e);
}

static void remove_at(mn_temporary_table *t, size_t i)
{
    destroy(t, t->entries[i]);
    memmove(&t->entries[i], &t->entries[i + 1], (--t->n - i) * sizeof(*t->entries));
}

static void remove_over(mn_temporary_table *t)
{
    size_t kept = 0;
    mn_time now = mn_time_now();
    for (size_t i = 0; i < t->n; i++)
        if (t->entries[i]->is.until > now)
            t->entries[kept++] = t->entries[i];
        else
            destroy(t, t->entries[i]);
    t->n = kept;
}

/* The first that is not below the id. */
static size_t find_place(const mn_temporary_table *t, const mn_id *id)
{
    size_t low = 0, high = t->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mn_id_compare(&t->entries[middle]->is.id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of(const entry *e, mn_temporary_kind kind, const mn_id *account)
{
    return e->is.kind == kind && mn_id_compare(&e->is.account, account) == 0;
}

/* Its place, or n. */
static size_t find(const mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account, const mn_id *id)
{
    size_t i = find_place(t, id);
    bool there = i < t->n && mn_id_compare(&t->entries[i]->is.id, id) == 0 &&
                 is_of(t->entries[i], kind, account) && !t->entries[i]->claimed &&
                 t->entries[i]->is.until > mn_time_now();
    return there ? i : t->n;
}

/* ---- the end of their time ---- */

static void *sweep(void *p)
{
    mn_temporary_table *t = p;
    pthread_mutex_lock(&t->lock);
    while (!t->closed) {
        struct timespec until;
        while (t->n == 0 && !t->closed)
            pthread_cond_wait(&t->wake, &t->lock);
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOOK_NS / 1000000000;
        if (!t->closed)
            pthread_cond_timedwait(&t->wake, &t->lock, &until);
        remove_over(t);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static mn_code start_sweeper(mn_temporary_table *t, mn_error *err)
{
    if (t->sweeping)
        return MN_OK;
    int rc = pthread_create(&t->sweeper, NULL, sweep, t);
    if (rc != 0)
        return mn_fail_errno(err, rc, "no thread that forgets temporary faces");
    t->sweeping = true;
    return MN_OK;
}

void mn_temporary_destroy(mn_temporary_table *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->closed = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->lock);
    if (t->sweeping)
        pthread_join(t->sweeper, NULL);
    while (t->n > 0)
        destroy(t, t->entries[--t->n]);
    mn_free(t->entries);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    mn_free(t);
}

/* ---- copies ---- */

static size_t vector_bytes(const mn_temporary *e)
{
    return (size_t)e->descriptor.dim * sizeof(float);
}

static size_t size_of(const mn_temporary *e)
{
    return sizeof(entry) + vector_bytes(e) + e->n_duplicates * sizeof *e->duplicates + e->sample.n +
           e->picture.n + (e->source ? strlen(e->source) + 1 : 0);
}

static const void *take(uint8_t **at, const void *bytes, size_t n)
{
    void *copy = *at;
    if (!bytes)
        return NULL;
    memcpy(copy, bytes, n);
    *at += n;
    return copy;
}

/* Into a block of size_of bytes. What needs alignment comes first. */
static void copy_into(entry *e, const mn_temporary *from, size_t size)
{
    uint8_t *at = (uint8_t *)(e + 1);
    *e = (entry){*from, size, false};
    e->is.duplicates = take(&at, from->duplicates, from->n_duplicates * sizeof *from->duplicates);
    e->is.descriptor.v = take(&at, from->descriptor.v, vector_bytes(from));
    e->is.sample.bytes = take(&at, from->sample.bytes, from->sample.n);
    e->is.picture.bytes = take(&at, from->picture.bytes, from->picture.n);
    e->is.source = take(&at, from->source, from->source ? strlen(from->source) + 1 : 0);
}

/* ---- putting ---- */

static mn_code check_room(mn_temporary_table *t, const mn_temporary *e, size_t size, mn_error *err)
{
    size_t same = 0;
    remove_over(t);
    for (size_t i = 0; i < t->n; i++)
        same += mn_id_compare(&t->entries[i]->is.account, &e->account) == 0;
    if (same >= t->per_account)
        return mn_fail(err, MN_E_BUSY,
                       "%zu temporary faces are kept already: delete some, keep them for a shorter time, or "
                       "raise attribute.max",
                       same);
    if (size > t->bytes_max || t->bytes > t->bytes_max - size)
        return mn_fail(err, MN_E_BUSY,
                       "temporary faces take %zu bytes already: try again later, or raise attribute.memory",
                       t->bytes);
    if (t->n < t->room)
        return MN_OK;
    size_t room = t->room ? 2 * t->room : 64;
    entry **more = mn_realloc(t->entries, room * sizeof(*more));
    if (!more)
        return mn_fail(err, MN_E_MEMORY, "no memory for a temporary face");
    t->entries = more;
    t->room = room;
    return MN_OK;
}

mn_code mn_temporary_put(mn_temporary_table *t, mn_temporary *what, mn_error *err)
{
    size_t size = size_of(what);
    entry *e = mn_alloc(size);
    if (!e)
        return mn_fail(err, MN_E_MEMORY, "no memory for a temporary face");
    pthread_mutex_lock(&t->lock);
    mn_code code = check_room(t, what, size, err);
    if (code == MN_OK)
        code = start_sweeper(t, err);
    if (code == MN_OK) {
        what->id = mn_id_make(); /* here, so that ids rise in the table */
        what->created = mn_time_now();
        copy_into(e, what, size);
        t->entries[t->n++] = e;
        t->bytes += size;
        pthread_cond_signal(&t->wake);
    }
    pthread_mutex_unlock(&t->lock);
    if (code != MN_OK)
        mn_free(e);
    return code;
}

/* ---- asking ---- */

static void wipe_copy(void *p)
{
    entry *e = p;
    sodium_memzero(e, e->size);
}

mn_code mn_temporary_missing(mn_temporary_kind kind, mn_error *err)
{
    return mn_fail(err, MN_E_NOT_FOUND,
                   kind == MN_TEMPORARY_ATTRIBUTE
                       ? "there is no such attribute (any more): extract the picture again"
                       : "there is no such decision (any more): enrol the face again");
}

mn_code mn_temporary_get(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account, const mn_id *id,
                         mn_arena *arena, mn_temporary *out, mn_error *err)
{
    entry *copy = NULL;
    mn_code code = MN_OK;
    pthread_mutex_lock(&t->lock);
    size_t i = find(t, kind, account, id);
    if (i == t->n)
        code = mn_temporary_missing(kind, err);
    if (code == MN_OK) {
        const entry *e = t->entries[i];
        copy = mn_arena_alloc(arena, e->size);
        if (copy)
            copy_into(copy, &e->is, e->size);
    }
    pthread_mutex_unlock(&t->lock);
    if (code != MN_OK)
        return code;
    if (copy && mn_arena_on_end(arena, wipe_copy, copy) != 0) {
        sodium_memzero(copy, copy->size);
        copy = NULL;
    }
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for a temporary face");
    *out = copy->is;
    return MN_OK;
}

static int in_order(const mn_temporary_query *q, const mn_temporary *a, const mn_temporary *b)
{
    const mn_temporary *x = q->descending ? b : a, *y = q->descending ? a : b;
    if (q->order == MN_TEMPORARY_UNTIL && x->until != y->until)
        return x->until < y->until ? -1 : 1;
    if (q->order == MN_TEMPORARY_QUALITY && x->quality != y->quality)
        return x->quality < y->quality ? -1 : 1;
    return mn_id_compare(&x->id, &y->id);
}

static int by_query(const void *a, const void *b, void *query)
{
    const entry *const *x = a, *const *y = b;
    return in_order(query, &(*x)->is, &(*y)->is);
}

/* What is told of one in a list. */
static mn_temporary outline(const entry *e)
{
    mn_temporary out = e->is;
    out.descriptor.v = NULL;
    out.sample.bytes = out.picture.bytes = NULL;
    out.source = NULL;
    out.duplicates = NULL;
    out.n_duplicates = 0;
    return out;
}

static bool is_wanted(const mn_temporary_query *q, const mn_temporary *e, mn_time now)
{
    return e->until > now && (!q->person || mn_id_compare(&e->person, q->person) == 0) &&
           e->quality >= q->min_quality && (!q->after || in_order(q, e, q->after) > 0);
}

mn_code mn_temporary_list(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                          const mn_temporary_query *q, mn_arena *arena, mn_temporary **out, size_t *n,
                          mn_error *err)
{
    size_t count = 0;
    mn_time now = mn_time_now();
    mn_temporary *page = mn_arena_calloc(arena, q->limit + 1, sizeof *page);
    pthread_mutex_lock(&t->lock);
    entry **found = page ? mn_arena_alloc(arena, (t->n + 1) * sizeof(*found)) : NULL;
    for (size_t i = 0; found && i < t->n; i++)
        if (is_of(t->entries[i], kind, account) && is_wanted(q, &t->entries[i]->is, now))
            found[count++] = t->entries[i];
    if (count > 1)
        qsort_r(found, count, sizeof(*found), by_query, (void *)q);
    count = count < q->limit ? count : q->limit;
    for (size_t i = 0; i < count; i++)
        page[i] = outline(found[i]);
    pthread_mutex_unlock(&t->lock);
    if (!found)
        return mn_fail(err, MN_E_MEMORY, "no memory for a page of temporary faces");
    *out = page;
    *n = count;
    return MN_OK;
}

mn_code mn_temporary_drop(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                          const mn_id *id, mn_error *err)
{
    pthread_mutex_lock(&t->lock);
    size_t i = find(t, kind, account, id);
    bool there = i < t->n;
    if (there)
        remove_at(t, i);
    pthread_mutex_unlock(&t->lock);
    return there ? MN_OK : mn_fail(err, MN_E_NOT_FOUND, "it is gone already");
}

mn_code mn_temporary_claim(mn_temporary_table *t, mn_temporary_kind kind, const mn_id *account,
                           const mn_id *id, mn_error *err)
{
    pthread_mutex_lock(&t->lock);
    size_t i = find(t, kind, account, id);
    bool there = i < t->n;
    if (there)
        t->entries[i]->claimed = true;
    pthread_mutex_unlock(&t->lock);
    return there ? MN_OK : mn_fail(err, MN_E_NOT_FOUND, "it is gone already");
}

void mn_temporary_release(mn_temporary_table *t, const mn_id *id, bool done)
{
    pthread_mutex_lock(&t->lock);
    size_t i = find_place(t, id);
    if (i < t->n && mn_id_compare(&t->entries[i]->is.id, id) == 0) {
        t->entries[i]->claimed = false;
        if (done)
            remove_at(t, i);
    }
    pthread_mutex_unlock(&t->lock);
}

void mn_temporary_forget(mn_temporary_table *t, const mn_id *person, mn_time until)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    for (size_t i = t->n; i-- > 0;)
        if (mn_id_compare(&t->entries[i]->is.person, person) == 0 && t->entries[i]->is.created <= until)
            remove_at(t, i);
    pthread_mutex_unlock(&t->lock);
}

static bool is_among(const mn_id *ids, size_t n, const mn_id *id)
{
    for (size_t i = 0; i < n; i++)
        if (mn_id_compare(&ids[i], id) == 0)
            return true;
    return false;
}

size_t mn_temporary_people(mn_temporary_table *t, mn_id *after, mn_id *out, size_t max)
{
    size_t n = 0;
    pthread_mutex_lock(&t->lock);
    size_t i = find_place(t, after);
    i += i < t->n && mn_id_compare(&t->entries[i]->is.id, after) == 0;
    for (; i < t->n && n < max; i++) {
        const mn_temporary *e = &t->entries[i]->is;
        if (!mn_id_is_nil(&e->person) && !is_among(out, n, &e->person))
            out[n++] = e->person;
        *after = e->id;
    }
    pthread_mutex_unlock(&t->lock);
    return n;
}
