#include "app/transfer.h"

#include "app/internal.h"
#include "base/log.h"

#define LINE_MAX ((size_t)64 << 20)
#define ENOUGH   ((size_t)64 << 10) /* of a piece */

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
        .request = call->request,
        .name = call->route->name,
        .until = mn_deadline_in_ms(mn_settings_int(call->settings, MN_S_SERVER_TRANSFER_S) * INT64_C(1000))};
    t->actor.holder = NULL;
    mn_buf_init(&t->line, LINE_MAX);
    return MN_OK;
}

void mn_transfer_end(mn_transfer *t)
{
    mn_buf_finish(&t->line);
    if (t->app)
        atomic_fetch_sub(&t->app->transfers, 1);
    t->app = NULL;
}

mn_code mn_transfer_check(const mn_transfer *t, mn_error *err)
{
    if (mn_cancelled(t->request->cancel))
        return mn_fail(err, MN_E_CANCELLED, "the server is stopping");
    if (mn_deadline_passed(t->until))
        return mn_fail(err, MN_E_TIMEOUT, "it took longer than server.transfer_s allows");
    return MN_OK;
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
    mn_log(MN_LOG_WARN, "app", "%s was cut off (request %s): %s", t->name, t->request->id, why->text);
}
