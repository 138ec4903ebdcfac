/* A gallery with the rows of vectors.h in it, and how fast it is searched. */
#ifndef MN_BENCH_FILLED_H
#define MN_BENCH_FILLED_H

#include "gallery/gallery.h"
#include "reading.h"
#include "results.h"

typedef struct {
    unsigned threads;   /* of a search */
    const char *folder; /* for what need not stay in memory; NULL: all of it stays there */
    mn_prefilter prefilter;
} filled_options;

/* Ends the program with status 3. */
void bench_die(const char *what);
double bench_ms_since(int64_t from); /* of mn_monotonic_ns */

mn_id filled_row_id(size_t row);
/* Both end the program when they fail. The vectors must outlive the gallery: float descriptors are made from
 * them again. */
mn_gallery *filled_empty(const vectors *v, const filled_options *o);
mn_gallery *filled_make(const vectors *v, const filled_options *o, reading *r); /* with its sketches */

/* So many passes of so many queries, after one that does not count, each beside a plain read of as many
 * bytes, and one line of results. extra: more fields of the line, as ",\"name\":value…", or NULL. */
void filled_measure(mn_gallery *g, const vectors *v, const filled_options *o, const char *engine,
                    size_t queries, size_t rounds, reading *r, const char *extra);

#endif
