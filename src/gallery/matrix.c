#include "gallery/matrix.h"

#include "base/alloc.h"
#include "gallery/gallery_parts.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PASS        MN_GALLERY_QUERIES_MAX
#define CHUNK_WORDS (MN_CHUNK_ROWS / 64)

typedef struct {
    mn_id person, face;
} probe_face;

typedef struct {
    mn_gallery *g;
    const mn_matrix *m;
    probe_face *faces; /* by person, then face */
    size_t n_faces;
    float *vectors;      /* of a pass */
    mn_candidate *found; /* of a pass: k + 1 for each probe, as one may be the person itself */
    mn_id person;        /* whose answers are gathered */
    bool any, full;
    mn_pair *pool; /* the best k so far, and room for one more answer */
    size_t n_pool;
    mn_matrix_result result;
} job;

static mn_code no_memory(mn_error *err)
{
    return mn_fail(err, MN_E_MEMORY, "no memory to match lists");
}

/* ---- whom to search for ---- */

static void members(const mn_segment *s, const mn_matrix *m, uint64_t words[CHUNK_WORDS])
{
    memset(words, m->n_from == 0 ? 0xff : 0, CHUNK_WORDS * sizeof *words);
    for (size_t i = 0; i < m->n_from; i++)
        mn_rowset_or(mn_segment_list_find(s, &m->from[i]), 0, words, CHUNK_WORDS);
    mn_rowset_andnot(s->dead, 0, words, CHUNK_WORDS);
    for (uint32_t row = s->n; row < MN_CHUNK_ROWS; row = (row / 64 + 1) * 64)
        words[row / 64] &= (UINT64_C(1) << row % 64) - 1;
}

/* Counts the faces and, where there is room for them, takes their ids. */
static size_t collect(const mn_view *v, const mn_matrix *m, probe_face *faces)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_segments; i++) {
        const mn_segment *s = v->segments[i];
        uint64_t words[CHUNK_WORDS];
        if (!s)
            continue;
        members(s, m, words);
        for (uint32_t w = 0; w < CHUNK_WORDS; w++) {
            for (uint64_t bits = words[w]; bits; bits &= bits - 1, n++) {
                uint32_t row = w * 64 + (uint32_t)__builtin_ctzll(bits);
                if (faces)
                    faces[n] = (probe_face){s->chunk->people[row], s->chunk->faces[row]};
            }
        }
    }
    return n;
}

static int by_person_and_face(const void *a, const void *b)
{
    const probe_face *x = a, *y = b;
    int order = mn_id_compare(&x->person, &y->person);
    return order ? order : mn_id_compare(&x->face, &y->face);
}

/* The ids alone are kept: a view held to the end would keep the rows of those who are erased meanwhile. */
static bool list_faces(job *j)
{
    mn_view *v = mn_view_take(&j->g->views);
    j->n_faces = collect(v, j->m, NULL);
    j->faces = mn_alloc(j->n_faces * sizeof *j->faces);
    if (j->faces)
        collect(v, j->m, j->faces);
    mn_view_give_back(&j->g->views, v);
    if (j->faces && j->n_faces > 0)
        qsort(j->faces, j->n_faces, sizeof *j->faces, by_person_and_face);
    return j->faces != NULL;
}

/* ---- their descriptors ---- */

/* False: the face is not there any more, or has ended. Its row as floats into out. */
static bool read_row(mn_gallery *g, const probe_face *f, float *out)
{
    pthread_mutex_lock(&g->write);
    const mn_view *v = mn_view_current(&g->views);
    uint32_t row = mn_gallery_find_face(g, v, &f->person, &f->face), r = row & 0xffff;
    const mn_chunk *c = row == MN_NO_ROW ? NULL : v->segments[row >> 16]->chunk;
    bool there =
        c && atomic_load_explicit(&c->until[r], memory_order_relaxed) > mn_time_now() / MN_TIME_SECOND;
    for (size_t i = 0; there && i < (size_t)g->options.dim; i++)
        out[i] = (float)c->rows[r * c->stride + i] * c->scales[r];
    pthread_mutex_unlock(&g->write);
    return there;
}

static mn_code read_vector(mn_gallery *g, const probe_face *f, float *out, bool *there, mn_error *err)
{
    *there = read_row(g, f, out);
    if (!*there || !g->options.fetch)
        return MN_OK;
    mn_code code = g->options.fetch(g->options.fetch_ctx, &f->face, out, err);
    *there = code != MN_E_NOT_FOUND;
    return *there ? code : MN_OK;
}

/* ---- a person's answers ---- */

static int by_person_best_first(const void *a, const void *b)
{
    const mn_pair *x = a, *y = b;
    int order = mn_id_compare(&x->with.person, &y->with.person);
    if (order)
        return order;
    if (x->with.raw != y->with.raw)
        return x->with.raw < y->with.raw ? 1 : -1;
    return mn_id_compare(&x->face, &y->face);
}

static int by_score(const void *a, const void *b)
{
    const mn_pair *x = a, *y = b;
    if (x->with.raw != y->with.raw)
        return x->with.raw < y->with.raw ? 1 : -1;
    return mn_id_compare(&x->with.person, &y->with.person);
}

