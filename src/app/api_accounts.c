/* /v1/accounts: the tenants, for the first account's administrators; /v1/license: one's own limits. */
#include "app/user_json.h"
#include "core/accounts.h"

#include <inttypes.h>
#include <string.h>

/* Core's 0 is the API's null: no limit. */
static json_t *limit_of(int64_t max)
{
    return max == 0 ? json_null() : json_integer(max);
}

/* admin: may be NULL, with its one-time password. */
static json_t *account_json(const mn_account *a, json_t *admin)
{
    return json_pack("{s:o, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o*}", "account",
                     mn_value_account(&a->id), "name", a->name, "comment", a->comment ? a->comment : "",
                     "active", (int)!a->suspended, "created", mn_value_time(a->created), "updated",
                     mn_value_time(a->updated ? a->updated : a->created), "expires",
                     mn_value_time(a->expires), "max_people", limit_of(a->people_max), "max_faces",
                     limit_of(a->faces_max), "max_cameras", limit_of(a->cameras_max), "admin", admin);
}

static mn_code answer(mn_api_call *call, const mn_account *a, mn_error *err)
{
    mn_api_etag(call, a->updated);
    return mn_api_answer(call, 200, account_json(a, NULL), err);
}

mn_code mn_api_accounts_list(mn_api_call *call, mn_error *err)
{
    static const char *const columns[] = {"account",    "name",      "active",      "expires",
                                          "max_people", "max_faces", "max_cameras", "comment",
                                          "created",    "updated",   NULL};
    static const char *const orders[] = {"name", "-name", "created", "-created", "expires", "-expires", NULL};
    mn_place room;
    const char *next = NULL;
    mn_account *accounts = NULL;
    size_t n = 0;
    mn_account_query q = {
        .like = mn_api_text(call, MN_P_ACCOUNTS_LIST_LIKE),
        .active = mn_api_yes_or_no(call, MN_P_ACCOUNTS_LIST_ACTIVE),
        .expires_to = mn_api_time(call, MN_P_ACCOUNTS_LIST_EXPIRES_TO, MN_TIME_NEVER),
        .order = (mn_account_order)mn_api_choice(call, MN_P_ACCOUNTS_LIST_SORT, orders),
        .limit = (size_t)mn_api_whole(call, MN_P_ACCOUNTS_LIST_LIMIT),
    };
    mn_code code = mn_api_place(call, MN_P_ACCOUNTS_LIST_CURSOR, &room, &q.after, err);
    if (code == MN_OK)
        code = mn_core_accounts(call->core, call->actor, &q, call->arena, &accounts, &n, err);
    if (code != MN_OK)
        return code;
    if (n == q.limit) {
        const mn_account *last = &accounts[n - 1];
        bool ends = q.order >= MN_ACCOUNTS_EXPIRES;
        next = mn_place_make(call, &last->id, ends ? last->expires : last->created, last->name);
    }
    json_t *rows = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(rows, account_json(&accounts[i], NULL));
    return mn_api_page(call, "accounts", rows, next, columns, err);
}

/* Room for what the fields point to. */
typedef struct {
    bool suspended;
    mn_time expires;
    int64_t people, faces, cameras;
} room;

static const int64_t *read_limit(const mn_api_call *call, const char *name, int64_t *out)
{
    *out = mn_field_whole(call->body, name, 0);
    return mn_field_given(call->body, name) ? out : NULL;
}

static void read_fields(const mn_api_call *call, mn_account_fields *f, room *r)
{
    r->suspended = !mn_field_yes(call->body, "active", true);
    r->expires = mn_field_time(call->body, "expires", MN_TIME_NEVER);
    *f = (mn_account_fields){
        .name = mn_field_text(call->body, "name"),
        .comment = mn_field_text(call->body, "comment"),
        .admin_login = mn_field_text(call->body, "admin_login"),
        .suspended = mn_field_given(call->body, "active") ? &r->suspended : NULL,
        .expires = mn_field_given(call->body, "expires") ? &r->expires : NULL,
        .people = read_limit(call, "max_people", &r->people),
        .faces = read_limit(call, "max_faces", &r->faces),
        .cameras = read_limit(call, "max_cameras", &r->cameras),
    };
}

