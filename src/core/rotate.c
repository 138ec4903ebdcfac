#include "core/internal.h"

mn_code mn_core_look_at_keys(mn_core *c, mn_rotate_state *out, mn_error *err)
{
    return mn_rotate_look(c->store, c->master, out, err);
}

mn_code mn_core_rotate_keys(mn_core *c, const mn_actor *who, void (*progress)(void *user, uint64_t done),
                            void *user, const mn_cancel *cancel, mn_rotate_report *out, mn_error *err)
{
    static const mn_rotate_meta metas[] = {{MN_CORE_DEPLOYMENT_META, MN_CORE_DEPLOYMENT}};
    mn_code code = mn_core_may_everywhere(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code != MN_OK)
        return code;
    const mn_rotate_options options = {
        .actor = who->name,
        .metas = metas,
        .n_metas = sizeof metas / sizeof *metas,
        .settle_ms = MN_ROTATE_SETTLE_MS,
        .progress = progress,
        .user = user,
        .cancel = cancel,
    };
    code = mn_rotate_master(c->store, c->master, &options, out, err);
    /* Backups open with the master key of today, so their keys file follows. What cannot be reached stays
     * due. */
    if (code == MN_OK)
        code = mn_core_backups_due(c, err);
    if (code == MN_OK)
        mn_core_backups_follow(c);
    return code;
}
