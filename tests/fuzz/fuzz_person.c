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

static void check_head(const mn_exchange_header *h)
{
    if (h->n_lists > MN_EXCHANGE_HEADER_LISTS_MAX || h->n_fields > MN_EXCHANGE_FIELDS_MAX)
        abort();
    for (size_t i = 0; i < h->n_lists; i++) {
        json_t *o = mn_exchange_list_json(&h->lists[i]);
        if (!o || h->lists[i].retention < MN_TIME_SECOND || !(h->lists[i].fmr >= 0 && h->lists[i].fmr < 1))
            abort();
        json_decref(o);
    }
    for (size_t i = 0; i < h->n_fields; i++) {
        json_t *o = json_loads(h->fields[i], 0, NULL);
        if (!json_is_string(json_object_get(o, "name")))
            abort();
        json_decref(o);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_exchange_line line;
    mn_error err;
    mn_arena *arena = mn_arena_create((size_t)16 << 20);
    if (!arena)
        abort();
    if (mn_exchange_parse((const char *)data, size, arena, &line, &err) == MN_OK) {
        if (line.is_header)
            check_head(&line.header);
        else
            check(&line.person);
    }
    mn_arena_destroy(arena);
    return 0;
}
