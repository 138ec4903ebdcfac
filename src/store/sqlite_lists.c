#include "store/sqlite_internal.h"

static void read_list(mn_sql *q, mn_arena *a, void *item)
{
    *(mn_list *)item = (mn_list){
        .id = mn_sql_column_id(q, 0),
        .account = mn_sql_column_id(q, 1),
        .name = mn_sql_column_text(q, 2, a),
        .purpose = mn_sql_column_purpose(q, 3),
        .retention = sqlite3_column_int64(q->st, 4),
        .fmr = sqlite3_column_double(q->st, 5),
        .created = sqlite3_column_int64(q->st, 6),
        .updated = sqlite3_column_int64(q->st, 7),
        .comment = mn_sql_column_text(q, 8, a),
        .color = mn_sql_column_text(q, 9, a),
        .inactive = sqlite3_column_int(q->st, 10) != 0,
        .acknowledge = sqlite3_column_int(q->st, 11) != 0,
        .sound = sqlite3_column_int(q->st, 12) != 0,
    };
}

static void read_membership(mn_sql *q, mn_arena *a, void *item)
{
    mn_membership *m = item;
    read_list(q, a, &m->list);
    m->added = sqlite3_column_int64(q->st, 13);
    m->until = sqlite3_column_int64(q->st, 14);
}

static mn_code insert_list(mn_store *store, const mn_list *l, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_LIST_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, &l->id);
    mn_sql_id(&q, &l->account);
    mn_sql_text(&q, l->name);
    mn_sql_text(&q, mn_purpose_word(l->purpose));
    mn_sql_int(&q, l->retention);
    mn_sql_real(&q, l->fmr);
    mn_sql_int(&q, l->created);
    mn_sql_int(&q, l->updated);
    mn_sql_text(&q, l->comment);
    mn_sql_text(&q, l->color);
    mn_sql_int(&q, l->inactive);
    mn_sql_int(&q, l->acknowledge);
    mn_sql_int(&q, l->sound);
    return mn_sql_run(&q, err);
}

/* A list that changed may have another purpose or retention: the ends of its memberships follow. */
static mn_code follow_retention(mn_store *store, const mn_id *list, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_LIST_RETENTION, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, list);
    return mn_sql_run(&q, err);
}

mn_code mn_sqlite_list_put(mn_store *store, const mn_list *l, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = insert_list(store, l, err);
    if (code == MN_OK)
        code = follow_retention(store, &l->id, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_MEMBERS, &l->id, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_list_get(mn_store *store, const mn_id *id, mn_arena *a, mn_list *out, mn_error *err)
{
    mn_sql q;
    mn_list found;
    mn_code code = mn_sql_open(store, Q_LIST_GET, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, id);
    code = mn_sql_one(&q, a, read_list, &found, "list", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_sqlite_list_by_name(mn_store *store, const mn_id *account, const char *name, mn_arena *a,
                               mn_list *out, mn_error *err)
{
    mn_sql q;
    mn_list found;
    mn_code code = mn_sql_open(store, Q_LIST_BY_NAME, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, account);
    mn_sql_text(&q, name);
    code = mn_sql_one(&q, a, read_list, &found, "list", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_sqlite_list_list(mn_store *store, const mn_id *account, mn_arena *a, mn_list **out, size_t *n,
                            mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_LIST_LIST, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, account);
    code = mn_sql_collect(&q, a, read_list, sizeof(mn_list), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_sqlite_insert_member(mn_store *store, const mn_id *list, const mn_id *person, mn_time added,
                                mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_MEMBER_PUT, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, list);
    mn_sql_id(&q, person);
    mn_sql_int(&q, added);
    code = mn_sql_run(&q, err);
    if (code == MN_OK && sqlite3_changes(q.s->db) == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "there is no such list");
    return code;
}

mn_code mn_sqlite_member_put(mn_store *store, const mn_id *list, const mn_id *person, mn_time added,
                             mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_insert_member(store, list, person, added, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, person, err);
    return mn_sqlite_leave(s, own, code, err);
}

static mn_code remove_member(mn_store *store, const mn_id *list, const mn_id *person, mn_error *err)
{
    mn_sql q;
    mn_code code = mn_sql_open(store, Q_MEMBER_DELETE, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, list);
    mn_sql_id(&q, person);
    code = mn_sql_run(&q, err);
    if (code == MN_OK && sqlite3_changes(q.s->db) == 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "the person is not in that list");
    return code;
}

mn_code mn_sqlite_member_delete(mn_store *store, const mn_id *list, const mn_id *person, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = remove_member(store, list, person, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, person, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_lists_of(mn_store *store, const mn_id *person, mn_arena *a, mn_membership **out, size_t *n,
                           mn_error *err)
{
    mn_sql q;
    void *items = NULL;
    mn_code code = mn_sql_open(store, Q_LISTS_OF, &q, err);
    if (code != MN_OK)
        return code;
    mn_sql_id(&q, person);
    code = mn_sql_collect(&q, a, read_membership, sizeof(mn_membership), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}
