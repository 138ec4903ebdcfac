/* A picture and its halvings, made when first asked for: every stage that shrinks starts from the level that
 * is at most twice too large, so nothing is averaged twice and nothing aliases.
 *
 * Belongs to one run on one thread. The picture must outlive it. Positions are pixel centres (the first is
 * 0,0). */
#ifndef MN_FACE_PYRAMID_H
#define MN_FACE_PYRAMID_H

#include "image/transform.h"

#define MN_PYRAMID_LEVELS 16 /* 65 500 px halved 15 times is 1 px */

typedef struct {
    const mn_image *level[MN_PYRAMID_LEVELS]; /* [0] is the picture; the others are owned, NULL until made */
} mn_pyramid;

mn_pyramid mn_pyramid_of(const mn_image *image);
void mn_pyramid_finish(mn_pyramid *p);

/* The size of a level, without making it: each is half the one before, rounded down, at least 1. */
int mn_pyramid_width(const mn_pyramid *p, int level);
int mn_pyramid_height(const mn_pyramid *p, int level);
/* Borrowed. level < MN_PYRAMID_LEVELS. */
mn_code mn_pyramid_get(mn_pyramid *p, int level, const mn_image **out, mn_error *err);
/* From a level's pixels to the picture's. */
mn_affine mn_pyramid_to_picture(const mn_pyramid *p, int level);
/* The deepest level that still has at least one pixel for each of the result; shrink = picture pixels per
 * result pixel. */
int mn_pyramid_level_for(const mn_pyramid *p, float shrink);

/* mn_image_warp of the picture by way of the right level. m maps a pixel of the result to the picture. */
mn_code mn_pyramid_warp(mn_pyramid *p, const mn_affine *m, int width, int height, mn_image **out,
                        mn_error *err);

/* first, then second. */
mn_affine mn_affine_chain(const mn_affine *first, const mn_affine *second);

#endif
