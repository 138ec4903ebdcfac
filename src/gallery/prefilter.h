/* When sketches are made and used. */
#ifndef MN_GALLERY_PREFILTER_H
#define MN_GALLERY_PREFILTER_H

#include "gallery/gallery_parts.h"

bool mn_prefilter_is_on(const mn_gallery *g, const mn_view *v);
bool mn_prefilter_wants(const mn_gallery *g, const mn_view *v); /* is a full chunk without sketches? */
/* Makes those that are missing; beside readers and writers, 0.1 s a chunk. False: out of memory. */
bool mn_prefilter_build(mn_gallery *g);

#endif
