#include "app/checks_json.h"

#include <math.h>
#include <string.h>

/* ---- in ---- */

static mn_code check_keys(const json_t *o, const char *const *known, size_t n, mn_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)o, key, value)
    {
        size_t i = 0;
        while (i < n && strcmp(known[i], key) != 0)
            i++;
        if (i == n)
            return mn_fail(err, MN_E_INVALID, "there is no field \"%.40s\" here", key);
    }
    return MN_OK;
}

static mn_code read_number(const json_t *o, const char *key, double *value, const double **out, mn_error *err)
{
    const json_t *v = json_object_get(o, key);
    *out = NULL;
    if (!v)
        return MN_OK;
    if (!json_is_number(v))
        return mn_fail(err, MN_E_INVALID, "\"%s\" must be a number", key);
    *value = json_number_value(v);
    *out = value;
    return MN_OK;
}

static mn_code read_range(const json_t *o, mn_check_profile *p, mn_check_id id, mn_error *err)
{
    double low, high;
    const double *min, *max;
    mn_code code = read_number(o, "min", &low, &min, err);
    if (code == MN_OK)
        code = read_number(o, "max", &high, &max, err);
    return code == MN_OK && (min || max) ? mn_check_set_range(p, id, min, max, err) : code;
}

static mn_code read_allowed(const json_t *o, mn_check_profile *p, mn_check_id id, mn_error *err)
{
    const char *words[MN_CHECK_STATES];
    const json_t *all = json_object_get(o, "allowed");
    size_t n = json_array_size(all);
    if (!all)
        return MN_OK;
    if (!json_is_array(all) || n > MN_CHECK_STATES)
        return mn_fail(err, MN_E_INVALID, "\"allowed\" must be a list of at most %d words", MN_CHECK_STATES);
    for (size_t i = 0; i < n; i++) {
        words[i] = json_string_value(json_array_get(all, i));
        if (!words[i])
            return mn_fail(err, MN_E_INVALID, "\"allowed\" must be a list of words");
    }
    return mn_check_set_allowed(p, id, words, n, err);
}

static mn_code read_entry(const json_t *o, mn_check_profile *p, mn_error *err)
{
    static const char *const known[] = {"check", "wanted", "min", "max", "allowed"};
    mn_check_id id;
    const char *word = json_string_value(json_object_get(o, "check"));
    const json_t *wanted = json_object_get(o, "wanted");
    if (!json_is_object(o) || !word)
        return mn_fail(err, MN_E_INVALID, "an object with a \"check\" is needed");
    if (!mn_check_parse(word, &id))
        return mn_fail(err, MN_E_INVALID, "there is no check \"%.40s\"", word);
    if (wanted && !json_is_boolean(wanted))
        return mn_fail(err, MN_E_INVALID, "\"wanted\" must be true or false");
    mn_code code = check_keys(o, known, sizeof known / sizeof *known, err);
    if (code == MN_OK)
        code = read_range(o, p, id, err);
    if (code == MN_OK)
        code = read_allowed(o, p, id, err);
    if (code == MN_OK)
        p->of[id].wanted = !json_is_false(wanted);
    return code;
}

mn_code mn_checks_apply(const json_t *ranges, mn_check_profile *p, mn_error *err)
{
    mn_check_profile made = *p;
    size_t n = json_array_size(ranges);
    if (!json_is_array(ranges) || n > MN_CHECKS)
        return mn_fail(err, MN_E_INVALID, "checks: a list of at most %d is needed", MN_CHECKS);
    for (size_t i = 0; i < n; i++) {
        mn_code code = read_entry(json_array_get(ranges, i), &made, err);
        if (code != MN_OK) {
            mn_error_prefix(err, "checks[%zu]", i);
            return code;
        }
    }
    *p = made;
    return MN_OK;
}

mn_code mn_checks_read_profile(const json_t *document, mn_check_profile *out, mn_error *err)
{
    static const char *const known[] = {"profile", "checks"};
    mn_check_profile p = mn_check_profile_icao();
    const json_t *base = json_object_get(document, "profile"), *checks = json_object_get(document, "checks");
    if (!json_is_object(document))
        return mn_fail(err, MN_E_INVALID, "a profile is an object with \"profile\" and \"checks\"");
    mn_code code = check_keys(document, known, sizeof known / sizeof *known, err);
    if (code != MN_OK)
        return code;
    if (base && (!json_is_string(base) || !mn_check_profile_parse(json_string_value(base), &p)))
        return mn_fail(err, MN_E_INVALID, "\"profile\" is icao or recognition");
    for (int i = 0; !base && i < MN_CHECKS; i++)
        p.of[i].wanted = false;
    if (checks)
        code = mn_checks_apply(checks, &p, err);
    if (code == MN_OK)
        *out = p;
    return code;
}

/* ---- out ---- */

static json_t *value_of(const mn_check *c)
{
    size_t n;
    if (c->verdict == MN_CHECK_NOT_MADE)
        return json_null();
    if (!mn_check_describe(c->id)->states)
        return json_real(c->value);
    const char *word = mn_check_state(c->id, c->state, &n);
    return json_stringn(word, n);
}

static json_t *allowed_of(const mn_check *c, const mn_check_rule *rule)
{
    size_t n;
    const char *word;
    json_t *all = json_array();
    for (unsigned i = 0; (word = mn_check_state(c->id, i, &n)); i++)
        if (rule->allowed >> i & 1)
            json_array_append_new(all, json_stringn(word, n));
    return all;
}

json_t *mn_checks_to_json(const mn_check *c, const mn_check_profile *p)
{
    const mn_check_info *info = mn_check_describe(c->id);
    const mn_check_rule *rule = &p->of[c->id];
    json_t *o = json_pack("{ss ss so}", "check", info->word, "verdict", mn_check_verdict_word(c->verdict),
                          "value", value_of(c));
    if (!o)
        return NULL;
    if (info->states) {
        json_object_set_new(o, "allowed", allowed_of(c, rule));
    } else {
        json_object_set_new(o, "min", json_real(rule->min));
        json_object_set_new(o, "max", json_real(rule->max));
    }
    if (*info->unit)
        json_object_set_new(o, "unit", json_string(info->unit));
    if (c->reason)
        json_object_set_new(o, "reason", json_string(c->reason));
    return o;
}
