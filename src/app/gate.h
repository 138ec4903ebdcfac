/* How many requests run networks at once: the setting infer.workers, which may be fewer than there are
 * threads that work on pictures, since these also wait for the disk and for other servers. Thread-safe. */
#ifndef MN_APP_GATE_H
#define MN_APP_GATE_H

#include "base/thread.h"
#include "base/time.h"

typedef struct mn_gate mn_gate;

mn_code mn_gate_create(unsigned places, mn_gate **out, mn_error *err); /* places: 0: one a CPU */
void mn_gate_destroy(mn_gate *g);                                      /* NULL is allowed */
/* Waits for a place. MN_E_TIMEOUT behind the deadline, MN_E_CANCELLED: there is none then. */
mn_code mn_gate_enter(mn_gate *g, mn_deadline deadline, const mn_cancel *cancel, mn_error *err);
void mn_gate_leave(mn_gate *g);

#endif
