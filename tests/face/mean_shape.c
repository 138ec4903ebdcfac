/* Measures the mean face that pose is fitted against, and prints src/face/mean_shape.c.
 *
 *   mean_shape <canonical.obj> < list-of-pictures
 *
 * The list has one path a line. The mesh of every picture's largest face is laid over the canonical model (an
 * OBJ file of 468 vertices, x right, y up, z towards the viewer, looking straight ahead) by rotation, scale
 * and shift. Those whose fitted yaw and pitch are within 15° are averaged, three times with the average in
 * the canonical model's place; left and right are then made equal, and the result is turned so that its fit
 * to the canonical model is no rotation. MIEN_MODEL_DIR and MIEN_INFER_LIBRARY say where models and library
 * are; MIEN_MEAN_PACK the pack (standard). */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/file.h"
#include "face/pipeline.h"
#include "face/pose.h"
#include "image/decode.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS      MN_MEAN_SHAPE_POINTS
#define MOST_FACES  10000
#define FRONTAL_DEG 15

typedef struct {
    mn_point3 p[POINTS];
} shape;

static _Noreturn void stop(const char *what, const mn_error *err)
{
    fprintf(stderr, "mean_shape: %s: %s\n", what, err->text);
    exit(3);
}

/* Centroid 0, eye distance 1: what is compared and averaged. */
static void normalise(shape *s)
{
    double c[3] = {0};
    mn_point3 outer[2] = {{0}};
    for (int i = 0; i < POINTS; i++) {
        c[0] += s->p[i].x / (double)POINTS, c[1] += s->p[i].y / (double)POINTS,
            c[2] += s->p[i].z / (double)POINTS;
        for (int k = 0; k < 4; k++) {
            static const short corner[4] = {33, 133, 362, 263};
            mn_point3 *eye = &outer[k / 2];
            if (mn_mean_shape[i].index == corner[k])
                eye->x += s->p[i].x / 2, eye->y += s->p[i].y / 2, eye->z += s->p[i].z / 2;
        }
    }
    float dx = outer[1].x - outer[0].x, dy = outer[1].y - outer[0].y, dz = outer[1].z - outer[0].z;
    float size = sqrtf(dx * dx + dy * dy + dz * dz);
    for (int i = 0; i < POINTS; i++)
        s->p[i] = (mn_point3){(s->p[i].x - (float)c[0]) / size, (s->p[i].y - (float)c[1]) / size,
                              (s->p[i].z - (float)c[2]) / size};
}

/* s turned back by r. */
static shape turned_back(const shape *s, const mn_rotation *r)
{
    shape out;
    for (int i = 0; i < POINTS; i++) {
        const mn_point3 *p = &s->p[i];
        out.p[i] = (mn_point3){r->m[0][0] * p->x + r->m[1][0] * p->y + r->m[2][0] * p->z,
                               r->m[0][1] * p->x + r->m[1][1] * p->y + r->m[2][1] * p->z,
                               r->m[0][2] * p->x + r->m[1][2] * p->y + r->m[2][2] * p->z};
    }
    return out;
}

static shape read_canonical(const char *path)
{
    mn_point3 v[MN_MESH_POINTS] = {{0}};
    char line[256];
    int n = 0;
    FILE *f = fopen(path, "r");
    while (f && n < MN_MESH_POINTS && fgets(line, sizeof line, f))
        n += sscanf(line, "v %f %f %f", &v[n].x, &v[n].y, &v[n].z) == 3;
    if (f)
        fclose(f);
    if (n != MN_MESH_POINTS) {
        fprintf(stderr, "mean_shape: %s has %d vertices, not %d\n", path, n, MN_MESH_POINTS);
        exit(3);
    }
    shape s;
    for (int i = 0; i < POINTS; i++) {
        mn_point3 p = v[mn_mean_shape[i].index];
        s.p[i] = (mn_point3){p.x, -p.y, -p.z};
    }
    normalise(&s);
    return s;
}

/* The largest face's points; false where there is none. */
static bool read_face(mn_pipeline *p, const char *path, mn_arena *arena, shape *out)
{
    mn_decode_limits limits = mn_decode_limits_default();
    mn_error err = {0};
    mn_image *image;
    mn_face *faces;
    size_t n;
    mn_buf bytes;
    mn_buf_init(&bytes, limits.max_bytes);
    if (mn_file_read(path, &bytes, &err) || mn_image_decode(bytes.data, bytes.len, &limits, &image, &err) ||
        mn_pipeline_run(p, image, MN_WANT_LANDMARKS, arena, &faces, &n, &err))
        stop(path, &err);
    mn_buf_finish(&bytes);
    mn_image_unref(image);
    for (int i = 0; n > 0 && i < POINTS; i++)
        out->p[i] = faces[0].mesh[mn_mean_shape[i].index];
    if (n > 0)
        normalise(out);
    mn_arena_reset(arena);
    return n > 0;
}

