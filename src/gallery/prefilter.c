#include "gallery/prefilter.h"

#include "gallery/sketch.h"

#include <sys/mman.h>

/* From here on reading all rows takes long enough, some 20 ms, to be worth an eighth more memory. With fewer
 * dimensions a mate cannot be told from a stranger by one bit each. */
#define FROM_BYTES ((size_t)500000000) /* of rows, a byte a dimension */
#define FROM_DIM   256

bool mn_prefilter_is_on(const mn_gallery *g, const mn_view *v)
{
    if (g->options.metric != MN_METRIC_COSINE || g->options.prefilter == MN_PREFILTER_OFF)
        return false;
    return g->options.prefilter == MN_PREFILTER_ON ||
           (g->options.dim >= FROM_DIM && v->faces * (size_t)g->options.dim >= FROM_BYTES);
}

static mn_chunk *find_chunk(const mn_gallery *g, const mn_view *v)
{
    for (size_t i = 0; mn_prefilter_is_on(g, v) && i < v->n_segments; i++) {
        const mn_segment *s = v->segments[i];
        if (s && s->n == MN_CHUNK_ROWS && !mn_chunk_sketches(s->chunk))
            return s->chunk;
    }
    return NULL;
}

bool mn_prefilter_wants(const mn_gallery *g, const mn_view *v)
{
    return find_chunk(g, v) != NULL;
}

static bool closing(mn_gallery *g)
{
    pthread_mutex_lock(&g->write);
    bool answer = g->closing;
    pthread_mutex_unlock(&g->write);
    return answer;
}

/* The rows of a full chunk never change, so no lock is needed; of two who make its sketches, one was quicker.
 */
static bool sketch(mn_chunk *c)
{
    uint64_t *sketches = mn_sketch_chunk(c), *none = NULL;
    if (sketches && !atomic_compare_exchange_strong(&c->sketches, &none, sketches))
        (void)munmap(sketches, mn_sketch_bytes(c->stride));
    return sketches != NULL;
}

bool mn_prefilter_build(mn_gallery *g)
{
    for (bool done = true, more = true;;) {
        mn_view *v = mn_view_take(&g->views);
        mn_chunk *c = find_chunk(g, v);
        more = c != NULL;
        if (more)
            done = sketch(c);
        mn_view_give_back(&g->views, v);
        if (!done || !more || closing(g))
            return done;
    }
}
