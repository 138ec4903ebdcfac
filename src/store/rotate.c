/*  begin ─▶ walk until a whole walk finds nothing old ─▶ metas, audit, one transaction ─▶ switch
 *    │                                                                                     │
 *    └──── interrupted after the switch ────▶ settle ─▶ walk until nothing old ─▶ end ◀────┘
 *
 * A key is replaced only where its old bytes still stand, so that a key that was destroyed meanwhile stays
 * destroyed. */
#include "store/rotate.h"

#include "base/alloc.h"
#include "base/time.h"
#include "store/master.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BATCH       500
#define BATCH_MAX   10000
#define WRAPPED_MAX 256
#define WALKS_MAX   100 /* of one call: others that go on with the old key have not noticed the new one */
#define BUSY_TRIES  6   /* of ten seconds each */
#define ARENA       ((size_t)64 << 20)

/* One wrapped key, as it was found. */
typedef struct {
    mn_id person;
    size_t n;
    uint8_t bytes[WRAPPED_MAX];
} found_key;

typedef struct {
    mn_store *s;
    mn_master *m;
    const mn_rotate_options *o;
    found_key *batch;
    size_t n, size; /* of the batch */
    mn_buf wrapped;
    uint64_t seen, rewrapped; /* seen: in this walk */
    bool old;                 /* this walk found a key to wrap anew */
    bool resumed;
} rotation;

/* ---- one batch ---- */

static mn_code see_key(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *err)
{
    rotation *r = ctx;
    char id[MN_ID_TEXT];
    mn_id_format(person, id);
    if (n > WRAPPED_MAX)
        return mn_fail(err, MN_E_CORRUPT, "the key of the person %s has %zu bytes", id, n);
    found_key *k = &r->batch[r->n++];
    k->person = *person;
    k->n = n;
    memcpy(k->bytes, wrapped, n);
    return MN_OK;
}

static mn_code rewrap_one(rotation *r, const found_key *k, mn_error *err)
{
    bool current = false, replaced = false;
    char id[MN_ID_TEXT];
    mn_buf_clear(&r->wrapped);
    mn_code code = mn_key_rewrap(r->m, k->person.bytes, sizeof k->person.bytes, k->bytes, k->n, &current,
                                 &r->wrapped, err);
    if (code != MN_OK) {
        mn_id_format(&k->person, id);
        mn_error_prefix(err, "the person %s", id);
        return code;
    }
    if (current)
        return MN_OK;
    r->old = true;
    code = r->s->ops->key_replace(r->s, &k->person, k->bytes, k->n, r->wrapped.data, r->wrapped.len,
                                  &replaced, err);
    r->rewrapped += replaced;
    return code;
}

/* Whoever writes without a pause may keep a store to himself for longer than it waits by itself. */
static mn_code begin_patiently(rotation *r, mn_error *err)
{
    for (int tries = 1;; tries++) {
        mn_code code = r->s->ops->begin(r->s, err);
        if (code != MN_E_BUSY || tries == BUSY_TRIES || mn_cancelled(r->o->cancel))
            return code;
    }
}

/* One transaction, for a fsync per batch. */
static mn_code rewrap_batch(rotation *r, mn_error *err)
{
    uint64_t before = r->rewrapped;
    mn_code code = begin_patiently(r, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < r->n; i++)
        code = rewrap_one(r, &r->batch[i], err);
    if (code == MN_OK && r->rewrapped != before)
        return r->s->ops->commit(r->s, err);
    r->s->ops->rollback(r->s);
    return code;
}

/* ---- walks ---- */

static mn_code walk(rotation *r, mn_error *err)
{
    mn_id after = {{0}};
    r->seen = 0;
    r->old = false;
    do {
        r->n = 0;
        if (mn_cancelled(r->o->cancel))
            return mn_fail(err, MN_E_CANCELLED, "the exchange of the master key was cancelled: run it again");
        mn_code code = r->s->ops->key_each(r->s, &after, r->size, see_key, r, err);
        if (code == MN_OK && r->n > 0)
            code = rewrap_batch(r, err);
        if (code != MN_OK)
            return code;
        if (r->n > 0)
            after = r->batch[r->n - 1].person;
        r->seen += r->n;
        if (r->o->progress)
            r->o->progress(r->o->user, r->seen);
    } while (r->n == r->size);
    return MN_OK;
}

