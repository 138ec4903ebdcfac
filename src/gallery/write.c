/* Adding and removing. Every write copies the table of the current view, changes the copy, and publishes it;
 * until then whatever fails leaves the gallery as it was. What cannot fail (the table of people, chains of
 * a person's faces) is changed last. */
#include "gallery/gallery_parts.h"
#include "gallery/quantise.h"

#include "base/alloc.h"

#include <string.h>

#define ROWS_MAX        (UINT32_C(1) << 31)
#define HUGE_PAGES_FROM 8192 /* rows: a first chunk with fewer would pay for memory that it does not use */

static mn_code no_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory to change the gallery");
}

static mn_code begin(mn_gallery *g, size_t n_rows, mn_view **out, mn_error *err)
{
    mn_view *current = mn_view_current(&g->views);
    if (n_rows + current->n_segments * MN_CHUNK_ROWS > ROWS_MAX)
        return mn_fail(err, MN_E_LIMIT, "a gallery holds at most %u rows", ROWS_MAX);
    mn_view *v = mn_view_copy(&g->views, current, n_rows / MN_CHUNK_ROWS + 2);
    if (!v)
        return no_memory(err);
    *out = v;
    return MN_OK;
}

/* ---- lists ---- */

static bool contains(const mn_id *lists, size_t n, const mn_id *list)
{
    for (size_t i = 0; i < n; i++)
        if (mn_id_compare(&lists[i], list) == 0)
            return true;
    return false;
}

static bool row_has_lists(const mn_segment *s, uint32_t row, const mn_id *lists, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!mn_rowset_has(mn_segment_list_find(s, &lists[i]), row))
            return false;
    for (size_t i = 0; i < s->n_lists; i++)
        if (mn_rowset_has(s->lists[i].rows, row) && !contains(lists, n, &s->lists[i].list))
            return false;
    return true;
}

static bool row_set_lists(mn_view *v, uint32_t row, const mn_id *lists, size_t n)
{
    uint32_t r = row & 0xffff;
    if (row_has_lists(v->segments[row >> 16], r, lists, n))
        return true;
    mn_segment *s = mn_view_own(v, row >> 16);
    if (!s)
        return false;
    for (size_t i = 0; i < s->n_lists; i++)
        if (!contains(lists, n, &s->lists[i].list) && !mn_rowset_remove(&s->lists[i].rows, r))
            return false;
    for (size_t i = 0; i < n; i++) {
        mn_rowset **rows = mn_segment_list_own(s, &lists[i]);
        if (!rows || !mn_rowset_add(rows, r))
            return false;
    }
    return true;
}

static uint32_t next_of(const mn_view *v, uint32_t row)
{
    return v->segments[row >> 16]->chunk->next[row & 0xffff];
}

static void set_next(mn_view *v, uint32_t row, uint32_t next)
{
    v->segments[row >> 16]->chunk->next[row & 0xffff] = next;
}

static uint32_t find_in_chain(const mn_view *v, uint32_t head, const mn_id *face)
{
    uint32_t row = head;
    while (row != MN_NO_ROW && mn_id_compare(mn_view_face(v, row), face) != 0)
        row = next_of(v, row);
    return row;
}

uint32_t mn_gallery_find_face(const mn_gallery *g, const mn_view *v, const mn_id *person, const mn_id *face)
{
    return find_in_chain(v, mn_rowmap_find(&g->people, v, person), face);
}

static bool person_set_lists(mn_view *v, uint32_t head, const mn_id *lists, size_t n)
{
    for (uint32_t row = head; row != MN_NO_ROW; row = next_of(v, row))
        if (!row_set_lists(v, row, lists, n))
            return false;
    return true;
}

/* ---- ends ---- */

static uint32_t second_of(mn_time until)
{
    if (until == 0 || until / MN_TIME_SECOND >= MN_NO_END)
        return MN_NO_END;
    return until < 0 ? 0 : (uint32_t)(until / MN_TIME_SECOND);
}

/* All that can fail: segments of our own, which know that a row of theirs ends then. */
static bool person_foresee_end(mn_view *v, uint32_t head, uint32_t until)
{
    for (uint32_t row = head; row != MN_NO_ROW; row = next_of(v, row)) {
        if (v->segments[row >> 16]->earliest <= until)
            continue;
        mn_segment *s = mn_view_own(v, row >> 16);
        if (!s)
            return false;
        s->earliest = until;
    }
    return true;
}

static void person_set_end(mn_view *v, uint32_t head, uint32_t until)
{
    for (uint32_t row = head; row != MN_NO_ROW; row = next_of(v, row))
        atomic_store_explicit(&v->segments[row >> 16]->chunk->until[row & 0xffff], until,
                              memory_order_relaxed);
}

