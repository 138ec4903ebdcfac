#include "infer/runtime.h"
#include "base/alloc.h"
#include "base/file.h"
#include "infer/infer.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY       "libonnxruntime.so.1"
#define CUDA_PROVIDER "CUDAExecutionProvider"
#ifdef __aarch64__
#define NPM_LIBRARY "onnxruntime-node/bin/napi-v6/linux/arm64/" LIBRARY
#else
#define NPM_LIBRARY "onnxruntime-node/bin/napi-v6/linux/x64/" LIBRARY
#endif

mn_code mn_ort_check(const OrtApi *api, OrtStatus *status, mn_code code, const char *what, mn_error *err)
{
    if (!status)
        return MN_OK;
    mn_fail(err, code, "%s: %s", what, api->GetErrorMessage(status));
    api->ReleaseStatus(status);
    return code;
}

/* Where the library is looked for when no path was given: installed or linked beside the program, installed
 * under a prefix, the npm package of a source tree whose build folder holds the program. */
static const char *const places[] = {"lib/" LIBRARY, "../lib/mien/" LIBRARY,
                                     "../models/node_modules/" NPM_LIBRARY};

static bool find_library(char *out, size_t size)
{
    const char *folder = mn_file_program_folder();
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (*folder && mn_path_join(out, size, folder, places[i]) && mn_file_exists(out))
            return true;
    snprintf(out, size, LIBRARY); /* the system's: dlopen knows where */
    return false;
}