static mn_code walk_until_new(rotation *r, mn_error *err)
{
    for (int i = 0; i < WALKS_MAX; i++) {
        mn_code code = walk(r, err);
        if (code != MN_OK || !r->old)
            return code;
    }
    return mn_fail(err, MN_E_BUSY,
                   "keys are still being wrapped by the old master key: restart the other processes of mien "
                   "and run this again");
}

/* ---- what stands in meta ---- */

static mn_code rewrap_meta(rotation *r, const mn_rotate_meta *meta, mn_arena *arena, mn_error *err)
{
    const char *hex = NULL;
    uint8_t bytes[WRAPPED_MAX];
    char again[2 * WRAPPED_MAX + 1];
    size_t n = 0;
    bool current = false;
    mn_code code = r->s->ops->meta_get(r->s, meta->meta, arena, &hex, err);
    if (code != MN_OK || !hex)
        return code;
    if (sodium_hex2bin(bytes, sizeof bytes, hex, strlen(hex), NULL, &n, NULL) != 0)
        return mn_fail(err, MN_E_CORRUPT, "the key %s in the store is damaged: put its backup back",
                       meta->meta);
    mn_buf_clear(&r->wrapped);
    code = mn_key_rewrap(r->m, meta->context, strlen(meta->context), bytes, n, &current, &r->wrapped, err);
    if (code != MN_OK) {
        mn_error_prefix(err, "the key %s", meta->meta);
        return code;
    }
    if (current)
        return MN_OK;
    r->rewrapped++;
    sodium_bin2hex(again, sizeof again, r->wrapped.data, r->wrapped.len);
    return r->s->ops->meta_put(r->s, meta->meta, again, err);
}

/* Of the key that is given up; "" where there is none any more. */
static void older_id(const rotation *r, char id[MN_MASTER_ID_TEXT])
{
    pthread_mutex_lock(&r->m->lock);
    const mn_master_ring *ring = r->m->ring;
    id[0] = 0;
    if (ring->n > 1)
        sodium_bin2hex(id, MN_MASTER_ID_TEXT, ring->keys[1].id, MN_MASTER_ID);
    pthread_mutex_unlock(&r->m->lock);
}

static mn_code append_audit(rotation *r, const char *to, mn_error *err)
{
    char detail[200], from[MN_MASTER_ID_TEXT];
    older_id(r, from);
    snprintf(detail, sizeof detail, "{\"from\":\"%s\",\"to\":\"%s\",\"keys\":%llu}", from, to,
             (unsigned long long)r->seen);
    mn_audit_record record = {
        .time = mn_time_now(), .actor = r->o->actor, .action = "master.rotate", .detail = detail};
    return r->s->ops->audit_append(r->s, &record, err);
}

/* Once per key, for the note in meta is of the same transaction as the record. */
static mn_code record(rotation *r, mn_arena *arena, mn_error *err)
{
    char to[MN_MASTER_ID_TEXT];
    const char *noted = NULL;
    mn_code code = mn_master_id(r->m, to, err);
    if (code == MN_OK)
        code = r->s->ops->meta_get(r->s, "master_key", arena, &noted, err);
    if (code != MN_OK || (noted && strcmp(noted, to) == 0))
        return code;
    code = append_audit(r, to, err);
    return code == MN_OK ? r->s->ops->meta_put(r->s, "master_key", to, err) : code;
}

