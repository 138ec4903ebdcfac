#include "base/alloc.h"
#include "base/file.h"
#include "face/age.h"
#include "face/describe.h"
#include "face/detector.h"
#include "face/liveness.h"
#include "face/mesh.h"
#include "face/pipeline_internal.h"
#include "face/pose.h"
#include "face/quality.h"
#include <math.h>
#include <string.h>

/* A detection of which both networks are unsure is no face: hands, cloth, leaves. The mesh network's word
 * alone does not count: it does not know profiles, hats and sunglasses (in LFW it denies five of 7 701 faces,
 * all with scores over 0.85). */
#define UNSURE_SCORE    0.7f
#define UNSURE_PRESENCE 0.1f

mn_pipeline_options mn_pipeline_options_default(void)
{
    return (mn_pipeline_options){
        .precision = "auto", .flip = false, .min_score = 0.6f, .min_face = 20, .max_faces = 100};
}

static mn_code check_options(const mn_pipeline_options *o, mn_error *err)
{
    if (!o->precision || (strcmp(o->precision, "fp32") != 0 && strcmp(o->precision, "int8") != 0 &&
                          strcmp(o->precision, "auto") != 0))
        return mn_fail(err, MN_E_INVALID, "precision must be fp32, int8 or auto, not %s",
                       o->precision ? o->precision : "empty");
    if (!(o->min_score > 0 && o->min_score < 1))
        return mn_fail(err, MN_E_INVALID, "the least score must be between 0 and 1, not %g",
                       (double)o->min_score);
    if (o->min_face < 1 || o->max_faces < 1)
        return mn_fail(err, MN_E_INVALID, "smallest face (%d px) and most faces (%d) must be at least 1",
                       o->min_face, o->max_faces);
    return MN_OK;
}

static bool on_disk(const mn_pack *pack, const mn_model_info *model)
{
    char path[4096];
    mn_pack_path(pack, model, path, sizeof path);
    return mn_file_exists(path);
}

/* int8 saturates on CPUs that multiply bytes without VNNI: there auto takes fp32. */
static const mn_model_info *choose_descriptor(const mn_pack *pack, const char *precision)
{
    const mn_model_info *fp32 = mn_pack_find(pack, "descriptor", NULL, "fp32");
    const mn_model_info *int8 = mn_pack_find(pack, "descriptor", NULL, "int8");
    if (strcmp(precision, "auto") == 0)
        return int8 && mn_simd_has_vnni() && on_disk(pack, int8) ? int8 : fp32;
    return strcmp(precision, "int8") == 0 ? int8 : fp32;
}

static void place(mn_pipeline *p, mn_net_slot slot, const mn_model_info *model, const mn_shape *input)
{
    p->nets.place[slot].model = model;
    p->nets.place[slot].input = *input;
}

/* The parts every pack must have. */
static mn_code place_required(mn_pipeline *p, const mn_pack *pack, mn_error *err)
{
    const mn_model_info *detector = mn_pack_find(pack, "detector", NULL, NULL);
    const mn_model_info *landmarks = mn_pack_best(pack, "landmarks", NULL);
    if (!landmarks) /* named when it is opened and found missing */
        landmarks = mn_pack_find(pack, "landmarks", NULL, NULL);
    const mn_model_info *descriptor = choose_descriptor(pack, p->options.precision);
    p->detector = mn_detector_for(detector);
    p->mesh = mn_mesh_recipe_for(landmarks);
    p->descriptor = mn_descriptor_recipe_for(descriptor);
    if (!p->detector || !p->mesh)
        return mn_fail(err, MN_E_MODEL, "the pack %s has no %s that this program can use", mn_pack_name(pack),
                       p->detector ? "landmark network" : "detector");
    if (!p->descriptor)
        return mn_fail(err, MN_E_MODEL, "the pack %s has no %s descriptor network that this program can use",
                       mn_pack_name(pack), p->options.precision);
    if (descriptor->dim < 1 || descriptor->dim > MN_DESCRIPTOR_MAX)
        return mn_fail(err, MN_E_MODEL, "%s: a descriptor of %d numbers; 1 to %d are possible",
                       descriptor->name, descriptor->dim, MN_DESCRIPTOR_MAX);
    place(p, MN_NET_DETECTOR, detector, &p->detector->input);
    place(p, MN_NET_LANDMARKS, landmarks, &p->mesh->input);
    place(p, MN_NET_DESCRIPTOR, descriptor, &p->descriptor->input);
    return MN_OK;
}

