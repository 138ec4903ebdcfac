/* Attributes: descriptor and sample of a face, kept in memory for a while (core/temporary.h).
 *
 * Whoever it is need not have agreed to anything, so 15 minutes are the longest time; longer, up to a day,
 * only for a person with a valid consent. One that was kept while its person agreed lasts no longer than
 * that: of somebody whose consent ended, or who was erased, it is not there any more. Each use of one whose
 * person is known is on record. Thread-safe. */
#ifndef MN_CORE_ATTRIBUTES_H
#define MN_CORE_ATTRIBUTES_H

#include "core/core.h"
#include "core/temporary.h"

#define MN_ATTRIBUTE_ANYBODY_S 900
#define MN_ATTRIBUTE_MAX_S     86400

/* what: person, quality, descriptor and sample are read. MN_E_CONSENT: this long only for somebody who
 * agreed; MN_E_NOT_FOUND: there is no such person; MN_E_BUSY: see core/temporary.h. *out: what is told about
 * it. Needs actions.create. */
mn_code mn_core_attribute_keep(mn_core *c, const mn_actor *who, const mn_temporary *what, int64_t seconds,
                               mn_temporary *out, mn_error *err);
/* With descriptor and sample; the right that it is asked for by is the caller's to name. */
mn_code mn_core_attribute(mn_core *c, const mn_actor *who, mn_resource r, mn_verb verb, const mn_id *id,
                          mn_arena *arena, mn_temporary *out, mn_error *err);
/* MN_E_NOT_FOUND: not any more, or of nobody whom the actor may see. No right is asked for, and nothing
 * shown. */
mn_code mn_core_attribute_there(mn_core *c, const mn_actor *who, const mn_id *id, mn_arena *arena,
                                mn_error *err);
/* See mn_temporary_list; of people whom the actor may see. *more: there are more behind these. */
mn_code mn_core_attributes(mn_core *c, const mn_actor *who, const mn_temporary_query *q, mn_arena *arena,
                           mn_temporary **out, size_t *n, bool *more, mn_error *err);
/* Is an entry still to be seen? Not where the consent that its person gave has ended since it was kept: that
 * is asked of the store, whoever withdrew it and where. */
mn_code mn_core_temporary_stands(mn_core *c, const mn_temporary *e, mn_arena *arena, bool *yes,
                                 mn_error *err);
mn_code mn_core_attribute_drop(mn_core *c, const mn_actor *who, const mn_id *id, mn_error *err);

#endif
