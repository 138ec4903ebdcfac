/* Users by other things than their login. An account has few of them: they are read, chosen and put in order
 * here. By login, upwards and without a limit on their number, page by page. */
#include "core/signin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const mn_user_query *q;
    mn_user *users; /* the arena's, with room for max */
    size_t n, max;
} choice;

/* As LIKE does in the store: only A to Z have two cases. */
bool mn_core_contains(const char *text, const char *part)
{
    size_t n = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        for (; i < n; i++) {
            unsigned char a = (unsigned char)text[i], b = (unsigned char)part[i];
            a = a >= 'A' && a <= 'Z' ? (unsigned char)(a | 0x20) : a;
            b = b >= 'A' && b <= 'Z' ? (unsigned char)(b | 0x20) : b;
            if (a != b)
                break;
        }
        if (i == n)
            return true;
    }
    return false;
}

static bool fits(const mn_user_query *q, const mn_user *u)
{
    return (!q->like || mn_core_contains(u->login, q->like) || mn_core_contains(u->name, q->like)) &&
           (!q->role || mn_user_has_role(u, q->role)) && (!q->active || *q->active == !u->disabled);
}

/* Every user has another key, and the texts of one order compare as the users are to come. */
static void key_of(const mn_user_query *q, const mn_user *u, char key[MN_USER_NEXT])
{
    char id[MN_ID_TEXT];
    mn_id_format(&u->id, id);
    if (q->order == MN_USERS_BY_LOGIN)
        snprintf(key, MN_USER_NEXT, "%s", u->login);
    else if (q->order == MN_USERS_BY_NAME) /* what is between is in no name, and less than all that are */
        snprintf(key, MN_USER_NEXT, "%s\x01%s", u->name, id);
    else
        snprintf(key, MN_USER_NEXT, "%020" PRId64 "/%s", q->order == MN_USERS_BY_SEEN ? u->seen : u->created,
                 id);
}

static int compare(const mn_user_query *q, const char *a, const char *b)
{
    return q->descending ? strcmp(b, a) : strcmp(a, b);
}

static int by_query(const void *a, const void *b, void *query)
{
    char x[MN_USER_NEXT], y[MN_USER_NEXT];
    key_of(query, a, x);
    key_of(query, b, y);
    return compare(query, x, y);
}

/* Keeps those that fit; true where there is no room for one more. */
static bool keep(const mn_user *u, void *ctx)
{
    choice *found = ctx;
    bool fit = fits(found->q, u), full = found->n == found->max;
    if (fit && !full) {
        found->users[found->n] = *u;
        found->users[found->n++].password = NULL;
    }
    return fit && full;
}

/* The page out of those that are in order. */
static void cut(const choice *all, bool whole, mn_user **out, size_t *n, char next[MN_USER_NEXT])
{
    const mn_user_query *q = all->q;
    char key[MN_USER_NEXT];
    size_t first = 0;
    while (q->after && first < all->n && (key_of(q, &all->users[first], key), compare(q, key, q->after) <= 0))
        first++;
    size_t left = all->n - first, count = left < q->limit ? left : q->limit;
    next[0] = 0;
    if (count > 0 && (count < left || !whole))
        key_of(q, &all->users[first + count - 1], next);
    *out = all->users + first;
    *n = count;
}

mn_code mn_core_users_find(mn_core *c, const mn_actor *who, const mn_user_query *q, mn_arena *arena,
                           mn_user **out, size_t *n, char next[MN_USER_NEXT], mn_error *err)
{
    bool more = false, paged = q->order == MN_USERS_BY_LOGIN && !q->descending;
    choice found = {.q = q, .max = paged ? q->limit : MN_USERS_SORTED_MAX};
    mn_code code = mn_core_may(who, MN_R_USERS, MN_VERB_VIEW, err);
    if (code == MN_OK)
        code = mn_core_check_page(q->limit, err);
    if (code != MN_OK)
        return code;
    found.users = mn_arena_calloc(arena, found.max, sizeof *found.users);
    if (!found.users)
        return mn_fail(err, MN_E_MEMORY, "no memory for the users");
    code = mn_user_any(c, &who->account, paged ? q->after : NULL, keep, &found, arena, NULL, &more, err);
    if (code == MN_OK && !paged && more)
        code = mn_fail(err, MN_E_LIMIT, "more than %d users: list them by login, or ask for fewer of them",
                       MN_USERS_SORTED_MAX);
    if (code != MN_OK)
        return code;
    if (!paged)
        qsort_r(found.users, found.n, sizeof *found.users, by_query, (void *)q);
    cut(&found, !more, out, n, next);
    return MN_OK;
}