/* The parts a pack may lack, or whose file may not have been installed. */
static void place_optional(mn_pipeline *p, const mn_pack *pack)
{
    static const mn_shape quality = {{-1, 3, 96, 96}, 4}, age = {{-1, 3, MN_AGE_INPUT, MN_AGE_INPUT}, 4};
    static const mn_shape liveness = {{-1, 3, MN_LIVENESS_INPUT, MN_LIVENESS_INPUT}, 4};
    mn_net_slot next_liveness = MN_NET_LIVENESS;
    for (size_t i = 0; i < mn_pack_count(pack); i++) {
        const mn_model_info *model = mn_pack_model(pack, i);
        if (strcmp(model->name, "lightqnet-dm100") == 0 && on_disk(pack, model))
            place(p, MN_NET_QUALITY, model, &quality);
        else if (strcmp(model->name, "ssrnet-wiki") == 0 && on_disk(pack, model))
            place(p, MN_NET_AGE, model, &age);
        else if (mn_liveness_recipe_for(model) && next_liveness < MN_NET_SLOTS && on_disk(pack, model))
            place(p, next_liveness++, model, &liveness);
    }
}

mn_code mn_pipeline_create(mn_runtime *rt, const mn_pack *pack, const mn_pipeline_options *options,
                           mn_pipeline **out, mn_error *err)
{
    mn_code code = check_options(options, err);
    if (code != MN_OK)
        return code;
    mn_pipeline *p = mn_calloc(1, sizeof *p);
    if (!p)
        return mn_fail(err, MN_E_MEMORY, "out of memory for the pipeline");
    p->options = *options;
    mn_nets_init(&p->nets, rt, pack);
    pthread_mutex_init(&p->lock, NULL);
    code = place_required(p, pack, err);
    if (code != MN_OK) {
        mn_pipeline_destroy(p);
        return code;
    }
    place_optional(p, pack);
    *out = p;
    return MN_OK;
}

static mn_pipeline_options options_now(mn_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    const mn_pipeline_options o = p->options;
    pthread_mutex_unlock(&p->lock);
    return o;
}

mn_code mn_pipeline_tune(mn_pipeline *p, float min_score, int min_face, int max_faces, mn_error *err)
{
    mn_pipeline_options next = options_now(p);
    next.min_score = min_score;
    next.min_face = min_face;
    next.max_faces = max_faces;
    mn_code code = check_options(&next, err);
    if (code != MN_OK)
        return code;
    pthread_mutex_lock(&p->lock);
    p->options.min_score = min_score;
    p->options.min_face = min_face;
    p->options.max_faces = max_faces;
    pthread_mutex_unlock(&p->lock);
    return MN_OK;
}

void mn_pipeline_destroy(mn_pipeline *p)
{
    if (!p)
        return;
    for (mn_scratch *next; p->idle; p->idle = next) {
        next = p->idle->next;
        mn_free_aligned(p->idle->floats);
        mn_free(p->idle);
    }
    mn_nets_finish(&p->nets);
    pthread_mutex_destroy(&p->lock);
    mn_free(p);
}

bool mn_pipeline_can(const mn_pipeline *p, unsigned want)
{
    if (want & MN_WANT_LIVENESS)
        return p->nets.place[MN_NET_LIVENESS].model != NULL;
    if (want & MN_WANT_AGE)
        return p->nets.place[MN_NET_AGE].model != NULL;
    return true;
}

const mn_pack *mn_pipeline_pack(const mn_pipeline *p)
{
    return p->nets.pack;
}

const mn_model_info *mn_pipeline_descriptor_model(const mn_pipeline *p)
{
    return p->nets.place[MN_NET_DESCRIPTOR].model;
}

mn_code mn_pipeline_prepare(mn_pipeline *p, unsigned want, mn_error *err)
{
    static const unsigned needed_for[MN_NET_SLOTS] = {
        [MN_NET_LANDMARKS] = NEEDS_MESH,      [MN_NET_DESCRIPTOR] = MN_WANT_DESCRIPTOR,
        [MN_NET_QUALITY] = MN_WANT_QUALITY,   [MN_NET_AGE] = MN_WANT_AGE,
        [MN_NET_LIVENESS] = MN_WANT_LIVENESS, [MN_NET_LIVENESS + 1] = MN_WANT_LIVENESS,
    };
    for (int i = 0; i < MN_NET_SLOTS; i++) {
        mn_net *net;
        bool needed = i == MN_NET_DETECTOR || (want & needed_for[i]);
        mn_code code =
            needed && p->nets.place[i].model ? mn_nets_open(&p->nets, (mn_net_slot)i, &net, err) : MN_OK;
        if (code != MN_OK)
            return code;
    }
    return MN_OK;
}

