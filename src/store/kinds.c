#include "store/kinds.h"

#include <string.h>

#define ID(name)                                                                                             \
    {                                                                                                        \
        name, MN_COLUMN_ID                                                                                   \
    }
#define INT(name)                                                                                            \
    {                                                                                                        \
        name, MN_COLUMN_INT                                                                                  \
    }
#define BOOL(name)                                                                                           \
    {                                                                                                        \
        name, MN_COLUMN_BOOL                                                                                 \
    }
#define REAL(name)                                                                                           \
    {                                                                                                        \
        name, MN_COLUMN_REAL                                                                                 \
    }
#define TEXT(name)                                                                                           \
    {                                                                                                        \
        name, MN_COLUMN_TEXT                                                                                 \
    }
#define BYTES(name)                                                                                          \
    {                                                                                                        \
        name, MN_COLUMN_BYTES                                                                                \
    }
#define KIND(name, keys, ...)                                                                                \
    {                                                                                                        \
        name, false, keys, sizeof((mn_column[]){__VA_ARGS__}) / sizeof(mn_column),                           \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }
#define LOG(name, keys, ...)                                                                                 \
    {                                                                                                        \
        name, true, keys, sizeof((mn_column[]){__VA_ARGS__}) / sizeof(mn_column),                            \
        {                                                                                                    \
            __VA_ARGS__                                                                                      \
        }                                                                                                    \
    }

/* Keys first. A kind stands behind those that it refers to. */
static const mn_kind kinds[] = {
    KIND("meta", 1, TEXT("key"), TEXT("value")),
    KIND("account", 1, ID("id"), TEXT("name"), TEXT("comment"), BOOL("suspended"), INT("created"),
         INT("updated"), INT("expires"), INT("people_max"), INT("faces_max"), INT("cameras_max")),
    KIND("login_user", 1, ID("id"), ID("account"), TEXT("login"), TEXT("name"), TEXT("comment"),
         TEXT("password"), TEXT("roles"), BOOL("limited"), BYTES("lists"), BOOL("once"), BOOL("disabled"),
         INT("created"), INT("updated"), INT("seen"), INT("failures"), INT("locked")),
    KIND("role", 1, ID("id"), ID("account"), TEXT("name"), TEXT("text"), TEXT("rights"), BOOL("limited"),
         BYTES("lists"), INT("created"), INT("updated")),
    KIND("token", 1, ID("id"), ID("account"), ID("owner"), TEXT("name"), BYTES("hash"), TEXT("rights"),
         BOOL("limited"), BYTES("lists"), INT("created"), INT("until"), INT("used")),
    KIND("session", 1, ID("id"), ID("account"), ID("owner"), BYTES("hash"), TEXT("address"), TEXT("program"),
         INT("created"), INT("seen"), INT("until")),
    KIND("access_state", 1, INT("id"), INT("generation")),
    KIND("person", 1, ID("id"), ID("account"), TEXT("external_id"), TEXT("name"), TEXT("user_data"),
         BOOL("active"), INT("created"), INT("updated"), TEXT("custom"), ID("avatar")),
    KIND("person_key", 1, ID("person"), BYTES("wrapped")),
    KIND("consent", 1, ID("id"), ID("person"), TEXT("purpose"), TEXT("method"), TEXT("evidence"),
         INT("given"), INT("until"), INT("withdrawn")),
    KIND("list", 1, ID("id"), ID("account"), TEXT("name"), TEXT("purpose"), INT("retention"), REAL("fmr"),
         INT("created"), INT("updated"), TEXT("comment"), TEXT("color"), BOOL("inactive"),
         BOOL("acknowledge"), BOOL("sound")),
    KIND("evidence", 1, ID("consent"), ID("blob"), TEXT("format"), INT("bytes")),
    KIND("once", 3, ID("account"), ID("caller"), TEXT("key"), BYTES("hash"), INT("until"), ID("person"),
         BYTES("answer")),
    KIND("member", 2, ID("list"), ID("person"), INT("added"), INT("until")),
    KIND("face", 1, ID("id"), ID("person"), TEXT("source"), TEXT("source_hash"), REAL("quality"),
         ID("sample"), INT("created")),
    KIND("original", 1, ID("face"), ID("blob"), TEXT("format"), INT("bytes")),
    KIND("descriptor", 2, ID("face"), TEXT("model"), INT("dim"), BYTES("sealed")),
    KIND("erasure", 1, ID("person"), INT("asked"), INT("due"), TEXT("why"), BOOL("whole")),
    KIND("change", 1, ID("person"), INT("seq")),
    KIND("trash", 1, ID("blob")),
    LOG("audit", 1, INT("seq"), INT("time"), ID("account"), TEXT("actor"), TEXT("action"), TEXT("target"),
        TEXT("detail"), BYTES("prev"), BYTES("hash")),
};

size_t mn_kind_count(void)
{
    return sizeof kinds / sizeof *kinds;
}

const mn_kind *mn_kind_at(size_t i)
{
    return &kinds[i];
}

const mn_kind *mn_kind_find(const char *name)
{
    for (size_t i = 0; i < mn_kind_count(); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

size_t mn_kind_column(const mn_kind *k, const char *name)
{
    size_t i = 0;
    while (i < k->n_columns && strcmp(k->columns[i].name, name) != 0)
        i++;
    return i;
}

static bool sound_name(const char name[MN_KIND_NAME])
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_");
    return n > 0 && n < MN_KIND_NAME && name[n] == 0;
}

bool mn_kind_sound(const mn_kind *k)
{
    bool sound = memchr(k->name, 0, sizeof k->name) && sound_name(k->name) && k->n_columns >= 1 &&
                 k->n_columns <= MN_COLUMNS_MAX && k->keys >= 1 && k->keys <= k->n_columns;
    for (size_t i = 0; sound && i < k->n_columns; i++)
        sound = memchr(k->columns[i].name, 0, MN_KIND_NAME) && sound_name(k->columns[i].name) &&
                (unsigned)k->columns[i].type < MN_COLUMN_TYPES && mn_kind_column(k, k->columns[i].name) == i;
    return sound;
}
