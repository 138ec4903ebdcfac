/* Searches of independent threads share a pass over the rows.
 *
 * As many passes run at a time as there are processors for (usually one). Who comes while they run waits in
 * the queue; when one ends, the first in the queue leads the next, and takes along whoever waits, up to 16
 * queries. Sixteen in a pass cost as much as four to six alone. A search that nobody is in the way of starts
 * at once.
 *
 * After a pass that others took part in or waited for, the leader of the next gives these a moment to come
 * back (an eighth of a pass, at most 1 ms): otherwise the first to return would run alone, and all others
 * after it. */
#ifndef MN_GALLERY_PASS_H
#define MN_GALLERY_PASS_H

#include "gallery/scan.h"

typedef enum { MN_TICKET_QUEUED, MN_TICKET_LEADS, MN_TICKET_TAKEN, MN_TICKET_DONE } mn_ticket_state;

/* A search that waits for its pass; the searcher's memory. */
struct mn_ticket {
    size_t n;
    mn_probe probes[MN_GALLERY_QUERIES_MAX]; /* quantised; the rest is filled in by the pass */
    int8_t *rows;                            /* n × stride */

    mn_scan *scan; /* after a pass: ours to unref; its probes `first` … first + n are these */
    size_t first;
    mn_code code;

    mn_ticket_state state; /* under the gate's lock */
    mn_ticket *next;
    pthread_cond_t wake;
};

void mn_gate_init(mn_gate *gate, unsigned threads); /* threads: of a pass */
void mn_gate_finish(mn_gate *gate);

/* Afterwards the bests of the ticket's probes are pruned. Each query's deadline and cancellation end its own
 * search only. t->scan may be set on failure too. */
mn_code mn_pass_take_part(mn_gallery *g, mn_ticket *t, mn_error *err);

#endif
