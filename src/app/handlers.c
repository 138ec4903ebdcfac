#include "app/internal.h"

/* Handlers that are not written yet are NULL. */
#define WEAK(id, name) mn_code mn_api_##name(mn_api_call *call, mn_error *err) __attribute__((weak));
MN_API_OPERATIONS(WEAK)
#undef WEAK

mn_handler *const mn_app_handlers[MN_OPS] = {
#define ROW(id, name) [MN_OP_##id] = mn_api_##name,
    MN_API_OPERATIONS(ROW)
#undef ROW
};
