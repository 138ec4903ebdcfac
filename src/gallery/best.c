#include "gallery/best.h"

#include "base/alloc.h"
#include <stdlib.h>
#include <string.h>

#define CAP_MIN      512 /* a power of two */
#define FIRST_PRUNE  32  /* rows; early, so that few of the first ones are taken */
#define PEOPLE_PER_K 4
#define PEOPLE_MORE  252

static size_t slots_of(const mn_best *b)
{
    return b->cap * 2;
}

static size_t first_prune(const mn_best *b)
{
    return b->k * 4 > FIRST_PRUNE ? b->k * 4 : FIRST_PRUNE;
}

bool mn_best_init(mn_best *b, size_t k, float floor, float slack)
{
    *b = (mn_best){.floor = floor, .slack = slack, .k = k, .cap = CAP_MIN};
    while (b->cap < k * 4)
        b->cap *= 2;
    b->full = first_prune(b);
    b->hits = mn_alloc(b->cap * sizeof *b->hits);
    b->people = mn_alloc(slots_of(b) * sizeof *b->people);
    if (b->hits && b->people)
        return true;
    mn_best_finish(b);
    return false;
}

void mn_best_finish(mn_best *b)
{
    mn_free(b->hits);
    mn_free(b->people);
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
    size_t i = (size_t)(x >> 32) & (slots_of(b) - 1);
    while (b->people[i] != UINT32_MAX && mn_id_compare(mn_hit_person(&b->hits[b->people[i]]), person) != 0)
        i = (i + 1) & (slots_of(b) - 1);
    return &b->people[i];
}

/* Where the answers must be above: twice the slack below the best row of the k-th person, or of the last one
 * kept. */
static void raise_floor(mn_best *b, size_t people, float score)
{
    float floor = people == b->k                                ? score - 2 * b->slack
                  : people == b->k * PEOPLE_PER_K + PEOPLE_MORE ? score
                                                                : b->floor;
    b->floor = floor > b->floor ? floor : b->floor;
}

void mn_best_prune(mn_best *b)
{
    qsort(b->hits, b->n, sizeof *b->hits, better_first);
    memset(b->people, 0xff, slots_of(b) * sizeof *b->people);
    size_t kept = 0, people = 0, most = b->k * PEOPLE_PER_K + PEOPLE_MORE;
    for (size_t i = 0; i < b->n && b->hits[i].score >= b->floor && people < most; i++) {
        uint32_t *place = place_of(b, mn_hit_person(&b->hits[i]));
        if (*place == UINT32_MAX) {
            *place = (uint32_t)kept;
            raise_floor(b, ++people, b->hits[i].score);
        } else if (b->hits[i].score < b->hits[*place].score - 2 * b->slack || b->slack == 0) {
            continue;
        }
        b->hits[kept++] = b->hits[i];
    }
    b->n = kept;
    b->full = kept * 2 > first_prune(b) ? kept * 2 : first_prune(b);
}

static bool grow(mn_best *b)
{
    mn_hit *hits = mn_realloc(b->hits, b->cap * 2 * sizeof *hits);
    if (!hits)
        return false;
    b->hits = hits;
    uint32_t *people = mn_realloc(b->people, slots_of(b) * 2 * sizeof *people);
    if (!people)
        return false;
    b->people = people;
    b->cap *= 2;
    return true;
}

void mn_best_add(mn_best *b, const mn_chunk *chunk, uint32_t row, float score)
{
    if (b->n == b->full) {
        mn_best_prune(b);
        if (b->full > b->cap && !grow(b)) {
            b->failed = true;
            b->n /= 2;
            b->full = b->cap;
        }
    }
    if (score >= b->floor)
        b->hits[b->n++] = (mn_hit){chunk, row, score};
}

void mn_best_merge(mn_best *b, const mn_best *from)
{
    b->failed |= from->failed;
    for (size_t i = 0; i < from->n; i++)
        if (from->hits[i].score >= b->floor)
            mn_best_add(b, from->hits[i].chunk, from->hits[i].row, from->hits[i].score);
}
