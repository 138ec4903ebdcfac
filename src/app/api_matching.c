/* /v1/lists/{list_id}/match and /duplicates: whole lists, many against many, told as JSON Lines.
 *
 * A thread of app->matchers matches and puts lines into a bounded buffer, where they wait for the client; the
 * stream takes them out. Whoever is done last, stream or thread, frees all: a client that goes is not waited
 * for, and a matching ends within a pass. */
#include "app/internal.h"
#include "app/transfer.h"
#include "base/alloc.h"
#include "core/match.h"

#include <string.h>

#define WAITING_MAX ((size_t)64 << 10) /* bytes of lines that wait for the client; then the matching does */
#define LINE_MAX    ((size_t)32 << 10)
#define TELL_NS     INT64_C(1000000000) /* between two lines of progress */
#define LOOK_NS     INT64_C(200000000)  /* between two looks whether waiting is to end */

typedef struct {
    mn_core *core;
    mn_transfer transfer; /* the stream's; its place lasts as long as all of it */
    mn_arena *arena;      /* of the next two: the request may end first */
    mn_actor actor;       /* as it began; the stream ends it where the caller lost what it needs */
    mn_match_lists what;
    uint64_t limit;
    int64_t told_ns; /* the stream's: when it told of progress */
    mn_cancel cancel;

    pthread_mutex_t lock; /* guards the rest */
    pthread_cond_t changed;
    unsigned users;
    mn_buf lines;
    bool begun, ended;
    mn_match_report report;
    size_t faces, all_faces;
    uint64_t pairs;
    mn_code code;
    mn_error error;
} matching;

/* ---- life ---- */

static void leave(matching *m)
{
    pthread_mutex_lock(&m->lock);
    bool last = --m->users == 0;
    pthread_mutex_unlock(&m->lock);
    if (!last)
        return;
    pthread_cond_destroy(&m->changed);
    pthread_mutex_destroy(&m->lock);
    mn_transfer_end(&m->transfer);
    mn_buf_finish(&m->lines);
    mn_arena_destroy(m->arena);
    mn_free(m);
}

/* Under the lock; back after a while at the latest. */
static void wait(matching *m)
{
    int64_t until = mn_monotonic_ns() + LOOK_NS;
    const struct timespec at = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    pthread_cond_timedwait(&m->changed, &m->lock, &at);
}

/* ---- lines: on the thread that matches ---- */

/* Under the lock. Takes the line over. */
static mn_code add_line(matching *m, json_t *line, mn_error *err)
{
    mn_code code =
        line ? mn_json_write(line, &m->lines, err) : mn_fail(err, MN_E_MEMORY, "no memory for a line");
    json_decref(line);
    if (code == MN_OK)
        code = mn_buf_append(&m->lines, "\n", 1, err);
    pthread_cond_broadcast(&m->changed);
    return code;
}

static json_t *side_json(const mn_match_side *s)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "person", mn_value_id(&s->person), "name",
                     mn_value_text(s->name), "external_id", mn_value_text(s->external_id), "face",
                     mn_value_id(&s->face));
}

static json_t *pair_json(const mn_match_pair *p)
{
    return json_pack("{s:{s:o, s:o, s:f, s:f, s:f}}", "pair", "a", side_json(&p->a), "b", side_json(&p->b),
                     "similarity", p->similarity, "fmr", p->fmr, "raw", p->raw);
}

static mn_code take_pair(void *ctx, const mn_match_pair *p, mn_error *err)
{
    matching *m = ctx;
    pthread_mutex_lock(&m->lock);
    while (m->lines.len > WAITING_MAX && !mn_cancelled(&m->cancel))
        wait(m);
    mn_code code = MN_OK;
    if (mn_cancelled(&m->cancel) || m->pairs == m->limit)
        code = mn_fail(err, MN_E_CANCELLED, "no more pairs are wanted");
    if (code == MN_OK)
        code = add_line(m, pair_json(p), err);
    m->pairs += code == MN_OK;
    pthread_mutex_unlock(&m->lock);
    return code;
}

