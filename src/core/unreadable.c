/* People of whom something does not open: a key or a descriptor that was damaged. What opens of them is
 * searched, the rest is passed over, and nobody else notices. Who stands here is a matter of what was read:
 * at loading, at following, and for a match; mien store check looks at everything. */
#include "core/internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

#define KEPT_MAX ((size_t)1 << 16) /* people; those beyond are not counted */

/* Where the person stands, or would. */
static size_t place_of(const mn_core_unreadable *u, const mn_id *person)
{
    size_t low = 0, high = u->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (mn_id_compare(&u->people[middle], person) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const mn_core_unreadable *u, size_t at, const mn_id *person)
{
    return at < u->n && mn_id_compare(&u->people[at], person) == 0;
}

static bool make_room(mn_core_unreadable *u)
{
    if (u->n < u->room)
        return true;
    size_t room = u->room ? 2 * u->room : 16;
    mn_id *more = room <= KEPT_MAX ? mn_realloc(u->people, room * sizeof *more) : NULL;
    if (!more)
        return false;
    u->people = more;
    u->room = room;
    return true;
}

static bool enter(mn_core_unreadable *u, const mn_id *person)
{
    size_t at = place_of(u, person);
    if (stands_at(u, at, person) || !make_room(u))
        return false;
    memmove(&u->people[at + 1], &u->people[at], (u->n - at) * sizeof *u->people);
    u->people[at] = *person;
    u->n++;
    return true;
}

void mn_core_unreadable_add(mn_core *c, const mn_id *people, size_t n, const mn_error *first)
{
    mn_core_unreadable *u = &c->unreadable;
    size_t is_new = 0;
    char others[80] = "";
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < n; i++)
        is_new += enter(u, &people[i]);
    pthread_mutex_unlock(&u->lock);
    if (is_new == 0)
        return;
    if (is_new > 1)
        snprintf(others, sizeof others, " (and the same of %zu others)", is_new - 1);
    char then[200];
    snprintf(then, sizeof then, "this is passed over in searches%s: see mien store check", others);
    mn_core_warn(c, first, then);
}

void mn_core_unreadable_forget(mn_core *c, const mn_id *people, size_t n)
{
    mn_core_unreadable *u = &c->unreadable;
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < n && u->n > 0; i++) {
        size_t at = place_of(u, &people[i]);
        if (!stands_at(u, at, &people[i]))
            continue;
        u->n--;
        memmove(&u->people[at], &u->people[at + 1], (u->n - at) * sizeof *u->people);
    }
    pthread_mutex_unlock(&u->lock);
}

size_t mn_core_unreadable_count(mn_core *c)
{
    pthread_mutex_lock(&c->unreadable.lock);
    size_t n = c->unreadable.n;
    pthread_mutex_unlock(&c->unreadable.lock);
    return n;
}
