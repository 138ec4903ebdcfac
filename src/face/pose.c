#include "face/pose.h"

mn_pose mn_pose_of_mesh(const mn_point3 *mesh)
{
    mn_point3 mean[MN_MEAN_SHAPE_POINTS], seen[MN_MEAN_SHAPE_POINTS];
    mn_rotation r;
    for (int i = 0; i < MN_MEAN_SHAPE_POINTS; i++) {
        mean[i] = mn_mean_shape[i].at;
        seen[i] = mesh[mn_mean_shape[i].index];
    }
    return mn_rotation_fit(mean, seen, MN_MEAN_SHAPE_POINTS, &r) ? mn_rotation_angles(&r) : (mn_pose){0};
}