static mn_code open_library(mn_runtime *rt, const char *given, mn_error *err)
{
    bool known = true;
    if (given && *given) {
        if (strlen(given) >= sizeof rt->library)
            return mn_fail(err, MN_E_INVALID, "infer.library: the path is too long");
        snprintf(rt->library, sizeof rt->library, "%s", given);
    } else {
        known = find_library(rt->library, sizeof rt->library);
    }
    /* NODELETE: the library leaves threads' and process-exit handlers behind, which must not point into
     * nothing. */
    rt->handle = dlopen(rt->library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (rt->handle)
        return MN_OK;
    const char *why = dlerror();
    if (known)
        return mn_fail(
            err, MN_E_RUNTIME,
            "ONNX Runtime cannot be loaded: %s; infer.library (MIEN_INFER_LIBRARY) says where it is",
            why ? why : rt->library);
    return mn_fail(
        err, MN_E_RUNTIME,
        "ONNX Runtime is not installed: %s is neither in %s/lib, %s/../lib/mien nor the system's folders "
        "(set infer.library or MIEN_INFER_LIBRARY to its path, or run `make setup`)",
        LIBRARY, mn_file_program_folder(), mn_file_program_folder());
}

static mn_code get_api(mn_runtime *rt, mn_error *err)
{
    mn_ort_get_base get_base;
    /* POSIX's way from an object pointer to a function pointer, which C itself does not know. */
    *(void **)&get_base = dlsym(rt->handle, "OrtGetApiBase");
    const OrtApiBase *base = get_base ? get_base() : NULL;
    if (!base)
        return mn_fail(err, MN_E_RUNTIME, "%s is not ONNX Runtime: it has no OrtGetApiBase", rt->library);
    rt->version = base->GetVersionString();
    rt->api = base->GetApi(MN_ORT_API_VERSION);
    if (!rt->api)
        return mn_fail(err, MN_E_RUNTIME, "%s is ONNX Runtime %s; 1.%d or newer is needed", rt->library,
                       rt->version, MN_ORT_API_VERSION);
    return MN_OK;
}

static mn_code check(const mn_runtime *rt, OrtStatus *status, mn_error *err)
{
    return mn_ort_check(rt->api, status, MN_E_RUNTIME, "ONNX Runtime", err);
}

/* Is CUDA in the list? `offered` becomes the list itself, for people. */
static mn_code offers_cuda(const mn_runtime *rt, bool *cuda, char *offered, size_t size, mn_error *err)
{
    char **names;
    int n;
    mn_code code = check(rt, rt->api->GetAvailableProviders(&names, &n), err);
    if (code)
        return code;
    size_t len = 0;
    for (int i = 0; i < n; i++) {
        *cuda |= strcmp(names[i], CUDA_PROVIDER) == 0;
        if (len < size)
            len += (size_t)snprintf(offered + len, size - len, "%s%s", i ? ", " : "", names[i]);
    }
    return check(rt, rt->api->ReleaseAvailableProviders(names, n), err);
}

static mn_code append_cuda(mn_runtime *rt, mn_error *err)
{
    OrtCUDAProviderOptionsV2 *cuda = NULL;
    mn_code code = check(rt, rt->api->CreateCUDAProviderOptions(&cuda), err);
    if (code)
        return code;
    code = check(rt, rt->api->SessionOptionsAppendExecutionProvider_CUDA_V2(rt->options, cuda), err);
    rt->api->ReleaseCUDAProviderOptions(cuda);
    rt->cuda = !code;
    return code;
}

/* cuda: must work; auto: cuda where it works; cpu: nothing to do. */
static mn_code choose_provider(mn_runtime *rt, const char *provider, mn_error *err)
{
    bool wanted = strcmp(provider, "cuda") == 0, may = strcmp(provider, "auto") == 0;
    if (!wanted && !may && strcmp(provider, "cpu") != 0)
        return mn_fail(err, MN_E_INVALID, "infer.provider: '%s' is not one of auto, cpu, cuda", provider);
    if (!wanted && !may)
        return MN_OK;
    bool cuda = false;
    char offered[256] = "nothing";
    mn_code code = offers_cuda(rt, &cuda, offered, sizeof offered, err);
    if (code)
        return code;
    if (cuda) {
        code = append_cuda(rt, err);
        if (code && wanted)
            return mn_error_prefix(err, "infer.provider is cuda, and %s cannot use it", rt->library);
        return MN_OK;
    }
    if (!wanted)
        return MN_OK;
    return mn_fail(
        err, MN_E_RUNTIME,
        "infer.provider is cuda, and %s (ONNX Runtime %s) offers only %s: use a library built with CUDA, or "
        "infer.provider = cpu",
        rt->library, rt->version, offered);
}

static mn_code set_options(mn_runtime *rt, mn_error *err)
{
    const OrtApi *api = rt->api;
    mn_code code = check(rt, api->CreateSessionOptions(&rt->options), err);
    if (!code)
        code = check(rt, api->SetSessionGraphOptimizationLevel(rt->options, MN_ORT_OPTIMISE_ALL), err);
    /* One thread a run: workers scale better than threads inside a network, and lose less when a core is
     * taken. */
    if (!code)
        code = check(rt, api->SetIntraOpNumThreads(rt->options, 1), err);
    if (!code)
        code = check(rt, api->SetInterOpNumThreads(rt->options, 1), err);
    return code;
}

/* All nets take their memory from one arena instead of one each: 75 MB instead of 83 at the peak with three
 * networks open, at the same speed. (No arena at all: 100 MB and up to a third slower.) The library keeps one
 * environment a process, so the arena may be there already, from another runtime: that refusal is as good as
 * success. */
static mn_code share_arena(mn_runtime *rt, mn_error *err)
{
    mn_code code = check(
        rt, rt->api->CreateCpuMemoryInfo(MN_ORT_ALLOCATOR_ARENA, MN_ORT_MEMORY_DEFAULT, &rt->memory), err);
    if (code)
        return code;
    OrtStatus *status = rt->api->CreateAndRegisterAllocator(rt->env, rt->memory, NULL);
    if (status)
        rt->api->ReleaseStatus(status);
    return check(rt, rt->api->AddSessionConfigEntry(rt->options, "session.use_env_allocators", "1"), err);
}

static mn_code start(mn_runtime *rt, const mn_runtime_options *options, mn_error *err)
{
    mn_code code = open_library(rt, options->library, err);
    if (!code)
        code = get_api(rt, err);
    /* A self-hosted program tells nobody anything. Its telemetry would also match a recursive regular
     * expression against this process's command line, which overflows the stack when that names hundreds of
     * files. */
    if (!code && setenv("ORT_DISABLE_TELEMETRY", "1", 1) != 0)
        code = mn_fail(err, MN_E_MEMORY, "out of memory for the environment");
    /* Every failure comes back as a status, so the library's own log lines would only say it twice. */
    if (!code)
        code = check(rt, rt->api->CreateEnv(MN_ORT_LOG_FATAL, "mien", &rt->env), err);
    if (!code)
        code = set_options(rt, err);
    if (!code)
        code = choose_provider(rt, options->provider ? options->provider : "cpu", err);
    if (!code)
        code = share_arena(rt, err);
    if (!code)
        code = check(rt, rt->api->GetAllocatorWithDefaultOptions(&rt->allocator), err);
    return code;
}

mn_code mn_runtime_create(const mn_runtime_options *options, mn_runtime **out, mn_error *err)
{
    mn_runtime *rt = mn_calloc(1, sizeof *rt);
    if (!rt)
        return mn_fail(err, MN_E_MEMORY, "no memory for the inference runtime");
    mn_code code = start(rt, options, err);
    if (code) {
        mn_runtime_destroy(rt);
        return code;
    }
    *out = rt;
    return MN_OK;
}

void mn_runtime_destroy(mn_runtime *rt)
{
    if (!rt)
        return;
    if (rt->memory)
        rt->api->ReleaseMemoryInfo(rt->memory);
    if (rt->options)
        rt->api->ReleaseSessionOptions(rt->options);
    if (rt->env)
        rt->api->ReleaseEnv(rt->env);
    if (rt->handle)
        dlclose(rt->handle);
    mn_free(rt);
}

const char *mn_runtime_version(const mn_runtime *rt)
{
    return rt->version;
}

const char *mn_runtime_provider(const mn_runtime *rt)
{
    return rt->cuda ? "cuda" : "cpu";
}

const char *mn_runtime_library(const mn_runtime *rt)
{
    return rt->library;
}
