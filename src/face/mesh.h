/* The face mesh: 468 points in three dimensions of one face, by two looks at it. */
#ifndef MN_FACE_MESH_H
#define MN_FACE_MESH_H

#include "face/detector.h"

/* A square cut out of the picture: centre in picture pixels, side in picture pixels, angle in radians
 * (clockwise as seen: the crop's x axis in the picture). */
typedef struct {
    mn_point centre;
    float side, angle;
} mn_mesh_crop;

typedef struct {
    const char *model; /* name in the manifest */
    mn_shape input;
    mn_plane_spec planes;
} mn_mesh_recipe;

/* The recipe of a model or of the one it is made from; NULL: not known. */
const mn_mesh_recipe *mn_mesh_recipe_for(const mn_model_info *model);

/* points: MN_MESH_POINTS of them, in picture pixels. *presence: 0 … 1, how sure the network is that this is a
 * face. */
mn_code mn_mesh_find(mn_work *w, const mn_mesh_recipe *recipe, const mn_detection *face, mn_point3 *points,
                     float *presence, mn_error *err);

/* The pure parts. */
mn_mesh_crop mn_mesh_crop_of_detection(const mn_detection *face);
mn_mesh_crop mn_mesh_crop_of_mesh(const mn_point3 *mesh);
mn_affine mn_mesh_crop_map(const mn_mesh_crop *crop, int input); /* from the crop's pixels to the picture's */
/* Means of the eye corners, tip of the nose, corners of the mouth. */
void mn_mesh_five_points(const mn_point3 *mesh, mn_point out[5]);

#endif
