#include "face/work.h"
#include "base/alloc.h"
#include "base/time.h"

void mn_nets_init(mn_nets *nets, mn_runtime *rt, const mn_pack *pack)
{
    nets->rt = rt;
    nets->pack = pack;
    pthread_mutex_init(&nets->opening, NULL);
}

void mn_nets_finish(mn_nets *nets)
{
    for (int i = 0; i < MN_NET_SLOTS; i++)
        mn_net_close(atomic_load(&nets->place[i].net));
    pthread_mutex_destroy(&nets->opening);
}

static mn_code open_locked(mn_nets *nets, mn_net_place *place, mn_error *err)
{
    mn_net *net = NULL;
    if (atomic_load_explicit(&place->net, memory_order_relaxed))
        return MN_OK;
    mn_code code = mn_net_open(nets->rt, nets->pack, place->model, &place->input, &net, err);
    if (code == MN_OK)
        atomic_store_explicit(&place->net, net, memory_order_release);
    return code;
}

mn_code mn_nets_open(mn_nets *nets, mn_net_slot slot, mn_net **out, mn_error *err)
{
    mn_net_place *place = &nets->place[slot];
    mn_net *net = atomic_load_explicit(&place->net, memory_order_acquire);
    if (!place->model)
        return mn_fail(err, MN_E_MODEL, "the pack %s has no model for this", mn_pack_name(nets->pack));
    if (!net) {
        pthread_mutex_lock(&nets->opening);
        mn_code code = open_locked(nets, place, err);
        pthread_mutex_unlock(&nets->opening);
        if (code != MN_OK)
            return code;
        net = atomic_load_explicit(&place->net, memory_order_acquire);
    }
    *out = net;
    return MN_OK;
}

void mn_work_end(mn_work *w)
{
    if (w->since)
        atomic_fetch_add_explicit(&w->nets->stage[w->stage].ns, (uint64_t)(mn_monotonic_ns() - w->since),
                                  memory_order_relaxed);
    w->since = 0;
}

void mn_work_stage(mn_work *w, mn_stage stage)
{
    mn_work_end(w);
    w->stage = stage;
    w->since = mn_monotonic_ns();
    atomic_fetch_add_explicit(&w->nets->stage[stage].calls, 1, memory_order_relaxed);
}

mn_code mn_work_floats(mn_work *w, size_t n, float **out, mn_error *err)
{
    mn_scratch *s = w->scratch;
    if (s->cap < n) {
        mn_free_aligned(s->floats);
        s->cap = 0;
        s->floats = mn_alloc_aligned(n * sizeof *s->floats);
        if (!s->floats)
            return mn_fail(err, MN_E_MEMORY, "out of memory for a network input of %zu numbers", n);
        s->cap = n;
    }
    *out = s->floats;
    return MN_OK;
}

mn_code mn_work_run(mn_work *w, mn_net_slot slot, const float *input, const mn_shape *shape, mn_result *out,
                    mn_error *err)
{
    mn_net *net;
    mn_code code = mn_nets_open(w->nets, slot, &net, err);
    if (code != MN_OK)
        return code;
    int64_t start = mn_monotonic_ns();
    code = mn_net_run(net, input, shape, out, err);
    atomic_fetch_add_explicit(&w->nets->stage[w->stage].net_ns, (uint64_t)(mn_monotonic_ns() - start),
                              memory_order_relaxed);
    return code;
}

mn_code mn_work_run_image(mn_work *w, mn_net_slot slot, const mn_image *image, const mn_plane_spec *spec,
                          mn_result *out, mn_error *err)
{
    int width = mn_image_width(image), height = mn_image_height(image);
    mn_shape shape = {{1, 3, height, width}, 4};
    float *planes;
    mn_code code = mn_work_floats(w, 3 * (size_t)width * (size_t)height, &planes, err);
    if (code != MN_OK)
        return code;
    mn_image_to_planes(image, spec, planes);
    return mn_work_run(w, slot, planes, &shape, out, err);
}

mn_code mn_work_expect(const mn_result *r, size_t output, size_t n, mn_error *err)
{
    const char *name = mn_net_model(r->net)->name;
    if (output >= mn_net_outputs(r->net))
        return mn_fail(err, MN_E_MODEL, "%s has no output %zu", name, output);
    if (r->count[output] != n)
        return mn_fail(err, MN_E_MODEL, "%s: output %s has %zu elements where %zu were expected", name,
                       mn_net_output_name(r->net, output), r->count[output], n);
    return MN_OK;
}
