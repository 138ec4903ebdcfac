/* Inside infer only: what a net needs of the runtime. */
#ifndef MN_INFER_RUNTIME_H
#define MN_INFER_RUNTIME_H

#include "base/error.h"
#include "infer/ort_api.h"
#include <stdbool.h>

struct mn_runtime {
    void *handle; /* of dlopen */
    const OrtApi *api;
    OrtEnv *env;
    OrtSessionOptions *options; /* shared by all sessions, read-only after creation */
    OrtMemoryInfo *memory;
    OrtAllocator *allocator; /* the library's own, never freed */
    bool cuda;
    const char *version; /* the library's string */
    char library[4096];
};

/* NULL is success. Otherwise the library's words are put into err after `what`, and the status is released.
 */
mn_code mn_ort_check(const OrtApi *api, OrtStatus *status, mn_code code, const char *what, mn_error *err);

#endif