/* Of each person the best, and of these the k best. */
static void prune(job *j)
{
    if (j->n_pool == 0)
        return;
    size_t n = 0;
    qsort(j->pool, j->n_pool, sizeof *j->pool, by_person_best_first);
    for (size_t i = 0; i < j->n_pool; i++)
        if (n == 0 || mn_id_compare(&j->pool[n - 1].with.person, &j->pool[i].with.person) != 0)
            j->pool[n++] = j->pool[i];
    qsort(j->pool, n, sizeof *j->pool, by_score);
    j->full = j->full || n > j->m->k;
    j->n_pool = n < j->m->k ? n : j->m->k;
}

static mn_code tell(job *j, mn_error *err)
{
    mn_code code = MN_OK;
    j->full = j->full || j->n_pool >= j->m->k;
    for (size_t i = 0; i < j->n_pool && code == MN_OK; i++, j->result.matches++)
        code = j->m->match(j->m->ctx, &j->pool[i], err);
    j->result.people += j->any;
    j->result.full += j->full;
    j->n_pool = 0;
    j->any = j->full = false;
    return code;
}

static mn_code gather(job *j, const probe_face *f, const mn_found *a, mn_error *err)
{
    mn_code code = MN_OK;
    if (j->any && mn_id_compare(&j->person, &f->person) != 0)
        code = tell(j, err);
    j->person = f->person;
    j->any = true;
    j->full = j->full || a->n > j->m->k;
    for (size_t i = 0; i < a->n; i++) {
        int order = mn_id_compare(&a->out[i].person, &f->person);
        if (order > 0 || (order < 0 && !j->m->once))
            j->pool[j->n_pool++] = (mn_pair){f->face, f->person, a->out[i]};
    }
    prune(j);
    return code;
}

/* ---- passes ---- */

/* Up to 16 faces from *at on: *searched of them, who[] and answers[], were there. */
static mn_code search_pass(job *j, size_t *at, const probe_face *who[PASS], mn_found answers[PASS],
                           size_t *searched, mn_error *err)
{
    const mn_matrix *m = j->m;
    size_t dim = (size_t)j->g->options.dim, n = 0;
    mn_query q[PASS];
    mn_code code = MN_OK;
    for (; n < PASS && *at < j->n_faces && code == MN_OK; ++*at) {
        bool there = false;
        float *v = j->vectors + n * dim;
        code = read_vector(j->g, &j->faces[*at], v, &there, err);
        j->result.passed_over += code == MN_OK && !there;
        if (code || !there)
            continue;
        q[n] =
            (mn_query){.probe = v, .lists = m->to, .n_lists = m->n_to, .k = m->k + 1, .min_raw = m->min_raw};
        q[n].deadline = m->deadline;
        q[n].cancel = m->cancel;
        answers[n] = (mn_found){.out = j->found + n * (m->k + 1)};
        who[n++] = &j->faces[*at];
    }
    *searched = n;
    return code == MN_OK && n > 0 ? mn_gallery_search_many(j->g, q, n, answers, err) : code;
}

static mn_code run_pass(job *j, size_t *at, mn_error *err)
{
    mn_found answers[PASS];
    const probe_face *who[PASS];
    size_t n = 0;
    mn_code code = search_pass(j, at, who, answers, &n, err);
    for (size_t i = 0; i < n && code == MN_OK; i++, j->result.faces++)
        code = gather(j, who[i], &answers[i], err);
    return code;
}

static mn_code run(job *j, mn_error *err)
{
    mn_code code = MN_OK;
    for (size_t at = 0; at < j->n_faces && code == MN_OK;) {
        if (mn_cancelled(j->m->cancel))
            return mn_fail(err, MN_E_CANCELLED, "the matching was cancelled");
        code = run_pass(j, &at, err);
        if (code == MN_OK && j->m->progress)
            code = j->m->progress(j->m->ctx, at, j->n_faces, err);
    }
    return code ? code : tell(j, err);
}

static mn_code check(const mn_matrix *m, mn_error *err)
{
    if (m->k < 1 || m->k > MN_MATRIX_K_MAX)
        return mn_fail(err, MN_E_INVALID, "%zu people wanted of each: from 1 to %d are possible", m->k,
                       MN_MATRIX_K_MAX);
    if (isnan(m->min_raw))
        return mn_fail(err, MN_E_INVALID, "the lowest wanted score is not a number");
    return MN_OK;
}

mn_code mn_gallery_match(mn_gallery *g, const mn_matrix *m, mn_matrix_result *out, mn_error *err)
{
    mn_code code = check(m, err);
    if (code)
        return code;
    job j = {.g = g, .m = m};
    j.vectors = mn_alloc(PASS * (size_t)g->options.dim * sizeof *j.vectors);
    j.found = mn_alloc(PASS * (m->k + 1) * sizeof *j.found);
    j.pool = mn_alloc((2 * m->k + 1) * sizeof *j.pool);
    code = j.vectors && j.found && j.pool && list_faces(&j) ? run(&j, err) : no_memory(err);
    if (code == MN_OK)
        *out = j.result;
    mn_free(j.faces);
    mn_free(j.vectors);
    mn_free(j.found);
    mn_free(j.pool);
    return code;
}
