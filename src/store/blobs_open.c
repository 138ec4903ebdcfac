#include "store/blobs.h"

#include <stdio.h>
#include <string.h>

/* The last two bytes of an id are random (its first ones are the time): they spread the blobs evenly. */
void mn_blob_name(const mn_id *id, char name[MN_BLOB_NAME])
{
    char text[MN_ID_TEXT];
    mn_id_format(id, text);
    snprintf(name, MN_BLOB_NAME, "%02x/%02x/%s", id->bytes[14], id->bytes[15], text);
}

bool mn_blob_parse(const char *name, mn_id *id)
{
    char again[MN_BLOB_NAME];
    mn_id found;
    if (strlen(name) <= 6 || !mn_id_parse(name + 6, &found))
        return false;
    mn_blob_name(&found, again);
    if (strcmp(again, name) != 0)
        return false;
    *id = found;
    return true;
}

mn_code mn_blobs_open(const mn_settings *settings, const char *folder, mn_blobs **out, mn_error *err)
{
    const mn_blobs_s3 where = {
        .url = mn_settings_text(settings, MN_S_BLOBS_URL),
        .in_host = strcmp(mn_settings_text(settings, MN_S_BLOBS_STYLE), "host") == 0,
        .region = mn_settings_text(settings, MN_S_BLOBS_REGION),
        .access_key = mn_settings_text(settings, MN_S_BLOBS_ACCESS_KEY),
        .secret_key = mn_settings_text(settings, MN_S_BLOBS_SECRET_KEY),
        .ca_file = mn_settings_text(settings, MN_S_BLOBS_CA),
        .timeout_ms = (int)mn_settings_int(settings, MN_S_BLOBS_TIMEOUT),
    };
    return *where.url ? mn_blobs_open_s3(&where, out, err) : mn_blobs_open_files(folder, out, err);
}
