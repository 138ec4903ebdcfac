#include "base/alloc.h"
#include "base/buf.h"
#include "base/time.h"
#include "infer/infer.h"
#include "infer/runtime.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* A free height or width is warmed up with this: a multiple of 32, which every detector with free sides
 * takes. */
#define WARM_SIDE  64
#define SHAPE_TEXT 96

struct mn_net {
    mn_runtime *rt;
    const mn_model_info *model;
    OrtSession *session;
    mn_shape input;   /* as the model has it, -1 = free */
    char *input_name; /* the library's memory, as the outputs' names */
    size_t n_outputs;
    char *output_names[MN_NET_OUTPUTS_MAX];
    atomic_uint_fast64_t runs, ns;
};

static const char *shape_text(const mn_shape *s, char text[SHAPE_TEXT])
{
    size_t len = 0;
    for (size_t i = 0; i < s->rank; i++)
        len += (size_t)snprintf(text + len, SHAPE_TEXT - len, i ? " × %lld" : "%lld", (long long)s->dims[i]);
    if (!s->rank)
        snprintf(text, SHAPE_TEXT, "a single number");
    return text;
}

static mn_code check(const mn_net *net, OrtStatus *status, mn_error *err)
{
    return mn_ort_check(net->rt->api, status, MN_E_RUNTIME, net->model->name, err);
}

/* Rank and sides of a tensor's description. MN_E_MODEL where there are more than a mn_shape holds. */
static mn_code get_shape(const mn_net *net, const OrtTensorTypeAndShapeInfo *info, mn_shape *out,
                         mn_error *err)
{
    mn_shape shape = {.rank = 0};
    mn_code code = check(net, net->rt->api->GetDimensionsCount(info, &shape.rank), err);
    if (code)
        return code;
    const size_t most = sizeof shape.dims / sizeof *shape.dims;
    if (shape.rank > most)
        return mn_fail(err, MN_E_MODEL, "a tensor of %zu dimensions; at most %zu can be used", shape.rank,
                       most);
    code = check(net, net->rt->api->GetDimensions(info, shape.dims, shape.rank), err);
    if (!code)
        *out = shape;
    return code;
}

/* Shape of the model's input (or output) number i, which must be a tensor of f32. Consumes `status`' type on
 * success. */
static mn_code describe(const mn_net *net, OrtStatus *status, OrtTypeInfo *type, mn_shape *shape,
                        mn_error *err)
{
    const OrtApi *api = net->rt->api;
    mn_code code = check(net, status, err);
    if (code)
        return code;
    const OrtTensorTypeAndShapeInfo *info =
        NULL; /* stays NULL for what is no tensor; lives as long as the type */
    int element = 0;
    code = check(net, api->CastTypeInfoToTensorInfo(type, &info), err);
    if (!code && info)
        code = check(net, api->GetTensorElementType(info, &element), err);
    if (!code && element != MN_ORT_FLOAT)
        code = mn_fail(err, MN_E_MODEL, "not a tensor of 32-bit floats (ONNX type %d)", element);
    if (!code)
        code = get_shape(net, info, shape, err);
    api->ReleaseTypeInfo(type);
    return code;
}

static bool shapes_agree(const mn_shape *model, const mn_shape *asked)
{
    if (model->rank != asked->rank)
        return false;
    for (size_t i = 0; i < model->rank; i++)
        if (model->dims[i] >= 0 && asked->dims[i] >= 0 && model->dims[i] != asked->dims[i])
            return false;
    return true;
}

static mn_code check_input(mn_net *net, const mn_shape *asked, mn_error *err)
{
    const OrtApi *api = net->rt->api;
    const char *name = net->model->name;
    size_t n = 0;
    mn_code code = check(net, api->SessionGetInputCount(net->session, &n), err);
    if (code)
        return code;
    if (n != 1)
        return mn_fail(err, MN_E_MODEL, "%s: has %zu inputs; one is expected", name, n);
    OrtTypeInfo *type = NULL;
    OrtStatus *status = api->SessionGetInputTypeInfo(net->session, 0, &type);
    code = describe(net, status, type, &net->input, err);
    if (code)
        return mn_error_prefix(err, "%s: its input cannot be used", name);
    if (!shapes_agree(&net->input, asked)) {
        char has[SHAPE_TEXT], wants[SHAPE_TEXT];
        return mn_fail(err, MN_E_MODEL, "%s: its input is %s; %s is expected (-1 is free)", name,
                       shape_text(&net->input, has), shape_text(asked, wants));
    }
    return check(net, api->SessionGetInputName(net->session, 0, net->rt->allocator, &net->input_name), err);
}

