/* Template protection: a secret rotation of all descriptors of a deployment.
 *
 * Apply it to every descriptor as soon as it is made, before it is stored, added to a gallery or searched
 * for. A rotation keeps lengths and angles, so cosine and L2 scores are what they were, within 1e-6;
 * thresholds and calibration stand. Descriptors of two deployments with different secrets do not match each
 * other: the mate scores like a stranger. So a descriptor that leaked cannot be looked up in another gallery.
 *
 * What it is not: encryption. Whoever has the rotated and the plain descriptors of about as many faces as
 * there are dimensions can solve for the rotation. Stored descriptors stay sealed as well.
 *
 * The matrix is drawn evenly from all rotations and reflections (Stewart 1980: a Householder reflection of a
 * normal vector in each dimension), the random numbers are the ChaCha20 stream of the secret, the arithmetic
 * is double: the same secret gives the same matrix on every machine within 1e-6. The secret is 32 random
 * bytes, one for each deployment; it is kept like the master key, because without it new descriptors do not
 * match those stored. Each number of dimensions has a matrix of its own.
 *
 * Memory: 4 dim² bytes (1 MiB at 512), wiped when destroyed. Making one takes dim³ steps (30 ms at 512),
 * applying it dim² (10 µs at 512). Read-only once made: every thread may use it. */
#ifndef MN_GALLERY_ROTATION_H
#define MN_GALLERY_ROTATION_H

#include "base/error.h"
#include <stdint.h>

#define MN_SECRET_ROTATION_KEY  32
#define MN_SECRET_ROTATION_MARK 16

typedef struct mn_secret_rotation mn_secret_rotation;

/* dim: 64 … 1024. MN_E_INVALID: another number of dimensions, or a secret of zeros, which nobody drew. */
mn_code mn_secret_rotation_create(const uint8_t secret[MN_SECRET_ROTATION_KEY], int dim,
                                  mn_secret_rotation **out, mn_error *err);
void mn_secret_rotation_destroy(mn_secret_rotation *r);

/* dim floats to dim floats; in and out must not overlap. undo() is the way back, for moving to another secret
 * and for exports. */
void mn_secret_rotation_apply(const mn_secret_rotation *r, const float *in, float *out);
void mn_secret_rotation_undo(const mn_secret_rotation *r, const float *in, float *out);

/* Tells rotations apart without giving the secret away: kept beside the descriptors, it shows at once when
 * they were made with another secret. */
void mn_secret_rotation_mark(const mn_secret_rotation *r, uint8_t mark[MN_SECRET_ROTATION_MARK]);

#endif
