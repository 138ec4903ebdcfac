/* /v1/consents, /v1/people/{person}/consents: what people agreed to. */
#include "app/pictures.h"
#include "app/records_json.h"

#include <string.h>

/* With the note whether a file proves it. */
static void put_consent(mn_api_call *call, mn_json_out *o, const mn_consent *c, mn_time now)
{
    bool file = false;
    bool known = mn_core_has_evidence(call->core, &c->id, &file, NULL) == MN_OK;
    mn_json_consent(o, c, now, known ? &file : NULL);
}

static mn_code answer_page(mn_api_call *call, const mn_consent *c, size_t n, const char *next, mn_error *err)
{
    static const char *const columns[] = {"person", "consent", "purpose",   "method", "evidence",
                                          "given",  "until",   "withdrawn", "state",  NULL};
    mn_buf room;
    mn_json_out o;
    mn_time now = mn_time_now();
    mn_api_page_begin(&o, &room, "consents");
    for (size_t i = 0; i < n; i++)
        put_consent(call, &o, &c[i], now);
    return mn_api_page_end(call, &o, next, columns, err);
}

static mn_code answer(mn_api_call *call, const mn_consent *c, mn_error *err)
{
    mn_buf room;
    mn_json_out o;
    mn_api_write(&o, &room);
    put_consent(call, &o, c, mn_time_now());
    return mn_api_written(call, 200, &o, err);
}

/* ---- looking ---- */

static mn_consent_state state_of(const char *word)
{
    return !word                          ? MN_CONSENT_ANY
           : strcmp(word, "valid") == 0   ? MN_CONSENT_VALID
           : strcmp(word, "expired") == 0 ? MN_CONSENT_EXPIRED
                                          : MN_CONSENT_WITHDRAWN;
}

mn_code mn_api_consents_list(mn_api_call *call, mn_error *err)
{
    static const char *const orders[] = {"until", "-until", "given", "-given", NULL};
    mn_place room;
    mn_purpose purpose;
    const char *next = NULL, *word = mn_api_text(call, MN_P_CONSENTS_LIST_PURPOSE);
    mn_consent *found = NULL;
    size_t n = 0;
    mn_consent_query q = {
        .purpose = word && mn_purpose_parse(word, &purpose) ? &purpose : NULL,
        .state = state_of(mn_api_text(call, MN_P_CONSENTS_LIST_STATE)),
        .until_from = mn_api_time(call, MN_P_CONSENTS_LIST_UNTIL_FROM, INT64_MIN),
        .until_to = mn_api_time(call, MN_P_CONSENTS_LIST_UNTIL_TO, MN_TIME_NEVER),
        .given_from = mn_api_time(call, MN_P_CONSENTS_LIST_GIVEN_FROM, INT64_MIN),
        .given_to = mn_api_time(call, MN_P_CONSENTS_LIST_GIVEN_TO, MN_TIME_NEVER),
        .order = (mn_consent_order)mn_api_choice(call, MN_P_CONSENTS_LIST_SORT, orders),
        .limit = (size_t)mn_api_whole(call, MN_P_CONSENTS_LIST_LIMIT),
    };
    mn_code code = mn_api_place(call, MN_P_CONSENTS_LIST_CURSOR, &room, &q.after, err);
    if (code == MN_OK)
        code = mn_core_consents_find(call->core, call->actor, &q, call->arena, &found, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit) {
        const mn_consent *last = &found[n - 1];
        next = mn_place_make(call, &last->id, q.order >= MN_CONSENTS_GIVEN ? last->given : last->until, NULL);
    }
    return answer_page(call, found, n, next, err);
}

/* Of all of a person's those that are asked for, moved to the front. */
static size_t keep_wanted(const mn_api_call *call, mn_consent *all, size_t n)
{
    mn_purpose purpose;
    size_t kept = 0;
    mn_time now = mn_time_now();
    const char *word = mn_api_text(call, MN_P_PERSON_CONSENTS_PURPOSE);
    const mn_consent_state state = state_of(mn_api_text(call, MN_P_PERSON_CONSENTS_STATE));
    bool any = !word || !mn_purpose_parse(word, &purpose);
    for (size_t i = 0; i < n; i++) {
        const mn_consent_state is = all[i].withdrawn <= now ? MN_CONSENT_WITHDRAWN
                                    : all[i].until <= now   ? MN_CONSENT_EXPIRED
                                                            : MN_CONSENT_VALID;
        if ((any || all[i].purpose == purpose) && (state == MN_CONSENT_ANY || state == is))
            all[kept++] = all[i];
    }
    return kept;
}

mn_code mn_api_person_consents(mn_api_call *call, mn_error *err)
{
    mn_id after;
    mn_time time;
    const char *key = NULL, *name, *next = NULL;
    mn_consent *all = NULL;
    size_t n = 0, first = 0, limit = (size_t)mn_api_whole(call, MN_P_PERSON_CONSENTS_LIMIT);
    const mn_id person = mn_api_id(call, MN_P_PERSON_CONSENTS_PERSON);
    mn_code code = mn_api_cursor(call, MN_P_PERSON_CONSENTS_CURSOR, &key, err);
    if (code == MN_OK)
        code = mn_core_consents_of(call->core, call->actor, &person, call->arena, &all, &n, err);
    if (code != MN_OK)
        return code;
    n = keep_wanted(call, all, n);
    if (key && mn_place_read(key, &after, &time, &name))
        while (first < n && mn_id_compare(&all[first].id, &after) >= 0)
            first++;
    n -= first;
    if (n > limit) {
        n = limit;
        next = mn_place_make(call, &all[first + n - 1].id, 0, NULL);
    }
    return answer_page(call, n > 0 ? all + first : NULL, n, next, err);
}