static mn_code check_outputs(mn_net *net, mn_error *err)
{
    const OrtApi *api = net->rt->api;
    const char *name = net->model->name;
    size_t n = 0;
    mn_code code = check(net, api->SessionGetOutputCount(net->session, &n), err);
    if (!code && (n < 1 || n > MN_NET_OUTPUTS_MAX))
        code = mn_fail(err, MN_E_MODEL, "%s: has %zu outputs; 1 to %d are expected", name, n,
                       MN_NET_OUTPUTS_MAX);
    for (size_t i = 0; i < n && !code; i++) {
        mn_shape shape;
        OrtTypeInfo *type = NULL;
        OrtStatus *status = api->SessionGetOutputTypeInfo(net->session, i, &type);
        code = describe(net, status, type, &shape, err);
        if (code)
            return mn_error_prefix(err, "%s: its output %zu cannot be used", name, i);
        code = check(
            net, api->SessionGetOutputName(net->session, i, net->rt->allocator, &net->output_names[i]), err);
        net->n_outputs += !code;
    }
    return code;
}

/* The library copies what it needs of the bytes, so they can go when the session is there. */
static mn_code create_session(mn_net *net, const mn_pack *pack, mn_error *err)
{
    mn_buf bytes;
    mn_buf_init(&bytes, (size_t)net->model->bytes);
    mn_code code = mn_pack_read(pack, net->model, &bytes, err);
    if (!code) {
        OrtStatus *status = net->rt->api->CreateSessionFromArray(net->rt->env, bytes.data, bytes.len,
                                                                 net->rt->options, &net->session);
        code = mn_ort_check(net->rt->api, status, MN_E_MODEL, net->model->name, err);
    }
    mn_buf_finish(&bytes);
    return code;
}

/* The first run allocates and packs; it belongs to opening, not to somebody's first picture. */
static mn_code warm_up(mn_net *net, const mn_shape *asked, mn_error *err)
{
    mn_shape shape = net->input;
    size_t count = 1;
    for (size_t i = 0; i < shape.rank; i++) {
        if (shape.dims[i] < 0)
            shape.dims[i] = asked->dims[i] >= 0 ? asked->dims[i] : i == 0 ? 1 : WARM_SIDE;
        count *= (size_t)shape.dims[i];
    }
    float *zeros = mn_calloc(count, sizeof *zeros);
    if (!zeros)
        return mn_fail(err, MN_E_MEMORY, "%s: no memory for its input", net->model->name);
    mn_result result;
    mn_code code = mn_net_run(net, zeros, &shape, &result, err);
    if (!code)
        mn_result_finish(&result);
    mn_free(zeros);
    atomic_store(&net->runs, 0);
    atomic_store(&net->ns, 0);
    return code;
}

mn_code mn_net_open(mn_runtime *rt, const mn_pack *pack, const mn_model_info *model, const mn_shape *input,
                    mn_net **out, mn_error *err)
{
    mn_net *net = mn_calloc(1, sizeof *net);
    if (!net)
        return mn_fail(err, MN_E_MEMORY, "%s: no memory", model->name);
    net->rt = rt;
    net->model = model;
    atomic_init(&net->runs, 0);
    atomic_init(&net->ns, 0);
    mn_code code = create_session(net, pack, err);
    if (!code)
        code = check_input(net, input, err);
    if (!code)
        code = check_outputs(net, err);
    if (!code)
        code = warm_up(net, input, err);
    if (code) {
        mn_net_close(net);
        return code;
    }
    *out = net;
    return MN_OK;
}

static void free_name(const mn_net *net, char *name)
{
    OrtStatus *status = name ? net->rt->api->AllocatorFree(net->rt->allocator, name) : NULL;
    if (status)
        net->rt->api->ReleaseStatus(status);
}

void mn_net_close(mn_net *net)
{
    if (!net)
        return;
    free_name(net, net->input_name);
    for (size_t i = 0; i < net->n_outputs; i++)
        free_name(net, net->output_names[i]);
    if (net->session)
        net->rt->api->ReleaseSession(net->session);
    mn_free(net);
}

