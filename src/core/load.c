/* From the store into the gallery: who may be found, in which lists, until when, and by which descriptors.
 *
 * Dossiers come page by page; what of them belongs into the gallery is planned by one thread and unsealed by
 * several. A full load reads the next page while the one before is unsealed.
 *
 * Only who is active, in a list for searching, and has a consent valid now for that list's purpose, gets into
 * the gallery at all. */
#include "core/internal.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#define PAGE      2048 /* people read at a time, at a full load */
#define SLICE     64   /* people that a thread takes at a time */
#define ALONE     128  /* people: fewer are not worth waking threads */
#define QUEUE_MAX 64

/* ---- who, where, until when ---- */

/* Until when this person may be found through this list; 0: not now. Verification is one against one: its
 * lists are never searched. */
static mn_time end_of_list(const mn_dossier *d, const mn_dossier_list *l, mn_time now)
{
    mn_time end = 0;
    if (l->purpose == MN_PURPOSE_VERIFICATION || l->until <= now)
        return 0;
    for (size_t i = 0; i < d->n_consents; i++) {
        const mn_consent *c = &d->consents[i];
        mn_time until = c->until < c->withdrawn ? c->until : c->withdrawn;
        if (mn_consent_valid(c, l->purpose, now) && until > end)
            end = until;
    }
    return end < l->until ? end : l->until;
}

/* The gallery keeps whole seconds. An end within one is rounded up: before it comes a person is found, and
 * after it the store's own look at each match stands against it. */
static mn_time gallery_end(mn_time end)
{
    return end >= MN_TIME_NEVER - MN_TIME_SECOND ? 0 : end + MN_TIME_SECOND - 1;
}

typedef struct {
    const mn_dossier *dossier;
    size_t first; /* of their entries */
} planned;

typedef struct {
    mn_core *c;
    mn_arena *arena;
    planned *people;
    size_t n_people;
    mn_gallery_entry *entries;
    float *vectors;
    size_t n;

    atomic_size_t next; /* person to be unsealed */
    pthread_mutex_t lock;
    pthread_cond_t done;
    unsigned working; /* under the lock, as are those below */
    mn_code code;
    mn_error error;
    mn_id *damaged; /* people; room for all */
    size_t n_damaged;
    mn_error damage; /* of the first of them */
} load;

/* The lists through which they may be found now; *end: when the last of them ends. */
static mn_code plan_lists(const mn_dossier *d, mn_time now, mn_arena *arena, mn_id **lists, size_t *n,
                          mn_time *end, mn_error *err)
{
    *n = 0;
    *end = 0;
    *lists = mn_arena_calloc(arena, d->n_lists + 1, sizeof **lists);
    if (!*lists)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    for (size_t i = 0; i < d->n_lists; i++) {
        mn_time until = end_of_list(d, &d->lists[i], now);
        if (until == 0)
            continue;
        (*lists)[(*n)++] = d->lists[i].list;
        *end = until > *end ? until : *end;
    }
    return MN_OK;
}

static mn_code plan_person(load *l, const mn_dossier *d, mn_time now, mn_error *err)
{
    mn_id *lists = NULL;
    size_t n_lists = 0;
    mn_time end = 0;
    if (!d->active || d->n_faces == 0)
        return MN_OK;
    mn_code code = plan_lists(d, now, l->arena, &lists, &n_lists, &end, err);
    if (code != MN_OK || n_lists == 0)
        return code;
    l->people[l->n_people++] = (planned){.dossier = d, .first = l->n};
    for (size_t i = 0; i < d->n_faces; i++)
        l->entries[l->n++] = (mn_gallery_entry){.face = d->faces[i].descriptor.face,
                                                .person = d->person,
                                                .lists = lists,
                                                .n_lists = n_lists,
                                                .until = gallery_end(end)};
    return MN_OK;
}

static mn_code plan(load *l, const mn_dossier *people, size_t n, mn_error *err)
{
    size_t faces = 0, dim = (size_t)l->c->model->dim;
    mn_time now = mn_time_now();
    for (size_t i = 0; i < n; i++)
        faces += people[i].n_faces;
    l->people = mn_arena_calloc(l->arena, n + 1, sizeof *l->people);
    l->entries = mn_arena_calloc(l->arena, faces + 1, sizeof *l->entries);
    l->damaged = mn_arena_calloc(l->arena, n + 1, sizeof *l->damaged);
    if (!l->people || !l->entries || !l->damaged)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = plan_person(l, &people[i], now, err);
    if (code != MN_OK)
        return code;
    l->vectors = mn_arena_alloc(l->arena, (l->n + 1) * dim * sizeof *l->vectors);
    if (!l->vectors)
        return mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    for (size_t i = 0; i < l->n; i++)
        l->entries[i].v = l->vectors + i * dim;
    return MN_OK;
}

