/* Rotations in three dimensions: the best one between two sets of points, and its angles. Pure. */
#ifndef MN_FACE_ROTATION_H
#define MN_FACE_ROTATION_H

#include "face/face.h"

typedef struct {
    float m[3][3];
} mn_rotation;

/* The rotation R (no reflection) that, with a scale and a shift, maps `from` onto `to` with the least squared
 * error: by the unit quaternion (Horn 1987, "Closed-form solution of absolute orientation using unit
 * quaternions", section 4). False when the points have no extent or are not finite. */
bool mn_rotation_fit(const mn_point3 *from, const mn_point3 *to, size_t n, mn_rotation *out);

/* Angles of a rotation of the frontal head, in degrees and with the signs of face.h: R = Rz(roll) Ry(-yaw)
 * Rx(-pitch) with x to the right of the picture, y down and z away from the viewer. */
mn_pose mn_rotation_angles(const mn_rotation *r);

#endif