/* ---- adding ---- */

/* The row's columns, past the end of what any reader looks at. */
static mn_code write_row(mn_gallery *g, mn_view *v, mn_segment *s, const mn_gallery_entry *e, mn_error *err)
{
    mn_chunk *c = s->chunk;
    mn_quantised q;
    mn_code code = mn_quantise(e->v, (size_t)g->options.dim, g->stride, g->options.metric,
                               c->rows + s->n * g->stride, &q, err);
    if (code)
        return code;
    c->scales[s->n] = q.scale;
    if (c->halves)
        c->halves[s->n] = q.norm * q.norm / 2;
    c->faces[s->n] = e->face;
    c->people[s->n] = e->person;
    c->next[s->n] = MN_NO_ROW;
    atomic_init(&c->until[s->n], second_of(e->until));
    s->earliest = second_of(e->until) < s->earliest ? second_of(e->until) : s->earliest;
    v->max_error = q.error > v->max_error ? q.error : v->max_error;
    v->max_norm = q.norm > v->max_norm ? q.norm : v->max_norm;
    return MN_OK;
}

/* The further faces of a person follow the first, newest first. */
static void link_row(mn_gallery *g, mn_view *v, uint32_t row, uint32_t head)
{
    if (head == MN_NO_ROW) {
        mn_rowmap_insert(&g->people, v, row);
        v->people++;
    } else {
        set_next(v, row, next_of(v, head));
        set_next(v, head, row);
    }
}

static void unlink_row(mn_gallery *g, mn_view *v, uint32_t row)
{
    uint32_t next = next_of(v, row), at = mn_rowmap_find(&g->people, v, mn_view_person(v, row));
    if (at != row) {
        while (next_of(v, at) != row)
            at = next_of(v, at);
        set_next(v, at, next);
    } else if (next != MN_NO_ROW) {
        mn_rowmap_move(&g->people, v, row, next);
    } else {
        mn_rowmap_erase(&g->people, v, row);
        v->people--;
    }
}

static mn_code append(mn_gallery *g, mn_view *v, const mn_gallery_entry *e, bool huge_pages, mn_error *err)
{
    uint32_t head = mn_rowmap_find(&g->people, v, &e->person);
    if (find_in_chain(v, head, &e->face) != MN_NO_ROW) {
        char id[MN_ID_TEXT];
        mn_id_format(&e->face, id);
        return mn_fail(err, MN_E_EXISTS, "face %s is in the gallery already", id);
    }
    const mn_chunk_shape shape = mn_gallery_shape(g);
    size_t position;
    mn_segment *s = mn_view_tail(v, &shape, huge_pages, &position);
    if (!s)
        return no_memory(err);
    mn_code code = write_row(g, v, s, e, err);
    if (code)
        return code;
    uint32_t row = (uint32_t)(position << 16 | s->n);
    s->n++;
    if ((head != MN_NO_ROW && !mn_rowset_add(&s->further, row & 0xffff)) ||
        !row_set_lists(v, row, e->lists, e->n_lists) || !person_set_lists(v, head, e->lists, e->n_lists) ||
        !person_foresee_end(v, head, second_of(e->until)))
        return no_memory(err);
    v->faces++;
    link_row(g, v, row, head);
    return MN_OK;
}

/* In place, so not before nothing can fail. */
static void set_ends(mn_gallery *g, mn_view *v, const mn_gallery_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t head = mn_rowmap_find(&g->people, v, &entries[i].person);
        if (next_of(v, head) != MN_NO_ROW)
            person_set_end(v, head, second_of(entries[i].until));
    }
}

static mn_code append_all(mn_gallery *g, mn_view *v, const mn_gallery_entry *entries, size_t n, mn_error *err)
{
    if (!mn_rowmap_reserve(&g->people, v, n))
        return no_memory(err);
    bool huge_pages = n >= HUGE_PAGES_FROM || v->faces >= HUGE_PAGES_FROM;
    for (size_t i = 0; i < n; i++) {
        mn_code code = append(g, v, &entries[i], huge_pages, err);
        if (code == MN_OK)
            continue;
        while (i-- > 0)
            unlink_row(g, v, mn_gallery_find_face(g, v, &entries[i].person, &entries[i].face));
        return code;
    }
    set_ends(g, v, entries, n);
    return MN_OK;
}

