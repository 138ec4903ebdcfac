/* Geometry on images: resize, warp, and straight into a network's float planes.
 *
 * Pixel centres are integers (the first pixel's centre is 0,0), as in the warp kernels. */
#ifndef MN_IMAGE_TRANSFORM_H
#define MN_IMAGE_TRANSFORM_H

#include "image/image.h"
#include "simd/simd.h"

/* Source position of a destination pixel: x' = a x + b y + c, y' = d x + e y + f. */
typedef struct {
    float a, b, c, d, e, f;
} mn_affine;

/* The similarity (rotation, scale, shift; no reflection) that maps `from` onto `to` with the least squared
 * error (Umeyama 1991, eq. 40 to 43). MN_E_INVALID when the points coincide or are not finite. */
mn_code mn_similarity_fit(const mn_point *from, const mn_point *to, size_t n, mn_affine *out, mn_error *err);
mn_affine mn_affine_invert(const mn_affine *m); /* m must be invertible: of a fitted similarity it is */
mn_point mn_affine_apply(const mn_affine *m, mn_point p);

/* Bilinear up; box-averaged down to the next power of two, then bilinear. out has the given size (the same
 * picture again when that is its size already). */
mn_code mn_image_resize(const mn_image *image, int width, int height, mn_image **out, mn_error *err);
/* Black outside the source. `m` maps destination to source. Where it steps over 2 or more source pixels,
 * these are box-averaged by a power of two first. RGB only: MN_E_INVALID otherwise, or when m is not finite.
 */
mn_code mn_image_warp(const mn_image *image, const mn_affine *m, int width, int height, mn_image **out,
                      mn_error *err);
/* Cut out, clamped to the picture; MN_E_INVALID when nothing is left. */
mn_code mn_image_crop(const mn_image *image, const mn_box *box, mn_image **out, mn_error *err);
mn_code mn_image_flip(const mn_image *image, mn_image **out, mn_error *err); /* left to right */

/* Planes [3][height][width] for a network; RGB images only. planes must hold 3*width*height floats. */
void mn_image_to_planes(const mn_image *image, const mn_plane_spec *spec, float *planes);

#endif
