/* Is this a live person before the camera, or a picture of one? Two small networks that look at the face with
 * different amounts of its surroundings, from one colour picture. */
#ifndef MN_FACE_LIVENESS_H
#define MN_FACE_LIVENESS_H

#include "face/work.h"

typedef struct {
    const char *model; /* name in the manifest */
    float scale;       /* of the crop, in boxes */
} mn_liveness_recipe;
#define MN_LIVENESS_INPUT 80

const mn_liveness_recipe *mn_liveness_recipe_for(const mn_model_info *model); /* NULL: not known */

mn_code mn_liveness_check(mn_work *w, const mn_box *face, mn_liveness *out, mn_error *err);

/* The crop for a face: the box scaled about its centre, less where the picture is too small, shifted into it.
 * Pure. */
mn_box mn_liveness_crop(const mn_box *face, float scale, int width, int height);

#endif
