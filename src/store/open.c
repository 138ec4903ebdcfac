#include "store/store.h"

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

mn_code mn_store_open(const char *data_dir, const char *url, mn_store **out, mn_error *err)
{
    char path[PATH_MAX];
    if (!mn_store_is_local(url)) {
        if (begins_with(url, "postgresql://") || begins_with(url, "postgres://"))
            return mn_store_open_postgres(url, out, err);
        return mn_fail(
            err, MN_E_INVALID,
            "store.url begins with postgresql://, or is empty for a database in the data directory");
    }
    if (!mn_path_join(path, sizeof path, data_dir, "mien.db"))
        return mn_fail(err, MN_E_INVALID, "the path of the data directory is too long");
    return mn_store_open_sqlite(path, out, err);
}
