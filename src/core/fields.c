/* Custom fields of people: the account's table of them, and the values that fit it. The table stands in meta,
 * as {"updated": microseconds, "fields": [...]}; the values stand with each person, as one JSON object. */
#include "core/fields.h"

#include "core/records_internal.h"
#include "core/signin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TEXT   64
#define VALUE_MAX  1024  /* bytes of a text */
#define VALUES_MAX 32    /* of a field that takes several */
#define CUSTOM_MAX 65536 /* bytes of all values of a person */
#define FIELDS_MAX 64    /* of an account, as the API has it */

/* ---- the table ---- */

static void table_key(const mn_id *account, char key[KEY_TEXT])
{
    char id[MN_ID_TEXT];
    mn_id_format(account, id);
    snprintf(key, KEY_TEXT, "fields.%s", id);
}

static mn_code read_table(mn_core *c, const mn_id *account, mn_arena *arena, json_t **fields,
                          mn_time *updated, mn_error *err)
{
    char key[KEY_TEXT];
    const char *text = NULL;
    table_key(account, key);
    mn_code code = c->store->ops->meta_get(c->store, key, arena, &text, err);
    if (code != MN_OK)
        return code;
    json_t *table = text ? json_loads(text, 0, NULL) : json_pack("{s:i, s:[]}", "updated", 0, "fields");
    json_t *rows = json_object_get(table, "fields");
    if (!json_is_array(rows)) {
        json_decref(table);
        return mn_fail(err, text ? MN_E_CORRUPT : MN_E_MEMORY, "the custom fields cannot be read");
    }
    *updated = json_integer_value(json_object_get(table, "updated"));
    *fields = json_incref(rows);
    json_decref(table);
    return MN_OK;
}

static const char *text_of(const json_t *field, const char *name)
{
    const char *text = json_string_value(json_object_get(field, name));
    return text ? text : "";
}

static const json_t *find(const json_t *fields, const char *name, size_t n)
{
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        const char *text = text_of(field, "name");
        if (strlen(text) == n && memcmp(text, name, n) == 0)
            return field;
    }
    return NULL;
}

/* ---- values ---- */

static bool is_choice(const json_t *field, const char *text)
{
    const json_t *choices = json_object_get(field, "choices");
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (strcmp(json_string_value(json_array_get(choices, i)), text) == 0)
            return true;
    return false;
}

static bool is_date(const char *text)
{
    mn_time t;
    return strlen(text) == 10 && mn_time_parse(text, &t);
}

static mn_code check_one(const json_t *field, const json_t *value, mn_error *err)
{
    const char *type = text_of(field, "type"), *text = json_string_value(value),
               *name = text_of(field, "name");
    mn_time t;
    bool fits = strcmp(type, "number") == 0    ? json_is_number(value)
                : strcmp(type, "boolean") == 0 ? json_is_boolean(value)
                : !text                        ? false
                : strcmp(type, "date") == 0    ? is_date(text)
                : strcmp(type, "time") == 0    ? strlen(text) > 10 && mn_time_parse(text, &t)
                : strcmp(type, "choice") == 0  ? is_choice(field, text)
                                               : strlen(text) <= VALUE_MAX;
    if (fits)
        return MN_OK;
    if (strcmp(type, "choice") == 0)
        return mn_fail(err, MN_E_INVALID, "custom.%s is none of its choices: see /v1/fields", name);
    return mn_fail(err, MN_E_INVALID, "custom.%s must be a %s", name, type);
}

static mn_code check_value(const json_t *field, const json_t *value, mn_error *err)
{
    bool several = json_is_true(json_object_get(field, "multiple"));
    const char *name = text_of(field, "name");
    if (several != json_is_array(value))
        return mn_fail(err, MN_E_INVALID,
                       several ? "custom.%s takes a list of values" : "custom.%s takes one value", name);
    if (!several)
        return check_one(field, value, err);
    if (json_array_size(value) > VALUES_MAX)
        return mn_fail(err, MN_E_INVALID, "custom.%s has more than %d values", name, VALUES_MAX);
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < json_array_size(value); i++)
        code = check_one(field, json_array_get(value, i), err);
    return code;
}

