/* What was found in one picture.
 *
 * Owned by the arena given to mn_pipeline_run, valid as long as it. Coordinates are pixels of the upright
 * picture as it is in the file (a scaled decode is undone), origin top left. Angles are degrees: yaw positive
 * = the subject turns to the subject's own left (the right of the picture), pitch positive = looks up, roll
 * positive = the head is turned clockwise as seen in the picture. A part that was not asked for, or that the
 * pack cannot make, has .made == false. */
#ifndef MN_FACE_FACE_H
#define MN_FACE_FACE_H

#include "image/image.h"
#include "infer/pack.h"
#include <stdbool.h>

#define MN_MESH_POINTS    468
#define MN_DESCRIPTOR_MAX 1024

typedef struct {
    float x, y, z; /* pixels; z in the same scale, smaller = nearer */
} mn_point3;

typedef struct {
    bool made;
    float yaw, pitch, roll;
} mn_pose;

/* Every measure 0 … 1, higher is better. */
typedef struct {
    bool made;
    float overall;   /* geometric combination of the ones below, see docs/internals/face.md */
    float sharpness; /* of the aligned chip, against blur */
    float exposure;  /* neither dark nor bright, with contrast */
    float size;      /* eye distance in pixels of the file, against what the descriptor needs */
    float pose;      /* nearness to frontal */
    float network;   /* the pack's quality network; < 0 where the pack has none */
    /* Measures behind them, in their own units. */
    float eye_distance_px, brightness, contrast, dark_share, bright_share;
} mn_quality;

typedef struct {
    bool made;
    float left_open, right_open; /* 0 shut … 1 open; the subject's left and right */
    float mouth_open;            /* 0 shut … 1 wide open */
} mn_expression;

typedef struct {
    bool made;
    float score; /* 0 attack … 1 live: mean of the networks */
    float each[4];
    int n;
} mn_liveness;

typedef struct {
    bool made;
    float years;
} mn_age;

typedef struct {
    int dim;           /* 0 = not made */
    const char *model; /* name of the network, static */
    mn_metric metric;
    const float *v; /* unit length where metric is cosine, as the network gives it where L2 */
} mn_descriptor;

typedef struct {
    mn_box box;            /* of the face, not of the head */
    float score;           /* detector's confidence, 0 … 1 */
    mn_point points[5];    /* image-left eye, image-right eye, nose, image-left and -right mouth corner */
    const mn_point3 *mesh; /* 468 of them, or NULL */
    mn_pose pose;
    mn_quality quality;
    mn_expression expression;
    mn_liveness liveness;
    mn_age age;
    mn_descriptor descriptor;
    const mn_image *sample; /* aligned chip; unreferenced when the arena ends; NULL where not asked for */
} mn_face;

/* The 68 points of the usual annotation scheme, picked from the mesh. */
void mn_face_points68(const mn_face *face, mn_point out[68]); /* face->mesh must not be NULL */

#endif
