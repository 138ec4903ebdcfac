/* The store's list of its backup folders, in meta: [{"folder", "id", "due"}]. "due" is set in the transaction
 * that destroys a key, and goes when the folder's keys file has followed; each time it is another token, so
 * that what is destroyed meanwhile stays due. */
#include "core/backup_internal.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define LIST_MAX ((size_t)1 << 20)

static mn_code read_list(mn_core *c, json_t **out, mn_error *err)
{
    const char *text = NULL;
    mn_arena *arena = mn_arena_create(LIST_MAX);
    if (!arena)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backup folders");
    mn_code code = c->store->ops->meta_get(c->store, MN_BACKUP_META, arena, &text, err);
    if (code == MN_OK) {
        *out = text && *text ? json_loads(text, 0, NULL) : json_array();
        if (!json_is_array(*out)) {
            json_decref(*out);
            *out = NULL;
            code = mn_fail(err, MN_E_CORRUPT, "the store's list of backup folders is damaged");
        }
    }
    mn_arena_destroy(arena);
    return code;
}

static mn_code write_list(mn_core *c, const json_t *list, mn_error *err)
{
    char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backup folders");
    mn_code code = c->store->ops->meta_put(c->store, MN_BACKUP_META, text, err);
    free(text);
    return code;
}

static const char *text_of(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));
    return text ? text : "";
}

/* A change of the list, in a transaction of its own. */
static mn_code change_list(mn_core *c, mn_code (*change)(json_t *list, const void *ctx, mn_error *err),
                           const void *ctx, mn_error *err)
{
    json_t *list = NULL;
    mn_code code = c->store->ops->begin(c->store, err);
    if (code != MN_OK)
        return code;
    code = read_list(c, &list, err);
    if (code == MN_OK)
        code = change(list, ctx, err);
    if (code == MN_OK)
        code = write_list(c, list, err);
    json_decref(list);
    if (code == MN_OK)
        return c->store->ops->commit(c->store, err);
    c->store->ops->rollback(c->store);
    return code;
}

typedef struct {
    const char *folder, *id, *due;
} place;

static mn_code add_folder(json_t *list, const void *ctx, mn_error *err)
{
    const place *p = ctx;
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry) if (strcmp(text_of(entry, "id"), p->id) == 0)
    {
        json_array_remove(list, i); /* moved, or the same once more */
        break;
    }
    if (json_array_size(list) >= MN_BACKUP_FOLDERS)
        return mn_fail(err, MN_E_LIMIT, "the store has %d backup folders already: use one of them",
                       MN_BACKUP_FOLDERS);
    json_t *folder = json_string(p->folder);
    if (!folder)
        return mn_fail(err, MN_E_INVALID, "%s: the folder's path is not UTF-8", p->folder);
    json_array_append_new(list, json_pack("{s:o, s:s}", "folder", folder, "id", p->id));
    return MN_OK;
}

mn_code mn_core_backups_remember(mn_core *c, const char *folder, mn_error *err)
{
    char id[MN_ID_TEXT];
    mn_code code = mn_backup_id(folder, id, err);
    return code == MN_OK ? change_list(c, add_folder, &(place){.folder = folder, .id = id}, err) : code;
}

static mn_code set_due(mn_core *c, json_t *list, mn_error *err)
{
    char token[MN_ID_TEXT];
    const mn_id id = mn_id_make();
    size_t i;
    json_t *entry;
    mn_id_format(&id, token);
    json_array_foreach(list, i, entry) json_object_set_new(entry, "due", json_string(token));
    return write_list(c, list, err);
}

mn_code mn_core_backups_due(mn_core *c, mn_error *err)
{
    json_t *list = NULL;
    mn_code code = read_list(c, &list, err);
    if (code == MN_OK && json_array_size(list) > 0)
        code = set_due(c, list, err);
    json_decref(list);
    return code;
}

static mn_code clear_due(json_t *list, const void *ctx, mn_error *err)
{
    const place *p = ctx;
    size_t i;
    json_t *entry;
    (void)err;
    json_array_foreach(list, i, entry) if (strcmp(text_of(entry, "id"), p->id) == 0 &&
                                           strcmp(text_of(entry, "due"), p->due) == 0)
        json_object_del(entry, "due");
    return MN_OK;
}

static mn_code follow(mn_core *c, const place *p, mn_error *err)
{
    char id[MN_ID_TEXT];
    mn_code code = mn_backup_id(p->folder, id, err);
    if (code == MN_OK && strcmp(id, p->id) != 0)
        code = mn_fail(err, MN_E_NOT_FOUND, "%s is another backup folder", p->folder);
    if (code == MN_OK)
        code = mn_backup_update_keys(c->store, p->folder, err);
    return code == MN_OK ? change_list(c, clear_due, p, err) : code;
}

void mn_core_backups_follow(mn_core *c)
{
    json_t *list = NULL, *entry;
    size_t i;
    if (read_list(c, &list, NULL) != MN_OK)
        return;
    json_array_foreach(list, i, entry)
    {
        const place p = {text_of(entry, "folder"), text_of(entry, "id"), text_of(entry, "due")};
        if (*p.due)
            follow(c, &p, NULL); /* else it stays due */
    }
    json_decref(list);
}

mn_code mn_core_backups_behind(mn_core *c, mn_arena *arena, const char ***folders, size_t *n, mn_error *err)
{
    json_t *list = NULL, *entry;
    size_t i, found = 0;
    mn_code code = read_list(c, &list, err);
    if (code != MN_OK)
        return code;
    const char **all = mn_arena_calloc(arena, json_array_size(list) + 1, sizeof *all);
    json_array_foreach(list, i, entry) if (all && *text_of(entry, "due"))
    {
        all[found] = mn_arena_strdup(arena, text_of(entry, "folder"));
        code = all[found++] ? code : MN_E_MEMORY;
    }
    json_decref(list);
    if (!all || code != MN_OK)
        return mn_fail(err, MN_E_MEMORY, "no memory for the list of backup folders");
    *folders = all;
    *n = found;
    return MN_OK;
}
