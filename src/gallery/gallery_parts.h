/* Inside gallery: what its files share. */
#ifndef MN_GALLERY_GALLERY_PARTS_H
#define MN_GALLERY_GALLERY_PARTS_H

#include "gallery/gallery.h"
#include "gallery/rowmap.h"
#include "gallery/view.h"
#include "simd/simd.h"
#include <pthread.h>

typedef struct mn_ticket mn_ticket; /* pass.h */

/* Where searches wait for their pass. */
typedef struct {
    pthread_mutex_t lock; /* guards all below */
    unsigned running, most;
    mn_ticket *queue;
    size_t queued;        /* queries in it */
    size_t expected;      /* in the next pass, if those of the last one come back at once */
    int64_t return_until; /* and when it is no longer waited for them */
} mn_gate;

struct mn_gallery {
    mn_gallery_options options;
    size_t stride;  /* dim rounded up to 64 */
    char *cold_dir; /* a copy of the option */
    const mn_simd *simd;
    mn_pool *helpers; /* of searches; NULL: one thread */
    mn_published views;
    mn_gate gate;

    pthread_mutex_t write; /* guards all below; readers never take it */
    mn_rowmap people;      /* the person's first row; the others follow through mn_chunk.next */
    mn_pool *keeper;       /* compacts; made when first needed */
    bool keeping, closing;
};

/* With the write lock held. MN_NO_ROW: the person has no such face. */
uint32_t mn_gallery_find_face(const mn_gallery *g, const mn_view *v, const mn_id *person, const mn_id *face);
/* With the write lock held. Starts compaction and sketches in the background when a chunk is worth it. */
void mn_gallery_tidy(mn_gallery *g);
bool mn_gallery_halves(const mn_gallery *g); /* do chunks keep lengths? */
mn_chunk_shape mn_gallery_shape(const mn_gallery *g);

#endif
