/* How many requests work on pixels at once, and how much memory they take for it: places, as the setting
 * infer.workers says, which may be fewer than there are threads that work on pictures, since these also wait
 * for the disk and for other servers; and bytes, as image.memory says. Who came first goes in first, so that
 * a large picture is not kept out by small ones. Thread-safe. */
#ifndef MN_APP_GATE_H
#define MN_APP_GATE_H

#include "base/thread.h"
#include "base/time.h"

typedef struct mn_gate mn_gate;

mn_code mn_gate_create(unsigned places, uint64_t bytes, mn_gate **out,
                       mn_error *err); /* places: 0: one a CPU */
void mn_gate_destroy(mn_gate *g);      /* NULL is allowed */
/* Waits for a place and so many bytes; who wants more than there are goes in while nobody else is in.
 * MN_E_TIMEOUT behind the deadline, MN_E_CANCELLED: there is neither then. */
mn_code mn_gate_enter(mn_gate *g, uint64_t bytes, mn_deadline deadline, const mn_cancel *cancel,
                      mn_error *err);
/* So many of the bytes are needed no more. */
void mn_gate_give_back(mn_gate *g, uint64_t bytes);
/* The place, and the bytes that are left. */
void mn_gate_leave(mn_gate *g, uint64_t bytes);

#endif
