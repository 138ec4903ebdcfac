/* Which face of a picture is meant, where it shows several. Pure. */
#ifndef MN_FACE_CHOOSE_H
#define MN_FACE_CHOOSE_H

#include "face/face.h"

/* faces: largest first, as the pipeline gives them; of a picture of this size. which: "largest"; "centre":
 * nearest to the middle of the picture; "only": MN_E_SEVERAL_FACES where a second one is half as wide as the
 * largest, or more. MN_E_NO_FACE. */
mn_code mn_face_choose(const mn_face *faces, size_t n, float width, float height, const char *which,
                       const mn_face **out, mn_error *err);

#endif