const mn_model_info *mn_net_model(const mn_net *net)
{
    return net->model;
}

size_t mn_net_outputs(const mn_net *net)
{
    return net->n_outputs;
}

const char *mn_net_output_name(const mn_net *net, size_t i)
{
    return i < net->n_outputs ? net->output_names[i] : NULL;
}

int mn_net_output_index(const mn_net *net, const char *name)
{
    for (size_t i = 0; i < net->n_outputs; i++)
        if (strcmp(net->output_names[i], name) == 0)
            return (int)i;
    return -1;
}

/* Elements of a concrete shape; false where a side is free, or where the bytes would not fit in memory's
 * address. */
static bool count_elements(const mn_shape *shape, size_t *count)
{
    size_t n = 1;
    for (size_t i = 0; i < shape->rank; i++)
        if (shape->dims[i] < 0 || __builtin_mul_overflow(n, (size_t)shape->dims[i], &n))
            return false;
    *count = n;
    return n <= SIZE_MAX / sizeof(float);
}

static mn_code make_input(const mn_net *net, const float *input, const mn_shape *shape, OrtValue **out,
                          mn_error *err)
{
    size_t count;
    if (!shapes_agree(&net->input, shape) || !count_elements(shape, &count)) {
        char has[SHAPE_TEXT], got[SHAPE_TEXT];
        return mn_fail(err, MN_E_INVALID, "%s: takes %s (-1 is free), was given %s", net->model->name,
                       shape_text(&net->input, has), shape_text(shape, got));
    }
    /* The library reads inputs only; its signature serves outputs as well. */
    return check(net,
                 net->rt->api->CreateTensorWithDataAsOrtValue(net->rt->memory, (void *)(uintptr_t)input,
                                                              count * sizeof *input, shape->dims, shape->rank,
                                                              MN_ORT_FLOAT, out),
                 err);
}

static mn_code take_output(const mn_net *net, size_t i, mn_result *r, mn_error *err)
{
    const OrtApi *api = net->rt->api;
    OrtTensorTypeAndShapeInfo *info = NULL;
    mn_code code = check(net, api->GetTensorTypeAndShape(r->values[i], &info), err);
    if (code)
        return code;
    code = get_shape(net, info, &r->shape[i], err);
    api->ReleaseTensorTypeAndShapeInfo(info);
    if (!code && !count_elements(&r->shape[i], &r->count[i]))
        code = mn_fail(err, MN_E_INTERNAL, "%s: output %zu has no size", net->model->name, i);
    void *data = NULL;
    if (!code)
        code = check(net, api->GetTensorMutableData(r->values[i], &data), err);
    r->data[i] = data;
    return code;
}

mn_code mn_net_run(mn_net *net, const float *input, const mn_shape *shape, mn_result *out, mn_error *err)
{
    OrtValue *in = NULL;
    mn_code code = make_input(net, input, shape, &in, err);
    if (code)
        return code;
    mn_result result = {.net = net};
    OrtValue *values[MN_NET_OUTPUTS_MAX] = {NULL};
    int64_t began = mn_monotonic_ns();
    code = check(net,
                 net->rt->api->Run(net->session, NULL, (const char *const *)&net->input_name,
                                   (const OrtValue *const *)&in, 1, (const char *const *)net->output_names,
                                   net->n_outputs, values),
                 err);
    atomic_fetch_add_explicit(&net->ns, (uint64_t)(mn_monotonic_ns() - began), memory_order_relaxed);
    atomic_fetch_add_explicit(&net->runs, 1, memory_order_relaxed);
    net->rt->api->ReleaseValue(in);
    for (size_t i = 0; i < net->n_outputs; i++)
        result.values[i] = values[i];
    for (size_t i = 0; i < net->n_outputs && !code; i++)
        code = take_output(net, i, &result, err);
    if (code) {
        mn_result_finish(&result);
        return code;
    }
    *out = result;
    return MN_OK;
}

void mn_result_finish(mn_result *r)
{
    if (!r->net)
        return;
    for (size_t i = 0; i < r->net->n_outputs; i++)
        if (r->values[i])
            r->net->rt->api->ReleaseValue(r->values[i]);
    memset(r, 0, sizeof *r);
}

mn_net_stats mn_net_stats_get(const mn_net *net)
{
    mn_net_stats stats = {atomic_load(&net->runs), atomic_load(&net->ns)};
    return stats;
}
