#include "photos.h"
#include "base/file.h"
#include "image/decode.h"
#include "image/transform.h"
#include "support.h"
#include <math.h>
#include <string.h>

/* An open pipeline on the pack, or a skipped test. */
fixture open_pack(const char *name, mn_pipeline_options options)
{
    fixture f = {0};
    mn_test_need(mn_test_models() && mn_test_library(), "model packs and ONNX Runtime: run make models");
    mn_runtime_options how = {.library = mn_test_library(), .provider = "cpu"};
    assert_ok(mn_pack_open(name, mn_test_models(), &f.pack, err));
    if (!mn_pack_complete(f.pack)) {
        mn_pack_close(f.pack);
        mn_test_need(false, "the standard model pack: run make models where it is reached");
    }
    assert_ok(mn_runtime_create(&how, &f.rt, err));
    assert_ok(mn_pipeline_create(f.rt, f.pack, &options, &f.p, err));
    f.arena = mn_arena_create(64u << 20);
    assert_non_null(f.arena);
    return f;
}

fixture open_standard(void)
{
    mn_pipeline_options options = mn_pipeline_options_default();
    options.precision = "fp32";
    return open_pack("standard", options);
}

void finish(fixture *f)
{
    mn_arena_destroy(f->arena);
    mn_pipeline_destroy(f->p);
    mn_runtime_destroy(f->rt);
    mn_pack_close(f->pack);
}

mn_image *load(const char *folder, const char *name)
{
    char path[4096];
    mn_buf bytes;
    mn_image *image;
    mn_decode_limits limits = mn_decode_limits_default();
    assert_true(mn_path_join(path, sizeof path, folder, name));
    mn_buf_init(&bytes, limits.max_bytes);
    mn_test_read(path, &bytes);
    assert_ok(mn_image_decode(bytes.data, bytes.len, &limits, &image, err));
    mn_buf_finish(&bytes);
    return image;
}

mn_image *sample(const char *name)
{
    mn_test_need(mn_test_samples() != NULL, "the npm package's photographs: run npm ci in models");
    return load(mn_test_samples(), name);
}

void run(fixture *f, const mn_image *image, unsigned want)
{
    assert_ok(mn_pipeline_run(f->p, image, want, f->arena, &f->faces, &f->n, err));
}

/* width × height of black with the picture's part (x, y, w, h) in its middle, shown at `scale`, turned by
 * `degrees`. */
mn_image *placed(const mn_image *from, mn_box part, float scale, float degrees, int width, int height)
{
    float a = cosf(degrees * 0.01745329252f) / scale, b = sinf(degrees * 0.01745329252f) / scale;
    float cx = part.x + part.width / 2, cy = part.y + part.height / 2;
    float mx = (float)(width - 1) / 2, my = (float)(height - 1) / 2;
    mn_affine m = {a, b, cx - a * mx - b * my, -b, a, cy + b * mx - a * my};
    mn_image *warped, *out;
    assert_ok(mn_image_warp(from, &m, width, height, &warped, err));
    /* as if it came from a file: a warped picture knows the scale of the one it is from */
    assert_ok(mn_image_create(width, height, 3, &out, err));
    for (int y = 0; y < height; y++)
        memcpy(mn_image_row_mut(out, y), mn_image_row(warped, y), 3 * (size_t)width);
    mn_image_unref(warped);
    return out;
}