/* 3.0 is 3, so that the same number is found however it was written. */
static json_t *plain_number(json_t *value)
{
    double x = json_number_value(value);
    if (json_is_real(value) && x >= -9007199254740992.0 && x <= 9007199254740992.0 && x == (double)(int64_t)x)
        return json_integer((json_int_t)x);
    return json_incref(value);
}

static json_t *plain(json_t *value)
{
    if (!json_is_array(value))
        return plain_number(value);
    json_t *all = json_array();
    for (size_t i = 0; all && i < json_array_size(value); i++)
        json_array_append_new(all, plain_number(json_array_get(value, i)));
    return all;
}

static mn_code put_one(const json_t *field, json_t *values, json_t *value, bool is_new, mn_error *err)
{
    const char *name = text_of(field, "name");
    mn_code code = json_is_null(value) ? MN_OK : check_value(field, value, err);
    if (code != MN_OK)
        return code;
    json_t *next = json_is_null(value) ? NULL : plain(value), *before = json_object_get(values, name);
    bool same = next ? before && json_equal(before, next) : !before;
    if (!same && !is_new && json_is_false(json_object_get(field, "editable")))
        code = mn_fail(err, MN_E_FORBIDDEN,
                       "custom.%.64s is set once, when the person is created: /v1/fields says so", name);
    else if (!next && !json_is_null(value))
        code = mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    else if (!next)
        json_object_del(values, name);
    else if (json_object_set(values, name, next) != 0)
        code = mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    json_decref(next);
    return code;
}

