#include "gallery/pass.h"

#include "gallery/filter.h"
#include "gallery/prefilter.h"
#include <math.h>
#include <string.h>

#define ROUNDING      1e-5f   /* of float sums over 1 024 components, for vectors of length 1 */
#define MOMENT_MAX_NS 1000000 /* that a leader waits for others at most */
#define MOMENT_SHARE  8       /* and as a share of a pass */
#define TICK_NS       5000000 /* between two looks at cancellation while waiting */
/* Searches that read less than this do not wait for others. */
#define SMALL_BYTES ((size_t)1 << 20)

/* ---- a pass ---- */

/* a·b - â·b̂ = (a - â)·b + â·(b - b̂), and |x·y| ≤ |x||y|. So the slack holds for every row, and what is
 * ordered with it is ordered as by floats. */
static bool bound(mn_scan *s, size_t i)
{
    mn_probe *p = &s->probes[i];
    const mn_view *v = s->view;
    const mn_query *q = p->query;
    p->slack = v->max_error * p->norm + (v->max_norm + v->max_error) * p->error;
    p->slack += ROUNDING * (p->norm * v->max_norm + v->max_norm * v->max_norm);
    if (!s->g->options.fetch)
        p->slack = 0;
    bool nothing = mn_gallery_halves(s->g) && q->min_raw > 0; /* no distance is below zero */
    p->least = nothing ? INFINITY : mn_score_of_raw(s->g, p, q->min_raw);
    if (mn_prefilter_is_on(s->g, v))
        mn_sketch_prepare(v, s->rows + i * s->g->stride, s->g->stride, q->k, &p->sketch);
    return mn_best_init(&s->best[i], q->k, p->least - p->slack, p->slack);
}

static void hand_out(mn_ticket *tickets, mn_scan *s, mn_code code)
{
    size_t first = 0;
    for (mn_ticket *t = tickets; t; first += t->n, t = t->next) {
        t->code = code;
        t->first = first;
        t->scan = s;
        if (s)
            atomic_fetch_add(&s->refs, 1);
        for (size_t i = 0; s && i < t->n && t->code == MN_OK; i++)
            t->code = (mn_code)atomic_load(&s->stops[first + i]);
    }
    mn_scan_unref(s);
}

static void run_pass(mn_gallery *g, mn_ticket *tickets)
{
    size_t n = 0;
    for (const mn_ticket *t = tickets; t; t = t->next)
        n += t->n;
    mn_scan *s = mn_scan_create(g, n);
    mn_code code = s ? MN_OK : MN_E_MEMORY;
    n = 0;
    for (const mn_ticket *t = tickets; t && s; n += t->n, t = t->next) {
        memcpy(s->probes + n, t->probes, t->n * sizeof t->probes[0]);
        memcpy(s->rows + n * g->stride, t->rows, t->n * g->stride);
    }
    if (s && !mn_scan_look(s))
        code = MN_E_MEMORY;
    for (size_t i = 0; i < n && code == MN_OK; i++)
        if (!bound(s, i))
            code = MN_E_MEMORY;
    if (code == MN_OK)
        code = mn_scan_run(s);
    hand_out(tickets, s, code);
}

/* ---- the gate ---- */

void mn_gate_init(mn_gate *gate, unsigned threads)
{
    pthread_mutex_init(&gate->lock, NULL);
    unsigned processors = mn_cpu_count();
    gate->most = processors > threads ? processors / threads : 1;
}

void mn_gate_finish(mn_gate *gate)
{
    pthread_mutex_destroy(&gate->lock);
}

static void wait_until(mn_gate *gate, mn_ticket *t, int64_t ns)
{
    struct timespec at = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    (void)pthread_cond_timedwait(&t->wake, &gate->lock, &at);
}

static void enqueue(mn_gate *gate, mn_ticket *t)
{
    mn_ticket **at = &gate->queue;
    while (*at)
        at = &(*at)->next;
    *at = t;
    gate->queued += t->n;
    if (gate->queue == t && gate->running < gate->most) {
        gate->running++;
        t->state = MN_TICKET_LEADS;
    } else if (gate->queue->state == MN_TICKET_LEADS && gate->queued >= gate->expected) {
        pthread_cond_signal(&gate->queue->wake);
    }
}

static void leave_queue(mn_gate *gate, mn_ticket *t)
{
    mn_ticket **at = &gate->queue;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    gate->queued -= t->n;
    t->next = NULL;
}