mn_code mn_api_account_create(mn_api_call *call, mn_error *err)
{
    mn_account_fields f;
    room r;
    mn_account a;
    mn_user admin;
    char once[MN_ONCE_TEXT] = "", id[MN_ID_TEXT];
    read_fields(call, &f, &r);
    mn_code code = mn_core_account_add(call->core, call->actor, &f, call->arena, &a, &admin, once, err);
    if (code != MN_OK)
        return code;
    mn_id_format(&a.id, id);
    mn_api_etag(call, a.updated);
    code = mn_api_created(call, "/v1/accounts", id, account_json(&a, mn_user_json(&admin, once)), err);
    memset(once, 0, sizeof once);
    return code;
}

mn_code mn_api_account_get(mn_api_call *call, mn_error *err)
{
    mn_account a;
    const mn_id id = mn_api_id(call, MN_P_ACCOUNT_GET_ACCOUNT);
    mn_code code = mn_core_account_get(call->core, call->actor, &id, call->arena, &a, err);
    return code == MN_OK ? answer(call, &a, err) : code;
}

mn_code mn_api_account_change(mn_api_call *call, mn_error *err)
{
    mn_account_fields f;
    room r;
    mn_account a;
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_ACCOUNT_CHANGE_ACCOUNT);
    mn_code code = mn_api_if_match(call, MN_P_ACCOUNT_CHANGE_IF_MATCH, &when, &seen, err);
    if (code != MN_OK)
        return code;
    read_fields(call, &f, &r);
    code = mn_core_account_change(call->core, call->actor, &id, &f, seen, call->arena, &a, err);
    return code == MN_OK ? answer(call, &a, err) : code;
}

mn_code mn_api_account_delete(mn_api_call *call, mn_error *err)
{
    mn_time when;
    const mn_time *seen = NULL;
    const mn_id id = mn_api_id(call, MN_P_ACCOUNT_DELETE_ACCOUNT);
    mn_code code = mn_api_if_match(call, MN_P_ACCOUNT_DELETE_IF_MATCH, &when, &seen, err);
    if (code == MN_OK)
        code = mn_core_account_remove(call->core, call->actor, &id, seen, err);
    return code == MN_OK ? mn_api_nothing(call, err) : code;
}

/* ---- one's own limits ---- */

static json_t *usage(int64_t used, int64_t max)
{
    return json_pack("{s:I, s:o}", "used", (json_int_t)used, "limit", limit_of(max));
}

static void warn(json_t *out, const char *about, const char *text)
{
    json_array_append_new(out, json_pack("{s:s, s:s}", "about", about, "text", text));
}

static void warn_short(json_t *out, const char *about, int64_t used, int64_t max)
{
    char text[120];
    snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " %s are used", used, max, about);
    warn(out, about, text);
}

static json_t *warnings(const mn_license *l)
{
    json_t *out = json_array();
    char when[MN_TIME_TEXT], text[120];
    if (l->warn_expires) {
        mn_time_format(l->expires, when);
        snprintf(text, sizeof text, "the account ends at %s", when);
        warn(out, "expires", text);
    }
    if (l->warn_people)
        warn_short(out, "people", l->people, l->people_max);
    if (l->warn_faces)
        warn_short(out, "faces", l->faces, l->faces_max);
    return out;
}

/* What every pack can do, and what this one has besides. */
static json_t *features(const mn_pipeline *p)
{
    static const struct {
        unsigned want;
        const char *word;
    } parts[] = {{MN_WANT_LANDMARKS, "landmarks"},
                 {MN_WANT_DESCRIPTOR, "descriptor"},
                 {MN_WANT_QUALITY, "quality"},
                 {MN_WANT_LIVENESS, "liveness"},
                 {MN_WANT_AGE, "age"}};
    json_t *out = json_pack("[s]", "detect");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (mn_pipeline_can(p, parts[i].want))
            json_array_append_new(out, json_string(parts[i].word));
    return out;
}

mn_code mn_api_license_get(mn_api_call *call, mn_error *err)
{
    mn_license l;
    mn_code code = mn_core_license(call->core, call->actor, &l, err);
    if (code != MN_OK)
        return code;
    return mn_api_answer(call, 200,
                         json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o}", "expires", mn_value_time(l.expires),
                                   "valid", (int)l.valid, "people", usage(l.people, l.people_max), "faces",
                                   usage(l.faces, l.faces_max), "cameras",
                                   usage(0 /* there are none yet */, l.cameras_max), "features",
                                   features(call->pipeline), "warnings", warnings(&l)),
                         err);
}
