#include "app/internal.h"

mn_handler *const mn_app_handlers[MN_OPS] = {
#define ROW(id, name) [MN_OP_##id] = mn_api_##name,
    MN_API_OPERATIONS(ROW)
#undef ROW
};
