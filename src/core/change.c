/* Which descriptor model the data are of, and the change to another one.
 *
 *            begin                    switch                    remove
 *   old ───────────────▶ old, next ─────────────▶ new, previous ─────────▶ new
 *              abandon ◀─────┘
 *
 * The roles stand in meta, and every step is one transaction. A descriptor belongs to a face and a model, so
 * those of two models lie side by side, and two processes with one of them each serve side by side. */
#include "core/internal.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_TEXT 16

static const struct {
    const char *pack, *model, *dim;
} keys[] = {
    [MN_MODEL_CURRENT] = {"pack", "descriptor_model", "descriptor_dim"},
    [MN_MODEL_NEXT] = {"next_pack", "next_model", "next_dim"},
    [MN_MODEL_PREVIOUS] = {"previous_pack", "previous_model", "previous_dim"},
};

static mn_code get(mn_core *c, const char *key, mn_arena *arena, const char **out, mn_error *err)
{
    mn_code code = c->store->ops->meta_get(c->store, key, arena, out, err);
    if (code == MN_OK && *out && !**out) /* what was taken back */
        *out = NULL;
    return code;
}

mn_code mn_core_model_mark(mn_core *c, mn_model_role role, mn_arena *arena, mn_model_mark *out, mn_error *err)
{
    mn_model_mark m = {0};
    mn_code code = get(c, keys[role].pack, arena, &m.pack, err);
    if (code == MN_OK)
        code = get(c, keys[role].model, arena, &m.model, err);
    if (code == MN_OK)
        code = get(c, keys[role].dim, arena, &m.dim, err);
    if (code == MN_OK && !(m.pack && m.model && m.dim))
        m = (mn_model_mark){0};
    if (code == MN_OK)
        *out = m;
    return code;
}

mn_code mn_core_model_set(mn_core *c, mn_model_role role, const mn_model_mark *mark, mn_error *err)
{
    mn_code code = c->store->ops->meta_put(c->store, keys[role].pack, mark ? mark->pack : "", err);
    if (code == MN_OK)
        code = c->store->ops->meta_put(c->store, keys[role].model, mark ? mark->model : "", err);
    return code == MN_OK ? c->store->ops->meta_put(c->store, keys[role].dim, mark ? mark->dim : "", err)
                         : code;
}

static bool is_own(const mn_core *c, const mn_model_mark *m)
{
    char dim[NUMBER_TEXT];
    snprintf(dim, sizeof dim, "%d", c->model->dim);
    return m->pack && strcmp(m->pack, c->pack) == 0 && strcmp(m->model, c->model_name) == 0 &&
           strcmp(m->dim, dim) == 0;
}

mn_code mn_core_model_role(mn_core *c, mn_arena *arena, mn_model_role *out, mn_error *err)
{
    for (mn_model_role role = MN_MODEL_CURRENT; role < MN_MODEL_OTHER; role++) {
        mn_model_mark m;
        mn_code code = mn_core_model_mark(c, role, arena, &m, err);
        if (code != MN_OK)
            return code;
        if (is_own(c, &m)) {
            *out = role;
            return MN_OK;
        }
    }
    *out = MN_MODEL_OTHER;
    return MN_OK;
}

static mn_code begin_change(mn_core *c, const mn_model_mark *own, const mn_model_mark *current,
                            mn_arena *arena, mn_error *err)
{
    mn_model_mark next, previous;
    mn_code code = mn_core_model_mark(c, MN_MODEL_NEXT, arena, &next, err);
    if (code == MN_OK)
        code = mn_core_model_mark(c, MN_MODEL_PREVIOUS, arena, &previous, err);
    if (code != MN_OK)
        return code;
    if (next.pack)
        return mn_fail(
            err, MN_E_PACK,
            "a change to the %s pack (%s) is under way: finish it, or give it up with --pack %s --abandon",
            next.pack, next.model, next.pack);
    if (previous.pack)
        return mn_fail(
            err, MN_E_PACK,
            "descriptors of the %s pack (%s) from the last change are still there: remove them first "
            "(--pack %s --remove-old)",
            previous.pack, previous.model, current->pack);
    return mn_core_model_set(c, MN_MODEL_NEXT, own, err);
}

mn_code mn_core_check_pack(mn_core *c, const mn_core_options *o, const char *pack, mn_arena *arena,
                           mn_error *err)
{
    mn_model_mark current;
    mn_model_role role = MN_MODEL_OTHER;
    char dim[NUMBER_TEXT];
    const mn_model_mark own = {pack, c->model_name, dim};
    snprintf(dim, sizeof dim, "%d", c->model->dim);
    mn_code code = mn_core_model_mark(c, MN_MODEL_CURRENT, arena, &current, err);
    if (code == MN_OK && !current.pack)
        return mn_core_model_set(c, MN_MODEL_CURRENT, &own, err);
    if (code == MN_OK)
        code = mn_core_model_role(c, arena, &role, err);
    if (code != MN_OK || role != MN_MODEL_OTHER)
        return code;
    if (o->begin_change)
        return begin_change(c, &own, &current, arena, err);
    return mn_fail(
        err, MN_E_PACK,
        "%s was made with the %s pack (%s, %s numbers), and this is the %s pack (%s, %s): use --pack %s, "
        "change the data to this pack (mien store reextract), or enrol in another data directory",
        mn_core_place(o), current.pack, current.model, current.dim, pack, c->model_name, dim, current.pack);
}

mn_code mn_core_check_current(mn_core *c, mn_arena *arena, mn_error *err)
{
    mn_model_mark current;
    mn_code code = mn_core_model_mark(c, MN_MODEL_CURRENT, arena, &current, err);
    if (code != MN_OK || (current.model && strcmp(current.model, c->model_name) == 0))
        return code;
    return mn_fail(
        err, MN_E_PACK,
        "people are enrolled with the %s pack (%s) here, and this program works with %s: start it again "
        "with --pack %s",
        current.pack ? current.pack : "?", current.model ? current.model : "?", c->model_name,
        current.pack ? current.pack : "auto");
}

mn_code mn_core_check_served(mn_core *c, mn_arena *arena, mn_error *err)
{
    mn_model_role role;
    mn_code code = mn_core_model_role(c, arena, &role, err);
    if (code == MN_OK && role == MN_MODEL_OTHER)
        code = mn_fail(
            err, MN_E_PACK,
            "the data were changed to another model meanwhile, and no descriptors of %s are left: start "
            "this program again",
            c->model_name);
    return code;
}
