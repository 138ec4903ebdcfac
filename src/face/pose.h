/* Head pose and facial expression from the mesh. Pure. */
#ifndef MN_FACE_POSE_H
#define MN_FACE_POSE_H

#include "face/rotation.h"

/* The rotation between the mean face and this one, as angles. .made == false for a mesh without extent. */
mn_pose mn_pose_of_mesh(const mn_point3 *mesh);

/* Which mesh points make the mean face, how many they are, and where they lie on it. For the tool that
 * measures it. */
#define MN_MEAN_SHAPE_POINTS 44
typedef struct {
    short index, mirror; /* in the mesh; mirror == index on the midline */
    mn_point3 at; /* eye distance 1, centroid 0, x right, y down, z away, looking straight at the viewer */
} mn_mean_point;
extern const mn_mean_point mn_mean_shape[MN_MEAN_SHAPE_POINTS];

mn_expression mn_expression_of_mesh(const mn_point3 *mesh);

#endif
