/* Many records in one call. The statements are those of the single records; what is saved is that each person
 * is noted in the change log once, and the head of the audit log kept once. */
#include "store/sqlite_internal.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static mn_code put_people(mn_store *store, const mn_records *r, mn_error *err)
{
    const mn_store_ops *ops = store->ops;
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < r->n_people; i++)
        code = ops->person_put(store, &r->people[i], err);
    for (size_t i = 0; code == MN_OK && i < r->n_keys; i++)
        code = ops->key_put(store, &r->keys[i].person, r->keys[i].wrapped, r->keys[i].n, err);
    for (size_t i = 0; code == MN_OK && i < r->n_consents; i++)
        code = ops->consent_put(store, &r->consents[i], err);
    for (size_t i = 0; code == MN_OK && i < r->n_members; i++)
        code = ops->member_put(store, &r->members[i].list, &r->members[i].person, r->members[i].added, err);
    return code;
}

/* The person of a face that came along is noted with it. Looking for it where the caller usually has it is
 * enough: a person that is noted twice costs time, and nothing else. */
static bool comes_along(const mn_records *r, size_t i)
{
    return i < r->n_faces && mn_id_compare(&r->faces[i].id, &r->descriptors[i].face) == 0;
}

static mn_code put_faces(mn_store *store, const mn_records *r, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < r->n_faces; i++)
        code = store->ops->face_put(store, &r->faces[i], err);
    for (size_t i = 0; code == MN_OK && i < r->n_descriptors; i++) {
        code = store->ops->descriptor_put(store, &r->descriptors[i], err);
        if (code == MN_OK && !comes_along(r, i))
            code = mn_sqlite_changed((mn_sqlite *)store, Q_CHANGE_OF_FACE, &r->descriptors[i].face, err);
    }
    return code;
}

static int by_id(const void *a, const void *b)
{
    return mn_id_compare(a, b);
}

static mn_code note_changes(mn_sqlite *s, const mn_records *r, mn_error *err)
{
    mn_code code = MN_OK;
    size_t n = 0, most = r->n_people + r->n_consents + r->n_members + r->n_faces;
    mn_id *ids = mn_calloc(most + 1, sizeof *ids);
    if (!ids)
        return mn_fail(err, MN_E_MEMORY, "no memory to note %zu changes", most);
    for (size_t i = 0; i < r->n_people; i++)
        ids[n++] = r->people[i].id;
    for (size_t i = 0; i < r->n_consents; i++)
        ids[n++] = r->consents[i].person;
    for (size_t i = 0; i < r->n_members; i++)
        ids[n++] = r->members[i].person;
    for (size_t i = 0; i < r->n_faces; i++)
        ids[n++] = r->faces[i].person;
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        if (i == 0 || by_id(&ids[i], &ids[i - 1]) != 0)
            code = mn_sqlite_changed(s, Q_CHANGE_PERSON, &ids[i], err);
    mn_free(ids);
    return code;
}

static mn_code put_all(mn_sqlite *s, const mn_records *r, mn_audit_record *audit, mn_error *err)
{
    s->noted_together = true;
    mn_code code = put_people(&s->base, r, err);
    if (code == MN_OK)
        code = put_faces(&s->base, r, err);
    s->noted_together = false;
    if (code == MN_OK)
        code = note_changes(s, r, err);
    return code == MN_OK ? mn_sqlite_audit_put(&s->base, audit, r->n_audit, err) : code;
}

/* Whole or not at all, also inside a caller's transaction that goes on. */
static mn_code put_saved(mn_sqlite *s, const mn_records *r, mn_audit_record *audit, mn_error *err)
{
    mn_code code = mn_sqlite_run(s, Q_SAVE, err);
    if (code != MN_OK)
        return code;
    code = put_all(s, r, audit, err);
    if (code == MN_OK)
        return mn_sqlite_run(s, Q_SAVE_KEEP, err);
    if (mn_sqlite_run(s, Q_SAVE_UNDO, NULL) == MN_OK)
        mn_sqlite_run(s, Q_SAVE_KEEP, NULL);
    return code;
}

mn_code mn_sqlite_put_many(mn_store *store, const mn_records *r, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    size_t size = r->n_audit * sizeof *r->audit;
    mn_audit_record *audit = mn_alloc(size + 1);
    if (!audit)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu audit records", r->n_audit);
    if (size > 0)
        memcpy(audit, r->audit, size);
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code == MN_OK)
        code = mn_sqlite_leave(s, own, put_saved(s, r, audit, err), err);
    if (code == MN_OK && size > 0)
        memcpy(r->audit, audit, size);
    mn_free(audit);
    return code;
}

/* ---- finding many ---- */

enum { NAMED_MAX = 2 }; /* found of one name */

typedef struct {
    mn_person *people; /* the arena's */
    size_t n;
    mn_arena *arena;
} found;

static mn_code keep_person(mn_sql *q, void *ctx, mn_error *err)
{
    found *f = ctx;
    mn_sqlite_read_person(q, f->arena, &f->people[f->n++]);
    return mn_sql_row_ok(q, err);
}

/* One statement a text, each found by an index. */
mn_code mn_sqlite_people_find(mn_store *store, const mn_id *account, const mn_id *list, mn_time now,
                              const char *const *texts, size_t n, mn_arena *a, mn_person **out, size_t *n_out,
                              mn_error *err)
{
    found f = {.people = mn_arena_calloc(a, n * NAMED_MAX + 1, sizeof *f.people), .arena = a};
    mn_code code = f.people ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory for what the store found");
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        mn_sql q;
        size_t more = 0;
        mn_sql_open(store, list ? Q_PEOPLE_NAMED : Q_PERSON_BY_EXTERNAL_ID, &q, err);
        mn_sql_id(&q, account);
        mn_sql_text(&q, texts[i]);
        if (list) {
            mn_sql_id(&q, list);
            mn_sql_int(&q, now);
        }
        code = mn_sql_each(&q, keep_person, &f, &more, err);
    }
    if (code != MN_OK)
        return code;
    *out = f.people;
    *n_out = f.n;
    return MN_OK;
}

static void read_owned(mn_sql *q, mn_arena *a, void *item)
{
    (void)a;
    *(mn_owned *)item = (mn_owned){mn_sql_column_id(q, 0), mn_sql_column_id(q, 1)};
}

mn_code mn_sqlite_owners(mn_store *store, mn_owned_kind kind, const mn_id *ids, size_t n, mn_arena *a,
                         mn_owned **out, size_t *n_out, mn_error *err)
{
    mn_owned *all = mn_arena_calloc(a, n + 1, sizeof *all);
    size_t count = 0;
    if (!all)
        return mn_fail(err, MN_E_MEMORY, "no memory to look for %zu records", n);
    for (size_t i = 0; i < n; i++) {
        mn_sql q;
        mn_sql_open(store, kind == MN_OWNED_PEOPLE ? Q_PERSON_OWNER : Q_FACE_OWNER, &q, err);
        mn_sql_id(&q, &ids[i]);
        mn_code code = mn_sql_one(&q, a, read_owned, sizeof all[count], &all[count], "record", err);
        if (code != MN_OK && code != MN_E_NOT_FOUND)
            return code;
        count += code == MN_OK;
    }
    *out = all;
    *n_out = count;
    return MN_OK;
}