static mn_code put_changes(const json_t *fields, json_t *values, json_t *changes, bool is_new, mn_error *err)
{
    const char *name;
    json_t *value;
    json_object_foreach(changes, name, value)
    {
        const json_t *field = find(fields, name, strlen(name));
        mn_code code =
            field
                ? put_one(field, values, value, is_new, err)
                : mn_fail(err, MN_E_INVALID,
                          "custom.%.64s: there is no such field; /v1/fields has those that there are", name);
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

static mn_code keep(const json_t *values, mn_arena *arena, const char **out, mn_error *err)
{
    if (json_object_size(values) == 0) {
        *out = NULL;
        return MN_OK;
    }
    char *text = json_dumps(values, JSON_COMPACT | JSON_SORT_KEYS);
    bool too_long = text && strlen(text) > CUSTOM_MAX;
    const char *copy = text && !too_long ? mn_arena_strdup(arena, text) : NULL;
    free(text);
    if (too_long)
        return mn_fail(err, MN_E_LIMIT, "the custom fields of a person have more than %d bytes", CUSTOM_MAX);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    *out = copy;
    return MN_OK;
}

static void put_defaults(const json_t *fields, json_t *wanted)
{
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const json_t *field = json_array_get(fields, i);
        json_t *otherwise = json_object_get(field, "default");
        if (otherwise && !json_is_null(otherwise) && !json_object_get(wanted, text_of(field, "name")))
            json_object_set(wanted, text_of(field, "name"), otherwise);
    }
}

mn_code mn_core_fields_merge(mn_core *c, const mn_actor *who, const char *values, const char *changes,
                             bool is_new, mn_arena *arena, const char **out, mn_error *err)
{
    json_t *fields = NULL;
    mn_time updated;
    if (!changes && !is_new)
        return MN_OK;
    mn_code code = read_table(c, &who->account, arena, &fields, &updated, err);
    if (code != MN_OK)
        return code;
    json_t *new_values = values ? json_loads(values, 0, NULL) : json_object();
    json_t *wanted = json_loads(changes ? changes : "{}", 0, NULL);
    if (is_new && json_is_object(wanted))
        put_defaults(fields, wanted);
    if (!json_is_object(new_values))
        code =
            mn_fail(err, values ? MN_E_CORRUPT : MN_E_MEMORY, "the custom fields of a person cannot be read");
    else if (!json_is_object(wanted))
        code = mn_fail(err, MN_E_INVALID, "custom is no object");
    else
        code = put_changes(fields, new_values, wanted, is_new, err);
    if (code == MN_OK)
        code = keep(new_values, arena, out, err);
    json_decref(fields);
    json_decref(new_values);
    json_decref(wanted);
    return code;
}

mn_code mn_core_fields_fit(const json_t *fields, const char *values, mn_arena *arena, const char **out,
                           mn_error *err)
{
    mn_code code = MN_OK;
    json_t *made = json_object(), *wanted = json_loads(values, 0, NULL);
    if (!made)
        code = mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    else if (!json_is_object(wanted))
        code = mn_fail(err, MN_E_INVALID, "custom is no object");
    else
        code = put_changes(fields, made, wanted, true, err);
    if (code == MN_OK)
        code = keep(made, arena, out, err);
    json_decref(made);
    json_decref(wanted);
    return code;
}

/* ---- looking for values ---- */

static json_t *value_for(const json_t *field, const char *text)
{
    const char *type = text_of(field, "type");
    if (strcmp(type, "boolean") == 0)
        return strcmp(text, "true") == 0 ? json_true() : strcmp(text, "false") == 0 ? json_false() : NULL;
    if (strcmp(type, "number") != 0)
        return json_string(text);
    json_t *number = json_loads(text, JSON_DECODE_ANY, NULL);
    json_t *value = json_is_number(number) ? plain_number(number) : NULL;
    json_decref(number);
    return value;
}

static mn_code add_condition(const json_t *fields, const char *text, json_t *wanted, mn_error *err)
{
    const char *colon = strchr(text, ':');
    const json_t *field = colon ? find(fields, text, (size_t)(colon - text)) : NULL;
    if (!field || !json_is_true(json_object_get(field, "filter")))
        return mn_fail(
            err, MN_E_INVALID,
            "field: \"%.100s\" is not NAME:VALUE of a field that people can be searched by (/v1/fields)",
            text);
    const char *name = text_of(field, "name");
    json_t *value = value_for(field, colon + 1);
    if (!value)
        return mn_fail(err, MN_E_INVALID, "field: %s wants a %s", name, text_of(field, "type"));
    json_t *asked = json_object_get(wanted, name);
    if (!json_is_true(json_object_get(field, "multiple"))) {
        bool other = asked && !json_equal(asked, value);
        json_object_set_new(wanted, name, value);
        return other ? mn_fail(err, MN_E_INVALID, "field: %s has one value, so nobody has both of two", name)
                     : MN_OK;
    }
    if (!asked) {
        asked = json_array();
        json_object_set_new(wanted, name, asked);
    }
    json_array_append_new(asked, value);
    return MN_OK;
}

mn_code mn_core_fields_conditions(mn_core *c, const mn_actor *who, const char *const *texts, size_t n,
                                  mn_arena *arena, const char **out, mn_error *err)
{
    json_t *fields = NULL, *wanted = json_object();
    mn_time updated;
    mn_code code = mn_core_may(who, MN_R_PEOPLE, MN_VERB_SEARCH, err);
    if (code == MN_OK)
        code = read_table(c, &who->account, arena, &fields, &updated, err);
    for (size_t i = 0; code == MN_OK && i < n; i++)
        code = add_condition(fields, texts[i], wanted, err);
    if (code == MN_OK)
        code = keep(wanted, arena, out, err);
    json_decref(fields);
    json_decref(wanted);
    return code;
}

/* ---- the table, for who asks ---- */

static void drop(void *value)
{
    json_decref(value);
}

mn_code mn_core_fields_get(mn_core *c, const mn_actor *who, mn_arena *arena, json_t **out, mn_time *updated,
                           mn_error *err)
{
    json_t *fields = NULL;
    mn_code code = mn_core_check_actor(who, err);
    if (code == MN_OK)
        code = read_table(c, &who->account, arena, &fields, updated, err);
    if (code == MN_OK && mn_arena_on_end(arena, drop, fields) != 0) {
        json_decref(fields);
        code = mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    }
    if (code == MN_OK)
        *out = fields;
    return code;
}

/* ---- changing the table ---- */

typedef struct {
    const mn_actor *who;
    const json_t *fields;
    const mn_time *if_updated;
    bool drop;
    mn_arena *arena;
    mn_time updated;
} job;

static mn_code check_field(const json_t *fields, size_t i, mn_error *err)
{
    const json_t *field = json_array_get(fields, i), *otherwise = json_object_get(field, "default");
    const char *name = text_of(field, "name");
    bool choice = strcmp(text_of(field, "type"), "choice") == 0;
    if (find(fields, name, strlen(name)) != field)
        return mn_fail(err, MN_E_INVALID, "fields: there are two of the name \"%s\"", name);
    if (choice != (json_array_size(json_object_get(field, "choices")) > 0))
        return mn_fail(err, MN_E_INVALID, "fields: \"%s\" %s", name,
                       choice ? "is a choice and has no choices" : "has choices and is of another type");
    return otherwise && !json_is_null(otherwise) ? check_value(field, otherwise, err) : MN_OK;
}

/* Does a value of the one stay a value of the other? */
static bool same_kind(const json_t *before, const json_t *after)
{
    return after && strcmp(text_of(before, "type"), text_of(after, "type")) == 0 &&
           json_is_true(json_object_get(before, "multiple")) ==
               json_is_true(json_object_get(after, "multiple"));
}

static mn_code let_go(mn_core *c, const job *j, mn_person *p, const json_t *names, size_t *found,
                      mn_error *err)
{
    json_t *values = p->custom ? json_loads(p->custom, 0, NULL) : NULL;
    size_t before = json_object_size(values);
    mn_code code = MN_OK;
    for (size_t i = 0; values && i < json_array_size(names); i++)
        json_object_del(values, json_string_value(json_array_get(names, i)));
    bool changed = values && json_object_size(values) != before;
    *found += changed;
    if (changed && j->drop) {
        code = keep(values, j->arena, &p->custom, err);
        p->updated = mn_core_next_update(p->updated);
        if (code == MN_OK)
            code = c->store->ops->person_put(c->store, p, err);
    }
    json_decref(values);
    return code;
}

/* Everybody of the account, for fields that go or change their type: seldom, and in the transaction that
 * changes the table, so that nobody gets such a value in between. */
static mn_code walk_people(mn_core *c, const job *j, const json_t *names, size_t *found, mn_error *err)
{
    mn_id after;
    mn_people_query q = {.account = j->who->account,
                         .active = MN_ANY,
                         .faces = MN_ANY,
                         .created_from = INT64_MIN,
                         .created_to = MN_TIME_NEVER,
                         .updated_from = INT64_MIN,
                         .updated_to = MN_TIME_NEVER,
                         .limit = 1000};
    mn_code code = MN_OK;
    for (size_t n = q.limit; code == MN_OK && n == q.limit;) {
        mn_person *people = NULL;
        mn_arena *arena = mn_arena_create(MN_CORE_ARENA);
        code = arena ? c->store->ops->people->page(c->store, &q, arena, &people, &n, err)
                     : mn_fail(err, MN_E_MEMORY, "no memory for people");
        for (size_t i = 0; code == MN_OK && i < n; i++)
            code = let_go(c, j, &people[i], names, found, err);
        if (code == MN_OK && n > 0) {
            after = people[n - 1].id;
            q.after = &after;
            q.after_time = people[n - 1].created;
        }
        mn_arena_destroy(arena);
    }
    return code;
}

static mn_code put_table(mn_core *c, job *j, mn_error *err)
{
    char key[KEY_TEXT];
    table_key(&j->who->account, key);
    json_t *table = json_pack("{s:I, s:O}", "updated", (json_int_t)j->updated, "fields", j->fields);
    char *text = table ? json_dumps(table, JSON_COMPACT) : NULL;
    mn_code code = text ? c->store->ops->meta_put(c->store, key, text, err)
                        : mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    free(text);
    json_decref(table);
    return code;
}

static mn_code put(mn_core *c, void *ctx, mn_error *err)
{
    job *j = ctx;
    json_t *before = NULL, *gone = json_array();
    mn_time updated = 0;
    size_t found = 0;
    mn_code code = read_table(c, &j->who->account, j->arena, &before, &updated, err);
    if (code == MN_OK)
        code = mn_core_check_updated(updated, j->if_updated, err);
    for (size_t i = 0; code == MN_OK && i < json_array_size(before); i++) {
        const json_t *field = json_array_get(before, i);
        const char *name = text_of(field, "name");
        if (!same_kind(field, find(j->fields, name, strlen(name))))
            json_array_append_new(gone, json_string(name));
    }
    if (code == MN_OK && json_array_size(gone) > 0)
        code = walk_people(c, j, gone, &found, err);
    if (code == MN_OK && found > 0 && !j->drop)
        code = mn_fail(
            err, MN_E_CONFLICT,
            "%zu people have values in fields that would go or change their type: say drop=true to let "
            "these go",
            found);
    j->updated = mn_core_next_update(updated);
    if (code == MN_OK)
        code = put_table(c, j, err);
    if (code == MN_OK)
        code = mn_core_record(c, j->who, "fields.change", NULL,
                              json_pack("{s:I, s:O, s:I}", "fields", (json_int_t)json_array_size(j->fields),
                                        "gone", gone, "people", (json_int_t)found),
                              err);
    json_decref(before);
    json_decref(gone);
    return code;
}

mn_code mn_core_fields_put(mn_core *c, const mn_actor *who, const json_t *fields, bool drop_values,
                           const mn_time *if_updated, mn_arena *arena, mn_time *updated, mn_error *err)
{
    job j = {.who = who, .fields = fields, .if_updated = if_updated, .drop = drop_values, .arena = arena};
    mn_code code = mn_core_may_all_lists(who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    for (size_t i = 0; code == MN_OK && i < json_array_size(fields); i++)
        code = check_field(fields, i, err);
    if (code == MN_OK)
        code = mn_core_transact(c, put, &j, err);
    if (code == MN_OK)
        *updated = j.updated;
    return code;
}

/* ---- one more field ---- */

typedef struct {
    job j; /* fields: the table with it */
    const json_t *field;
    bool dry, made;
} adding;

static mn_code extend(const adding *a, const json_t *before, json_t *all, mn_error *err)
{
    if (json_array_size(before) >= FIELDS_MAX)
        return mn_fail(err, MN_E_LIMIT, "an account has %d custom fields at most", FIELDS_MAX);
    if (json_array_append(all, (json_t *)a->field) != 0)
        return mn_fail(err, MN_E_MEMORY, "no memory for custom fields");
    return check_field(all, json_array_size(all) - 1, err);
}

static mn_code keep_table(mn_core *c, adding *a, const json_t *all, mn_time before, mn_error *err)
{
    a->j.fields = all;
    a->j.updated = mn_core_next_update(before);
    mn_code code = put_table(c, &a->j, err);
    return code == MN_OK ? mn_core_record(c, a->j.who, "fields.change", NULL,
                                          json_pack("{s:I, s:[], s:i}", "fields",
                                                    (json_int_t)json_array_size(all), "gone", "people", 0),
                                          err)
                         : code;
}

static mn_code add(mn_core *c, void *ctx, mn_error *err)
{
    adding *a = ctx;
    json_t *before = NULL;
    mn_time updated = 0;
    const char *name = text_of(a->field, "name");
    mn_code code = read_table(c, &a->j.who->account, a->j.arena, &before, &updated, err);
    if (code != MN_OK)
        return code;
    const json_t *there = find(before, name, strlen(name));
    json_t *all = json_copy(before);
    a->made = !there;
    if (there && !same_kind(there, a->field))
        code = mn_fail(err, MN_E_CONFLICT, "the custom field \"%.64s\" is of another type here", name);
    if (!there)
        code = mn_core_may(a->j.who, MN_R_SETTINGS, MN_VERB_CHANGE, err);
    if (code == MN_OK && !there)
        code = extend(a, before, all, err);
    if (code == MN_OK && !there && !a->dry)
        code = keep_table(c, a, all, updated, err);
    json_decref(before);
    json_decref(all);
    return code;
}

mn_code mn_core_field_add(mn_core *c, const mn_actor *who, const json_t *field, bool dry, mn_arena *arena,
                          bool *made, mn_error *err)
{
    adding a = {.j = {.who = who, .arena = arena}, .field = field, .dry = dry};
    mn_code code = dry ? add(c, &a, err) : mn_core_transact(c, add, &a, err);
    if (code == MN_OK)
        *made = a.made;
    return code;
}
