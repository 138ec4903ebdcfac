/* What the tests of face on photographs share: an open pipeline, the npm package's pictures, and parts of
 * them. */
#ifndef MN_TESTS_FACE_PHOTOS_H
#define MN_TESTS_FACE_PHOTOS_H

#include "face/pipeline.h"

typedef struct {
    mn_runtime *rt;
    mn_pack *pack;
    mn_pipeline *p;
    mn_arena *arena;
    mn_face *faces;
    size_t n;
} fixture;

/* An open pipeline on the pack, or a skipped test. */
fixture open_pack(const char *name, mn_pipeline_options options);
fixture open_standard(void); /* fp32 */
void finish(fixture *f);
void run(fixture *f, const mn_image *image, unsigned want);

mn_image *load(const char *folder, const char *name);
mn_image *sample(const char *name); /* of the npm package */
/* width × height of black with the picture's part (x, y, w, h) in its middle, shown at `scale`, turned by
 * `degrees`. */
mn_image *placed(const mn_image *from, mn_box part, float scale, float degrees, int width, int height);

#endif
