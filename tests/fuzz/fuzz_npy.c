/* A file of vectors may come from anywhere. What is accepted must be safe to read rows of. */
#include "exchange/npy.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_npy_shape s;
    mn_error err;
    if (mn_npy_parse(data, size, &s, &err) != MN_OK)
        return 0;
    if (s.columns < 1 || s.columns > MN_NPY_COLUMNS_MAX || s.offset > size || s.rows > UINT64_C(1) << 40)
        abort();
    return 0;
}
