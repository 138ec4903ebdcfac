/* How fit a face is for recognition: measured on the aligned chip, the five points and the pose. */
#ifndef MN_FACE_QUALITY_H
#define MN_FACE_QUALITY_H

#include "face/align.h"
#include "face/work.h"

/* Brightness, contrast and shares of the chip's middle, and its sharpness. Pure; scratch is one row of luma
 * at a time. */
typedef struct {
    float sharpness_raw;            /* variance of the Laplacian over the variance of the luma */
    float brightness, contrast;     /* mean and standard deviation of the luma, 0 … 1 */
    float dark_share, bright_share; /* pixels below 16 and above 240 */
} mn_chip_measures;
mn_code mn_quality_measure_chip(const mn_image *chip, mn_chip_measures *out, mn_error *err);

/* The single measures from what was measured; network < 0 where there is none. overall is filled in too. */
mn_quality mn_quality_combine(const mn_chip_measures *chip, float eye_distance_px, const mn_pose *pose,
                              float network);

/* The pack's quality network on its own chip of the face. */
mn_code mn_quality_run_network(mn_work *w, const mn_point points[5], float *out, mn_error *err);

#endif
