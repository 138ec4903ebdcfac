/* Records given out: people with all that is theirs, by page, in the order of their ids.
 *
 * Needs a reason and the rights people.export, for descriptors descriptors.export, for samples
 * samples.export. Before a person is given, that it was is on record, with the reason. Of people without a
 * valid consent neither descriptors nor samples are given. Descriptors come in
 * the model's own space, unsealed: from then on they are protected by nobody. Core may have been opened for
 * its records only. */
#ifndef MN_CORE_EXPORT_H
#define MN_CORE_EXPORT_H

#include "core/core.h"

#include <jansson.h>

typedef struct {
    const float *v;      /* NULL: none of the model, or none wanted */
    const uint8_t *jpeg; /* of the sample; NULL: none, or none wanted */
    size_t n;
} mn_export_face;

typedef struct {
    const mn_person_view *view;
    const mn_export_face *faces; /* one for each of the view's */
    const char *model;
    int dim;
} mn_export_person;

typedef struct {
    const char *list;   /* NULL: everybody */
    const char *reason; /* for the audit log */
    bool vectors, samples;
    const mn_cancel *cancel; /* may be NULL */
    mn_code (*person)(void *ctx, const mn_export_person *p,
                      mn_error *err); /* what is given lasts for the call; mn_core_export's, as ctx */
    void *ctx;
} mn_export;

/* One person after the other, for who takes them when there is room. Between two calls nothing is held but
 * the memory of a page. One thread at a time. */
typedef struct mn_export_run mn_export_run;

/* The descriptor model of the records, and its dimension: "" and 0 where nobody is enrolled yet. */
#define MN_CORE_MODEL_NAME 96
mn_code mn_core_model_of(mn_core *c, char name[MN_CORE_MODEL_NAME], int *dim, mn_error *err);
/* What the people given have, by the same rights: the lists (one, or all that the actor may use) and the
 * account's custom fields, as fields.h has them; the arena's. */
mn_code mn_core_export_head(mn_core *c, const mn_actor *who, const char *list, mn_arena *arena,
                            mn_list **lists, size_t *n, json_t **fields, mn_error *err);
/* core, actor and `what`, with what they point to, outlive the run. */
mn_code mn_core_export_open(mn_core *c, const mn_actor *who, const mn_export *what, mn_export_run **out,
                            mn_error *err);
/* May the actor, as it is now, still do this? For who gives it somebody's rights as they change. */
mn_code mn_core_export_may(const mn_export_run *run, mn_error *err);
/* *out lasts until the next call; NULL: that was all. MN_E_CANCELLED after what was given so far. */
mn_code mn_core_export_next(mn_export_run *run, const mn_export_person **out, mn_error *err);
void mn_core_export_close(mn_export_run *run); /* NULL is allowed */
/* All of it. *n: people given. */
mn_code mn_core_export(mn_core *c, const mn_actor *who, const mn_export *what, uint64_t *n, mn_error *err);

#endif
