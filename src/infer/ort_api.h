/* The part of ONNX Runtime's C API that is used here, declared by ourselves: the library comes without a
 * header.
 *
 * The table is append-only: a slot, once numbered, keeps its number and signature for ever, so this
 * declaration fits every library from API version MN_ORT_API_VERSION on (ONNX Runtime 1.11, 2022). Names are
 * the documented ones. The assertions below state each slot's number; what lies between is padding. */
#ifndef MN_INFER_ORT_API_H
#define MN_INFER_ORT_API_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define MN_ORT_API_VERSION 11

typedef struct OrtEnv OrtEnv;
typedef struct OrtStatus OrtStatus; /* NULL: success; else released by the caller */
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtSession OrtSession;
typedef struct OrtValue OrtValue;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorTypeAndShapeInfo OrtTensorTypeAndShapeInfo;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtAllocator OrtAllocator;
typedef struct OrtArenaCfg OrtArenaCfg;
typedef struct OrtCUDAProviderOptionsV2 OrtCUDAProviderOptionsV2;

enum { MN_ORT_LOG_FATAL = 4 };       /* OrtLoggingLevel */
enum { MN_ORT_OPTIMISE_ALL = 99 };   /* GraphOptimizationLevel */
enum { MN_ORT_FLOAT = 1 };           /* ONNXTensorElementDataType */
enum { MN_ORT_ALLOCATOR_ARENA = 1 }; /* OrtAllocatorType */
enum { MN_ORT_MEMORY_DEFAULT = 0 };  /* OrtMemType */

typedef void (*mn_ort_unused)(void);

typedef struct {
    mn_ort_unused from_0[2];
    const char *(*GetErrorMessage)(const OrtStatus *);
    OrtStatus *(*CreateEnv)(int level, const char *log_id, OrtEnv **out);
    mn_ort_unused from_4[4];
    OrtStatus *(*CreateSessionFromArray)(const OrtEnv *, const void *model, size_t size,
                                         const OrtSessionOptions *, OrtSession **out);
    OrtStatus *(*Run)(OrtSession *, const OrtRunOptions *, const char *const *input_names,
                      const OrtValue *const *inputs, size_t n_inputs, const char *const *output_names,
                      size_t n_outputs, OrtValue **outputs);
    OrtStatus *(*CreateSessionOptions)(OrtSessionOptions **out);
    mn_ort_unused from_11[12];
    OrtStatus *(*SetSessionGraphOptimizationLevel)(OrtSessionOptions *, int level);
    OrtStatus *(*SetIntraOpNumThreads)(OrtSessionOptions *, int threads);
    OrtStatus *(*SetInterOpNumThreads)(OrtSessionOptions *, int threads);
    mn_ort_unused from_26[4];
    OrtStatus *(*SessionGetInputCount)(const OrtSession *, size_t *out);
    OrtStatus *(*SessionGetOutputCount)(const OrtSession *, size_t *out);
    mn_ort_unused from_32[1];
    OrtStatus *(*SessionGetInputTypeInfo)(const OrtSession *, size_t i, OrtTypeInfo **out);
    OrtStatus *(*SessionGetOutputTypeInfo)(const OrtSession *, size_t i, OrtTypeInfo **out);
    mn_ort_unused from_35[1];
    OrtStatus *(*SessionGetInputName)(const OrtSession *, size_t i, OrtAllocator *, char **out);
    OrtStatus *(*SessionGetOutputName)(const OrtSession *, size_t i, OrtAllocator *, char **out);
    mn_ort_unused from_38[11];
    OrtStatus *(*CreateTensorWithDataAsOrtValue)(const OrtMemoryInfo *, void *data, size_t bytes,
                                                 const int64_t *shape, size_t rank, int type, OrtValue **out);
    mn_ort_unused from_50[1];
    OrtStatus *(*GetTensorMutableData)(OrtValue *, void **out);
    mn_ort_unused from_52[3];
    OrtStatus *(*CastTypeInfoToTensorInfo)(const OrtTypeInfo *, const OrtTensorTypeAndShapeInfo **out);
    mn_ort_unused from_56[4];
    OrtStatus *(*GetTensorElementType)(const OrtTensorTypeAndShapeInfo *, int *out);
    OrtStatus *(*GetDimensionsCount)(const OrtTensorTypeAndShapeInfo *, size_t *out);
    OrtStatus *(*GetDimensions)(const OrtTensorTypeAndShapeInfo *, int64_t *dims, size_t n);
    mn_ort_unused from_63[2];
    OrtStatus *(*GetTensorTypeAndShape)(const OrtValue *, OrtTensorTypeAndShapeInfo **out);
    mn_ort_unused from_66[3];
    OrtStatus *(*CreateCpuMemoryInfo)(int allocator_type, int memory_type, OrtMemoryInfo **out);
    mn_ort_unused from_70[6];
    OrtStatus *(*AllocatorFree)(OrtAllocator *, void *);
    mn_ort_unused from_77[1];
    OrtStatus *(*GetAllocatorWithDefaultOptions)(OrtAllocator **out); /* not to be freed */
    mn_ort_unused from_79[13];
    void (*ReleaseEnv)(OrtEnv *);
    void (*ReleaseStatus)(OrtStatus *);
    void (*ReleaseMemoryInfo)(OrtMemoryInfo *);
    void (*ReleaseSession)(OrtSession *);
    void (*ReleaseValue)(OrtValue *);
    mn_ort_unused from_97[1];
    void (*ReleaseTypeInfo)(OrtTypeInfo *);
    void (*ReleaseTensorTypeAndShapeInfo)(OrtTensorTypeAndShapeInfo *);
    void (*ReleaseSessionOptions)(OrtSessionOptions *);
    mn_ort_unused from_101[24];
    OrtStatus *(*GetAvailableProviders)(char ***out, int *n);
    OrtStatus *(*ReleaseAvailableProviders)(char **, int n);
    mn_ort_unused from_127[3];
    OrtStatus *(*AddSessionConfigEntry)(OrtSessionOptions *, const char *key, const char *value);
    mn_ort_unused from_131[13];
    OrtStatus *(*CreateAndRegisterAllocator)(OrtEnv *, const OrtMemoryInfo *, const OrtArenaCfg *);
    mn_ort_unused from_145[59];
    OrtStatus *(*SessionOptionsAppendExecutionProvider_CUDA_V2)(OrtSessionOptions *,
                                                                const OrtCUDAProviderOptionsV2 *);
    OrtStatus *(*CreateCUDAProviderOptions)(OrtCUDAProviderOptionsV2 **out);
    mn_ort_unused from_206[2];
    void (*ReleaseCUDAProviderOptions)(OrtCUDAProviderOptionsV2 *);
} OrtApi;

