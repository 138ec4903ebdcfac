/* Inside gallery: what its files share. */
#ifndef MN_GALLERY_GALLERY_PARTS_H
#define MN_GALLERY_GALLERY_PARTS_H

#include "gallery/gallery.h"
#include "gallery/rowmap.h"
#include "gallery/view.h"
#include "simd/simd.h"
#include <pthread.h>

struct mn_gallery {
    mn_gallery_options options;
    size_t stride;  /* dim rounded up to 64 */
    char *cold_dir; /* a copy of the option */
    const mn_simd *simd;
    mn_pool *helpers; /* of searches; NULL: one thread */
    mn_published views;

    pthread_mutex_t write; /* guards all below; readers never take it */
    mn_rowmap faces;       /* by face */
    mn_rowmap people;      /* by person: the person's first row, the others follow through mn_chunk.next */
    mn_pool *keeper;       /* compacts; made when first needed */
    bool keeping, closing;
};

/* With the write lock held. Starts compaction in the background when a chunk is worth it. */
void mn_gallery_tidy(mn_gallery *g);
bool mn_gallery_halves(const mn_gallery *g); /* do chunks keep lengths? */
mn_chunk_shape mn_gallery_shape(const mn_gallery *g);

#endif
