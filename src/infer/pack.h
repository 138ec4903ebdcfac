/* Model packs: which networks, where they are, and whether they are what the manifest says.
 *
 * The manifests (models/standard.json, models/offline.json) are part of the program, so a file on the disk
 * cannot change what is trusted. A pack's files lie in <models.dir>/<pack>/<file>. Opening a model reads it
 * once, checks size and sha256, and refuses it by name where they differ (MN_E_MODEL). Read-only after
 * opening; thread-safe. */
#ifndef MN_INFER_PACK_H
#define MN_INFER_PACK_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

typedef enum { MN_METRIC_COSINE, MN_METRIC_L2 } mn_metric;

/* Calibration of one descriptor model: support points of the raw score against rates, from the manifest.
 * raw is better when higher: cosine as it is, L2 as minus the distance. Sorted by raw, rising; fmr falls. */
typedef struct {
    const float *raw;
    const float *log10_fmr;  /* of one comparison between two different people */
    const float *similarity; /* 0 … 1 */
    size_t n;
    float cohort_mean, cohort_std; /* of impostor scores; 0 where not measured */
} mn_calibration;

/* How the scores of a search are weighed against those with the other enrolled people (gallery/cohort.h). */
typedef struct {
    int least;                  /* people searched; with fewer, or with 0, raw scores stand */
    float share;                /* of the cohort that counts as a side's best scores, 0 … 1 */
    mn_calibration calibration; /* of the normalised scores */
} mn_normalisation;

typedef struct {
    const char *task;      /* detector, landmarks, descriptor, liveness, quality, age, ... */
    const char *name;      /* "mobilefacenet-128" */
    const char *precision; /* "fp32" or "int8" */
    const char *file;      /* inside the pack's folder; what the converter makes is under made/ */
    const char *sha256;
    const char *license;
    const char *source;
    const char *url;       /* NULL: no upstream address, comes from a mirror or is made by the converter */
    const char *made_from; /* NULL, or name of the fp32 model this int8 one is made from */
    const char *note;      /* may be NULL */
    int64_t bytes;
    bool optional;                  /* the pack works without it */
    int dim;                        /* descriptors: length; else 0 */
    mn_metric metric;               /* descriptors */
    mn_calibration calibration;     /* descriptors: n > 0 */
    mn_normalisation normalisation; /* descriptors */
} mn_model_info;

typedef struct mn_pack mn_pack;

/* name: "standard" or "offline". dir: the folder that holds the packs' folders. */
mn_code mn_pack_open(const char *name, const char *dir, mn_pack **out, mn_error *err);
/* From a manifest's text, for tests, fuzzing and packs of one's own. */
mn_code mn_pack_parse(const char *json, size_t n, const char *dir, mn_pack **out, mn_error *err);
void mn_pack_close(mn_pack *pack);

const char *mn_pack_name(const mn_pack *pack);
int mn_pack_version(const mn_pack *pack);
size_t mn_pack_count(const mn_pack *pack);
const mn_model_info *mn_pack_model(const mn_pack *pack, size_t i);
/* First model of a task, of a name, of a precision ("fp32", "int8"); NULL: any. NULL where the manifest has
 * none. */
const mn_model_info *mn_pack_find(const mn_pack *pack, const char *task, const char *name,
                                  const char *precision);

/* "" when it does not fit. */
void mn_pack_path(const mn_pack *pack, const mn_model_info *model, char *out, size_t size);
typedef enum { MN_MODEL_PRESENT, MN_MODEL_MISSING, MN_MODEL_DAMAGED } mn_model_state;
/* Size and sha256 of the file on the disk. err (may be NULL) says what differs. */
mn_model_state mn_pack_check(const mn_pack *pack, const mn_model_info *model, mn_error *err);
/* The checked bytes, appended to out. */
mn_code mn_pack_read(const mn_pack *pack, const mn_model_info *model, mn_buf *out, mn_error *err);
/* The last listed model of a task that is on the disk with the right size: a manifest lists the forms of one
 * network from the published one to the fastest. precision "fp32", "int8" or NULL for any. NULL where none is
 * there. */
const mn_model_info *mn_pack_best(const mn_pack *pack, const char *task, const char *precision);
/* Is every model that is not optional there, or another of its task and precision that does the same work?
 * Sizes only; sums are checked at opening. */
bool mn_pack_complete(const mn_pack *pack);

#endif
