/* Lists and custom fields that the people of a file have. In a dry run they are kept in mind instead of made,
 * so that the people are judged as they would be. */
#include "core/fields.h"
#include "core/import_parts.h"
#include "core/records.h"
#include "core/records_internal.h"

#include <string.h>

#define PROMISES_MAX ((size_t)16 << 20)

/* ---- lists ---- */

const mn_list *mn_import_promised(const mn_import *i, const char *name)
{
    for (size_t k = 0; k < i->n_lists; k++)
        if (strcmp(i->lists[k].name, name) == 0)
            return &i->lists[k];
    return NULL;
}

static mn_code promise(mn_import *i, const mn_list *l, mn_error *err)
{
    if (!i->promises)
        i->promises = mn_arena_create(PROMISES_MAX);
    if (i->promises && i->n_lists == i->cap_lists) {
        size_t room = i->cap_lists ? 2 * i->cap_lists : 16;
        mn_list *larger = mn_arena_calloc(i->promises, room, sizeof *larger);
        if (!larger)
            return mn_import_no_memory(err);
        if (i->n_lists > 0)
            memcpy(larger, i->lists, i->n_lists * sizeof *larger);
        i->lists = larger;
        i->cap_lists = room;
    }
    char *name = i->promises ? mn_arena_strdup(i->promises, l->name) : NULL;
    if (!name)
        return mn_import_no_memory(err);
    i->lists[i->n_lists++] = (mn_list){.name = name, .purpose = l->purpose};
    return MN_OK;
}

static mn_code make_list(mn_import *i, const mn_list *l, mn_error *err)
{
    mn_list_view view;
    const bool active = !l->inactive;
    const mn_list_fields fields = {.name = l->name,
                                   .purpose = &l->purpose,
                                   .comment = {.set = true, .text = l->comment},
                                   .color = {.set = true, .text = l->color},
                                   .retention = &l->retention,
                                   .fmr = &l->fmr,
                                   .active = &active,
                                   .acknowledge = &l->acknowledge,
                                   .sound = &l->sound};
    if (!i->dry_run)
        return mn_core_list_create(i->c, i->who, &fields, i->arena, &view, err);
    mn_code code = mn_core_check_new_list(i->who, &fields, err);
    return code == MN_OK ? promise(i, l, err) : code;
}

mn_code mn_core_import_list(mn_import *i, const mn_list *l, bool *made, mn_error *err)
{
    bool found = false;
    mn_list there;
    mn_arena_reset(i->arena);
    mn_code code = mn_core_check_text("the list's name", l->name, err);
    if (code == MN_OK)
        code = mn_core_find_list(i->c, i->who, l->name, i->arena, &there, &found, err);
    const mn_list *promised = code == MN_OK && !found ? mn_import_promised(i, l->name) : NULL;
    mn_purpose purpose = found ? there.purpose : promised ? promised->purpose : l->purpose;
    if (code == MN_OK && purpose != l->purpose)
        code = mn_fail(err, MN_E_PURPOSE, "the list \"%.200s\" is for %s here, and for %s in the file",
                       l->name, mn_purpose_word(purpose), mn_purpose_word(l->purpose));
    if (code == MN_OK && !found && !promised)
        code = make_list(i, l, err);
    if (code == MN_OK)
        *made = !found && !promised;
    return code;
}

/* ---- custom fields ---- */

mn_code mn_core_import_field(mn_import *i, const char *json, bool *made, mn_error *err)
{
    bool is_new = false;
    json_t *field = json_loads(json, 0, NULL);
    if (!field)
        return mn_import_no_memory(err);
    mn_arena_reset(i->arena);
    mn_code code = mn_core_field_add(i->c, i->who, field, i->dry_run, i->arena, &is_new, err);
    if (code == MN_OK && is_new && i->dry_run) {
        i->fields = i->fields ? i->fields : json_array();
        if (json_array_append(i->fields, field) != 0)
            code = mn_import_no_memory(err);
    }
    json_decref(field);
    if (code == MN_OK)
        *made = is_new;
    return code;
}

static void drop(void *value)
{
    json_decref(value);
}

mn_code mn_import_fields(const mn_import *i, mn_arena *arena, json_t **out, mn_error *err)
{
    json_t *there = NULL, *all = NULL;
    mn_time updated;
    mn_code code = mn_core_fields_get(i->c, i->who, arena, &there, &updated, err);
    if (code != MN_OK || !i->fields) {
        *out = there;
        return code;
    }
    all = json_copy(there);
    if (!all || json_array_extend(all, i->fields) != 0 || mn_arena_on_end(arena, drop, all) != 0) {
        json_decref(all);
        return mn_import_no_memory(err);
    }
    *out = all;
    return MN_OK;
}

void mn_import_forget_promises(mn_import *i)
{
    mn_arena_destroy(i->promises);
    json_decref(i->fields);
}