typedef struct {
    const OrtApi *(*GetApi)(
        uint32_t version); /* NULL, and a line on stderr, above the library's own version */
    const char *(*GetVersionString)(void);
} OrtApiBase;

/* The library's only exported symbol: const OrtApiBase *OrtGetApiBase(void). */
typedef const OrtApiBase *(*mn_ort_get_base)(void);

#define MN_ORT_SLOT(name, number)                                                                            \
    static_assert(offsetof(OrtApi, name) == (number) * sizeof(void *), #name " is slot " #number)
MN_ORT_SLOT(GetErrorMessage, 2);
MN_ORT_SLOT(CreateEnv, 3);
MN_ORT_SLOT(CreateSessionFromArray, 8);
MN_ORT_SLOT(Run, 9);
MN_ORT_SLOT(CreateSessionOptions, 10);
MN_ORT_SLOT(SetSessionGraphOptimizationLevel, 23);
MN_ORT_SLOT(SetIntraOpNumThreads, 24);
MN_ORT_SLOT(SetInterOpNumThreads, 25);
MN_ORT_SLOT(SessionGetInputCount, 30);
MN_ORT_SLOT(SessionGetOutputCount, 31);
MN_ORT_SLOT(SessionGetInputTypeInfo, 33);
MN_ORT_SLOT(SessionGetOutputTypeInfo, 34);
MN_ORT_SLOT(SessionGetInputName, 36);
MN_ORT_SLOT(SessionGetOutputName, 37);
MN_ORT_SLOT(CreateTensorWithDataAsOrtValue, 49);
MN_ORT_SLOT(GetTensorMutableData, 51);
MN_ORT_SLOT(CastTypeInfoToTensorInfo, 55);
MN_ORT_SLOT(GetTensorElementType, 60);
MN_ORT_SLOT(GetDimensionsCount, 61);
MN_ORT_SLOT(GetDimensions, 62);
MN_ORT_SLOT(GetTensorTypeAndShape, 65);
MN_ORT_SLOT(CreateCpuMemoryInfo, 69);
MN_ORT_SLOT(AllocatorFree, 76);
MN_ORT_SLOT(GetAllocatorWithDefaultOptions, 78);
MN_ORT_SLOT(ReleaseEnv, 92);
MN_ORT_SLOT(ReleaseStatus, 93);
MN_ORT_SLOT(ReleaseMemoryInfo, 94);
MN_ORT_SLOT(ReleaseSession, 95);
MN_ORT_SLOT(ReleaseValue, 96);
MN_ORT_SLOT(ReleaseTypeInfo, 98);
MN_ORT_SLOT(ReleaseTensorTypeAndShapeInfo, 99);
MN_ORT_SLOT(ReleaseSessionOptions, 100);
MN_ORT_SLOT(GetAvailableProviders, 125);
MN_ORT_SLOT(ReleaseAvailableProviders, 126);
MN_ORT_SLOT(AddSessionConfigEntry, 130);
MN_ORT_SLOT(CreateAndRegisterAllocator, 144);
MN_ORT_SLOT(SessionOptionsAppendExecutionProvider_CUDA_V2, 204);
MN_ORT_SLOT(CreateCUDAProviderOptions, 205);
MN_ORT_SLOT(ReleaseCUDAProviderOptions, 208);

#endif
