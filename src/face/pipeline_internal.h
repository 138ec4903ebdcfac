/* What the files of the pipeline share: the pipeline itself, and one face on its way through the stages. */
#ifndef MN_FACE_PIPELINE_INTERNAL_H
#define MN_FACE_PIPELINE_INTERNAL_H

#include "face/describe.h"
#include "face/detector.h"
#include "face/mesh.h"

/* What needs what. */
#define NEEDS_CHIP (MN_WANT_QUALITY | MN_WANT_DESCRIPTOR | MN_WANT_SAMPLE)
#define NEEDS_MESH (MN_WANT_LANDMARKS | MN_WANT_POSE | MN_WANT_EXPRESSION | NEEDS_CHIP)
#define NEEDS_POSE (MN_WANT_POSE | MN_WANT_QUALITY)

struct mn_pipeline {
    mn_pipeline_options options; /* what mn_pipeline_tune changes of it: guarded by lock */
    mn_nets nets;
    const mn_detector *detector;
    const mn_mesh_recipe *mesh;
    const mn_descriptor_recipe *descriptor;

    pthread_mutex_t lock; /* guards idle, and see options */
    mn_scratch *idle;
};

/* One face on its way through the stages, in pixels of the picture in memory. */
typedef struct {
    mn_pipeline *p;
    mn_work *w;
    unsigned want;
    const mn_detection *found;
    mn_point3 mesh[MN_MESH_POINTS];
    float presence;
    const mn_image *ready;   /* the chip, where a sample came in that is one; else NULL */
    const mn_point *aligned; /* the five points by which it was made, where they are known; else NULL */
    mn_image *chip;          /* owned */
    mn_face face;
} mn_subject;

/* A run's memory and pyramid; every run that began ends. MN_E_INVALID for a picture without 3 channels. */
mn_code mn_pipeline_begin(mn_pipeline *p, const mn_image *image, mn_arena *arena, mn_work *w, mn_error *err);
void mn_pipeline_end(mn_pipeline *p, mn_work *w);

mn_subject mn_subject_of(mn_pipeline *p, mn_work *w, unsigned want, const mn_detection *found);
/* All that comes after the detection. *kept is false when a closer look shows that it is no face. */
mn_code mn_subject_run(mn_subject *s, mn_face *out, bool *kept, mn_error *err);

#endif
