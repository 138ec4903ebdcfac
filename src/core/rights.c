#include "core/rights.h"

#include <stdio.h>
#include <string.h>

/* The letters of rights.def. */
enum {
    v = 1 << MN_VERB_VIEW,
    c = 1 << MN_VERB_CREATE,
    h = 1 << MN_VERB_CHANGE,
    d = 1 << MN_VERB_DELETE,
    s = 1 << MN_VERB_SEARCH,
    e = 1 << MN_VERB_EXPORT,
};

static const char *const verb_words[MN_VERBS] = {
#define V(id, word) [MN_VERB_##id] = word,
#include "core/rights.def"
};

static const struct {
    const char *word, *text;
    uint8_t verbs;
} resources[MN_RESOURCES] = {
#define R(id, word_, verbs_, text_) [MN_R_##id] = {.word = word_, .text = text_, .verbs = verbs_},
#include "core/rights.def"
};

static const struct {
    const char *word, *text;
} roles[MN_ROLES] = {
#define P(id, word_, text_) [MN_ROLE_##id] = {.word = word_, .text = text_},
#include "core/rights.def"
};

static const mn_rights grants[MN_ROLES] = {
#define G(role, resource, verbs_) [MN_ROLE_##role].verbs[MN_R_##resource] = (verbs_),
#include "core/rights.def"
};

const char *mn_verb_word(mn_verb verb)
{
    return (unsigned)verb < MN_VERBS ? verb_words[verb] : "unknown";
}

const char *mn_resource_word(mn_resource r)
{
    return (unsigned)r < MN_RESOURCES ? resources[r].word : "unknown";
}

const char *mn_resource_text(mn_resource r)
{
    return (unsigned)r < MN_RESOURCES ? resources[r].text : "";
}

const char *mn_role_word(mn_role_id r)
{
    return (unsigned)r < MN_ROLES ? roles[r].word : "unknown";
}

const char *mn_role_text(mn_role_id r)
{
    return (unsigned)r < MN_ROLES ? roles[r].text : "";
}

bool mn_role_parse(const char *word, mn_role_id *r)
{
    for (unsigned i = 0; i < MN_ROLES; i++)
        if (strcmp(word, roles[i].word) == 0) {
            *r = (mn_role_id)i;
            return true;
        }
    return false;
}

bool mn_right_exists(mn_resource r, mn_verb verb)
{
    return (unsigned)r < MN_RESOURCES && (unsigned)verb < MN_VERBS && (resources[r].verbs >> verb & 1);
}

mn_rights mn_rights_all(void)
{
    mn_rights all = {{0}};
    for (unsigned i = 0; i < MN_RESOURCES; i++)
        all.verbs[i] = resources[i].verbs;
    return all;
}

mn_rights mn_rights_of_role(mn_role_id r)
{
    return (unsigned)r < MN_ROLES ? grants[r] : (mn_rights){{0}};
}

bool mn_rights_has(const mn_rights *rights, mn_resource r, mn_verb verb)
{
    return mn_right_exists(r, verb) && (rights->verbs[r] >> verb & 1);
}

void mn_rights_add(mn_rights *to, const mn_rights *more)
{
    for (unsigned i = 0; i < MN_RESOURCES; i++)
        to->verbs[i] |= more->verbs[i];
}

void mn_rights_cut(mn_rights *to, const mn_rights *limit)
{
    for (unsigned i = 0; i < MN_RESOURCES; i++)
        to->verbs[i] &= limit->verbs[i];
}

bool mn_rights_within(const mn_rights *part, const mn_rights *whole)
{
    for (unsigned i = 0; i < MN_RESOURCES; i++)
        if (part->verbs[i] & ~whole->verbs[i])
            return false;
    return true;
}

bool mn_rights_none(const mn_rights *rights)
{
    static const mn_rights none;
    return mn_rights_within(rights, &none);
}

/* ---- words ---- */

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

mn_code mn_rights_parse(const char *word, size_t n, mn_rights *to, mn_error *err)
{
    const char *dot = memchr(word, '.', n);
    size_t first = dot ? (size_t)(dot - word) : n;
    for (unsigned r = 0; dot && r < MN_RESOURCES; r++) {
        if (!is_word(word, first, resources[r].word))
            continue;
        for (unsigned verb = 0; verb < MN_VERBS; verb++)
            if (mn_right_exists((mn_resource)r, (mn_verb)verb) &&
                is_word(dot + 1, n - first - 1, verb_words[verb])) {
                to->verbs[r] = (uint8_t)(to->verbs[r] | 1u << verb);
                return MN_OK;
            }
        return mn_fail(err, MN_E_INVALID, "there is no right \"%.*s\": %s has none of that name",
                       (int)(n < 80 ? n : 80), word, resources[r].word);
    }
    return mn_fail(err, MN_E_INVALID,
                   "there is no right \"%.*s\": a right is a resource and a verb, as in people.view",
                   (int)(n < 80 ? n : 80), word);
}

