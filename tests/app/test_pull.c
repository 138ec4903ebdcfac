/* Filling a pack from a folder, a mirror and upstream addresses. */
#include "app/pull.h"
#include "base/file.h"
#include "server.h"
#include "support.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MODELS 5

static char packs[4096], mirror[4096], address[128];

static int start(void **state)
{
    (void)state;
    server_start();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop();
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    snprintf(packs, sizeof packs, "%s", mn_test_folder());
    snprintf(mirror, sizeof mirror, "%s", mn_test_folder());
    return 0;
}

static void add_model(mn_buf *json, const char *name, const char *file, const char *rest)
{
    assert_ok(mn_buf_printf(
        json, err,
        "{\"task\": \"t\", \"name\": \"%s\", \"file\": \"%s\", \"bytes\": %d, \"sha256\": \"%s\", "
        "\"license\": \"MIT\", \"source\": \"s\"%s},",
        name, file, SERVER_BYTES, SERVER_SUM, rest));
}

/* Five models of the same bytes, which differ in where they can be had. */
static mn_pack *make_pack(void)
{
    mn_buf json;
    mn_pack *pack = NULL;
    char url[300], lost[300];
    snprintf(url, sizeof url, ", \"url\": \"%s\"", server_address("upstream.onnx", address));
    snprintf(lost, sizeof lost, ", \"optional\": true, \"url\": \"%s\"",
             server_address("lost.onnx", address));
    mn_buf_init(&json, 65536);
    assert_ok(mn_buf_printf(&json, err, "{\"pack\": \"pack\", \"version\": 1, \"models\": ["));
    add_model(&json, "in-pack-folder", "mirrored.onnx", "");
    add_model(&json, "in-root", "flat.onnx", "");
    add_model(&json, "upstream", "sub/upstream-2.onnx", url);
    add_model(&json, "lost", "lost.onnx", lost);
    add_model(&json, "nowhere", "made/nowhere.onnx", ", \"optional\": true");
    json.data[json.len - 1] = ' '; /* the last comma */
    assert_ok(mn_buf_printf(&json, err, "]}"));
    assert_ok(mn_pack_parse((const char *)json.data, json.len, packs, &pack, err));
    assert_int_equal(mn_pack_count(pack), MODELS);
    mn_buf_finish(&json);
    return pack;
}

static void put(const char *folder, const char *file, size_t n)
{
    char path[4400], parent[4400];
    static uint8_t bytes[SERVER_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 % 251);
    snprintf(path, sizeof path, "%s/%s", folder, file);
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = 0;
    assert_ok(mn_file_make_folders(parent, 0700, err));
    assert_ok(mn_file_write(path, bytes, n, 0600, err));
}

static void expect_states(const mn_pull_outcome *o, const mn_pull_state states[MODELS])
{
    for (size_t i = 0; i < MODELS; i++)
        if (o[i].state != states[i])
            fail_msg("%s: state %d, not %d: %s", o[i].model->name, o[i].state, states[i], o[i].error.text);
}

static void expect_says(const mn_pull_outcome *o, const char *says)
{
    if (!strstr(o->error.text, says))
        fail_msg("%s: '%s' should say '%s'", o->model->name, o->error.text, says);
}

