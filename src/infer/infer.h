/* Networks: ONNX Runtime behind dlopen.
 *
 * One runtime per process; a net is shared by all threads (ONNX Runtime's Run is thread-safe; intra-op
 * threads = 1, so throughput comes from callers in parallel). Loading the library takes about 2 ms warm, a
 * session 20 to 90 ms. */
#ifndef MN_INFER_INFER_H
#define MN_INFER_INFER_H

#include "base/error.h"
#include "base/thread.h"
#include "infer/pack.h"
#include <stdint.h>

typedef struct mn_runtime mn_runtime;
typedef struct mn_net mn_net;

typedef struct {
    const char *library;  /* path of libonnxruntime.so.1, or "" to look in the usual places */
    const char *provider; /* "cpu", "cuda" or "auto": cuda where the library offers it */
} mn_runtime_options;

mn_code mn_runtime_create(const mn_runtime_options *options, mn_runtime **out, mn_error *err);
void mn_runtime_destroy(mn_runtime *rt); /* after its nets */
const char *mn_runtime_version(const mn_runtime *rt);
const char *mn_runtime_provider(const mn_runtime *rt); /* the one in use */
const char *mn_runtime_library(const mn_runtime *rt);

typedef struct {
    int64_t dims[4];
    size_t rank;
} mn_shape; /* -1 = free */

/* Opens a model of the pack: bytes checked against the manifest, inputs and outputs against `input`. Warms up
 * with one run. The shape must match the model's (free dimensions match anything). MN_E_MODEL names the model
 * and what differs. */
mn_code mn_net_open(mn_runtime *rt, const mn_pack *pack, const mn_model_info *model, const mn_shape *input,
                    mn_net **out, mn_error *err);
void mn_net_close(mn_net *net);

const mn_model_info *mn_net_model(const mn_net *net);
size_t mn_net_outputs(const mn_net *net);
const char *mn_net_output_name(const mn_net *net, size_t i);
/* Index of an output by name, or -1. */
int mn_net_output_index(const mn_net *net, const char *name);

/* Results of one run: owned by the caller until mn_result_finish; data are f32, row-major. */
#define MN_NET_OUTPUTS_MAX 16
typedef struct {
    const float *data[MN_NET_OUTPUTS_MAX];
    mn_shape shape[MN_NET_OUTPUTS_MAX];
    size_t count[MN_NET_OUTPUTS_MAX]; /* elements */
    void *values[MN_NET_OUTPUTS_MAX];
    mn_net *net;
} mn_result;

/* input: product of dims floats, untouched. Blocks for the length of the run; any number of threads at once.
 */
mn_code mn_net_run(mn_net *net, const float *input, const mn_shape *shape, mn_result *out, mn_error *err);
void mn_result_finish(mn_result *r);

typedef struct {
    uint64_t runs;
    uint64_t ns; /* summed over threads */
} mn_net_stats;
mn_net_stats mn_net_stats_get(const mn_net *net);

#endif
