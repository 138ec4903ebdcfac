/* Stands in for ONNX Runtime where a test needs one that is old, offers other providers, or fails. What it
 * plays is chosen at compile time by FAKE_VERSION (the newest API it knows) and FAKE_PROVIDER. Only what
 * mn_runtime_create calls. */
#include "infer/ort_api.h"

const OrtApiBase *OrtGetApiBase(void);

static const char *why(const OrtStatus *status)
{
    return (const char *)status;
}

static OrtStatus *fails(const char *text)
{
    return (OrtStatus *)(void *)(uintptr_t)text;
}

static int thing;

static OrtStatus *create_env(int level, const char *id, OrtEnv **out)
{
    (void)level, (void)id;
    *out = (OrtEnv *)(void *)&thing;
    return NULL;
}

static OrtStatus *create_options(OrtSessionOptions **out)
{
    *out = (OrtSessionOptions *)(void *)&thing;
    return NULL;
}

static OrtStatus *set_number(OrtSessionOptions *options, int n)
{
    (void)options, (void)n;
    return NULL;
}

static OrtStatus *get_providers(char ***out, int *n)
{
    static char name[] = FAKE_PROVIDER;
    static char *names[] = {name};
    *out = names;
    *n = 1;
    return NULL;
}

static OrtStatus *release_providers(char **names, int n)
{
    (void)names, (void)n;
    return NULL;
}

static OrtStatus *create_cuda(OrtCUDAProviderOptionsV2 **out)
{
    *out = (OrtCUDAProviderOptionsV2 *)(void *)&thing;
    return NULL;
}

static OrtStatus *append_cuda(OrtSessionOptions *options, const OrtCUDAProviderOptionsV2 *cuda)
{
    (void)options, (void)cuda;
    return FAKE_CUDA_WORKS ? NULL : fails("no device was found");
}

static OrtStatus *create_memory(int allocator, int memory, OrtMemoryInfo **out)
{
    (void)allocator, (void)memory;
    *out = (OrtMemoryInfo *)(void *)&thing;
    return NULL;
}

static OrtStatus *register_allocator(OrtEnv *env, const OrtMemoryInfo *memory, const OrtArenaCfg *config)
{
    (void)env, (void)memory, (void)config;
    return fails("there is one already");
}

static OrtStatus *add_config(OrtSessionOptions *options, const char *key, const char *value)
{
    (void)options, (void)key, (void)value;
    return NULL;
}

static OrtStatus *get_allocator(OrtAllocator **out)
{
    *out = (OrtAllocator *)(void *)&thing;
    return NULL;
}

static void release_env(OrtEnv *p)
{
    (void)p;
}

static void release_status(OrtStatus *p)
{
    (void)p;
}

static void release_memory(OrtMemoryInfo *p)
{
    (void)p;
}

static void release_options(OrtSessionOptions *p)
{
    (void)p;
}

static void release_cuda(OrtCUDAProviderOptionsV2 *p)
{
    (void)p;
}

static const OrtApi api = {
    .GetErrorMessage = why,
    .CreateEnv = create_env,
    .CreateSessionOptions = create_options,
    .SetSessionGraphOptimizationLevel = set_number,
    .SetIntraOpNumThreads = set_number,
    .SetInterOpNumThreads = set_number,
    .CreateCpuMemoryInfo = create_memory,
    .GetAllocatorWithDefaultOptions = get_allocator,
    .ReleaseEnv = release_env,
    .ReleaseStatus = release_status,
    .ReleaseMemoryInfo = release_memory,
    .ReleaseSessionOptions = release_options,
    .GetAvailableProviders = get_providers,
    .ReleaseAvailableProviders = release_providers,
    .AddSessionConfigEntry = add_config,
    .CreateAndRegisterAllocator = register_allocator,
    .SessionOptionsAppendExecutionProvider_CUDA_V2 = append_cuda,
    .CreateCUDAProviderOptions = create_cuda,
    .ReleaseCUDAProviderOptions = release_cuda,
};

static const OrtApi *get_api(uint32_t version)
{
    return version <= FAKE_VERSION ? &api : NULL;
}

static const char *get_version(void)
{
    return "1.7.2";
}

const OrtApiBase *OrtGetApiBase(void)
{
    static const OrtApiBase base = {get_api, get_version};
    return &base;
}
