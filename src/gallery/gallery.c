#include "gallery/gallery_parts.h"
#include "gallery/pass.h"
#include "gallery/prefilter.h"
#include "gallery/sketch.h"
#include "gallery/view_parts.h"

#include "base/alloc.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define DIM_MIN     64
#define DIM_MAX     1024
#define THREADS_MAX 64

bool mn_gallery_halves(const mn_gallery *g)
{
    return g->options.metric == MN_METRIC_L2;
}

mn_chunk_shape mn_gallery_shape(const mn_gallery *g)
{
    return (mn_chunk_shape){.stride = g->stride, .halves = mn_gallery_halves(g), .cold_dir = g->cold_dir};
}

static mn_code check_options(const mn_gallery_options *o, mn_error *err)
{
    if (o->dim < DIM_MIN || o->dim > DIM_MAX)
        return mn_fail(err, MN_E_INVALID, "a gallery of %d dimensions: from %d to %d are possible", o->dim,
                       DIM_MIN, DIM_MAX);
    if (o->threads < 1 || o->threads > THREADS_MAX)
        return mn_fail(err, MN_E_INVALID, "%u search threads: from 1 to %d are possible", o->threads,
                       THREADS_MAX);
    if (o->metric != MN_METRIC_COSINE && o->metric != MN_METRIC_L2)
        return mn_fail(err, MN_E_INVALID, "metric %d: cosine and L2 are known", (int)o->metric);
    if (o->prefilter != MN_PREFILTER_AUTO && o->prefilter != MN_PREFILTER_OFF &&
        o->prefilter != MN_PREFILTER_ON)
        return mn_fail(err, MN_E_INVALID, "prefilter %d: auto, off and on are known", (int)o->prefilter);
    return MN_OK;
}

/* A directory that cannot be used is noticed now, and not as a gallery that is larger than it should be. */
static mn_code use_cold_dir(mn_gallery *g, mn_error *err)
{
    g->cold_dir = mn_strdup(g->options.cold_dir);
    g->options.cold_dir = g->cold_dir;
    if (!g->cold_dir)
        return mn_fail(err, MN_E_MEMORY, "no memory for a gallery");
    void *probe = mn_cold_map(g->cold_dir, 1);
    if (!probe)
        return mn_fail(err, MN_E_IO, "no file for the ids of the gallery can be made in %s: %s", g->cold_dir,
                       strerror(errno));
    munmap(probe, 1);
    return MN_OK;
}

mn_code mn_gallery_create(const mn_gallery_options *options, mn_gallery **out, mn_error *err)
{
    mn_code code = check_options(options, err);
    if (code)
        return code;
    mn_gallery *g = mn_calloc(1, sizeof *g);
    if (!g)
        return mn_fail(err, MN_E_MEMORY, "no memory for a gallery");
    g->options = *options;
    g->stride = ((size_t)options->dim + 63) / 64 * 64;
    g->simd = mn_simd_get();
    pthread_mutex_init(&g->write, NULL);
    mn_gate_init(&g->gate, options->threads);
    if (!mn_published_init(&g->views)) {
        code = mn_fail(err, MN_E_MEMORY, "no memory for a gallery");
        goto fail;
    }
    /* The searching thread works too. Helpers that are busy with other searches are not waited for. */
    if (options->threads > 1 && (code = mn_pool_create(options->threads - 1, THREADS_MAX, &g->helpers, err)))
        goto fail;
    if (options->cold_dir && (code = use_cold_dir(g, err)))
        goto fail;
    *out = g;
    return MN_OK;
fail:
    mn_gallery_destroy(g);
    return code;
}

void mn_gallery_destroy(mn_gallery *g)
{
    if (!g)
        return;
    pthread_mutex_lock(&g->write);
    g->closing = true;
    pthread_mutex_unlock(&g->write);
    mn_pool_destroy(g->keeper);
    mn_pool_destroy(g->helpers);
    mn_published_finish(&g->views);
    mn_rowmap_finish(&g->people);
    pthread_mutex_destroy(&g->write);
    mn_gate_finish(&g->gate);
    mn_free(g->cold_dir);
    mn_free(g);
}

static size_t segment_bytes(const mn_segment *s)
{
    size_t bytes = sizeof *s + sizeof *s->chunk + s->n * mn_chunk_hot_bytes(s->chunk);
    if (mn_chunk_sketches(s->chunk))
        bytes += MN_CHUNK_ROWS * mn_sketch_words(s->chunk->stride) * sizeof(uint64_t);
    bytes += s->chunk->cold_in_file ? 0 : s->n * mn_chunk_cold_bytes(s->chunk);
    bytes += mn_rowset_bytes(s->dead) + mn_rowset_bytes(s->further) + s->n_lists * sizeof *s->lists;
    for (size_t i = 0; i < s->n_lists; i++)
        bytes += mn_rowset_bytes(s->lists[i].rows);
    return bytes;
}

/* Those of the segment that are in none before it. */
static size_t new_lists(const mn_view *v, size_t i)
{
    size_t n = 0;
    const mn_segment *s = v->segments[i];
    for (size_t l = 0; l < s->n_lists; l++) {
        bool seen = mn_rowset_count(s->lists[l].rows) == 0;
        for (size_t j = 0; j < i && !seen; j++)
            seen = v->segments[j] && mn_segment_list_find(v->segments[j], &s->lists[l].list);
        n += !seen;
    }
    return n;
}

static void add_segment(const mn_view *v, size_t i, mn_gallery_stats *stats)
{
    const mn_segment *s = v->segments[i];
    stats->chunks++;
    stats->sketched += mn_chunk_sketches(s->chunk) != NULL;
    stats->removed += mn_rowset_count(s->dead);
    stats->bytes += segment_bytes(s);
    stats->cold_bytes += s->chunk->cold_in_file ? s->n * mn_chunk_cold_bytes(s->chunk) : 0;
    stats->lists += new_lists(v, i);
}

size_t mn_gallery_faces(mn_gallery *g)
{
    mn_view *v = mn_view_take(&g->views);
    size_t n = v->faces;
    mn_view_give_back(&g->views, v);
    return n;
}

mn_gallery_stats mn_gallery_stats_get(mn_gallery *g)
{
    mn_view *v = mn_view_take(&g->views);
    mn_gallery_stats stats = {.faces = v->faces, .people = v->people, .prefilter = mn_prefilter_is_on(g, v)};
    for (size_t i = 0; i < v->n_segments; i++)
        if (v->segments[i])
            add_segment(v, i, &stats);
    mn_view_give_back(&g->views, v);
    pthread_mutex_lock(&g->write);
    stats.bytes += sizeof *g + mn_rowmap_bytes(&g->people);
    pthread_mutex_unlock(&g->write);
    return stats;
}