static void mirror_folder_then_upstream(void **state)
{
    (void)state;
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    put(mirror, "pack/mirrored.onnx", SERVER_BYTES);
    put(mirror, "flat.onnx", SERVER_BYTES);
    const mn_pull pull = {.pack = pack, .mirror = mirror};
    assert_false(mn_pack_complete(pack));
    assert_ok(mn_models_pull(&pull, o, err));
    expect_states(o, (mn_pull_state[]){MN_PULL_FETCHED, MN_PULL_FETCHED, MN_PULL_FETCHED, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    assert_true(o[0].mirrored && o[1].mirrored && !o[2].mirrored);
    assert_int_equal(o[0].error.code, MN_OK);
    assert_int_equal(o[3].error.code, MN_E_NOT_FOUND);
    expect_says(&o[3], "/lost.onnx: is not there (HTTP 404)");
    assert_int_equal(o[4].error.code, MN_E_MODEL);
    expect_says(&o[4], "nowhere (fp32) is made by the converter");
    assert_true(mn_pack_complete(pack));

    assert_ok(mn_models_pull(&pull, o, err));
    expect_states(o, (mn_pull_state[]){MN_PULL_PRESENT, MN_PULL_PRESENT, MN_PULL_PRESENT, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    mn_pack_close(pack);
}

static void mirror_address(void **state)
{
    (void)state;
    char root[128];
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    server_address("", root);
    root[strlen(root) - 1] = 0; /* without the last slash */
    const mn_pull pull = {.pack = pack, .mirror = root};
    assert_ok(mn_models_pull(&pull, o, err));
    expect_states(o, (mn_pull_state[]){MN_PULL_FETCHED, MN_PULL_FETCHED, MN_PULL_FETCHED, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    assert_true(o[0].mirrored && o[1].mirrored && !o[2].mirrored);
    mn_pack_close(pack);
}

static void without_a_mirror_what_has_no_address_is_named(void **state)
{
    (void)state;
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    mn_error why = {0};
    const mn_pull pull = {.pack = pack, .mirror = ""};
    assert_int_equal(mn_models_pull(&pull, o, &why), MN_E_MODEL);
    assert_non_null(strstr(why.text, "in-pack-folder (fp32) has no upstream address"));
    assert_non_null(strstr(why.text, "MIEN_MODEL_MIRROR"));
    expect_states(o, (mn_pull_state[]){MN_PULL_FAILED, MN_PULL_FAILED, MN_PULL_FETCHED, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    mn_pack_close(pack);
}

static void damaged_models_are_fetched_again_and_damaged_mirrors_told(void **state)
{
    (void)state;
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    mn_error why = {0};
    put(mirror, "pack/mirrored.onnx", SERVER_BYTES);
    put(mirror, "flat.onnx", 1000);
    put(packs, "pack/mirrored.onnx", 500);
    const mn_pull pull = {.pack = pack, .mirror = mirror};
    assert_int_equal(mn_models_pull(&pull, o, &why), MN_E_CORRUPT);
    expect_states(o, (mn_pull_state[]){MN_PULL_FETCHED, MN_PULL_FAILED, MN_PULL_FETCHED, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    expect_says(&o[1], "/flat.onnx: has 1000 bytes, 200000 are expected");
    mn_pack_close(pack);
}

typedef struct {
    int beginnings, ends;
    mn_cancel cancel;
    const char *cancel_at;
} watcher;

static void watch(void *user, const mn_model_info *model, int64_t done, int64_t total)
{
    watcher *w = user;
    assert_int_equal(total, SERVER_BYTES);
    w->beginnings += done == 0;
    w->ends += done == total;
    if (w->cancel_at && strcmp(model->name, w->cancel_at) == 0)
        mn_cancel_set(&w->cancel);
}

static void progress_is_told_for_each_file(void **state)
{
    (void)state;
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    watcher w = {.cancel_at = NULL};
    put(packs, "pack/flat.onnx", SERVER_BYTES);
    const mn_pull pull = {.pack = pack, .progress = watch, .user = &w};
    mn_models_pull(&pull, o, NULL);
    assert_int_equal(w.beginnings, 4); /* not for the one that is there */
    assert_true(w.ends >= 1);
    mn_pack_close(pack);
}

static void cancelling_leaves_the_rest(void **state)
{
    (void)state;
    mn_pack *pack = make_pack();
    mn_pull_outcome o[MODELS];
    mn_error why = {0};
    watcher w = {.cancel_at = "in-root"};
    put(mirror, "pack/mirrored.onnx", SERVER_BYTES);
    put(mirror, "flat.onnx", SERVER_BYTES);
    const mn_pull pull = {.pack = pack, .mirror = mirror, .progress = watch, .user = &w, .cancel = &w.cancel};
    assert_int_equal(mn_models_pull(&pull, o, &why), MN_E_CANCELLED);
    expect_states(o, (mn_pull_state[]){MN_PULL_FETCHED, MN_PULL_FAILED, MN_PULL_FAILED, MN_PULL_FAILED,
                                       MN_PULL_FAILED});
    assert_int_equal(o[4].error.code, MN_E_CANCELLED);
    assert_int_equal(w.beginnings, 2);
    mn_pack_close(pack);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(mirror_folder_then_upstream),
        T(mirror_address),
        T(without_a_mirror_what_has_no_address_is_named),
        T(damaged_models_are_fetched_again_and_damaged_mirrors_told),
        T(progress_is_told_for_each_file),
        T(cancelling_leaves_the_rest),
    };
    return cmocka_run_group_tests_name("app pull", tests, start, stop);
}
