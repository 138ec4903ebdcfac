/* What the stages of one run share: the networks, the picture's pyramid, memory for network inputs, and the
 * clock.
 *
 * `mn_nets` is the pipeline's: one per process, thread-safe; a network is opened when first used. `mn_work`
 * is one run's, on one thread. Stages call mn_work_stage when they begin, so that every nanosecond is charged
 * to exactly one of them. */
#ifndef MN_FACE_WORK_H
#define MN_FACE_WORK_H

#include "face/pipeline.h"
#include "face/pyramid.h"
#include <pthread.h>
#include <stdatomic.h>

typedef enum {
    MN_NET_DETECTOR,
    MN_NET_LANDMARKS,
    MN_NET_DESCRIPTOR,
    MN_NET_QUALITY,
    MN_NET_AGE,
    MN_NET_LIVENESS, /* the first of MN_LIVENESS_MAX */
    MN_LIVENESS_MAX = 2,
    MN_NET_SLOTS = MN_NET_LIVENESS + MN_LIVENESS_MAX
} mn_net_slot;

typedef enum {
    MN_STAGE_DETECT,
    MN_STAGE_LANDMARKS,
    MN_STAGE_ALIGN,
    MN_STAGE_DESCRIBE,
    MN_STAGE_QUALITY,
    MN_STAGE_LIVENESS,
    MN_STAGE_AGE,
    MN_STAGE_POSE, /* and expression: microseconds */
    MN_STAGES
} mn_stage;

typedef struct {
    const mn_model_info *model; /* NULL: the pack has none */
    mn_shape input;
    _Atomic(mn_net *) net; /* NULL until first used */
} mn_net_place;

typedef struct {
    mn_runtime *rt;
    const mn_pack *pack;
    mn_net_place place[MN_NET_SLOTS];
    pthread_mutex_t opening;
    struct {
        atomic_uint_fast64_t calls, ns, net_ns;
    } stage[MN_STAGES];
} mn_nets;

void mn_nets_init(mn_nets *nets, mn_runtime *rt,
                  const mn_pack *pack); /* no models yet: the owner fills in places */
void mn_nets_finish(mn_nets *nets);
/* Opens the network when it is not yet. MN_E_MODEL where the pack has none for this slot. */
mn_code mn_nets_open(mn_nets *nets, mn_net_slot slot, mn_net **out, mn_error *err);

/* Memory for one network input at a time, kept from run to run. */
typedef struct mn_scratch {
    float *floats; /* 64-byte aligned */
    size_t cap;
    struct mn_scratch *next; /* in the pipeline's list of idle ones */
} mn_scratch;

typedef struct {
    mn_nets *nets;
    mn_scratch *scratch;
    mn_pyramid pyramid;
    mn_arena *arena; /* results go here */
    mn_stage stage;
    int64_t since; /* when the stage began; 0 = none is running */
} mn_work;

/* Ends the running stage and begins this one. */
void mn_work_stage(mn_work *w, mn_stage stage);
void mn_work_end(mn_work *w);

/* n floats, 64-byte aligned, valid until the next call; not cleared. */
mn_code mn_work_floats(mn_work *w, size_t n, float **out, mn_error *err);
/* One run of a network on what mn_work_floats gave, charged to the stage. *out: mn_result_finish. */
mn_code mn_work_run(mn_work *w, mn_net_slot slot, const float *input, const mn_shape *shape, mn_result *out,
                    mn_error *err);
/* The same for a picture that has the network's input size. */
mn_code mn_work_run_image(mn_work *w, mn_net_slot slot, const mn_image *image, const mn_plane_spec *spec,
                          mn_result *out, mn_error *err);
/* Output i must have n elements: MN_E_MODEL otherwise, so that no reader runs past a tensor. */
mn_code mn_work_expect(const mn_result *r, size_t output, size_t n, mn_error *err);

#endif