static void take_begin(void *ctx, const mn_match_report *report)
{
    matching *m = ctx;
    pthread_mutex_lock(&m->lock);
    m->report = *report;
    m->begun = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

static void take_progress(void *ctx, size_t faces, size_t all_faces, uint64_t pairs)
{
    matching *m = ctx;
    (void)pairs; /* those that are told are counted here */
    pthread_mutex_lock(&m->lock);
    m->faces = faces;
    m->all_faces = all_faces;
    pthread_mutex_unlock(&m->lock);
}

static json_t *result_json(const matching *m, bool complete)
{
    const mn_match_report *r = &m->report;
    json_t *o = json_pack("{s:b, s:I, s:I, s:{s:f, s:o, s:b}}", "complete", (int)complete, "pairs",
                          (json_int_t)m->pairs, "against", (json_int_t)r->against, "threshold", "fmr",
                          r->threshold_fmr, "raw", mn_value_real(r->threshold_raw), "measured",
                          (int)r->threshold_measured);
    if (o && complete) {
        json_object_set_new(o, "people", json_integer((json_int_t)r->people));
        json_object_set_new(o, "faces", json_integer((json_int_t)r->faces));
        json_object_set_new(o, "full", json_integer((json_int_t)r->full));
    }
    return json_pack("{s:o}", "result", o);
}

/* What is wrong inside is not told, as in any answer. */
static json_t *error_json(const mn_error *why)
{
    return json_pack("{s:{s:s, s:s}}", "error", "code", mn_code_word(why->code), "text",
                     mn_code_http(why->code) == 500 ? "it failed inside: the log says why" : why->text);
}

/* Under the lock, when it is over: the last line. */
static void conclude(matching *m, mn_code code, const mn_error *why)
{
    bool full = code == MN_E_CANCELLED && m->pairs == m->limit;
    m->ended = true;
    m->code = code;
    m->error = *why;
    if (code == MN_OK || full)
        add_line(m, result_json(m, code == MN_OK), NULL);
    else if (m->begun)
        add_line(m, error_json(why), NULL);
    pthread_cond_broadcast(&m->changed);
}

static void run(void *job, unsigned worker)
{
    matching *m = job;
    mn_error err = {0};
    mn_match_report report = {0};
    (void)worker;
    mn_code code = mn_core_match(m->core, &m->actor, &m->what, &report, &err);
    pthread_mutex_lock(&m->lock);
    if (code == MN_OK)
        m->report = report;
    conclude(m, code, &err);
    pthread_mutex_unlock(&m->lock);
    leave(m);
}

static void drop(void *job)
{
    matching *m = job;
    mn_error err = {0};
    mn_fail(&err, MN_E_CANCELLED, "the server is stopping");
    pthread_mutex_lock(&m->lock);
    conclude(m, MN_E_CANCELLED, &err);
    pthread_mutex_unlock(&m->lock);
    leave(m);
}

/* ---- the stream ---- */

/* Under the lock. */
static mn_code tell(matching *m, mn_buf *out, bool *last, mn_error *err)
{
    int64_t now = mn_monotonic_ns();
    if (!m->ended && now - m->told_ns >= TELL_NS) {
        m->told_ns = now;
        mn_code code =
            add_line(m,
                     json_pack("{s:{s:I, s:I, s:I}}", "progress", "faces", (json_int_t)m->faces, "all_faces",
                               (json_int_t)m->all_faces, "pairs", (json_int_t)m->pairs),
                     err);
        if (code != MN_OK)
            return code;
    }
    mn_code code = m->lines.len ? mn_buf_append(out, m->lines.data, m->lines.len, err) : MN_OK;
    mn_buf_clear(&m->lines);
    *last = m->ended;
    pthread_cond_broadcast(&m->changed);
    return code;
}

static mn_code more_lines(void *stream, mn_buf *out, bool *last, mn_error *err)
{
    matching *m = stream;
    mn_code code = MN_OK;
    pthread_mutex_lock(&m->lock);
    while (code == MN_OK && !m->ended && m->lines.len == 0 && mn_monotonic_ns() - m->told_ns < TELL_NS) {
        wait(m);
        code = mn_transfer_check(&m->transfer, err);
    }
    if (code == MN_OK)
        code = mn_transfer_check(&m->transfer, err);
    if (code == MN_OK)
        code = tell(m, out, last, err);
    pthread_mutex_unlock(&m->lock);
    if (code != MN_OK)
        mn_transfer_cut_off(&m->transfer, err);
    return code;
}

static void end_lines(void *stream, bool complete)
{
    matching *m = stream;
    (void)complete;
    mn_cancel_set(&m->cancel);
    pthread_mutex_lock(&m->lock);
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    leave(m);
}

/* ---- what is asked for ---- */

static mn_code out_of_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory to match lists");
}

