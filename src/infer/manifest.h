/* Inside infer only: a pack's parts, and the manifests that are built into the program. */
#ifndef MN_INFER_MANIFEST_H
#define MN_INFER_MANIFEST_H

#include "base/arena.h"
#include "infer/pack.h"
#include <stddef.h>

#define MN_PACK_MODELS_MAX 64

struct mn_pack {
    mn_arena *arena; /* every string and array below */
    const char *name;
    const char *dir;
    int version;
    size_t n;
    mn_model_info models[MN_PACK_MODELS_MAX];
};

typedef struct {
    const char *name;
    size_t n;
    const char *text;
} mn_manifest;

/* models/<name>.json, made into C by tools/embed.py; ends with one whose name is NULL. */
extern const mn_manifest mn_manifests[];

#endif
