/* Boxes, points and names on a copy of a picture, for people to look at. Uses cairo; fonts are looked for on
 * first use, not at the program's start. Labels may hold any bytes: what is not UTF-8 becomes "?", long ones
 * are cut. */
#ifndef MN_IMAGE_DRAW_H
#define MN_IMAGE_DRAW_H

#include "image/image.h"

typedef struct {
    mn_box box;
    const mn_point *points; /* n_points of them, may be NULL */
    size_t n_points;
    const char *label; /* UTF-8, may be NULL */
    int tone;          /* 0 neutral, 1 yes, 2 no */
} mn_mark;

/* MN_E_INVALID for marks that are not finite or of an unknown tone. */
mn_code mn_image_draw(const mn_image *image, const mn_mark *marks, size_t n, mn_image **out, mn_error *err);

#endif
