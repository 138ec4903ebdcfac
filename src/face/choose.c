#include "face/choose.h"

#include <math.h>
#include <string.h>

/* Distance from the picture's centre, in widths of the face: a small face at the very centre does not beat a
 * large one whose box the centre lies in. */
static float off_centre(float width, float height, const mn_face *f)
{
    float dx = f->box.x + f->box.width / 2 - width / 2;
    float dy = f->box.y + f->box.height / 2 - height / 2;
    return hypotf(dx, dy) / (f->box.width + 1);
}

static const mn_face *nearest_centre(const mn_face *faces, size_t n, float width, float height)
{
    const mn_face *best = &faces[0];
    for (size_t i = 1; i < n; i++)
        if (off_centre(width, height, &faces[i]) < off_centre(width, height, best))
            best = &faces[i];
    return best;
}

mn_code mn_face_choose(const mn_face *faces, size_t n, float width, float height, const char *which,
                       const mn_face **out, mn_error *err)
{
    if (!n)
        return mn_fail(err, MN_E_NO_FACE, "no face was found");
    /* A face under half the width of the largest is taken for somebody in the background. */
    if (strcmp(which, "only") == 0 && n > 1 && faces[1].box.width > faces[0].box.width / 2)
        return mn_fail(err, MN_E_SEVERAL_FACES, "%zu faces were found where one was wanted", n);
    *out = strcmp(which, "centre") == 0 ? nearest_centre(faces, n, width, height) : &faces[0];
    return MN_OK;
}
