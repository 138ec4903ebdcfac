#include "store/open_internal.h"

#include "base/file.h"

#include <limits.h>
#include <string.h>

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool mn_store_is_local(const char *url)
{
    return !url || !*url;
}

mn_code mn_store_plan(mn_store_how how, const char *place, int version, int *to, mn_error *err)
{
    int newest = mn_store_newest_version();
    switch (how) {
    case MN_STORE_LOOK:
        *to = version;
        return version > 0 ? MN_OK : mn_fail(err, MN_E_NOT_FOUND, "%s is empty", place);
    case MN_STORE_REFUSE:
        *to = newest;
        return version == 0 || version == newest
                   ? MN_OK
                   : mn_fail(err, MN_E_INVALID,
                             "%s has version %d and this mien works with version %d: run mien store migrate "
                             "(store.migrate is off)",
                             place, version, newest);
    case MN_STORE_UP_TO:
        *to = version > 0 ? version : *to;
        return *to >= 1 && *to <= newest
                   ? MN_OK
                   : mn_fail(err, MN_E_INVALID,
                             "there is no version %d of the store: this mien knows 1 to %d", *to, newest);
    default:
        *to = newest;
        return MN_OK;
    }
}

mn_code mn_store_open_as(const mn_store_where *where, mn_store_how how, int version, mn_store **out,
                         mn_error *err)
{
    char path[PATH_MAX];
    const char *url = where->url;
    if (!mn_store_is_local(url)) {
        if (begins_with(url, "postgresql://") || begins_with(url, "postgres://"))
            return mn_pg_open_as(where, how, version, out, err);
        return mn_fail(
            err, MN_E_INVALID,
            "store.url begins with postgresql://, or is empty for a database in the data directory");
    }
    if (!mn_path_join(path, sizeof path, where->data_dir, "mien.db"))
        return mn_fail(err, MN_E_INVALID, "the path of the data directory is too long");
    if (how == MN_STORE_LOOK && !mn_file_exists(path))
        return mn_fail(err, MN_E_NOT_FOUND, "%s: there is no store", path);
    return mn_sqlite_open_as(path, how, version, out, err);
}

mn_code mn_store_open(const char *data_dir, const char *url, mn_store **out, mn_error *err)
{
    const mn_store_where where = {.data_dir = data_dir, .url = url};
    return mn_store_open_as(&where, MN_STORE_MIGRATE, 0, out, err);
}
