/* The gate: places and bytes, in the order of coming. */
#include "app/gate.h"
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static mn_gate *gate;
static atomic_int order;
static atomic_uint waits; /* begun: who waits is in the queue */

/* See meson.build: what the gate calls is the second one. */
int __real_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *at);
int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *at);

int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *at)
{
    atomic_fetch_add(&waits, 1);
    return __real_pthread_cond_timedwait(c, m, at);
}

typedef struct {
    uint64_t bytes;
    pthread_t thread;
    atomic_int entered; /* as the how many-th; 0: not yet */
} guest;

static void *visit(void *arg)
{
    guest *g = arg;
    mn_error why = {0};
    assert_int_equal(mn_gate_enter(gate, g->bytes, 0, NULL, &why), MN_OK);
    atomic_store(&g->entered, atomic_fetch_add(&order, 1) + 1);
    return NULL;
}

static void send_in(guest *g, uint64_t bytes)
{
    g->bytes = bytes;
    atomic_store(&g->entered, 0);
    assert_int_equal(pthread_create(&g->thread, NULL, visit, g), 0);
}

static void wait_for(const guest *g)
{
    assert_int_equal(pthread_join(g->thread, NULL), 0);
    assert_true(atomic_load(&g->entered) > 0);
}

static void stays_out(uint64_t bytes)
{
    assert_int_equal(mn_gate_enter(gate, bytes, mn_deadline_in_ms(20), NULL, NULL), MN_E_TIMEOUT);
}

static void comes_in(uint64_t bytes)
{
    assert_ok(mn_gate_enter(gate, bytes, 0, NULL, err));
}

static void open_gate(unsigned places, uint64_t bytes)
{
    atomic_store(&order, 0);
    assert_ok(mn_gate_create(places, bytes, &gate, err));
}

static void places_are_limited(void **state)
{
    (void)state;
    open_gate(2, 1000);
    comes_in(1);
    comes_in(1);
    stays_out(1);
    mn_gate_leave(gate, 1);
    comes_in(1);
    mn_cancel cancel = {0};
    mn_cancel_set(&cancel);
    assert_int_equal(mn_gate_enter(gate, 1, 0, &cancel, NULL), MN_E_CANCELLED);
    mn_gate_destroy(gate);
}

static void bytes_are_limited(void **state)
{
    (void)state;
    open_gate(8, 1000);
    comes_in(600);
    stays_out(401);
    comes_in(400);
    stays_out(1);
    mn_gate_give_back(gate, 300); /* of the 600 */
    comes_in(300);
    mn_gate_leave(gate, 300);
    mn_gate_leave(gate, 300);
    mn_gate_leave(gate, 400);
    comes_in(1000);
    mn_gate_leave(gate, 1000);
    mn_gate_destroy(gate);
}

static void who_wants_more_than_there_is_goes_in_alone(void **state)
{
    (void)state;
    open_gate(8, 1000);
    comes_in(1);
    stays_out(5000);
    mn_gate_leave(gate, 1);
    comes_in(5000);
    stays_out(1);
    mn_gate_leave(gate, 5000);
    comes_in(1);
    mn_gate_leave(gate, 1);
    mn_gate_destroy(gate);
}

/* A large one that waits is not overtaken by small ones for which there would be room. */
static void who_came_first_goes_in_first(void **state)
{
    (void)state;
    static guest large, small;
    open_gate(8, 1000);
    comes_in(600);
    atomic_store(&waits, 0);
    send_in(&large, 900);
    while (atomic_load(&waits) == 0)
        usleep(1000);
    send_in(&small, 50);
    stays_out(1);
    assert_int_equal(atomic_load(&order), 0);
    mn_gate_leave(gate, 600);
    wait_for(&large);
    wait_for(&small);
    stays_out(51);
    comes_in(50);
    mn_gate_leave(gate, 50);
    mn_gate_leave(gate, 900);
    mn_gate_leave(gate, 50);
    mn_gate_destroy(gate);
}

/* Who gives up waiting does not stand in the way of those behind. */
static void who_gives_up_lets_the_next_one_in(void **state)
{
    (void)state;
    static guest small;
    open_gate(8, 1000);
    comes_in(600);
    stays_out(900);
    send_in(&small, 300);
    wait_for(&small);
    mn_gate_leave(gate, 300);
    mn_gate_leave(gate, 600);
    mn_gate_destroy(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_limited),
        cmocka_unit_test(bytes_are_limited),
        cmocka_unit_test(who_wants_more_than_there_is_goes_in_alone),
        cmocka_unit_test(who_came_first_goes_in_first),
        cmocka_unit_test(who_gives_up_lets_the_next_one_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
