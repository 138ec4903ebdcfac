/* What takes biometric data out. In one transaction: the change is noted, samples go to the trash, what was
 * copied from the data is shredded, and the deleted bytes are overwritten when it has ended. */
#include "store/sqlite_internal.h"

static mn_code run_with_id(mn_sqlite *s, mn_sqlite_query which, const mn_id *id, const char *missing,
                           mn_error *err)
{
    mn_sql q;
    mn_sql_open(&s->base, which, &q, err);
    mn_sql_id(&q, id);
    return mn_sql_write(&q, missing, err);
}

mn_code mn_sqlite_changed(mn_sqlite *s, mn_sqlite_query how, const mn_id *id, mn_error *err)
{
    return run_with_id(s, how, id, NULL, err);
}

static mn_code destroyed(mn_sqlite *s, mn_error *err)
{
    s->scrub_due = true;
    return mn_sqlite_run(s, Q_SNAPSHOT_SHRED, err);
}

mn_code mn_sqlite_person_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = run_with_id(s, Q_PERSON_TRASH, id, NULL, err);
    if (code == MN_OK)
        code = run_with_id(s, Q_PERSON_DELETE, id, "there is no such person", err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_PERSON, id, err);
    if (code == MN_OK)
        code = destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_key_delete(mn_store *store, const mn_id *person, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = run_with_id(s, Q_KEY_DELETE, person, NULL, err);
    if (code == MN_OK)
        code = destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

mn_code mn_sqlite_key_replace(mn_store *store, const mn_id *person, const uint8_t *old, size_t old_len,
                              const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    mn_sql q;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    mn_sql_open(store, Q_KEY_REPLACE, &q, err);
    mn_sql_id(&q, person);
    mn_sql_blob(&q, old, old_len);
    mn_sql_blob(&q, wrapped, n);
    code = mn_sql_write(&q, "that key is not there any more", err);
    bool done = code == MN_OK;
    s->scrub_due |= done;
    code = mn_sqlite_leave(s, own, code == MN_E_NOT_FOUND ? MN_OK : code, err);
    if (code == MN_OK)
        *replaced = done;
    return code;
}

mn_code mn_sqlite_face_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = mn_sqlite_changed(s, Q_CHANGE_OF_FACE, id, err);
    if (code == MN_OK)
        code = run_with_id(s, Q_FACE_TRASH, id, NULL, err);
    if (code == MN_OK)
        code = run_with_id(s, Q_FACE_DELETE, id, "there is no such face", err);
    if (code == MN_OK)
        code = destroyed(s, err);
    return mn_sqlite_leave(s, own, code, err);
}

static mn_code delete_descriptor(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_sql q;
    mn_sql_open(store, Q_DESCRIPTOR_DELETE, &q, err);
    mn_sql_id(&q, face);
    mn_sql_text(&q, model);
    return mn_sql_write(&q, "there is no such descriptor", err);
}

mn_code mn_sqlite_descriptor_delete(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_sqlite *s = (mn_sqlite *)store;
    bool own = false;
    mn_code code = mn_sqlite_enter(s, &own, err);
    if (code != MN_OK)
        return code;
    code = delete_descriptor(store, face, model, err);
    if (code == MN_OK)
        code = mn_sqlite_changed(s, Q_CHANGE_OF_FACE, face, err);
    if (code == MN_OK)
        code = destroyed(s, err);
    return mn_sqlite_leave(s, own, code == MN_E_NOT_FOUND ? MN_OK : code, err);
}
