/* /v1/audit: who did what. */
#include "app/internal.h"
#include "base/alloc.h"

#include <sodium.h>
#include <string.h>

#define HEX         65
#define STREAM_PAGE 200
#define PAGE_ARENA  ((size_t)64 << 20)
#define RECORD_MAX  (160 << 10) /* of what one adds to a piece, so that a piece is never full */

static const char *const columns[] = {"seq",    "time",   "account", "actor", "action",
                                      "target", "detail", "prev",    "hash",  NULL};

static json_t *record_json(const mn_audit_record *r)
{
    char prev[HEX], hash[HEX];
    sodium_bin2hex(prev, sizeof prev, r->prev, sizeof r->prev);
    sodium_bin2hex(hash, sizeof hash, r->hash, sizeof r->hash);
    return json_pack("{s:I, s:o, s:I, s:o, s:s, s:s, s:o, s:s, s:s, s:s}", "seq", (json_int_t)r->seq, "time",
                     mn_value_time(r->time), "time_us", (json_int_t)r->time, "account",
                     mn_value_account(&r->account), "actor", r->actor, "action", r->action, "target",
                     mn_value_text(r->target), "detail", r->detail ? r->detail : "", "prev", prev, "hash",
                     hash);
}

/* ---- a page ---- */

/* "person." is all that begins with it. */
static void read_filters(const mn_api_call *call, mn_audit_query *q, char target[MN_ID_TEXT])
{
    const char *action = mn_api_text(call, MN_P_AUDIT_LIST_ACTION);
    const mn_id id = mn_api_id(call, MN_P_AUDIT_LIST_TARGET);
    mn_id_format(&id, target);
    *q = (mn_audit_query){
        .actor = mn_api_text(call, MN_P_AUDIT_LIST_ACTOR),
        .action = action,
        .beginning = action && action[0] && action[strlen(action) - 1] == '.',
        .target = mn_api_given(call, MN_P_AUDIT_LIST_TARGET) ? target : NULL,
        .from = mn_api_time(call, MN_P_AUDIT_LIST_FROM, 0),
        .to = mn_api_time(call, MN_P_AUDIT_LIST_TO, MN_TIME_NEVER),
        .newest = strcmp(mn_api_text(call, MN_P_AUDIT_LIST_SORT), "-seq") == 0,
        .limit = (size_t)mn_api_whole(call, MN_P_AUDIT_LIST_LIMIT),
    };
}

mn_code mn_api_audit_list(mn_api_call *call, mn_error *err)
{
    mn_audit_query q;
    mn_audit_record *records = NULL;
    char target[MN_ID_TEXT], next[24] = "";
    const char *key = NULL;
    size_t n = 0;
    read_filters(call, &q, target);
    mn_code code = mn_api_cursor(call, MN_P_AUDIT_LIST_CURSOR, &key, err);
    if (code == MN_OK && key)
        q.after = strtoull(key, NULL, 10);
    if (code == MN_OK)
        code = mn_core_audit_find(call->core, call->actor, &q, call->arena, &records, &n, err);
    if (code != MN_OK)
        return code;
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, record_json(&records[i]));
    if (n > 0)
        snprintf(next, sizeof next, "%llu", (unsigned long long)records[n - 1].seq);
    return mn_api_page(call, "records", rows, n == q.limit ? next : NULL, columns, err);
}

/* ---- the chain ---- */

mn_code mn_api_audit_verify(mn_api_call *call, mn_error *err)
{
    mn_audit_report report = {0};
    char head[HEX];
    mn_code code = mn_core_audit_prove(call->core, call->actor, call->request->deadline,
                                       call->request->cancel, &report, err);
    if (code == MN_E_CORRUPT)
        return mn_api_answer(call, 200,
                             json_pack("{s:b, s:{s:s, s:s}}", "intact", 0, "error", "code",
                                       mn_code_word(code), "text", err->text),
                             err);
    if (code != MN_OK)
        return code;
    sodium_bin2hex(head, sizeof head, report.head, sizeof report.head);
    return mn_api_answer(
        call, 200,
        json_pack("{s:b, s:I, s:s}", "intact", 1, "records", (json_int_t)report.records, "head", head), err);
}

/* ---- all of it, as JSON Lines, page after page as fast as the client reads ---- */

typedef struct {
    mn_core *core;
    const mn_actor *who; /* the request's, which outlives the stream */
    mn_audit_query q;
    mn_arena *arena; /* of a page */
    mn_audit_record *records;
    size_t n, at;
    bool last; /* this page is */
} export;

static mn_code next_page(export *e, mn_error *err)
{
    mn_arena_reset(e->arena);
    e->at = e->n = 0;
    mn_code code = mn_core_audit_export_page(e->core, e->who, &e->q, e->arena, &e->records, &e->n, err);
    if (code != MN_OK)
        return code;
    e->last = e->n < e->q.limit;
    if (e->n > 0)
        e->q.after = e->records[e->n - 1].seq;
    return MN_OK;
}

static mn_code put_record(mn_buf *out, const mn_audit_record *r, mn_error *err)
{
    json_t *line = record_json(r);
    char *text = line ? json_dumps(line, JSON_COMPACT) : NULL;
    json_decref(line);
    mn_code code = text ? mn_buf_append(out, text, strlen(text), err)
                        : mn_fail(err, MN_E_MEMORY, "no memory for an audit record");
    free(text);
    return code == MN_OK ? mn_buf_append(out, "\n", 1, err) : code;
}

static mn_code more(void *stream, mn_buf *out, bool *last, mn_error *err)
{
    export *e = stream;
    mn_code code = e->at == e->n && !e->last ? next_page(e, err) : MN_OK;
    while (code == MN_OK && e->at < e->n && out->len + RECORD_MAX < MN_HTTP_PIECE)
        code = put_record(out, &e->records[e->at++], err);
    *last = code == MN_OK && e->at == e->n && e->last;
    return code;
}

static void end(void *stream, bool complete)
{
    export *e = stream;
    (void)complete;
    mn_arena_destroy(e->arena);
    mn_free(e);
}

mn_code mn_api_audit_export(mn_api_call *call, mn_error *err)
{
    static const mn_http_stream_ops ops = {more, end};
    const mn_audit_query q = {.from = mn_api_time(call, MN_P_AUDIT_EXPORT_FROM, 0),
                              .to = mn_api_time(call, MN_P_AUDIT_EXPORT_TO, MN_TIME_NEVER),
                              .limit = STREAM_PAGE};
    mn_code code = mn_core_audit_export_begin(call->core, call->actor, q.from, q.to, err);
    if (code != MN_OK)
        return code;
    export *e = mn_calloc(1, sizeof *e);
    mn_arena *arena = mn_arena_create(PAGE_ARENA);
    if (!e || !arena) {
        mn_arena_destroy(arena);
        mn_free(e);
        return mn_fail(err, MN_E_MEMORY, "no memory for an export");
    }
    *e = (export){.core = call->core, .who = call->actor, .q = q, .arena = arena};
    mn_http_status(call->answer, 200);
    mn_http_body_stream(call->answer, "application/jsonl", MN_HTTP_RECORDS, &ops, e);
    return MN_OK;
}
