/* The descriptor: an aligned chip to a vector, by a recipe per network. */
#ifndef MN_FACE_DESCRIBE_H
#define MN_FACE_DESCRIBE_H

#include "face/align.h"
#include "face/work.h"

typedef struct {
    const char *model; /* name in the manifest, of the fp32 network */
    mn_shape input;
    const mn_template *align;
    mn_plane_spec planes;
} mn_descriptor_recipe;

/* The recipe of a model or, for an int8 one, of the model it is made from; NULL: not known. */
const mn_descriptor_recipe *mn_descriptor_recipe_for(const mn_model_info *model);

/* flip: the mean with the mirror image's. The vector is in the run's arena. */
mn_code mn_describe(mn_work *w, const mn_descriptor_recipe *recipe, const mn_image *chip, bool flip,
                    mn_descriptor *out, mn_error *err);

/* v[i] /= its length; false, and v as it was, when that is 0 or not finite. */
bool mn_normalise(float *v, size_t n);

#endif