/* ---- unsealing ---- */

static void note_damage(load *l, const mn_id *person, const mn_error *e)
{
    char text[MN_ID_TEXT];
    pthread_mutex_lock(&l->lock);
    if (l->n_damaged == 0) {
        mn_id_format(person, text);
        l->damage = *e;
        mn_error_prefix(&l->damage, "person %s", text);
    }
    l->damaged[l->n_damaged++] = *person;
    pthread_mutex_unlock(&l->lock);
}

static mn_code open_key(const load *l, const mn_dossier *d, mn_key **out, mn_error *err)
{
    if (!d->key)
        return mn_fail(err, MN_E_CORRUPT,
                       "there are descriptors and no key to open them: put the store's backup back");
    return mn_key_unwrap(l->c->master, d->person.bytes, sizeof d->person.bytes, d->key, d->key_len, out, err);
}

/* What does not open is passed over: its entry loses its vector, and drop_damaged takes it out. */
static mn_code unseal_faces(load *l, const planned *p, mn_error *err)
{
    const mn_dossier *d = p->dossier;
    const size_t dim = (size_t)l->c->model->dim;
    mn_error first = {0};
    mn_key *key = NULL;
    mn_code with_key = open_key(l, d, &key, &first), code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < d->n_faces; i++) {
        mn_error e = first;
        code = with_key != MN_OK ? with_key
                                 : mn_core_unseal_descriptor(l->c, key, &d->faces[i].descriptor,
                                                             l->vectors + (p->first + i) * dim, &e);
        if (code == MN_OK)
            continue;
        first = first.code == MN_OK ? e : first;
        l->entries[p->first + i].v = NULL;
        code = code == MN_E_CORRUPT ? MN_OK : code;
    }
    mn_key_close(key);
    if (code == MN_OK && first.code != MN_OK)
        note_damage(l, &d->person, &first);
    else if (code != MN_OK)
        *err = first;
    return code;
}

static void fail_load(load *l, mn_code code, const mn_error *e)
{
    pthread_mutex_lock(&l->lock);
    if (l->code == MN_OK) {
        l->code = code;
        l->error = *e;
    }
    pthread_mutex_unlock(&l->lock);
    atomic_store(&l->next, l->n_people); /* nobody goes on */
}

static void unseal_slices(load *l)
{
    size_t from;
    while ((from = atomic_fetch_add(&l->next, SLICE)) < l->n_people)
        for (size_t i = from; i < from + SLICE && i < l->n_people; i++) {
            mn_error e = {0};
            mn_code code = unseal_faces(l, &l->people[i], &e);
            if (code != MN_OK) {
                fail_load(l, code, &e);
                return;
            }
        }
}

static void leave(void *job)
{
    load *l = job;
    pthread_mutex_lock(&l->lock);
    if (--l->working == 0)
        pthread_cond_signal(&l->done);
    pthread_mutex_unlock(&l->lock);
}

static void work(void *job, unsigned worker)
{
    (void)worker;
    unseal_slices(job);
    leave(job);
}

static void start(load *l, mn_pool *pool)
{
    const mn_job job = {.run = work, .drop = leave, .job = l};
    for (unsigned i = 0; pool && l->n_people >= ALONE && i < mn_pool_workers(pool); i++) {
        pthread_mutex_lock(&l->lock);
        l->working++;
        pthread_mutex_unlock(&l->lock);
        if (mn_pool_submit(pool, &job, false, NULL) != MN_OK)
            leave(l);
    }
}

static void drop_damaged(load *l)
{
    size_t kept = 0;
    if (l->n_damaged == 0)
        return;
    for (size_t i = 0; i < l->n; i++)
        if (l->entries[i].v)
            l->entries[kept++] = l->entries[i];
    l->n = kept;
    mn_core_unreadable_add(l->c, l->damaged, l->n_damaged, &l->damage);
}

/* Helps, and waits for the others. */
static mn_code finish(load *l, mn_error *err)
{
    unseal_slices(l);
    pthread_mutex_lock(&l->lock);
    while (l->working > 0)
        pthread_cond_wait(&l->done, &l->lock);
    mn_code code = l->code;
    pthread_mutex_unlock(&l->lock);
    if (code == MN_OK)
        drop_damaged(l);
    else if (err)
        *err = l->error;
    return code;
}

static void load_init(load *l, mn_core *c, mn_arena *arena)
{
    *l = (load){.c = c, .arena = arena};
    atomic_init(&l->next, 0);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->done, NULL);
}

