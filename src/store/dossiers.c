#include "store/dossiers.h"

/* Where the items of a person begin, and how many there are; `at` moves past them. The person is the field at
 * `offset` of an item. */
static const void *share(const void *items, size_t n, size_t size, size_t offset, const mn_id *person,
                         size_t *at, size_t *count)
{
    const char *base = items;
#define PERSON(i) ((const mn_id *)(const void *)(base + (i)*size + offset))
    while (*at < n && mn_id_compare(PERSON(*at), person) < 0)
        ++*at;
    size_t from = *at;
    while (*at < n && mn_id_compare(PERSON(*at), person) == 0)
        ++*at;
#undef PERSON
    *count = *at - from;
    return *count > 0 ? base + from * size : NULL;
}

void mn_dossiers_join(mn_dossier_parts *p)
{
    size_t consent = 0, list = 0, face = 0;
    for (size_t i = 0; i < p->n; i++) {
        mn_dossier *d = &p->people[i];
        d->consents = share(p->consents, p->n_consents, sizeof *p->consents, offsetof(mn_consent, person),
                            &d->person, &consent, &d->n_consents);
        d->lists = share(p->lists, p->n_lists, sizeof *p->lists, offsetof(mn_dossier_list, person),
                         &d->person, &list, &d->n_lists);
        d->faces = share(p->faces, p->n_faces, sizeof *p->faces, offsetof(mn_dossier_face, person),
                         &d->person, &face, &d->n_faces);
    }
}
