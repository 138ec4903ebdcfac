/* Any bytes as a picture file: probe and decode must agree about the size, and keep to tight limits. */
#include "image/decode.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mn_decode_limits limits = {
        .max_bytes = 1 << 16,
        .max_pixels = 1 << 16,
        .max_side = 1 << 10,
        .max_ms = 500,
        .wanted_side = size & 1 ? 16 : 0,
    };
    mn_image_info info = {0};
    mn_image *image = NULL;
    mn_error err = {0};
    mn_code probed = mn_image_probe(data, size, &limits, &info, &err);
    mn_code code = mn_image_decode(data, size, &limits, &image, &err);
    if (code != MN_OK) {
        if (image || err.code != code || err.text[0] == '\0')
            abort();
        return 0;
    }
    int scale = (int)mn_image_scale(image);
    if (probed != MN_OK || mn_image_width(image) != (info.width + scale - 1) / scale ||
        mn_image_height(image) != (info.height + scale - 1) / scale)
        abort();
    mn_image_unref(image);
    return 0;
}
