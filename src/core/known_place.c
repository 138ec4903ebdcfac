/* Where a user signed in lately. Whoever fails to sign in as somebody else, over and over, must not keep them
 * out: in such a place only what failed there counts. The audit log knows the places, also after a restart.
 */
#include "core/signin_state.h"

#include <string.h>

#define LATELY (90 * MN_TIME_DAY)
#define LOGINS 100 /* looked at, newest first */

static bool is_from(const char *detail, const char *block)
{
    json_t *d = json_loads(detail ? detail : "", 0, NULL);
    const char *from = json_string_value(json_object_get(d, "block"));
    if (!from)
        from = json_string_value(json_object_get(d, "address"));
    bool same = from && strcmp(from, block) == 0;
    json_decref(d);
    return same;
}

mn_code mn_core_known_place(mn_core *c, const mn_user *u, const char *block, mn_arena *arena, bool *known,
                            mn_error *err)
{
    char id[MN_ID_TEXT];
    mn_audit_record *logins = NULL;
    size_t n = 0;
    mn_id_format(&u->id, id);
    const mn_audit_query q = {.account = &u->account,
                              .action = "session.login",
                              .target = id,
                              .from = mn_time_now() - LATELY,
                              .to = MN_TIME_NEVER,
                              .newest = true,
                              .limit = LOGINS};
    mn_code code = c->store->ops->audit_find(c->store, &q, arena, &logins, &n, err);
    if (code != MN_OK)
        return code;
    *known = false;
    for (size_t i = 0; i < n && !*known; i++)
        *known = is_from(logins[i].detail, block);
    return MN_OK;
}