size_t mn_pipeline_stats(const mn_pipeline *p, mn_stage_stats *out, size_t max)
{
    static const char *const names[MN_STAGES] = {
        [MN_STAGE_DETECT] = "detect",   [MN_STAGE_LANDMARKS] = "landmarks",
        [MN_STAGE_ALIGN] = "align",     [MN_STAGE_DESCRIBE] = "describe",
        [MN_STAGE_QUALITY] = "quality", [MN_STAGE_LIVENESS] = "liveness",
        [MN_STAGE_AGE] = "age",         [MN_STAGE_POSE] = "pose",
    };
    size_t n = 0;
    for (; n < MN_STAGES && n < max; n++)
        out[n] = (mn_stage_stats){.name = names[n],
                                  .calls = atomic_load(&p->nets.stage[n].calls),
                                  .ns = atomic_load(&p->nets.stage[n].ns),
                                  .net_ns = atomic_load(&p->nets.stage[n].net_ns)};
    return n;
}

/* An idle scratch, or a new one: as many as there are threads at work come to exist. */
static mn_scratch *take_scratch(mn_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    mn_scratch *s = p->idle;
    if (s)
        p->idle = s->next;
    pthread_mutex_unlock(&p->lock);
    return s ? s : mn_calloc(1, sizeof *s);
}

static void give_back_scratch(mn_pipeline *p, mn_scratch *s)
{
    pthread_mutex_lock(&p->lock);
    s->next = p->idle;
    p->idle = s;
    pthread_mutex_unlock(&p->lock);
}

mn_code mn_pipeline_begin(mn_pipeline *p, const mn_image *image, mn_arena *arena, mn_work *w, mn_error *err)
{
    if (mn_image_channels(image) != 3)
        return mn_fail(err, MN_E_INVALID, "a picture with 3 channels is needed, this one has %d",
                       mn_image_channels(image));
    mn_scratch *scratch = take_scratch(p);
    if (!scratch)
        return mn_fail(err, MN_E_MEMORY, "out of memory for a picture's scratch space");
    *w = (mn_work){.nets = &p->nets, .scratch = scratch, .pyramid = mn_pyramid_of(image), .arena = arena};
    return MN_OK;
}

void mn_pipeline_end(mn_pipeline *p, mn_work *w)
{
    mn_work_end(w);
    mn_pyramid_finish(&w->pyramid);
    give_back_scratch(p, w->scratch);
}

static void unref_sample(void *image)
{
    mn_image_unref(image);
}

static float eye_distance(const mn_point points[5])
{
    return hypotf(points[1].x - points[0].x, points[1].y - points[0].y);
}

static bool is_face(const mn_subject *s)
{
    bool sure = s->found->score >= UNSURE_SCORE || s->presence >= UNSURE_PRESENCE;
    return sure && eye_distance(s->face.points) >= 1; /* also false for what is not a number */
}

static mn_code find_mesh(mn_subject *s, mn_error *err)
{
    mn_work_stage(s->w, MN_STAGE_LANDMARKS);
    mn_code code = mn_mesh_find(s->w, s->p->mesh, s->found, s->mesh, &s->presence, err);
    if (code == MN_OK)
        mn_mesh_five_points(s->mesh, s->face.points);
    return code;
}

static void read_mesh(mn_subject *s)
{
    mn_work_stage(s->w, MN_STAGE_POSE);
    if (s->want & NEEDS_POSE)
        s->face.pose = mn_pose_of_mesh(s->mesh);
    if (s->want & MN_WANT_EXPRESSION)
        s->face.expression = mn_expression_of_mesh(s->mesh);
}

static mn_code measure_quality(mn_subject *s, mn_error *err)
{
    mn_chip_measures measures;
    float network = -1, scale = mn_image_scale(s->w->pyramid.level[0]);
    mn_work_stage(s->w, MN_STAGE_QUALITY);
    mn_code code = mn_quality_measure_chip(s->chip, &measures, err);
    if (code == MN_OK && s->p->nets.place[MN_NET_QUALITY].model)
        code = mn_quality_run_network(s->w, s->face.points, &network, err);
    if (code == MN_OK)
        s->face.quality =
            mn_quality_combine(&measures, eye_distance(s->face.points) * scale, &s->face.pose, network);
    return code;
}

