/* A picture in, faces out.
 *
 *   image ─ detector ─ boxes ─ landmarks ─ five points ─ alignment ─ chip ─ descriptor
 *                                  └─ pose, expression      └─ quality, liveness, age
 *
 * One per process, shared by all threads. `want` is a set of bits: nothing is computed that was not asked for
 * or that something asked for does not need. Faces come largest first. */
#ifndef MN_FACE_PIPELINE_H
#define MN_FACE_PIPELINE_H

#include "base/arena.h"
#include "face/face.h"
#include "infer/infer.h"

enum {
    MN_WANT_BOXES = 0,          /* boxes, scores and the detector's points: always there */
    MN_WANT_LANDMARKS = 1 << 0, /* 468 points, and better five points */
    MN_WANT_POSE = 1 << 1,
    MN_WANT_QUALITY = 1 << 2,
    MN_WANT_EXPRESSION = 1 << 3,
    MN_WANT_LIVENESS = 1 << 4,
    MN_WANT_AGE = 1 << 5,
    MN_WANT_DESCRIPTOR = 1 << 6,
    MN_WANT_SAMPLE = 1 << 7,
};

typedef struct {
    const char
        *precision;  /* "fp32", "int8", or "auto": int8 where the CPU has VNNI and the pack has the model */
    bool flip;       /* descriptor = mean of the chip's and its mirror image's: slower, a little better */
    float min_score; /* detector, 0 … 1 */
    int min_face;    /* smallest face to look for, pixels of the file; small ones make detection slower */
    int max_faces;   /* the largest n; the rest are not worked on */
} mn_pipeline_options;

mn_pipeline_options mn_pipeline_options_default(void); /* auto, no flip, 0.6, 20 px, 100 */

typedef struct mn_pipeline mn_pipeline;

/* Nets are opened on first use (the detector too), so that a program that asks for little starts fast. The
 * pack and the runtime must outlive the pipeline. */
mn_code mn_pipeline_create(mn_runtime *rt, const mn_pack *pack, const mn_pipeline_options *options,
                           mn_pipeline **out, mn_error *err);
void mn_pipeline_destroy(mn_pipeline *p);
/* Other values of min_score, min_face and max_faces, for the pictures that come from now on. Any thread. */
mn_code mn_pipeline_tune(mn_pipeline *p, float min_score, int min_face, int max_faces, mn_error *err);
/* Opens (and warms up) all nets that `want` needs, now. */
mn_code mn_pipeline_prepare(mn_pipeline *p, unsigned want, mn_error *err);

/* Pictures whose longer side is more than twice this are decoded at a half, a quarter or an eighth. Where the
 * main face of a picture is meant it is larger than anything this takes away. */
#define MN_SIDE_ONE_FACE  1280
#define MN_SIDE_ALL_FACES 3840

/* No face is not an error: *n_faces is 0. max_faces applies. */
mn_code mn_pipeline_run(mn_pipeline *p, const mn_image *image, unsigned want, mn_arena *arena,
                        mn_face **faces, size_t *n_faces, mn_error *err);
/* The same where somebody else has found the faces: one face a box, in the order of the boxes, which are in
 * pixels of the upright file and hold a face each: off by half its size is no harm. The detector looks there
 * and nowhere else; mn_face.box is what it found. *faces: n of them. MN_E_INVALID for a box that is none or
 * lies outside of the picture, MN_E_NO_FACE where no face is in one; the text says which. 1 to MN_BOXES_MAX
 * boxes. */
#define MN_BOXES_MAX    100
#define MN_BOX_SMALLEST 8.0f /* px, of width and height */
mn_code mn_pipeline_run_boxes(mn_pipeline *p, const mn_image *image, const mn_box *boxes, size_t n,
                              unsigned want, mn_arena *arena, mn_face **faces, mn_error *err);
/* A sample: a square picture that holds nothing but one face, aligned already. 112 px by the template of the
 * ArcFace family, 150 px by dlib's, or the size that mn_face.sample has: described as it is, or moved to the
 * pack's own template. 250 px, whose template nobody published: the face in its middle is aligned anew.
 * MN_E_INVALID for other sizes, MN_E_NO_FACE where there is none to be seen. */
mn_code mn_pipeline_run_sample(mn_pipeline *p, const mn_image *sample, unsigned want, mn_arena *arena,
                               mn_face *out, mn_error *err);
/* An aligned sample (as mn_face.sample gives it) to its descriptor, without looking for a face. */
mn_code mn_pipeline_describe_sample(mn_pipeline *p, const mn_image *sample, mn_arena *arena,
                                    mn_descriptor *out, mn_error *err);

/* The same for a sample that was aligned for another network: brought onto this one's template. What lies
 * outside of the sample is black, so scores are a little lower than from the picture (docs/guide/models.md).
 * MN_E_UNSUPPORTED: a picture of this size is no sample of a network that is known. */
mn_code mn_pipeline_redescribe_sample(mn_pipeline *p, const mn_image *sample, mn_arena *arena,
                                      mn_descriptor *out, mn_error *err);

const mn_pack *mn_pipeline_pack(const mn_pipeline *p);
/* The descriptor model in use (with its precision and calibration). */
const mn_model_info *mn_pipeline_descriptor_model(const mn_pipeline *p);

/* Where the time goes, summed over threads since creation. */
typedef struct {
    const char *name;           /* "detect", "landmarks", ... */
    uint64_t calls, ns, net_ns; /* net_ns: of these, inside the network */
} mn_stage_stats;
size_t mn_pipeline_stats(const mn_pipeline *p, mn_stage_stats *out, size_t max);
/* Is this part in the pack? want: one bit. */
bool mn_pipeline_can(const mn_pipeline *p, unsigned want);

/* Raw score of two descriptors of one model, higher = more alike: cosine, or minus the L2 distance. */
float mn_descriptor_score(const mn_descriptor *a, const mn_descriptor *b);

#endif
