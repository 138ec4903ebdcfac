/* Finding faces: which parts of the picture a network looks at, and how its outputs become boxes.
 *
 * A detector is one struct of operations: `plan` names the views (tiles of pyramid levels), `read` turns one
 * run's outputs into detections. Loading pixels, mapping back, suppression and order are the same for all
 * (detect.c). */
#ifndef MN_FACE_DETECTOR_H
#define MN_FACE_DETECTOR_H

#include "face/work.h"

typedef struct {
    mn_box box;
    float score;
    mn_point points[5]; /* image-left eye, image-right eye, nose, image-left and -right mouth corner */
} mn_detection;

/* Detections of all views together, before and after suppression. Bounded: past the limit the rest is not
 * kept. */
#define MN_DETECTIONS_MAX 20000
typedef struct {
    mn_detection *items;
    size_t n, cap;
} mn_detections;

void mn_detections_finish(mn_detections *d);
mn_code mn_detections_add(mn_detections *d, const mn_detection *one, mn_error *err);

/* A tile of a pyramid level, in that level's pixels, and the network input it becomes. Equal sizes are
 * copied, others resampled; what lies outside the picture is black. */
typedef struct {
    int level;
    int x, y, width, height;
    int input_width, input_height;
    bool spare; /* looked at only when everything before it found nothing */
} mn_view;

#define MN_VIEWS_MAX 4096
typedef struct {
    mn_view *items; /* mn_alloc'ed */
    size_t n, cap;
} mn_views;

mn_code mn_views_add(mn_views *v, const mn_view *one, mn_error *err);
/* Covers a level with tiles of at most `side` pixels that overlap by at least `overlap`; each becomes an
 * input of its own size rounded up to a multiple of `multiple`, or of input × input where that is not 0. */
typedef struct {
    int side, overlap, multiple, input;
} mn_tiling;
mn_code mn_views_tile(mn_views *v, const mn_pyramid *p, int level, const mn_tiling *t, mn_error *err);

typedef struct {
    const char *model; /* name in the manifest */
    mn_shape input;
    mn_plane_spec planes;
    mn_code (*plan)(const mn_pyramid *p, int min_face, mn_views *out, mn_error *err);
    /* Coordinates of `out` are pixels of the network's input. */
    mn_code (*read)(const mn_result *r, const mn_view *view, float min_score, mn_detections *out,
                    mn_error *err);
} mn_detector;

extern const mn_detector mn_yunet, mn_blazeface;
/* The one for a model of the manifest, or NULL. */
const mn_detector *mn_detector_for(const mn_model_info *model);

typedef struct {
    float min_score;
    int min_face; /* pixels of the picture in memory */
    size_t max_faces;
} mn_detect_options;

/* Faces in picture pixels, largest first, at most max_faces. *out is the caller's, also on failure. */
mn_code mn_detect(mn_work *w, const mn_detector *d, const mn_detect_options *o, mn_detections *out,
                  mn_error *err);

/* The pure parts. */
float mn_box_overlap(const mn_box *a, const mn_box *b); /* intersection over union */
/* Keeps the best of those that are the same face: that overlap by more than 0.4, or lie in one another by 60
 * %. Order: score, falling. */
void mn_detections_suppress(mn_detections *d);
void mn_detections_largest(mn_detections *d, size_t max); /* order: area, falling; ties by position */

#endif
