/* Inside image: what the decoders may do to a picture before anybody else sees it. */
#ifndef MN_IMAGE_IMAGE_INTERNAL_H
#define MN_IMAGE_IMAGE_INTERNAL_H

#include "image/image.h"

void mn_image_set_scale(mn_image *image, float scale);

/* Turns *image (owned; replaced on success, kept on failure) upright. orientation: 1 … 8 as EXIF has it. */
mn_code mn_image_orient(mn_image **image, int orientation, mn_error *err);

/* Averages of boxes of kx × ky pixels over the columns x0 … x1-1 and rows y0 … y1-1; the last ones may be
 * smaller. */
mn_code mn_image_shrink(const mn_image *image, int x0, int y0, int x1, int y1, int kx, int ky, mn_image **out,
                        mn_error *err);

#endif