static mn_code read_request(const mn_api_call *call, matching *m, const char *list, mn_error *err)
{
    const char *purpose = mn_field_text(call->body, "purpose"), *with = mn_field_text(call->body, "with");
    int64_t most = mn_settings_int(call->settings, MN_S_MATCH_PAIRS),
            limit = mn_field_whole(call->body, "limit", most);
    m->limit = (uint64_t)(limit < most ? limit : most);
    m->what = (mn_match_lists){.list = mn_arena_strdup(m->arena, list),
                               .with = with ? mn_arena_strdup(m->arena, with) : NULL,
                               .purpose = MN_PURPOSE_IDENTIFICATION,
                               .fmr = mn_field_number(call->body, "fmr", 0),
                               .k = (size_t)mn_field_whole(call->body, "candidates", 10),
                               .cancel = &m->cancel,
                               .begun = take_begin,
                               .pair = take_pair,
                               .progress = take_progress,
                               .ctx = m};
    if (purpose)
        mn_purpose_parse(purpose, &m->what.purpose);
    return m->what.list && (!with || m->what.with) ? MN_OK : out_of_memory(err);
}

static mn_code keep_actor(matching *m, mn_error *err)
{
    mn_actor *who = &m->actor;
    *who = m->transfer.actor;
    mn_id *lists = mn_arena_calloc(m->arena, who->n_lists + 1, sizeof *lists);
    char *name = mn_arena_strdup(m->arena, who->name), *request = mn_arena_strdup(m->arena, who->request);
    if (!lists || !name || !request)
        return out_of_memory(err);
    if (who->n_lists > 0)
        memcpy(lists, who->lists, who->n_lists * sizeof *lists);
    who->lists = lists;
    who->name = name;
    who->request = request;
    return MN_OK;
}

static mn_code create(mn_api_call *call, matching **out, mn_error *err)
{
    pthread_condattr_t monotonic;
    matching *m = mn_calloc(1, sizeof *m);
    if (!m)
        return out_of_memory(err);
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&m->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    mn_buf_init(&m->lines, WAITING_MAX + 3 * LINE_MAX);
    m->core = call->core;
    m->users = 1;
    m->arena = mn_arena_create((size_t)16 << 20);
    m->told_ns = mn_monotonic_ns();
    mn_code code = m->arena ? mn_transfer_begin(call, &m->transfer, err) : out_of_memory(err);
    if (code == MN_OK)
        code = keep_actor(m, err);
    if (code != MN_OK) {
        leave(m);
        return code;
    }
    *out = m;
    return MN_OK;
}

/* Whether anything is wrong with the request is known when the matching has begun, or ended. */
static mn_code start(mn_api_call *call, matching *m, mn_error *err)
{
    const mn_job job = {.run = run, .drop = drop, .job = m};
    m->users = 2;
    mn_code code = mn_pool_submit(call->app->matchers, &job, false, err);
    if (code != MN_OK) {
        m->users = 1;
        return code;
    }
    pthread_mutex_lock(&m->lock);
    while (!m->begun && !m->ended)
        wait(m);
    if (!m->begun) {
        code = m->code;
        *err = m->error;
    }
    pthread_mutex_unlock(&m->lock);
    return code;
}

static mn_code may_match(void *job, mn_error *err)
{
    const matching *m = job;
    return mn_core_match_may(m->core, &m->transfer.actor, &m->what, err);
}

static mn_code answer(mn_api_call *call, const mn_id *list, mn_error *err)
{
    static const mn_http_stream_ops ops = {more_lines, end_lines};
    char text[MN_ID_TEXT];
    matching *m = NULL;
    mn_id_format(list, text);
    mn_code code = create(call, &m, err);
    if (code != MN_OK)
        return code;
    m->transfer.job = m;
    m->transfer.may = may_match;
    code = read_request(call, m, text, err);
    if (code == MN_OK)
        code = start(call, m, err);
    if (code != MN_OK) {
        leave(m);
        return code;
    }
    mn_http_status(call->answer, 200);
    mn_http_body_stream(call->answer, "application/jsonl", MN_HTTP_TRANSFERS, &ops, m);
    return MN_OK;
}

mn_code mn_api_list_match(mn_api_call *call, mn_error *err)
{
    const mn_id list = mn_api_id(call, MN_P_LIST_MATCH_LIST_ID);
    return answer(call, &list, err);
}

mn_code mn_api_list_duplicates(mn_api_call *call, mn_error *err)
{
    const mn_id list = mn_api_id(call, MN_P_LIST_DUPLICATES_LIST_ID);
    return answer(call, &list, err);
}
