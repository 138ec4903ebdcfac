/* Filling a pack's folder: each model that is missing or damaged comes from the mirror, else from its
 * upstream address.
 *
 * A mirror is a folder or an http(s) address that has the files as <mirror>/<pack>/<file> or <mirror>/<file>.
 * Every file is checked by size and sha256 before it takes its place, so a mirror need not be trusted. */
#ifndef MN_APP_PULL_H
#define MN_APP_PULL_H

#include "base/thread.h"
#include "infer/pack.h"

typedef enum {
    MN_PULL_PRESENT, /* was there, and right */
    MN_PULL_FETCHED, /* is there now */
    MN_PULL_FAILED,  /* see error: no source has it, or none of the tries went well */
} mn_pull_state;

typedef struct {
    const mn_model_info *model; /* lives as long as the pack */
    mn_pull_state state;
    bool mirrored;  /* FETCHED: from the mirror; else from model->url */
    mn_error error; /* FAILED: why, the last source's words */
} mn_pull_outcome;

typedef struct {
    const mn_pack *pack;
    const char *mirror; /* NULL or "": none */
    /* Before the first byte (done 0), while it comes, and at the end of each fetched file. May be NULL. */
    void (*progress)(void *user, const mn_model_info *model, int64_t done, int64_t total);
    void *user;
    const mn_cancel *cancel; /* may be NULL */
} mn_pull;

/* outcomes: mn_pack_count(pack) of them, in the pack's order; all filled, also on failure. Returns MN_OK when
 * every model that is not optional is there; else the error of the first that is not. MN_E_CANCELLED: the
 * rest was not tried. */
mn_code mn_models_pull(const mn_pull *what, mn_pull_outcome *outcomes, mn_error *err);

#endif