static mn_code look_at_clock(const mn_ticket *t)
{
    for (size_t i = 0; i < t->n; i++) {
        mn_code code = mn_query_stopped(t->probes[i].query);
        if (code)
            return code;
    }
    return MN_OK;
}

/* Until the ticket leads or is done, or gives up, which it can while it is in the queue. */
static void wait_for_turn(mn_gate *gate, mn_ticket *t)
{
    while (t->state == MN_TICKET_QUEUED && (t->code = look_at_clock(t)) == MN_OK)
        wait_until(gate, t, mn_monotonic_ns() + TICK_NS);
    if (t->state == MN_TICKET_QUEUED) {
        leave_queue(gate, t);
        t->state = MN_TICKET_DONE;
    }
    while (t->state == MN_TICKET_TAKEN)
        pthread_cond_wait(&t->wake, &gate->lock);
}

/* The leader, which is first in the queue (so there is one), and who waits behind it. */
static mn_ticket *take_along(mn_gate *gate)
{
    mn_ticket *tickets = gate->queue, *last = NULL, *next = tickets;
    size_t n = 0;
    do {
        last = next;
        n += last->n;
        if (last->state == MN_TICKET_QUEUED)
            last->state = MN_TICKET_TAKEN;
        next = last->next;
    } while (next && n + next->n <= MN_GALLERY_QUERIES_MAX);
    gate->queue = last->next;
    last->next = NULL;
    gate->queued -= n;
    return tickets;
}

static void finish_pass(mn_gate *gate, const mn_ticket *leader, mn_ticket *tickets, int64_t took)
{
    int64_t moment = took / MOMENT_SHARE;
    gate->expected = gate->queued;
    gate->return_until = mn_monotonic_ns() + (moment < MOMENT_MAX_NS ? moment : MOMENT_MAX_NS);
    for (mn_ticket *t = tickets, *next; t; t = next) {
        next = t->next; /* once done, the ticket is its searcher's again */
        gate->expected += t->n;
        if (t == leader)
            continue;
        t->state = MN_TICKET_DONE;
        pthread_cond_signal(&t->wake);
    }
    if (gate->expected > MN_GALLERY_QUERIES_MAX)
        gate->expected = MN_GALLERY_QUERIES_MAX;
    if (gate->queue && gate->queue->state == MN_TICKET_QUEUED) {
        gate->queue->state = MN_TICKET_LEADS;
        pthread_cond_signal(&gate->queue->wake);
    } else {
        gate->running--;
    }
}

static void lead(mn_gallery *g, mn_ticket *t)
{
    mn_gate *gate = &g->gate;
    while (gate->queued < gate->expected && mn_monotonic_ns() < gate->return_until)
        wait_until(gate, t, gate->return_until);
    mn_ticket *tickets = take_along(gate);
    pthread_mutex_unlock(&gate->lock);
    int64_t from = mn_monotonic_ns();
    run_pass(g, tickets);
    pthread_mutex_lock(&gate->lock);
    finish_pass(gate, t, tickets, mn_monotonic_ns() - from);
}

static void pass_gate(mn_gallery *g, mn_ticket *t)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_lock(&g->gate.lock);
    enqueue(&g->gate, t);
    wait_for_turn(&g->gate, t);
    if (t->state == MN_TICKET_LEADS)
        lead(g, t);
    pthread_mutex_unlock(&g->gate.lock);
    pthread_cond_destroy(&t->wake);
}

/* A set of people counts as nothing here: how many faces they have is not known yet. */
static bool small(mn_gallery *g, const mn_ticket *t)
{
    mn_view *v = mn_view_take(&g->views);
    size_t rows = 0;
    for (size_t i = 0; i < t->n; i++)
        rows += mn_filter_most(&t->probes[i], v);
    mn_view_give_back(&g->views, v);
    return rows * g->stride < SMALL_BYTES;
}

mn_code mn_pass_take_part(mn_gallery *g, mn_ticket *t, mn_error *err)
{
    if (small(g, t))
        run_pass(g, t);
    else
        pass_gate(g, t);
    switch (t->code) {
    case MN_OK:
        return MN_OK;
    case MN_E_CANCELLED:
        return mn_fail(err, MN_E_CANCELLED, "the search was cancelled");
    case MN_E_TIMEOUT:
        return mn_fail(err, MN_E_TIMEOUT, "the search did not end before its deadline");
    default:
        return mn_fail(err, MN_E_MEMORY, "no memory for a search");
    }
}
