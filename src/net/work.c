/* Queues and their workers. A request is let in by its class's count of waiting ones; the pool behind has
 * room for more, so that the next piece of a stream, whose request was let in long ago, never finds it full.
 */
#include "net/http_internal.h"
#include <string.h>

mn_code mn_work_start(mn_http_server *s, mn_error *err)
{
    for (int i = 0; i < MN_HTTP_CLASSES; i++) {
        work_class *c = &s->classes[i];
        if (!c->name)
            continue;
        mn_code code = mn_pool_create(c->workers ? c->workers : mn_cpu_count(),
                                      (size_t)c->queue_max + s->o.connections_max, &c->pool, err);
        if (code)
            return code;
    }
    return MN_OK;
}

void mn_work_stop(mn_http_server *s)
{
    for (int i = 0; i < MN_HTTP_CLASSES; i++) {
        work_class *c = &s->classes[i];
        pthread_rwlock_wrlock(&c->lock);
        mn_pool *pool = c->pool;
        c->pool = NULL;
        pthread_rwlock_unlock(&c->lock);
        mn_pool_destroy(pool);
    }
}

bool mn_work_room(const mn_http_server *s, int class)
{
    const work_class *c = &s->classes[class];
    return atomic_load_explicit(&c->queued, memory_order_relaxed) < c->queue_max;
}

bool mn_work_submit(mn_http_server *s, int class, void (*run)(void *q, unsigned worker),
                    void (*drop)(void *q), request *q, bool piece)
{
    work_class *c = &s->classes[class];
    const mn_job job = {.run = run, .drop = drop, .job = q};
    if (!piece && atomic_fetch_add(&c->queued, 1) >= c->queue_max) {
        count_down(&c->queued, 1);
        return false;
    }
    pthread_rwlock_rdlock(&c->lock);
    bool done = c->pool && mn_pool_submit(c->pool, &job, false, NULL) == MN_OK;
    pthread_rwlock_unlock(&c->lock);
    if (!done && !piece)
        count_down(&c->queued, 1);
    return done;
}
