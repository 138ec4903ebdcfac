#include "vectors.h"

#include "base/alloc.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATE_COSINE 0.6f

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The sum of four uniform numbers is nearly normal, with tails up to 3.5 deviations, and cheap. */
static void random_vector(uint64_t number, int dim, float *v)
{
    uint64_t state = number * UINT64_C(0xd1342543de82ef95) + 1;
    float squares = 0;
    for (int i = 0; i < dim; i++) {
        uint64_t x = next_random(&state);
        v[i] = (float)((x & 0xffff) + (x >> 16 & 0xffff) + (x >> 32 & 0xffff) + (x >> 48)) - 131070.0f;
        squares += v[i] * v[i];
    }
    float unit = 1 / sqrtf(squares);
    for (int i = 0; i < dim; i++)
        v[i] *= unit;
}

bool vectors_parse(const char *text, size_t *rows, int *dim)
{
    char *end;
    *rows = strtoull(text, &end, 10);
    *dim = *end == 'x' ? (int)strtol(end + 1, &end, 10) : 0;
    return *end == 0 && *rows >= VECTORS_PROBES && *dim >= 64 && *dim <= 1024;
}

bool vectors_make(vectors *v, size_t rows, int dim)
{
    return vectors_make_many(v, rows, dim, VECTORS_PROBES);
}

bool vectors_make_many(vectors *v, size_t rows, int dim, size_t probes)
{
    *v = (vectors){.rows = rows, .dim = dim, .n_probes = probes};
    v->probes = mn_alloc(probes * (size_t)dim * sizeof(float));
    for (size_t p = 0; v->probes && p < probes; p++)
        random_vector((UINT64_C(1) << 40) + p, dim, v->probes + p * (size_t)dim);
    return v->probes != NULL;
}

static bool read_pair(FILE *file, size_t dim, float *mate, float *probe)
{
    return fread(mate, sizeof *mate, dim, file) == dim && fread(probe, sizeof *probe, dim, file) == dim;
}

bool vectors_read_pairs(vectors *v, size_t rows, int dim, const char *path)
{
    size_t d = (size_t)dim, most = VECTORS_PAIRS_MAX < rows ? VECTORS_PAIRS_MAX : rows;
    *v = (vectors){.rows = rows, .dim = dim};
    FILE *file = fopen(path, "rb");
    v->probes = mn_alloc((most + 1) * d * sizeof(float));
    v->mates = mn_alloc((most + 1) * d * sizeof(float));
    if (file && v->probes && v->mates)
        while (v->n_probes <= most &&
               read_pair(file, d, v->mates + v->n_probes * d, v->probes + v->n_probes * d))
            v->n_probes++;
    bool whole = file && v->n_probes > 0 && v->n_probes <= most &&
                 ftell(file) == (long)(v->n_probes * 2 * d * sizeof(float)) && feof(file);
    if (file)
        fclose(file);
    if (!whole)
        vectors_finish(v);
    return whole;
}

void vectors_finish(vectors *v)
{
    mn_free(v->probes);
    mn_free(v->mates);
    v->probes = v->mates = NULL;
}

size_t vectors_mate(const vectors *v, size_t probe)
{
    return (probe * 2 + 1) * v->rows / (2 * v->n_probes);
}

/* The probe whose mate the row is, or n_probes. Mates rise with their probes. */
static size_t probe_of(const vectors *v, size_t row)
{
    size_t low = 0, high = v->n_probes;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (vectors_mate(v, middle) < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->n_probes && vectors_mate(v, low) == row ? low : v->n_probes;
}

/* Turns a random vector towards the probe. */
static void make_mate(const float *probe, int dim, float *v)
{
    float along = 0, squares = 0;
    for (int i = 0; i < dim; i++)
        along += v[i] * probe[i];
    for (int i = 0; i < dim; i++) {
        v[i] -= along * probe[i];
        squares += v[i] * v[i];
    }
    float side = sqrtf(1 - MATE_COSINE * MATE_COSINE) / sqrtf(squares);
    for (int i = 0; i < dim; i++)
        v[i] = MATE_COSINE * probe[i] + side * v[i];
}

void vectors_row(const vectors *v, size_t row, float *out)
{
    size_t probe = probe_of(v, row), dim = (size_t)v->dim;
    if (probe < v->n_probes && v->mates) {
        memcpy(out, v->mates + probe * dim, dim * sizeof *out);
        return;
    }
    random_vector(row, v->dim, out);
    if (probe < v->n_probes)
        make_mate(v->probes + probe * dim, v->dim, out);
}