/* One round of averaging against `mean`; returns how many faces took part. */
static int average(const shape *faces, int n, shape *mean)
{
    double sum[POINTS][3] = {{0}};
    int used = 0;
    for (int k = 0; k < n; k++) {
        mn_rotation r;
        if (!mn_rotation_fit(mean->p, faces[k].p, POINTS, &r))
            continue;
        mn_pose pose = mn_rotation_angles(&r);
        if (fabsf(pose.yaw) > FRONTAL_DEG || fabsf(pose.pitch) > FRONTAL_DEG)
            continue;
        shape back = turned_back(&faces[k], &r);
        for (int i = 0; i < POINTS; i++)
            sum[i][0] += back.p[i].x, sum[i][1] += back.p[i].y, sum[i][2] += back.p[i].z;
        used++;
    }
    for (int i = 0; i < POINTS && used; i++)
        mean->p[i] =
            (mn_point3){(float)(sum[i][0] / used), (float)(sum[i][1] / used), (float)(sum[i][2] / used)};
    normalise(mean);
    return used;
}

static shape symmetric(const shape *s)
{
    shape out;
    for (int i = 0; i < POINTS; i++)
        for (int j = 0; j < POINTS; j++)
            if (mn_mean_shape[j].index == mn_mean_shape[i].mirror)
                out.p[i] = (mn_point3){(s->p[i].x - s->p[j].x) / 2, (s->p[i].y + s->p[j].y) / 2,
                                       (s->p[i].z + s->p[j].z) / 2};
    return out;
}

static void print(const shape *s, int used)
{
    printf("/* The mean face: the average of %d frontal faces, made by tests/face/mean_shape.c. */\n"
           "#include \"face/pose.h\"\n\nconst mn_mean_point mn_mean_shape[MN_MEAN_SHAPE_POINTS] = {\n",
           used);
    for (int i = 0; i < POINTS; i++)
        printf("    {%d, %d, {%.4ff, %.4ff, %.4ff}},\n", mn_mean_shape[i].index, mn_mean_shape[i].mirror,
               (double)s->p[i].x, (double)s->p[i].y, (double)s->p[i].z);
    printf("};\n");
}

static mn_pipeline *open_pipeline(void)
{
    const char *pack_name = getenv("MIEN_MEAN_PACK"), *dir = getenv("MIEN_MODEL_DIR");
    const char *library = getenv("MIEN_INFER_LIBRARY");
    mn_runtime_options how = {.library = library ? library : "", .provider = "cpu"};
    mn_pipeline_options options = mn_pipeline_options_default();
    mn_error err = {0};
    mn_pack *pack;
    mn_runtime *rt;
    mn_pipeline *p;
    if (mn_pack_open(pack_name ? pack_name : "standard", dir ? dir : "build/models", &pack, &err) ||
        mn_runtime_create(&how, &rt, &err) || mn_pipeline_create(rt, pack, &options, &p, &err))
        stop("opening", &err);
    return p;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: mean_shape <canonical.obj> < list-of-pictures\n");
        return 2;
    }
    shape canonical = read_canonical(argv[1]), mean = canonical;
    shape *faces = mn_calloc(MOST_FACES, sizeof *faces);
    mn_arena *arena = mn_arena_create(64u << 20);
    if (!faces || !arena)
        return 3;
    mn_pipeline *p = open_pipeline();
    int n = 0, used = 0;
    for (char path[4096]; n < MOST_FACES && fgets(path, sizeof path, stdin);) {
        path[strcspn(path, "\n")] = 0;
        n += read_face(p, path, arena, &faces[n]);
    }
    for (int round = 0; round < 3; round++)
        used = average(faces, n, &mean);
    mean = symmetric(&mean);
    mn_rotation r;
    if (mn_rotation_fit(canonical.p, mean.p, POINTS, &r))
        mean = turned_back(&mean, &r);
    print(&mean, used);
    mn_arena_destroy(arena);
    mn_free(faces);
    return 0;
}
