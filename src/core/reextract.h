/* A change of the descriptor model: new descriptors from the stored samples.
 *
 * Core is opened with the new model and options.begin_change. Descriptors of the new model are made beside
 * the old ones, a page of faces in a transaction; meanwhile other processes go on with the old model, and one
 * opened with the new model searches among those who have new ones already. When every face has one, a single
 * transaction makes the new model the current one: people are enrolled with it from then on, and no more with
 * the old one. The old descriptors stay until they are removed.
 *
 * Killed or cancelled at any point, it goes on where it was when it is called again. A face whose new
 * descriptor cannot be made keeps its old one, is told, and holds the switch up until the operator decides.
 *
 * Needs the right descriptors.create, everywhere. Time: decoding and describing on the threads of a search.
 */
#ifndef MN_CORE_REEXTRACT_H
#define MN_CORE_REEXTRACT_H

#include "core/core.h"

typedef struct {
    /* A sample to a descriptor of the new model, in the arena. Called by several threads at once. */
    mn_code (*describe)(void *ctx, const mn_buf *jpeg, mn_arena *arena, mn_descriptor *out, mn_error *err);
    /* The rest on the caller's thread. A failure ends it. */
    mn_code (*cannot)(void *ctx, const mn_face_record *face, const mn_error *why, mn_error *err);
    void (*progress)(void *ctx, uint64_t done, uint64_t all); /* faces; may be NULL */
    void *ctx;
    bool accept_missing; /* switch though some faces have no new descriptor; with remove_old they lose the old
                            one, too */
    bool remove_old;
    bool abandon;            /* remove what was made of the new model instead, and stay with the old one */
    const mn_cancel *cancel; /* may be NULL */
} mn_reextract;

typedef struct {
    uint64_t faces;    /* all of them */
    uint64_t made;     /* new descriptors, by this call */
    uint64_t missing;  /* faces without one */
    uint64_t removed;  /* old ones */
    bool switched;     /* by this call */
    bool current;      /* the new model is the current one */
    bool old_is_there; /* descriptors of the previous model */
} mn_reextract_report;

mn_code mn_core_reextract(mn_core *c, const mn_actor *who, const mn_reextract *what, mn_reextract_report *out,
                          mn_error *err);

#endif
