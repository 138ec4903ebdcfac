#include "gallery/rotation.h"

#include "base/alloc.h"
#include "simd/simd.h"
#include <math.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define DIM_MIN 64
#define DIM_MAX 1024

struct mn_secret_rotation {
    size_t dim;
    const mn_simd *simd;
    uint8_t mark[MN_SECRET_ROTATION_MARK];
    float *matrix; /* dim × dim, by rows */
};

/* ---- random numbers ---- */

/* A number in (0, 1) from 8 bytes, the lowest first on every machine. */
static double uniform(const uint8_t *bytes)
{
    uint64_t x = 0;
    for (unsigned i = 0; i < 8; i++)
        x |= (uint64_t)bytes[i] << 8 * i;
    return ((double)(x >> 11) + 0.5) / 9007199254740992.0;
}

/* n normal numbers, from the part of the key's stream that belongs to n (Box and Muller). */
static void normal_vector(const uint8_t key[crypto_stream_chacha20_KEYBYTES], size_t n, double *v)
{
    uint8_t bytes[8 * (DIM_MAX + 1)],
        nonce[crypto_stream_chacha20_NONCEBYTES] = {(uint8_t)n, (uint8_t)(n >> 8)};
    size_t pairs = (n + 1) / 2;
    crypto_stream_chacha20(bytes, 16 * pairs, nonce, key);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *pair = bytes + i / 2 * 16;
        double length = sqrt(-2 * log(uniform(pair))), angle = 6.283185307179586 * uniform(pair + 8);
        v[i] = length * (i % 2 ? sin(angle) : cos(angle));
    }
    sodium_memzero(bytes, sizeof bytes);
}

/* ---- the matrix ---- */

/* Turns v into the direction of the reflection that carries it to the first axis, and gives the sign with
 * which it arrives there. Adding to the component of larger size loses no digits. */
static double reflection_of(double *v, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += v[i] * v[i];
    double sign = v[0] < 0 ? -1 : 1;
    v[0] += sign * sqrt(squares);
    squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += v[i] * v[i];
    for (size_t i = 0; i < n; i++)
        v[i] *= sqrt(2 / squares);
    return -sign;
}

/* Reflects the last n coordinates of all columns: M -= v (vᵀ M). Row by row, so that rows are read as they
 * lie in memory. */
static void reflect(double *m, size_t dim, const double *v, size_t n, double *along)
{
    size_t from = dim - n;
    memset(along, 0, n * sizeof *along);
    for (size_t i = 0; i < n; i++) {
        const double *row = m + (from + i) * dim + from;
        for (size_t j = 0; j < n; j++)
            along[j] += v[i] * row[j];
    }
    for (size_t i = 0; i < n; i++) {
        double *row = m + (from + i) * dim + from;
        for (size_t j = 0; j < n; j++)
            row[j] -= v[i] * along[j];
    }
}

/* From the identity, a reflection of the last 1, 2, … dim coordinates. What is outside the last n rows and
 * columns is the identity still. m: dim × dim, then room for two vectors. */
static void draw_matrix(const uint8_t *key, size_t dim, double *m)
{
    double *v = m + dim * dim, *along = v + dim;
    memset(m, 0, dim * dim * sizeof *m);
    for (size_t i = 0; i < dim; i++)
        m[i * dim + i] = 1;
    for (size_t n = 1; n <= dim; n++) {
        normal_vector(key, n, v);
        double sign = reflection_of(v, n), *first = m + (dim - n) * dim;
        reflect(m, dim, v, n, along);
        for (size_t j = dim - n; j < dim; j++)
            first[j] *= sign;
    }
}

/* ---- life ---- */

