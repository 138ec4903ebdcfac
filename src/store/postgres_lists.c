#include "store/postgres_internal.h"

static void read_list(mn_pg *q, mn_arena *a, void *item)
{
    *(mn_list *)item = (mn_list){
        .id = mn_pg_column_id(q, 0),
        .account = mn_pg_column_id(q, 1),
        .name = mn_pg_column_text(q, 2, a),
        .purpose = mn_pg_column_purpose(q, 3),
        .retention = mn_pg_column_int(q, 4),
        .fmr = mn_pg_column_real(q, 5),
        .created = mn_pg_column_int(q, 6),
        .updated = mn_pg_column_int(q, 7),
        .comment = mn_pg_column_text(q, 8, a),
        .color = mn_pg_column_text(q, 9, a),
        .inactive = mn_pg_column_bool(q, 10),
        .acknowledge = mn_pg_column_bool(q, 11),
        .sound = mn_pg_column_bool(q, 12),
    };
}

static void read_membership(mn_pg *q, mn_arena *a, void *item)
{
    mn_membership *m = item;
    read_list(q, a, &m->list);
    m->added = mn_pg_column_int(q, 13);
    m->until = mn_pg_column_int(q, 14);
}

mn_code mn_pg_list_put(mn_store *store, const mn_list *l, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_LIST_PUT, &q);
    mn_pg_id(&q, &l->id);
    mn_pg_id(&q, &l->account);
    mn_pg_text(&q, l->name);
    mn_pg_text(&q, mn_purpose_word(l->purpose));
    mn_pg_int(&q, l->retention);
    mn_pg_real(&q, l->fmr);
    mn_pg_int(&q, l->created);
    mn_pg_int(&q, l->updated);
    mn_pg_text(&q, l->comment);
    mn_pg_text(&q, l->color);
    mn_pg_bool(&q, l->inactive);
    mn_pg_bool(&q, l->acknowledge);
    mn_pg_bool(&q, l->sound);
    return mn_pg_write(&q, NULL, err);
}

static mn_code one_list(mn_pg *q, mn_arena *a, mn_list *out, mn_error *err)
{
    mn_list found;
    mn_code code = mn_pg_one(q, a, read_list, &found, "list", err);
    if (code == MN_OK)
        *out = found;
    return code;
}

mn_code mn_pg_list_get(mn_store *store, const mn_id *id, mn_arena *a, mn_list *out, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_LIST_GET, &q);
    mn_pg_id(&q, id);
    return one_list(&q, a, out, err);
}

mn_code mn_pg_list_by_name(mn_store *store, const mn_id *account, const char *name, mn_arena *a, mn_list *out,
                           mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_LIST_BY_NAME, &q);
    mn_pg_id(&q, account);
    mn_pg_text(&q, name);
    return one_list(&q, a, out, err);
}

mn_code mn_pg_list_list(mn_store *store, const mn_id *account, mn_arena *a, mn_list **out, size_t *n,
                        mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_LIST_LIST, &q);
    mn_pg_id(&q, account);
    mn_code code = mn_pg_collect(&q, a, read_list, sizeof(mn_list), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}

mn_code mn_pg_member_put(mn_store *store, const mn_id *list, const mn_id *person, mn_time added,
                         mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_MEMBER_PUT, &q);
    mn_pg_id(&q, list);
    mn_pg_id(&q, person);
    mn_pg_int(&q, added);
    return mn_pg_write(&q, "there is no such list", err);
}

mn_code mn_pg_member_delete(mn_store *store, const mn_id *list, const mn_id *person, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_MEMBER_DELETE, &q);
    mn_pg_id(&q, list);
    mn_pg_id(&q, person);
    return mn_pg_write(&q, "the person is not in that list", err);
}

mn_code mn_pg_lists_of(mn_store *store, const mn_id *person, mn_arena *a, mn_membership **out, size_t *n,
                       mn_error *err)
{
    mn_pg q;
    void *items = NULL;
    mn_pg_ask(store, P_LISTS_OF, &q);
    mn_pg_id(&q, person);
    mn_code code = mn_pg_collect(&q, a, read_membership, sizeof(mn_membership), &items, n, err);
    if (code == MN_OK)
        *out = items;
    return code;
}
