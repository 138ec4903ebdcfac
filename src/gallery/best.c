#include "gallery/best.h"

#include "base/alloc.h"
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 256 /* appended between two prunes, at least */

bool mn_best_init(mn_best *b, size_t want, float floor)
{
    size_t room = want * 2 > ROOM_MIN ? want * 2 : ROOM_MIN;
    *b = (mn_best){.floor = floor, .want = want, .cap = want * MN_BEST_FACES + room, .n_slots = 1024};
    while (b->n_slots < b->cap * 2)
        b->n_slots *= 2;
    b->hits = mn_alloc(b->cap * sizeof *b->hits);
    b->people = mn_alloc(b->n_slots * sizeof *b->people);
    b->faces = mn_alloc(b->cap);
    if (b->hits && b->people && b->faces)
        return true;
    mn_best_finish(b);
    return false;
}

void mn_best_finish(mn_best *b)
{
    mn_free(b->hits);
    mn_free(b->people);
    mn_free(b->faces);
    *b = (mn_best){0};
}

static int better_first(const void *pa, const void *pb)
{
    const mn_hit *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    int by_person = mn_id_compare(mn_hit_person(a), mn_hit_person(b));
    return by_person ? by_person : mn_id_compare(mn_hit_face(a), mn_hit_face(b));
}

/* Index of the kept hit that stands for the person, or the free slot where it belongs. */
static uint32_t *place_of(const mn_best *b, const mn_id *person)
{
    uint64_t x;
    memcpy(&x, person->bytes + 8, sizeof x);
    x *= UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(x >> 32) & (b->n_slots - 1);
    while (b->people[i] != UINT32_MAX && mn_id_compare(mn_hit_person(&b->hits[b->people[i]]), person) != 0)
        i = (i + 1) & (b->n_slots - 1);
    return &b->people[i];
}

void mn_best_prune(mn_best *b)
{
    qsort(b->hits, b->n, sizeof *b->hits, better_first);
    memset(b->people, 0xff, b->n_slots * sizeof *b->people);
    size_t kept = 0, people = 0;
    for (size_t i = 0; i < b->n && people < b->want; i++) {
        uint32_t *place = place_of(b, mn_hit_person(&b->hits[i]));
        if (*place == UINT32_MAX) {
            *place = (uint32_t)kept;
            b->faces[kept] = 1;
            people++;
        } else if (b->faces[*place]++ >= MN_BEST_FACES) {
            b->faces[*place] = MN_BEST_FACES;
            continue;
        }
        b->hits[kept++] = b->hits[i];
    }
    b->n = kept;
    if (people == b->want && b->hits[kept - 1].score > b->floor)
        b->floor = b->hits[kept - 1].score;
}

void mn_best_add(mn_best *b, const mn_chunk *chunk, uint32_t row, float score)
{
    if (b->n == b->cap)
        mn_best_prune(b);
    if (score >= b->floor)
        b->hits[b->n++] = (mn_hit){chunk, row, score};
}

void mn_best_merge(mn_best *b, const mn_best *from)
{
    for (size_t i = 0; i < from->n; i++)
        if (from->hits[i].score >= b->floor)
            mn_best_add(b, from->hits[i].chunk, from->hits[i].row, from->hits[i].score);
}