mn_code mn_gallery_add(mn_gallery *g, const mn_gallery_entry *entries, size_t n, mn_error *err)
{
    if (n == 0)
        return MN_OK;
    pthread_mutex_lock(&g->write);
    mn_view *v = NULL;
    mn_code code = begin(g, n, &v, err);
    size_t tail = v ? v->tail : 0;
    if (code == MN_OK && (code = append_all(g, v, entries, n, err))) {
        mn_view_drop(&g->views, v);
    } else if (code == MN_OK) {
        mn_view_publish(&g->views, v);
        if (v->tail != tail) /* a chunk is full */
            mn_gallery_tidy(g);
    }
    pthread_mutex_unlock(&g->write);
    return code;
}

/* ---- removing ---- */

static bool is_dead(const mn_view *v, uint32_t row)
{
    return mn_rowset_has(v->segments[row >> 16]->dead, row & 0xffff);
}

static bool kill_row(mn_view *v, uint32_t row)
{
    if (is_dead(v, row))
        return true;
    mn_segment *s = mn_view_own(v, row >> 16);
    if (!s || !mn_rowset_add(&s->dead, row & 0xffff))
        return false;
    v->faces--;
    return true;
}

static bool kill_person(mn_view *v, uint32_t head)
{
    for (uint32_t row = head; row != MN_NO_ROW; row = next_of(v, row))
        if (!kill_row(v, row))
            return false;
    return true;
}

static void unlink_person(mn_gallery *g, mn_view *v, uint32_t head)
{
    while (head != MN_NO_ROW) {
        uint32_t row = head;
        head = next_of(v, row);
        unlink_row(g, v, row);
    }
}

/* ---- exchanging ---- */

/* A row that no table knows yet. Of each person the first row is no further one. */
static mn_code place(mn_gallery *g, mn_view *v, const mn_gallery_entry *e, bool first, uint32_t *row,
                     mn_error *err)
{
    const mn_chunk_shape shape = mn_gallery_shape(g);
    size_t position;
    mn_segment *s = mn_view_tail(v, &shape, v->faces >= HUGE_PAGES_FROM, &position);
    if (!s)
        return no_memory(err);
    mn_code code = write_row(g, v, s, e, err);
    if (code)
        return code;
    *row = (uint32_t)(position << 16 | s->n++);
    if ((!first && !mn_rowset_add(&s->further, *row & 0xffff)) ||
        !row_set_lists(v, *row, e->lists, e->n_lists))
        return no_memory(err);
    v->faces++;
    return MN_OK;
}

/* Are the person's rows those that go? */
static bool is_free(const mn_gallery *g, const mn_view *v, const mn_id *person)
{
    uint32_t row = mn_rowmap_find(&g->people, v, person);
    return row == MN_NO_ROW || is_dead(v, row);
}

static mn_code place_all(mn_gallery *g, mn_view *v, const mn_gallery_entry *entries, size_t n, uint32_t *rows,
                         mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        const mn_gallery_entry *e = &entries[i];
        bool first = i == 0 || mn_id_compare(&e[-1].person, &e->person) != 0;
        if (!is_free(g, v, &e->person))
            return mn_fail(err, MN_E_EXISTS, "a face to be exchanged is of somebody whose other faces stay");
        code = place(g, v, e, first, &rows[i], err);
    }
    return code;
}

/* All that can fail. */
static mn_code prepare(mn_gallery *g, mn_view *v, const mn_id *people, size_t n_people,
                       const mn_gallery_entry *entries, size_t n, uint32_t *rows, mn_error *err)
{
    if (!mn_rowmap_reserve(&g->people, v, n))
        return no_memory(err);
    for (size_t i = 0; i < n_people; i++)
        if (!kill_person(v, mn_rowmap_find(&g->people, v, &people[i])))
            return no_memory(err);
    return place_all(g, v, entries, n, rows, err);
}

mn_code mn_gallery_exchange(mn_gallery *g, const mn_id *people, size_t n_people,
                            const mn_gallery_entry *entries, size_t n, mn_error *err)
{
    mn_view *v = NULL;
    uint32_t *rows = mn_alloc((n + 1) * sizeof *rows);
    if (!rows)
        return no_memory(err);
    pthread_mutex_lock(&g->write);
    mn_code code = begin(g, n, &v, err);
    if (code == MN_OK)
        code = prepare(g, v, people, n_people, entries, n, rows, err);
    if (code == MN_OK) {
        for (size_t i = 0; i < n_people; i++)
            unlink_person(g, v, mn_rowmap_find(&g->people, v, &people[i]));
        for (size_t i = 0; i < n; i++)
            link_row(g, v, rows[i], mn_rowmap_find(&g->people, v, &entries[i].person));
        mn_view_publish(&g->views, v);
        mn_gallery_tidy(g);
    } else if (v) {
        mn_view_drop(&g->views, v);
    }
    pthread_mutex_unlock(&g->write);
    mn_free(rows);
    return code;
}
