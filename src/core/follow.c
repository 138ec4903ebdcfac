/* The gallery follows the store.
 *
 * The change log names who changed since we last looked, whichever thread or process wrote it; their faces in
 * the gallery are exchanged for what the store has now. Consents and memberships end without anybody writing:
 * the gallery knows the second of each person's last one; of who goes on being in other lists the store is
 * asked who ended since we last looked. */
#include "core/internal.h"

#include <string.h>

#define PAGE 512 /* people brought up to date at a time */

typedef struct {
    mn_gallery_entry *entries;
    size_t n;
} batch;

/* The id before this one: a page of one that begins after it is this person's, if there is one. */
static mn_id before(mn_id id)
{
    for (size_t i = sizeof id.bytes; i-- > 0;)
        if (id.bytes[i]-- > 0)
            break;
    return id;
}

/* Those of them who are in the store. */
static mn_code read_people(mn_core *c, const mn_id *ids, size_t n, mn_arena *arena, mn_dossier *out,
                           size_t *n_out, mn_error *err)
{
    mn_code code = MN_OK;
    *n_out = 0;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        mn_dossier *one = NULL;
        size_t found = 0;
        mn_id after = before(ids[i]);
        code = c->store->ops->dossiers(c->store, c->model_name, &after, 1, arena, &one, &found, err);
        if (code == MN_OK && found > 0 && mn_id_compare(&one->person, &ids[i]) == 0)
            out[(*n_out)++] = *one;
    }
    return code;
}

static mn_code bring_up_to_date(mn_core *c, const mn_id *ids, size_t n, mn_arena *arena, mn_error *err)
{
    batch b = {0};
    size_t n_people = 0;
    mn_dossier *people = mn_arena_calloc(arena, n + 1, sizeof *people);
    if (!people)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    /* One moment's view, so that a person's faces, consents and key belong together. */
    mn_code code = c->store->ops->begin_read(c->store, err);
    if (code != MN_OK)
        return code;
    code = read_people(c, ids, n, arena, people, &n_people, err);
    c->store->ops->rollback(c->store);
    if (code == MN_OK) {
        mn_core_unreadable_forget(c, ids, n);
        code = mn_core_load_people(c, people, n_people, arena, &b.entries, &b.n, err);
    }
    if (code == MN_OK)
        code = mn_gallery_exchange(c->gallery, ids, n, b.entries, b.n, err);
    mn_core_wipe(c, b.entries, b.n);
    if (code == MN_OK)
        mn_core_snapshot_changed(c, n, arena);
    return code;
}

static mn_code follow_changes(mn_core *c, mn_arena *arena, mn_error *err)
{
    uint64_t newest = 0;
    mn_code code = c->store->ops->generation(c->store, &newest, err);
    if (code == MN_OK && c->seen < newest)
        code = mn_core_check_served(c, arena, err);
    while (code == MN_OK && c->seen < newest) {
        mn_id *people = NULL;
        size_t n = 0;
        uint64_t reached = c->seen;
        code = c->store->ops->changes(c->store, c->seen, PAGE, arena, &people, &n, &reached, err);
        if (code == MN_OK)
            code = bring_up_to_date(c, people, n, arena, err);
        if (code == MN_OK)
            c->seen = n > 0 ? reached : newest;
        mn_arena_reset(arena);
    }
    return code;
}

static mn_code follow_ends(mn_core *c, mn_arena *arena, mn_error *err)
{
    mn_id *people = NULL;
    size_t n = 0;
    mn_time now = mn_time_now();
    if (now <= c->looked)
        return MN_OK;
    mn_code code = c->store->ops->ended(c->store, c->looked, now, arena, &people, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i += PAGE)
        code = bring_up_to_date(c, people + i, n - i < PAGE ? n - i : PAGE, arena, err);
    if (code == MN_OK)
        c->looked = now;
    return code;
}

static mn_code load_from_store(mn_core *c, const mn_core_gallery_options *o, mn_error *err)
{
    uint64_t newest = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->generation(c->store, &newest, err);
    if (code == MN_OK)
        code = mn_core_load_all(c, o, err);
    if (code != MN_OK)
        return code;
    c->seen = newest;
    c->looked = now;
    c->snapshot.changes = mn_gallery_faces(c->gallery);
    return MN_OK;
}

mn_code mn_core_load_first(mn_core *c, const mn_core_gallery_options *o, mn_error *err)
{
    c->from_snapshot = !o->fresh && mn_core_snapshot_load(c);
    mn_code code = c->from_snapshot ? MN_OK : load_from_store(c, o, err);
    c->loaded = code == MN_OK;
    return code;
}

mn_code mn_core_follow_locked(mn_core *c, mn_arena *arena, mn_error *err)
{
    mn_code code = follow_changes(c, arena, err);
    return code == MN_OK ? follow_ends(c, arena, err) : code;
}

mn_code mn_core_follow(mn_core *c, mn_error *err)
{
    if (!c->gallery)
        return MN_OK;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    pthread_mutex_lock(&c->follow_lock);
    mn_code code = mn_core_follow_locked(c, arena, err);
    mn_core_snapshot_changed(c, 0, arena);
    pthread_mutex_unlock(&c->follow_lock);
    mn_arena_destroy(arena);
    return code;
}

/* One that was damaged since it was loaded costs the others nothing. */
static mn_code pass_over(mn_core *c, const mn_id *person, mn_error *e)
{
    char text[MN_ID_TEXT];
    mn_id_format(person, text);
    mn_error_prefix(e, "person %s", text);
    mn_core_unreadable_add(c, person, 1, e);
    return MN_E_NOT_FOUND;
}

/* What the store gave; MN_E_CORRUPT: it does not open. */
static mn_code open_descriptor(mn_core *c, const mn_key_record *k, const mn_descriptor_record *d, float *out,
                               mn_error *err)
{
    mn_key *key = NULL;
    mn_code code =
        mn_key_unwrap(c->master, k->person.bytes, sizeof k->person.bytes, k->wrapped, k->n, &key, err);
    if (code == MN_OK)
        code = mn_core_unseal_descriptor(c, key, d, out, err);
    mn_key_close(key);
    return code;
}

mn_code mn_core_fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    mn_core *c = ctx;
    mn_store *s = c->store;
    mn_error e = {0};
    mn_descriptor_record d;
    mn_key_record k;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    mn_code code = s->ops->descriptor_with_key(s, face, c->model_name, arena, &d, &k, &e);
    if (code == MN_OK && k.n == 0)
        code = mn_fail(&e, MN_E_NOT_FOUND, "the key of the face's person is destroyed");
    if (code == MN_OK) {
        code = open_descriptor(c, &k, &d, out, &e);
        code = code == MN_E_CORRUPT ? pass_over(c, &k.person, &e) : code;
    }
    mn_arena_destroy(arena);
    if (code != MN_OK && err)
        *err = e;
    return code;
}