void mn_rights_format(const mn_rights *rights, char text[MN_RIGHTS_TEXT])
{
    size_t at = 0;
    text[0] = 0;
    for (unsigned r = 0; r < MN_RESOURCES; r++)
        for (unsigned verb = 0; verb < MN_VERBS; verb++)
            if (mn_rights_has(rights, (mn_resource)r, (mn_verb)verb))
                at += (size_t)snprintf(text + at, MN_RIGHTS_TEXT - at, "%s%s.%s", at ? " " : "",
                                       resources[r].word, verb_words[verb]);
}

mn_code mn_rights_parse_all(const char *text, mn_rights *out, mn_error *err)
{
    mn_rights found = {{0}};
    while (*text) {
        size_t n = strcspn(text, " ");
        mn_code code = n ? mn_rights_parse(text, n, &found, err) : MN_OK;
        if (code != MN_OK)
            return code;
        text += n + (text[n] == ' ');
    }
    *out = found;
    return MN_OK;
}

/* ---- documentation ---- */

static mn_code write_cell(mn_buf *out, const mn_rights *rights, mn_resource r, mn_error *err)
{
    mn_code code = mn_buf_printf(out, err, " |");
    bool any = false;
    for (unsigned verb = 0; code == MN_OK && verb < MN_VERBS; verb++)
        if (mn_rights_has(rights, r, (mn_verb)verb)) {
            code = mn_buf_printf(out, err, "%s%s", any ? ", " : " ", verb_words[verb]);
            any = true;
        }
    return code == MN_OK && !any ? mn_buf_printf(out, err, " -") : code;
}

static mn_code write_roles(mn_buf *out, mn_error *err)
{
    mn_code code = mn_buf_printf(out, err, "\n## Predefined roles\n\n");
    for (unsigned i = 0; code == MN_OK && i < MN_ROLES; i++)
        code = mn_buf_printf(out, err, "- **%s**: %s.\n", roles[i].word, roles[i].text);
    if (code == MN_OK)
        code = mn_buf_printf(out, err, "\n| resource");
    for (unsigned i = 0; code == MN_OK && i < MN_ROLES; i++)
        code = mn_buf_printf(out, err, " | %s", roles[i].word);
    if (code == MN_OK)
        code = mn_buf_printf(out, err, " |\n|---|");
    for (unsigned i = 0; code == MN_OK && i < MN_ROLES; i++)
        code = mn_buf_printf(out, err, "---|");
    for (unsigned r = 0; code == MN_OK && r < MN_RESOURCES; r++) {
        code = mn_buf_printf(out, err, "\n| %s", resources[r].word);
        for (unsigned i = 0; code == MN_OK && i < MN_ROLES; i++)
            code = write_cell(out, &grants[i], (mn_resource)r, err);
        if (code == MN_OK)
            code = mn_buf_printf(out, err, " |");
    }
    return code == MN_OK ? mn_buf_printf(out, err, "\n") : code;
}

mn_code mn_rights_write_markdown(mn_buf *out, mn_error *err)
{
    const mn_rights all = mn_rights_all();
    mn_code code = mn_buf_printf(out, err,
                                 "# Rights and roles\n\nThis page is written by `mien roles markdown`.\n\n"
                                 "A right is a resource and a verb, as in `people.view`. A role is a set of "
                                 "rights, if wanted for some\n"
                                 "lists only. A user has roles, a token a part of its owner's rights. "
                                 "Whoever is kept to some lists sees\n"
                                 "only these lists and the people in them; erasing somebody or changing "
                                 "their record asks for all lists\n"
                                 "that the person is in.\n\n| resource | verbs | |\n|---|---|---|\n");
    for (unsigned r = 0; code == MN_OK && r < MN_RESOURCES; r++) {
        code = mn_buf_printf(out, err, "| %s", resources[r].word);
        if (code == MN_OK)
            code = write_cell(out, &all, (mn_resource)r, err);
        if (code == MN_OK)
            code = mn_buf_printf(out, err, " | %s |\n", resources[r].text);
    }
    return code == MN_OK ? write_roles(out, err) : code;
}
