/* Alignment: the five points onto a network's template, and the chip that comes of it. */
#ifndef MN_FACE_ALIGN_H
#define MN_FACE_ALIGN_H

#include "face/pyramid.h"

typedef struct {
    int size; /* the chip is size × size */
    mn_point points[5];
} mn_template;

/* The five-point template of 112 px that descriptor networks of the ArcFace family are trained with
 * (published with insightface; models.md has the same figures). */
extern const mn_template mn_template_112;
/* dlib's chip of 150 px with padding 0.25: from its mean face shape (dlib/image_transforms/interpolation.h,
 * get_face_chip_details): point = (padding + shape) / (1 + 2 padding) × 150, eyes as means of their corners
 * (36 and 39, 42 and 45), nose 30, mouth 48 and 54. */
extern const mn_template mn_template_150;

/* Where the chip's pixels lie in the picture. MN_E_INVALID when the points coincide. */
mn_code mn_align_map(const mn_template *t, const mn_point points[5], mn_affine *out, mn_error *err);
mn_code mn_align_chip(mn_pyramid *picture, const mn_template *t, const mn_point points[5], mn_image **out,
                      mn_error *err);
/* The template that samples of this size are aligned to; NULL: of none. */
const mn_template *mn_template_of_size(int size);
/* The same template for a chip of another size. */
mn_template mn_template_scaled(const mn_template *t, int size);

#endif