/* Keys of their own for the stream and the mark: neither tells of the other, nor of the secret. */
static bool derive(const uint8_t *secret, size_t dim, uint8_t subkey, uint8_t *out, size_t n)
{
    uint8_t what[] = "mien rotation 1 of ...";
    what[sizeof what - 4] = subkey;
    what[sizeof what - 3] = (uint8_t)dim;
    what[sizeof what - 2] = (uint8_t)(dim >> 8);
    return crypto_generichash(out, n, what, sizeof what - 1, secret, MN_SECRET_ROTATION_KEY) == 0;
}

static mn_code fill(mn_secret_rotation *r, const uint8_t *secret, mn_error *err)
{
    uint8_t key[crypto_stream_chacha20_KEYBYTES];
    size_t dim = r->dim, bytes = (dim * dim + 2 * dim) * sizeof(double);
    double *exact = mn_alloc_aligned(bytes);
    r->matrix = mn_alloc_aligned(dim * dim * sizeof *r->matrix);
    if (!exact || !r->matrix) {
        mn_free_aligned(exact);
        return mn_fail(err, MN_E_MEMORY, "no memory for a rotation of %zu dimensions", dim);
    }
    bool done =
        derive(secret, dim, 'k', key, sizeof key) && derive(secret, dim, 'm', r->mark, sizeof r->mark);
    if (done)
        draw_matrix(key, dim, exact);
    for (size_t i = 0; done && i < dim * dim; i++)
        r->matrix[i] = (float)exact[i];
    sodium_memzero(key, sizeof key);
    sodium_memzero(exact, bytes);
    mn_free_aligned(exact);
    return done ? MN_OK : mn_fail(err, MN_E_INTERNAL, "the rotation's key could not be derived");
}

mn_code mn_secret_rotation_create(const uint8_t secret[MN_SECRET_ROTATION_KEY], int dim,
                                  mn_secret_rotation **out, mn_error *err)
{
    if (dim < DIM_MIN || dim > DIM_MAX)
        return mn_fail(err, MN_E_INVALID, "a rotation of %d dimensions: from %d to %d are possible", dim,
                       DIM_MIN, DIM_MAX);
    if (sodium_is_zero(secret, MN_SECRET_ROTATION_KEY))
        return mn_fail(err, MN_E_INVALID, "the secret of the rotation is all zeros: draw %d random bytes",
                       MN_SECRET_ROTATION_KEY);
    if (sodium_init() < 0)
        return mn_fail(err, MN_E_INTERNAL, "libsodium could not be initialised");
    mn_secret_rotation *r = mn_calloc(1, sizeof *r);
    if (!r)
        return mn_fail(err, MN_E_MEMORY, "no memory for a rotation of %d dimensions", dim);
    r->dim = (size_t)dim;
    r->simd = mn_simd_get();
    mn_code code = fill(r, secret, err);
    if (code) {
        mn_secret_rotation_destroy(r);
        return code;
    }
    *out = r;
    return MN_OK;
}

void mn_secret_rotation_destroy(mn_secret_rotation *r)
{
    if (!r)
        return;
    if (r->matrix)
        sodium_memzero(r->matrix, r->dim * r->dim * sizeof *r->matrix);
    mn_free_aligned(r->matrix);
    mn_free(r);
}

void mn_secret_rotation_apply(const mn_secret_rotation *r, const float *in, float *out)
{
    for (size_t i = 0; i < r->dim; i++)
        out[i] = r->simd->dot_f32(r->matrix + i * r->dim, in, r->dim);
}

/* The inverse of an orthogonal matrix is its transpose. */
void mn_secret_rotation_undo(const mn_secret_rotation *r, const float *in, float *out)
{
    memset(out, 0, r->dim * sizeof *out);
    for (size_t i = 0; i < r->dim; i++) {
        const float *row = r->matrix + i * r->dim;
        for (size_t j = 0; j < r->dim; j++)
            out[j] += in[i] * row[j];
    }
}

void mn_secret_rotation_mark(const mn_secret_rotation *r, uint8_t mark[MN_SECRET_ROTATION_MARK])
{
    memcpy(mark, r->mark, MN_SECRET_ROTATION_MARK);
}