static mn_code keep_sample(mn_subject *s, mn_error *err)
{
    if (mn_arena_on_end(s->w->arena, unref_sample, s->chip) != 0)
        return mn_fail(err, MN_E_MEMORY, "out of memory for a sample");
    s->face.sample = s->chip;
    s->chip = NULL;
    return MN_OK;
}

static mn_code use_chip(mn_subject *s, mn_error *err)
{
    mn_work_stage(s->w, MN_STAGE_ALIGN);
    mn_code code = MN_OK;
    if (s->ready)
        s->chip = mn_image_ref(s->ready);
    else
        code = mn_align_chip(&s->w->pyramid, s->p->descriptor->align, s->face.points, &s->chip, err);
    if (code == MN_OK && (s->want & MN_WANT_DESCRIPTOR)) {
        mn_work_stage(s->w, MN_STAGE_DESCRIBE);
        code = mn_describe(s->w, s->p->descriptor, s->chip, s->p->options.flip, &s->face.descriptor, err);
    }
    if (code == MN_OK && (s->want & MN_WANT_QUALITY))
        code = measure_quality(s, err);
    if (code == MN_OK && (s->want & MN_WANT_SAMPLE))
        code = keep_sample(s, err);
    mn_image_unref(s->chip);
    s->chip = NULL;
    return code;
}

/* What only the box is needed for. */
static mn_code use_box(mn_subject *s, mn_error *err)
{
    mn_code code = MN_OK;
    if ((s->want & MN_WANT_LIVENESS) && mn_pipeline_can(s->p, MN_WANT_LIVENESS)) {
        mn_work_stage(s->w, MN_STAGE_LIVENESS);
        code = mn_liveness_check(s->w, &s->found->box, &s->face.liveness, err);
    }
    if (code == MN_OK && (s->want & MN_WANT_AGE) && mn_pipeline_can(s->p, MN_WANT_AGE)) {
        mn_work_stage(s->w, MN_STAGE_AGE);
        code = mn_age_guess(s->w, &s->found->box, &s->face.age, err);
    }
    return code;
}

/* From pixels in memory to pixels of the file; what was made on the way but not asked for is taken out. */
static mn_code finish_face(mn_subject *s, mn_face *out, mn_error *err)
{
    float k = mn_image_scale(s->w->pyramid.level[0]), shift = (k - 1) / 2;
    mn_face *f = &s->face;
    f->box = (mn_box){f->box.x * k + shift, f->box.y * k + shift, f->box.width * k, f->box.height * k};
    for (int i = 0; i < 5; i++)
        f->points[i] = (mn_point){f->points[i].x * k + shift, f->points[i].y * k + shift};
    if (!(s->want & MN_WANT_POSE))
        f->pose = (mn_pose){0};
    if (s->want & MN_WANT_LANDMARKS) {
        mn_point3 *mesh = mn_arena_alloc(s->w->arena, sizeof s->mesh);
        if (!mesh)
            return mn_fail(err, MN_E_MEMORY, "out of memory for a face's %d points", MN_MESH_POINTS);
        for (int i = 0; i < MN_MESH_POINTS; i++)
            mesh[i] = (mn_point3){s->mesh[i].x * k + shift, s->mesh[i].y * k + shift, s->mesh[i].z * k};
        f->mesh = mesh;
    }
    *out = *f;
    return MN_OK;
}

mn_subject mn_subject_of(mn_pipeline *p, mn_work *w, unsigned want, const mn_detection *found)
{
    mn_subject s = {.p = p, .w = w, .want = want, .found = found};
    s.face.box = found->box;
    s.face.score = found->score;
    memcpy(s.face.points, found->points, sizeof s.face.points);
    return s;
}

mn_code mn_subject_run(mn_subject *s, mn_face *out, bool *kept, mn_error *err)
{
    mn_code code = MN_OK;
    if (s->want & NEEDS_MESH) {
        code = find_mesh(s, err);
        *kept = code == MN_OK && is_face(s);
        if (!*kept)
            return code;
        read_mesh(s);
    }
    if (s->aligned)
        memcpy(s->face.points, s->aligned, sizeof s->face.points);
    if (s->want & NEEDS_CHIP)
        code = use_chip(s, err);
    if (code == MN_OK)
        code = use_box(s, err);
    if (code == MN_OK)
        code = finish_face(s, out, err);
    *kept = code == MN_OK;
    return code;
}

