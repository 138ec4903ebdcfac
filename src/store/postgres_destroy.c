/* What takes biometric data out: each one statement, with all that belongs to it. */
#include "store/postgres_internal.h"

static mn_code run_with_id(mn_store *store, mn_pg_query which, const mn_id *id, const char *missing,
                           mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, which, &q);
    mn_pg_id(&q, id);
    return mn_pg_write(&q, missing, err);
}

mn_code mn_pg_person_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    return run_with_id(store, P_PERSON_DELETE, id, "there is no such person", err);
}

mn_code mn_pg_key_delete(mn_store *store, const mn_id *person, mn_error *err)
{
    return run_with_id(store, P_KEY_DELETE, person, NULL, err);
}

mn_code mn_pg_key_replace(mn_store *store, const mn_id *person, const uint8_t *old, size_t old_len,
                          const uint8_t *wrapped, size_t n, bool *replaced, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_KEY_REPLACE, &q);
    mn_pg_id(&q, person);
    mn_pg_blob(&q, old, old_len);
    mn_pg_blob(&q, wrapped, n);
    mn_code code = mn_pg_write(&q, "that key is not there any more", err);
    if (code != MN_OK && code != MN_E_NOT_FOUND)
        return code;
    *replaced = code == MN_OK;
    return MN_OK;
}

mn_code mn_pg_face_delete(mn_store *store, const mn_id *id, mn_error *err)
{
    return run_with_id(store, P_FACE_DELETE, id, "there is no such face", err);
}

mn_code mn_pg_descriptor_delete(mn_store *store, const mn_id *face, const char *model, mn_error *err)
{
    mn_pg q;
    mn_pg_ask(store, P_DESCRIPTOR_DELETE, &q);
    mn_pg_id(&q, face);
    mn_pg_text(&q, model);
    return mn_pg_write(&q, NULL, err);
}
