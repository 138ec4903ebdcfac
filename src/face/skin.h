/* Pixels of a face and of what is beside it: light, colour, background, eyes. By the mesh and the picture in
 * memory; sampled so that a large picture costs no more than a small one. Pure. */
#ifndef MN_FACE_SKIN_H
#define MN_FACE_SKIN_H

#include "face/face.h"

typedef enum {
    MN_ZONE_FOREHEAD,
    MN_ZONE_CHIN,
    MN_ZONE_LEFT,
    MN_ZONE_RIGHT,
    MN_ZONES
} mn_zone; /* of the picture */

/* Brightness (luma) and shares 0 … 1. Of the face's oval without eyes, brows and mouth. */
typedef struct {
    size_t n; /* pixels looked at; with fewer than MN_SKIN_LEAST nothing else counts */
    float zone[MN_ZONES];
    float half[2]; /* image-left and -right of the nose */
    float mean;
    float dark, bright; /* luma at most 25, at least 247 */
    float glare;        /* nearly white */
    float range;        /* levels from the first to the last hundredth, over 256 */
    float lab_a, lab_b; /* CIELAB (D65) of the cheeks and the forehead */
} mn_skin;
#define MN_SKIN_LEAST 200

mn_skin mn_skin_measure(const mn_image *image, const mn_face *face); /* face->mesh must be there */

typedef struct {
    float share; /* of the picture that was looked at */
    float mean, deviation;
} mn_background;
/* Beside the head from the crown to the chin, and above it, with room for hair and ears. */
mn_background mn_background_measure(const mn_image *image, const mn_face *face);

/* Mean difference between the largest and the smallest channel, 0 … 255. */
float mn_image_colourfulness(const mn_image *image);

/* Share of red pixels in the middle of the redder eye; < 0 where the eyes are too small to be looked into. */
float mn_red_eye_share(const mn_image *image, const mn_face *face);

/* From the mesh alone. 0 none … 1 broad. */
float mn_smile_of_mesh(const mn_point3 *mesh);

#endif
