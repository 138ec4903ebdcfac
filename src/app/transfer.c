#include "app/transfer.h"

#include "app/internal.h"
#include "base/log.h"

#define LINE_MAX  ((size_t)64 << 20)
#define ENOUGH    ((size_t)64 << 10) /* of a piece */
#define LISTS_MAX ((size_t)1 << 20)

mn_code mn_transfer_begin(mn_api_call *call, mn_transfer *t, mn_error *err)
{
    mn_app *app = call->app;
    unsigned most = (unsigned)mn_settings_int(app->start, MN_S_SERVER_TRANSFERS);
    if (atomic_fetch_add(&app->transfers, 1) >= most) {
        atomic_fetch_sub(&app->transfers, 1);
        return mn_fail(err, MN_E_BUSY,
                       "%u exports, imports and matchings go on already (server.transfers): no more at once",
                       most);
    }
    *t = (mn_transfer){
        .app = app,
        .actor = *call->actor,
        .caller = call->caller,
        .request = call->request,
        .route = call->route,
        .until = mn_deadline_in_ms(mn_settings_int(call->settings, MN_S_SERVER_TRANSFER_S) * INT64_C(1000))};
    t->actor.holder = NULL;
    mn_buf_init(&t->line, LINE_MAX);
    return MN_OK;
}

void mn_transfer_end(mn_transfer *t)
{
    mn_buf_finish(&t->line);
    mn_identity_unref(t->own);
    mn_arena_destroy(t->lists);
    t->own = NULL;
    t->lists = NULL;
    if (t->app)
        atomic_fetch_sub(&t->app->transfers, 1);
    t->app = NULL;
}

/* What the same secret stands for now. */
static mn_code look_again(mn_transfer *t, mn_error *err)
{
    mn_identity *now = NULL;
    mn_code code = mn_core_identity_again(t->app->core, t->caller, &now, err);
    if (code == MN_OK && now == t->caller) {
        mn_identity_unref(now);
        return MN_OK;
    }
    mn_arena *lists = code == MN_OK ? mn_arena_create(LISTS_MAX) : NULL;
    if (code == MN_OK && !lists)
        code = mn_fail(err, MN_E_MEMORY, "no memory for somebody's rights");
    const mn_resource r = (mn_resource)t->route->resource;
    const mn_verb verb = (mn_verb)t->route->verb;
    mn_actor actor;
    if (code == MN_OK)
        code = mn_identity_narrow(now, r, verb, lists, &actor, err);
    if (code != MN_OK) {
        mn_identity_unref(now);
        mn_arena_destroy(lists);
        return code;
    }
    mn_identity_unref(t->own);
    mn_arena_destroy(t->lists);
    actor.request = t->actor.request;
    t->actor = actor;
    t->caller = t->own = now;
    t->lists = lists;
    code = mn_core_may(&t->actor, r, verb, err);
    return code == MN_OK && t->may ? t->may(t->job, err) : code;
}

static void note_lost(const mn_transfer *t, const mn_error *why)
{
    mn_error err = {0};
    if (mn_core_note_cut(t->app->core, &t->actor, t->route->name, why, &err) != MN_OK)
        mn_log(MN_LOG_ERROR, "app", "that %s was cut off is not on record (request %s): %s", t->route->name,
               t->request->id, err.text);
}

mn_code mn_transfer_check(mn_transfer *t, mn_error *err)
{
    mn_error why = {0};
    if (mn_cancelled(t->request->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the server is stopping");
    if (mn_deadline_passed(t->until))
        return mn_fail(err, MN_E_TIMEOUT, "it took longer than server.transfer_s allows");
    mn_code code = look_again(t, &why);
    if (code == MN_OK)
        return MN_OK;
    if (mn_code_http(code) < 500)
        note_lost(t, &why);
    if (err)
        *err = why;
    return code;
}

mn_code mn_transfer_put(mn_transfer *t, json_t *line, mn_error *err)
{
    mn_buf_clear(&t->line);
    t->sent = 0;
    mn_code code =
        line ? mn_json_write(line, &t->line, err) : mn_fail(err, MN_E_MEMORY, "no memory for a line");
    json_decref(line);
    return code == MN_OK ? mn_buf_append(&t->line, "\n", 1, err) : code;
}

bool mn_transfer_given(const mn_transfer *t)
{
    return t->sent == t->line.len;
}

bool mn_transfer_give(mn_transfer *t, mn_buf *piece)
{
    size_t room = piece->len < ENOUGH ? ENOUGH - piece->len : 0, rest = t->line.len - t->sent,
           n = rest < room ? rest : room;
    if (n > 0 && mn_buf_append(piece, t->line.data + t->sent, n, NULL) != MN_OK)
        return false;
    t->sent += n;
    return mn_transfer_given(t) && n < room;
}

void mn_transfer_cut_off(const mn_transfer *t, const mn_error *why)
{
    mn_log(MN_LOG_WARN, "app", "%s was cut off (request %s): %s", t->route->name, t->request->id, why->text);
}
