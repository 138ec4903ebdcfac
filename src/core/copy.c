#include "core/copy.h"

#include "base/file.h"
#include "core/internal.h"

#include <string.h>

static mn_code look(const mn_store_where *where, mn_migration *out, mn_error *err)
{
    mn_store *s = NULL;
    mn_code code = mn_store_open_as(where, MN_STORE_LOOK, 0, &s, err);
    if (code != MN_OK)
        return code;
    code = s->ops->version(s, &out->was, err);
    s->ops->close(s);
    out->newest = mn_store_newest_version();
    return code;
}

mn_code mn_core_migrate(const mn_core_options *options, bool dry, mn_migration *out, mn_error *err)
{
    mn_store *s = NULL;
    mn_migration found = {0};
    const mn_store_where where = mn_core_store_where(options);
    mn_code code = look(&where, &found, err);
    if (code == MN_OK && !dry && found.was < found.newest) {
        code = mn_store_open_as(&where, MN_STORE_MIGRATE, 0, &s, err);
        if (code == MN_OK)
            s->ops->close(s);
    }
    if (code == MN_OK)
        *out = found;
    return code;
}

static mn_code open_target(const char *to, mn_store **out, mn_error *err)
{
    if (strncmp(to, "postgresql://", 13) == 0 || strncmp(to, "postgres://", 11) == 0)
        return mn_store_open(NULL, to, out, err);
    mn_code code = strstr(to, "://")
                       ? mn_fail(err, MN_E_INVALID, "a copy goes to a postgresql:// address or into a folder")
                       : mn_file_make_folders(to, 0700, err);
    return code == MN_OK ? mn_store_open(to, NULL, out, err) : code;
}

/* Not when it goes on, or was done: the source must be as it was. The address may hold a password. */
static mn_code record(mn_core *c, const mn_actor *who, mn_store *to, mn_error *err)
{
    char loaded[MN_STREAM_STAMP];
    if (mn_stream_unfinished(to, NULL) != MN_OK)
        return MN_OK;
    mn_code code = mn_stream_loaded(to, loaded, err);
    if (code != MN_OK || *loaded)
        return code;
    return mn_core_record(c, who, "store.copy", NULL, json_pack("{s:s}", "to", to->ops->name), err);
}

mn_code mn_core_copy_store(mn_core *c, const mn_actor *who, const char *to,
                           void (*progress)(void *user, uint64_t rows), void *user, const mn_cancel *cancel,
                           mn_copy_report *out, mn_error *err)
{
    mn_store *target = NULL;
    mn_code code = mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code == MN_OK)
        code = open_target(to, &target, err);
    if (code != MN_OK)
        return code;
    code = record(c, who, target, err);
    if (code == MN_OK)
        code = mn_store_copy(c->store, target, progress, user, cancel, out, err);
    target->ops->close(target);
    return code;
}
