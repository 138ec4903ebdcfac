#include "face/pose.h"
#include <math.h>

/* Lid distance over eye width: 0.09 where an eye is shut and 0.27 where it is plainly open, on the mesh's own
 * scale (it draws shut eyes with lids apart). Inner lip distance over mouth width: 0.03 to 0.6. See
 * docs/internals/face.md. */
#define EYE_SHUT   0.09f
#define EYE_OPEN   0.27f
#define MOUTH_SHUT 0.03f
#define MOUTH_OPEN 0.60f

static float distance(const mn_point3 *mesh, int a, int b)
{
    float x = mesh[a].x - mesh[b].x, y = mesh[a].y - mesh[b].y, z = mesh[a].z - mesh[b].z;
    return sqrtf(x * x + y * y + z * z);
}

static float between(float value, float low, float high)
{
    float t = (value - low) / (high - low);
    return t > 0 ? (t < 1 ? t : 1) : 0; /* also 0 for what is not a number */
}

/* lids: three pairs of upper and lower lid points; corners: the eye's. */
static float eye_open(const mn_point3 *mesh, const short lids[3][2], const short corners[2])
{
    float gap = 0;
    for (int i = 0; i < 3; i++)
        gap += distance(mesh, lids[i][0], lids[i][1]) / 3;
    return between(gap / distance(mesh, corners[0], corners[1]), EYE_SHUT, EYE_OPEN);
}

mn_expression mn_expression_of_mesh(const mn_point3 *mesh)
{
    static const short left_lids[3][2] = {{385, 380}, {386, 374}, {387, 373}}, left_corners[2] = {362, 263};
    static const short right_lids[3][2] = {{160, 144}, {159, 145}, {158, 153}}, right_corners[2] = {33, 133};
    return (mn_expression){
        .made = true,
        .left_open = eye_open(mesh, left_lids, left_corners),
        .right_open = eye_open(mesh, right_lids, right_corners),
        .mouth_open = between(distance(mesh, 13, 14) / distance(mesh, 78, 308), MOUTH_SHUT, MOUTH_OPEN),
    };
}