static mn_code work_on_faces(mn_pipeline *p, mn_work *w, unsigned want, const mn_detections *found,
                             mn_face **faces, size_t *n_faces, mn_error *err)
{
    size_t n = 0;
    mn_face *made = mn_arena_calloc(w->arena, found->n, sizeof *made);
    if (!made)
        return mn_fail(err, MN_E_MEMORY, "out of memory for %zu faces", found->n);
    for (size_t i = 0; i < found->n; i++) {
        bool kept;
        mn_subject s = mn_subject_of(p, w, want, &found->items[i]);
        mn_code code = mn_subject_run(&s, &made[n], &kept, err);
        if (code != MN_OK)
            return code;
        n += kept;
    }
    *faces = made;
    *n_faces = n;
    return MN_OK;
}

mn_code mn_pipeline_run(mn_pipeline *p, const mn_image *image, unsigned want, mn_arena *arena,
                        mn_face **faces, size_t *n_faces, mn_error *err)
{
    mn_work w;
    mn_detections found = {0};
    mn_code code = mn_pipeline_begin(p, image, arena, &w, err);
    if (code != MN_OK)
        return code;
    const mn_pipeline_options tuned = options_now(p);
    int min_face = (int)((float)tuned.min_face / mn_image_scale(image));
    mn_detect_options options = {.min_score = tuned.min_score,
                                 .min_face = min_face > 1 ? min_face : 1,
                                 .max_faces = (size_t)tuned.max_faces};
    mn_work_stage(&w, MN_STAGE_DETECT);
    code = mn_detect(&w, p->detector, &options, &found, err);
    if (code == MN_OK)
        code = work_on_faces(p, &w, want, &found, faces, n_faces, err);
    mn_detections_finish(&found);
    mn_pipeline_end(p, &w);
    return code;
}

mn_code mn_pipeline_describe_sample(mn_pipeline *p, const mn_image *sample, mn_arena *arena,
                                    mn_descriptor *out, mn_error *err)
{
    mn_work w;
    int size = p->descriptor->align->size;
    if (mn_image_width(sample) != size || mn_image_height(sample) != size)
        return mn_fail(err, MN_E_INVALID, "a sample for %s is %d × %d px, not %d × %d",
                       mn_pipeline_descriptor_model(p)->name, size, size, mn_image_width(sample),
                       mn_image_height(sample));
    mn_code code = mn_pipeline_begin(p, sample, arena, &w, err);
    if (code != MN_OK)
        return code;
    mn_work_stage(&w, MN_STAGE_DESCRIBE);
    code = mn_describe(&w, p->descriptor, sample, p->options.flip, out, err);
    mn_pipeline_end(p, &w);
    return code;
}

static mn_code describe_realigned(mn_pipeline *p, const mn_template *from, const mn_image *sample,
                                  mn_arena *arena, mn_descriptor *out, mn_error *err)
{
    mn_work w;
    mn_image *chip = NULL;
    mn_code code = mn_pipeline_begin(p, sample, arena, &w, err);
    if (code != MN_OK)
        return code;
    mn_work_stage(&w, MN_STAGE_DESCRIBE);
    code = mn_align_chip(&w.pyramid, p->descriptor->align, from->points, &chip, err);
    if (code == MN_OK)
        code = mn_describe(&w, p->descriptor, chip, p->options.flip, out, err);
    mn_image_unref(chip);
    mn_pipeline_end(p, &w);
    return code;
}

mn_code mn_pipeline_redescribe_sample(mn_pipeline *p, const mn_image *sample, mn_arena *arena,
                                      mn_descriptor *out, mn_error *err)
{
    int width = mn_image_width(sample), height = mn_image_height(sample);
    const mn_template *from = width == height ? mn_template_of_size(width) : NULL;
    if (!from)
        return mn_fail(err, MN_E_UNSUPPORTED, "a sample of %d × %d px is of no network that is known", width,
                       height);
    return from == p->descriptor->align ? mn_pipeline_describe_sample(p, sample, arena, out, err)
                                        : describe_realigned(p, from, sample, arena, out, err);
}
