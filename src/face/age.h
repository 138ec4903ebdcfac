/* Age in years, by SSR-Net. A noisy guess: about 10 years within one person. */
#ifndef MN_FACE_AGE_H
#define MN_FACE_AGE_H

#include "face/work.h"

#define MN_AGE_INPUT 64

mn_code mn_age_guess(mn_work *w, const mn_box *face, mn_age *out, mn_error *err);

/* Stretches n numbers so that they span 0 … 255, as the network's training pictures did; flat ones become 0.
 * Pure. */
void mn_stretch_255(float *v, size_t n);

#endif
