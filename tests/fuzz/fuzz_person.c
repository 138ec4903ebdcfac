/* Lines of people come from other systems. What is accepted keeps to the limits, and is read as the same when
 * it is written again. */
#include "exchange/person.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Does a step of the path go up? A name may well end in dots. */
static int climbs(const char *path)
{
    size_t n;
    for (; *path; path += n + (path[n] == '/')) {
        n = strcspn(path, "/");
        if (n == 2 && memcmp(path, "..", 2) == 0)
            return 1;
    }
    return 0;
}

static void check(const mn_exchange_person *p)
{
    if (p->n_faces > MN_EXCHANGE_FACES_MAX || p->n_lists > MN_EXCHANGE_LISTS_MAX ||
        p->n_consents > MN_EXCHANGE_CONSENTS_MAX)
        abort();
    for (size_t i = 0; i < p->n_faces; i++) {
        const mn_exchange_face *f = &p->faces[i];
        if (f->n_vector > MN_EXCHANGE_NUMBERS_MAX || (f->vector && f->with_row))
            abort();
        if (f->sample && (f->sample[0] == '/' || climbs(f->sample)))
            abort();
        if (!(f->quality >= 0 && f->quality <= 1))
            abort();
    }
    for (size_t i = 0; i < p->n_lists; i++)
        if (!p->lists[i].name)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_exchange_line line;
    mn_error err;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    if (!arena)
        abort();
    if (mn_exchange_parse((const char *)data, size, arena, &line, &err) == MN_OK && !line.is_header)
        check(&line.person);
    mn_arena_destroy(arena);
    return 0;
}