static void load_finish(load *l)
{
    pthread_cond_destroy(&l->done);
    pthread_mutex_destroy(&l->lock);
}

mn_code mn_core_load_people(mn_core *c, const mn_dossier *people, size_t n, mn_arena *arena,
                            mn_gallery_entry **entries, size_t *n_entries, mn_error *err)
{
    load l;
    load_init(&l, c, arena);
    mn_code code = plan(&l, people, n, err);
    if (code == MN_OK)
        code = finish(&l, err);
    load_finish(&l);
    if (code != MN_OK)
        return code;
    *entries = l.entries;
    *n_entries = l.n;
    return MN_OK;
}

/* What was unsealed lives on in the gallery's rows only. */
void mn_core_wipe(const mn_core *c, const mn_gallery_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (entries[i].v)
            sodium_memzero((void *)(uintptr_t)entries[i].v, (size_t)c->model->dim * sizeof(float));
}

/* ---- everybody ---- */

typedef struct {
    load load;
    mn_arena *arena;
    size_t people; /* read */
    bool busy;     /* being unsealed */
} page;

static mn_code read_some(mn_core *c, page *p, mn_id *after, size_t limit, mn_error *err)
{
    mn_dossier *people = NULL;
    mn_arena_reset(p->arena);
    mn_code code =
        c->store->ops->begin_read(c->store, err); /* a person's faces, consents and key belong together */
    if (code != MN_OK)
        return code;
    code = c->store->ops->dossiers(c->store, c->model_name, after, limit, p->arena, &people, &p->people, err);
    c->store->ops->rollback(c->store);
    if (code != MN_OK || p->people == 0)
        return code;
    load_init(&p->load, c, p->arena);
    code = plan(&p->load, people, p->people, err);
    if (code != MN_OK) {
        load_finish(&p->load);
        return code;
    }
    *after = people[p->people - 1].person;
    p->busy = true;
    return MN_OK;
}

/* People with very many faces do not fit the arena by the thousand. */
static mn_code read_page(mn_core *c, page *p, mn_id *after, size_t *limit, mn_error *err)
{
    mn_code code;
    while ((code = read_some(c, p, after, *limit, err)) == MN_E_MEMORY && *limit > 1)
        *limit = *limit > 8 ? *limit / 8 : 1;
    return code;
}

static mn_code settle_page(mn_core *c, page *p, mn_error *err)
{
    if (!p->busy)
        return MN_OK;
    mn_code code = finish(&p->load, err);
    if (code == MN_OK)
        code = mn_gallery_add(c->gallery, p->load.entries, p->load.n, err);
    mn_core_wipe(c, p->load.entries, p->load.n);
    load_finish(&p->load);
    p->busy = false;
    return code;
}

static mn_code tell(const mn_core_gallery_options *o, uint64_t done, mn_error *err)
{
    if (o->progress)
        o->progress(o->user, done);
    return mn_cancelled(o->cancel) ? mn_fail(err, MN_E_CANCELLED, "loading the gallery was cancelled")
                                   : MN_OK;
}

static mn_code load_pages(mn_core *c, const mn_core_gallery_options *o, mn_pool *pool, page pages[2],
                          mn_error *err)
{
    mn_id after = {0};
    uint64_t done = 0;
    size_t limit = PAGE;
    mn_code code = MN_OK;
    for (unsigned i = 0; code == MN_OK; i ^= 1) {
        code = read_page(c, &pages[i], &after, &limit, err);
        if (code == MN_OK && pages[i].people == 0)
            break;
        if (code == MN_OK)
            start(&pages[i].load, pool);
        if (code == MN_OK)
            code = settle_page(c, &pages[i ^ 1], err);
        done += pages[i].people;
        if (code == MN_OK)
            code = tell(o, done, err);
    }
    for (unsigned i = 0; i < 2; i++) {
        mn_code last = settle_page(c, &pages[i], code == MN_OK ? err : NULL);
        code = code == MN_OK ? last : code;
    }
    return code;
}

mn_code mn_core_load_all(mn_core *c, const mn_core_gallery_options *o, mn_error *err)
{
    mn_pool *pool = NULL;
    page pages[2] = {{.arena = mn_arena_create(MN_CORE_ARENA)}, {.arena = mn_arena_create(MN_CORE_ARENA)}};
    mn_code code =
        pages[0].arena && pages[1].arena ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for the gallery");
    if (code == MN_OK)
        code = mn_pool_create(c->threads, QUEUE_MAX, &pool, err);
    if (code == MN_OK)
        code = load_pages(c, o, pool, pages, err);
    mn_pool_destroy(pool);
    mn_arena_destroy(pages[0].arena);
    mn_arena_destroy(pages[1].arena);
    return code;
}