mn_code mn_api_consent_get(mn_api_call *call, mn_error *err)
{
    mn_consent c;
    const mn_id person = mn_api_id(call, MN_P_CONSENT_GET_PERSON);
    const mn_id id = mn_api_id(call, MN_P_CONSENT_GET_CONSENT);
    mn_code code = mn_core_consent_get(call->core, call->actor, &person, &id, call->arena, &c, err);
    return code == MN_OK ? answer(call, &c, err) : code;
}

/* ---- giving and withdrawing ---- */

mn_code mn_api_consent_give(mn_api_call *call, mn_error *err)
{
    mn_consent c;
    mn_buf room;
    mn_json_out o;
    char id[MN_ID_TEXT], folder[64 + MN_ID_TEXT];
    const mn_consent_given given = mn_given_of(call->body);
    const mn_id person = mn_api_id(call, MN_P_CONSENT_GIVE_PERSON);
    mn_code code = mn_core_consent_give(call->core, call->actor, &person, &given, call->arena, &c, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&person, id);
    snprintf(folder, sizeof folder, "/v1/people/%s/consents", id);
    mn_id_format(&c.id, id);
    mn_api_write(&o, &room);
    put_consent(call, &o, &c, mn_time_now());
    return mn_api_created_written(call, folder, id, &o, err);
}

mn_code mn_api_consent_withdraw(mn_api_call *call, mn_error *err)
{
    mn_consent c;
    const mn_id person = mn_api_id(call, MN_P_CONSENT_WITHDRAW_PERSON);
    const mn_id id = mn_api_id(call, MN_P_CONSENT_WITHDRAW_CONSENT);
    mn_code code = mn_core_consent_withdraw_one(call->core, call->actor, &person, &id, call->arena, &c, err);
    return code == MN_OK ? answer(call, &c, err) : code;
}

mn_code mn_api_consents_give_batch(mn_api_call *call, mn_error *err)
{
    const json_t *consents = json_object_get(call->body, "consents");
    const mn_http_request *r = call->request;
    size_t n = json_array_size(consents);
    mn_consent_for *what = mn_arena_calloc(call->arena, n + 1, sizeof *what);
    mn_made *made = mn_batch_room(call, n, err);
    if (!what || !made)
        return mn_fail(err, MN_E_MEMORY, "no memory for a report");
    for (size_t i = 0; i < n; i++) {
        what[i].given = mn_given_of(json_array_get(consents, i));
        mn_field_id(json_array_get(consents, i), "person", &what[i].person);
    }
    mn_code code = mn_core_consents_give(call->core, call->actor, what, n, r->deadline, r->cancel,
                                         call->arena, made, err);
    return mn_batch_made(call, code, made, n, err);
}

static mn_code withdraw_one(mn_api_call *call, const mn_id *id, mn_error *err)
{
    return mn_core_consent_end(call->core, call->actor, id, call->arena, err);
}

mn_code mn_api_consents_withdraw_batch(mn_api_call *call, mn_error *err)
{
    return mn_batch_one_by_one(call, "consents", withdraw_one, err);
}

/* ---- the file that proves it ---- */

mn_code mn_api_evidence_get(mn_api_call *call, mn_error *err)
{
    mn_buf file;
    const char *format = NULL;
    const mn_id person = mn_api_id(call, MN_P_EVIDENCE_GET_PERSON);
    const mn_id id = mn_api_id(call, MN_P_EVIDENCE_GET_CONSENT);
    mn_buf_init(&file, MN_CORE_EVIDENCE_MAX + 1);
    mn_code code =
        mn_core_evidence_get(call->core, call->actor, &person, &id, call->arena, &format, &file, err);
    if (code == MN_OK)
        mn_api_send_file(call, format, &file);
    else
        mn_buf_finish(&file);
    return code;
}

/* What it says it is it must begin like; it is given back as such a file, to be looked at. */
static bool begins_as(const char *format, const uint8_t *bytes, size_t n)
{
    static const struct {
        const char *format, *mark;
    } marks[] = {
        {"application/pdf", "%PDF-"}, {"image/jpeg", "\xff\xd8\xff"}, {"image/png", "\x89PNG\r\n\x1a\n"}};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcmp(marks[i].format, format) == 0)
            return n >= strlen(marks[i].mark) && memcmp(bytes, marks[i].mark, strlen(marks[i].mark)) == 0;
    return false;
}

mn_code mn_api_evidence_put(mn_api_call *call, mn_error *err)
{
    const mn_http_request *r = call->request;
    const mn_id person = mn_api_id(call, MN_P_EVIDENCE_PUT_PERSON);
    const mn_id id = mn_api_id(call, MN_P_EVIDENCE_PUT_CONSENT);
    if (!begins_as(call->media, r->body, r->body_len))
        return mn_fail(err, MN_E_UNSUPPORTED, "the file is not what its Content-Type says (%s)", call->media);
    mn_code code =
        mn_core_evidence_put(call->core, call->actor, &person, &id, call->media, r->body, r->body_len, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}
