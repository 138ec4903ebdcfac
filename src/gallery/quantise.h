/* From a float descriptor to a row of int8, and what that loses.
 *
 * Each row has a scale of its own: its largest component becomes ±127. Against one scale for all (× 127),
 * which leaves a 512-d unit vector with components of about ±6, the error of a score is 4 to 8 times smaller;
 * see docs/internals/gallery.md. */
#ifndef MN_GALLERY_QUANTISE_H
#define MN_GALLERY_QUANTISE_H

#include "base/error.h"
#include "infer/pack.h"
#include <stddef.h>
#include <stdint.h>

typedef struct {
    float scale; /* row × scale ≈ descriptor */
    float norm;  /* length of the descriptor as it is compared: 1 for cosine */
    float error; /* length of (descriptor - row × scale) */
} mn_quantised;

/* v: dim floats, brought to unit length first for cosine. row: stride bytes, zeroed past dim. MN_E_INVALID
 * when v has no direction (cosine), is not finite or is absurdly long. */
mn_code mn_quantise(const float *v, size_t dim, size_t stride, mn_metric metric, int8_t *row,
                    mn_quantised *out, mn_error *err);

#endif
