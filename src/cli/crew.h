/* Many pictures on many threads, answered in the order asked.
 *
 * Each picture is read, decoded and run through the pipeline on a worker; show() then gets it on the caller's
 * thread, in the order of the inputs. At most 3 pictures a worker are in memory, so it is the largest
 * pictures that bound memory. */
#ifndef MN_CLI_CREW_H
#define MN_CLI_CREW_H

#include "cli/engine.h"
#include "cli/inputs.h"

typedef struct {
    const mn_input *input;
    const char *label;     /* for people: the path, or "standard input" */
    mn_arena *arena;       /* everything below lives in it, and ends after show() */
    mn_buf bytes;          /* of the file */
    const mn_image *image; /* NULL where skipped or failed */
    mn_face *faces;        /* largest first */
    size_t n_faces;
    bool skipped;
    mn_code code; /* != MN_OK: it failed, error says why */
    mn_error error;
} mn_picture;

typedef struct {
    unsigned want;
    int wanted_side;   /* see mn_decode_limits; 0: every pixel */
    const mn_box *box; /* of the one face that is looked at in each picture, pixels of the file; NULL: all */
    bool samples;      /* the pictures are samples, see mn_pipeline_run_sample */
    /* Before decoding, on a worker; sets p->skipped where the picture needs no work. May be NULL. */
    mn_code (*before)(void *ctx, mn_picture *p, mn_error *err);
    /* On the caller's thread. A non-zero answer ends the run with it. */
    mn_code (*show)(void *ctx, mn_picture *p, mn_error *err);
    void *ctx;
} mn_crew_task;

/* pipeline may be NULL: then pictures are only read and decoded. Ctrl-C ends it early with MN_E_CANCELLED,
 * after the pictures in work were shown. */
mn_code mn_crew_run(const mn_cli *cli, mn_pipeline *pipeline, const mn_inputs *inputs,
                    const mn_crew_task *task, mn_error *err);

/* Which face of a picture is meant, by --face or `otherwise` ("largest", "centre", "only"). MN_E_NO_FACE,
 * MN_E_SEVERAL_FACES. */
mn_code mn_picture_pick(const mn_cli *cli, const mn_picture *p, const char *otherwise, const mn_face **out,
                        mn_error *err);
/* Pixels of the file between the eyes; scores of faces under MN_EYES_SMALL are not to be trusted. */
float mn_face_eye_distance(const mn_face *face);
#define MN_EYES_SMALL 12.0f

#endif
