/* The gallery follows the store.
 *
 * The change log names who changed since we last looked, whichever thread or process wrote it; their faces in
 * the gallery are exchanged for what the store has now. At opening nothing was seen yet, so that the same
 * loop loads everybody. Consents and memberships end without anybody writing: the store is asked who ended
 * since we last looked.
 *
 * Only who is active, in a list for searching, and has a consent valid now for that list's purpose, gets into
 * the gallery. */
#include "core/internal.h"

#include <string.h>

#define PAGE 512 /* people brought up to date at a time */

typedef struct {
    mn_gallery_entry *entries;
    size_t n, room;
} batch;

static mn_code push(batch *b, mn_arena *arena, const mn_gallery_entry *e, mn_error *err)
{
    if (b->n == b->room) {
        size_t room = b->room ? 2 * b->room : 64;
        mn_gallery_entry *more = mn_arena_calloc(arena, room, sizeof *more);
        if (!more)
            return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
        if (b->n > 0)
            memcpy(more, b->entries, b->n * sizeof *more);
        b->entries = more;
        b->room = room;
    }
    b->entries[b->n++] = *e;
    return MN_OK;
}

/* The lists that this person may be found in now. Verification is one against one: its lists are never
 * searched. */
static mn_code searchable_lists(mn_core *c, const mn_id *person, mn_arena *arena, mn_id **lists, size_t *n,
                                mn_error *err)
{
    mn_consent *consents = NULL;
    mn_membership *m = NULL;
    size_t n_consents = 0, n_m = 0;
    mn_time now = mn_time_now();
    mn_code code = c->store->ops->consent_list(c->store, person, arena, &consents, &n_consents, err);
    if (code == MN_OK)
        code = c->store->ops->lists_of(c->store, person, arena, &m, &n_m, err);
    if (code != MN_OK)
        return code;
    *n = 0;
    *lists = mn_arena_calloc(arena, n_m + 1, sizeof **lists);
    if (!*lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    for (size_t i = 0; i < n_m; i++)
        if (m[i].list.purpose != MN_PURPOSE_VERIFICATION && now < m[i].until &&
            mn_consents_allow(consents, n_consents, m[i].list.purpose, now))
            (*lists)[(*n)++] = m[i].list.id;
    return MN_OK;
}

static mn_code load_face(mn_core *c, const mn_key *key, const mn_id *face, mn_arena *arena,
                         mn_gallery_entry *e, batch *b, mn_error *err)
{
    mn_descriptor_record d;
    mn_code code = c->store->ops->descriptor_get(c->store, face, c->model_name, arena, &d, err);
    if (code == MN_E_NOT_FOUND)
        return MN_OK;
    float *v = code == MN_OK ? mn_arena_calloc(arena, (size_t)c->model->dim, sizeof *v) : NULL;
    if (code == MN_OK && !v)
        code = mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    if (code == MN_OK)
        code = mn_core_unseal_descriptor(c, key, &d, v, err);
    if (code != MN_OK)
        return code;
    e->face = *face;
    e->v = v;
    return push(b, arena, e, err);
}

static mn_code load_faces(mn_core *c, mn_gallery_entry *e, mn_arena *arena, batch *b, mn_error *err)
{
    mn_face_record *faces = NULL;
    size_t n = 0;
    mn_key *key = NULL;
    mn_code code = c->store->ops->faces_of(c->store, &e->person, arena, &faces, &n, err);
    if (code != MN_OK || n == 0)
        return code;
    code = mn_core_person_key(c, &e->person, arena, &key, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = load_face(c, key, &faces[i].id, arena, e, b, err);
    mn_key_close(key);
    return code;
}

static mn_code load_person(mn_core *c, const mn_id *id, mn_arena *arena, batch *b, mn_error *err)
{
    mn_person person;
    mn_id *lists = NULL;
    size_t n = 0;
    mn_code code = c->store->ops->person_get(c->store, id, arena, &person, err);
    if (code == MN_E_NOT_FOUND || (code == MN_OK && !person.active))
        return MN_OK; /* erased, or not to be found now */
    if (code == MN_OK)
        code = searchable_lists(c, id, arena, &lists, &n, err);
    if (code == MN_OK && n > 0)
        code = load_faces(c, &(mn_gallery_entry){.person = *id, .lists = lists, .n_lists = n}, arena, b, err);
    if (code != MN_OK) {
        char text[MN_ID_TEXT];
        mn_id_format(id, text);
        mn_error_prefix(err, "person %s", text);
    }
    return code;
}

/* Everything that can fail for long is done before the searches are made to wait. */
static mn_code exchange(mn_core *c, const mn_id *people, size_t n, const batch *b, mn_error *err)
{
    mn_code code = MN_OK;
    size_t removed;
    pthread_rwlock_wrlock(&c->swap_lock);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = mn_gallery_remove_person(c->gallery, &people[i], &removed, err);
    if (code == MN_OK && b->n > 0)
        code = mn_gallery_add(c->gallery, b->entries, b->n, err);
    pthread_rwlock_unlock(&c->swap_lock);
    return code;
}

static mn_code bring_up_to_date(mn_core *c, const mn_id *people, size_t n, mn_arena *arena, mn_error *err)
{
    batch b = {0};
    /* One moment's view, so that a person's faces, consents and key belong together. */
    mn_code code = c->store->ops->begin_read(c->store, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = load_person(c, &people[i], arena, &b, err);
    c->store->ops->rollback(c->store);
    return code != MN_OK ? code : exchange(c, people, n, &b, err);
}

static mn_code follow_changes(mn_core *c, mn_arena *arena, mn_error *err)
{
    uint64_t newest = 0;
    mn_code code = c->store->ops->generation(c->store, &newest, err);
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

mn_code mn_core_follow(mn_core *c, mn_error *err)
{
    if (!c->gallery)
        return MN_OK;
    mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    pthread_mutex_lock(&c->follow_lock);
    mn_code code = follow_changes(c, arena, err);
    if (code == MN_OK)
        code = follow_ends(c, arena, err);
    pthread_mutex_unlock(&c->follow_lock);
    mn_arena_destroy(arena);
    return code;
}

mn_code mn_core_fetch(void *ctx, const mn_id *face, float *out, mn_error *err)
{
    mn_core *c = ctx;
    mn_face_record f;
    mn_descriptor_record d;
    mn_key *key = NULL;
    mn_arena *arena = mn_arena_create(1 << 20);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for a descriptor");
    mn_code code = c->store->ops->face_get(c->store, face, arena, &f, err);
    if (code == MN_OK)
        code = c->store->ops->descriptor_get(c->store, face, c->model_name, arena, &d, err);
    if (code == MN_OK)
        code = mn_core_person_key(c, &f.person, arena, &key, err);
    if (code == MN_OK)
        code = mn_core_unseal_descriptor(c, key, &d, out, err);
    mn_key_close(key);
    mn_arena_destroy(arena);
    return code;
}