static mn_code settle_store(rotation *r, mn_error *err)
{
    mn_arena *arena = mn_arena_create(ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory to exchange the master key");
    mn_code code = begin_patiently(r, err);
    if (code == MN_OK) {
        for (size_t i = 0; code == MN_OK && i < r->o->n_metas; i++)
            code = rewrap_meta(r, &r->o->metas[i], arena, err);
        if (code == MN_OK)
            code = record(r, arena, err);
        if (code == MN_OK)
            code = r->s->ops->commit(r->s, err);
        else
            r->s->ops->rollback(r->s);
    }
    mn_arena_destroy(arena);
    return code;
}

/* ---- the whole ---- */

static void wait_for_others(const rotation *r)
{
    struct timespec t = {.tv_sec = r->o->settle_ms / 1000,
                         .tv_nsec = (long)(r->o->settle_ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static mn_code rewrap_all(rotation *r, mn_error *err)
{
    mn_code code = walk_until_new(r, err);
    return code == MN_OK ? settle_store(r, err) : code;
}

static mn_code exchange_files(rotation *r, mn_error *err)
{
    bool switched = false;
    mn_code code = mn_master_exchange_begin(r->m, &switched, &r->resumed, err);
    if (code == MN_OK && !switched) {
        code = rewrap_all(r, err);
        if (code == MN_OK)
            code = mn_master_exchange_switch(r->m, err);
    }
    if (code == MN_OK) {
        wait_for_others(r);
        code = rewrap_all(r, err);
    }
    return code == MN_OK ? mn_master_exchange_end(r->m, err) : code;
}

/* The keys were given: there is nothing to exchange but the wrapping. */
static mn_code use_given(rotation *r, mn_error *err)
{
    if (r->m->ring->n < 2)
        return mn_fail(err, MN_E_INVALID,
                       "there is no new master key beside the old one: give it as %s to all processes of "
                       "mien, and run this again",
                       r->m->source == MN_MASTER_ENVIRONMENT ? "MIEN_MASTER_KEY_NEW"
                                                             : "the credential mien-master-key-new");
    return rewrap_all(r, err);
}

static mn_code start(rotation *r, mn_error *err)
{
    r->size = r->o->batch ? r->o->batch : BATCH;
    if (r->size > BATCH_MAX)
        r->size = BATCH_MAX;
    r->batch = mn_calloc(r->size, sizeof *r->batch);
    if (!r->batch)
        return mn_fail(err, MN_E_MEMORY, "no memory to exchange the master key");
    return r->m->source == MN_MASTER_FILE ? exchange_files(r, err) : use_given(r, err);
}

mn_code mn_rotate_master(mn_store *s, mn_master *m, const mn_rotate_options *options, mn_rotate_report *out,
                         mn_error *err)
{
    rotation r = {.s = s, .m = m, .o = options};
    mn_rotate_report report = {.to = ""};
    mn_buf_init(&r.wrapped, WRAPPED_MAX);
    mn_code code = start(&r, err);
    if (code == MN_OK)
        code = mn_master_id(m, report.to, err);
    mn_master_exchange_leave(m);
    mn_buf_finish(&r.wrapped);
    mn_free(r.batch);
    if (code != MN_OK)
        return code;
    report.keys = r.seen;
    report.rewrapped = r.rewrapped;
    report.resumed = r.resumed;
    *out = report;
    return MN_OK;
}

/* ---- looking ---- */

typedef struct {
    const mn_master *m;
    mn_rotate_state state;
    mn_id last;
    size_t n;
} look;

static mn_code count_key(void *ctx, const mn_id *person, const uint8_t *wrapped, size_t n, mn_error *err)
{
    look *l = ctx;
    bool current = false;
    mn_code code = mn_key_is_current(l->m, wrapped, n, &current, err);
    l->state.current += current;
    l->state.older += !current;
    l->last = *person;
    l->n++;
    return code;
}

mn_code mn_rotate_look(mn_store *s, const mn_master *m, mn_rotate_state *out, mn_error *err)
{
    look l = {.m = m};
    mn_code code = mn_master_id(m, l.state.id, err);
    do {
        const mn_id after = l.last;
        l.n = 0;
        if (code == MN_OK)
            code = s->ops->key_each(s, &after, BATCH, count_key, &l, err);
    } while (code == MN_OK && l.n == BATCH);
    if (code == MN_OK)
        *out = l.state;
    return code;
}
