/* Networks: the tiny one made by hand, through the real library. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/time.h"
#include "infer/infer.h"
#include "support.h"
#include "tiny_model.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static mn_runtime *rt;

static int start(void **state)
{
    (void)state;
    if (!mn_test_library())
        return 0;
    mn_runtime_options options = {mn_test_library(), "cpu"};
    assert_ok(mn_runtime_create(&options, &rt, err));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    mn_runtime_destroy(rt);
    return 0;
}

static void need_runtime(void)
{
    mn_test_need(rt != NULL, "ONNX Runtime (make setup)");
}

static const tiny_shape fixed = {{1, 2, 3, 4}, 4, 1, 1, 2}, free_sides = {{-1, 3, -1, -1}, 4, 1, 1, 1};

/* A pack with one tiny model of this shape. Closed by the caller. */
static mn_pack *pack_of(const tiny_shape *shape)
{
    mn_buf model, manifest;
    mn_pack *pack = NULL;
    const char *dir = mn_test_folder();
    mn_buf_init(&model, 65536);
    mn_buf_init(&manifest, 65536);
    tiny_model(&model, shape);
    tiny_pack(dir, "tiny.onnx", &model, &manifest);
    assert_ok(mn_pack_parse((const char *)manifest.data, manifest.len, dir, &pack, err));
    mn_buf_finish(&model);
    mn_buf_finish(&manifest);
    return pack;
}

static mn_net *net_of(const mn_pack *pack, const mn_shape *input)
{
    mn_net *net = NULL;
    assert_ok(mn_net_open(rt, pack, mn_pack_model(pack, 0), input, &net, err));
    return net;
}

static void runs_and_gives_every_output(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    const mn_shape shape = {{1, 2, 3, 4}, 4};
    mn_net *net = net_of(pack, &shape);
    assert_int_equal(mn_net_outputs(net), 2);
    assert_string_equal(mn_net_output_name(net, 0), "y");
    assert_null(mn_net_output_name(net, 2));
    assert_int_equal(mn_net_output_index(net, "t"), 1);
    assert_int_equal(mn_net_output_index(net, "z"), -1);
    assert_ptr_equal(mn_net_model(net), mn_pack_model(pack, 0));

    float x[24];
    for (int i = 0; i < 24; i++)
        x[i] = (float)i;
    mn_result r;
    assert_ok(mn_net_run(net, x, &shape, &r, err));
    assert_int_equal(r.count[0], 24);
    assert_int_equal(r.shape[1].rank, 4);
    assert_int_equal(r.shape[1].dims[2], 3);
    assert_true(r.data[0][0] == 1 && r.data[0][23] == 47);
    assert_true(r.data[1][0] == 0 && r.data[1][23] == 46);
    assert_true(x[23] == 23);
    mn_result_finish(&r);
    mn_result_finish(&r); /* a second time does nothing */
    mn_net_close(net);
    mn_pack_close(pack);
}

static void free_sides_take_any_size(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&free_sides);
    mn_net *net = net_of(pack, &(mn_shape){{1, 3, -1, -1}, 4});
    const mn_shape one = {{1, 3, 1, 1}, 4}, two = {{2, 3, 1, 2}, 4};
    const float x[12] = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120};
    mn_result r;
    assert_ok(mn_net_run(net, x, &one, &r, err));
    assert_int_equal(r.count[0], 3);
    assert_true(r.data[0][2] == 61);
    mn_result_finish(&r);
    assert_ok(mn_net_run(net, x, &two, &r, err));
    assert_int_equal(r.count[0], 12);
    assert_true(r.data[0][11] == 241);
    mn_result_finish(&r);
    mn_net_close(net);
    mn_pack_close(pack);
}

static void counts_runs_and_time_without_the_warm_up(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    const mn_shape shape = {{1, 2, 3, 4}, 4};
    mn_net *net = net_of(pack, &shape);
    assert_int_equal(mn_net_stats_get(net).runs, 0);
    assert_int_equal(mn_net_stats_get(net).ns, 0);
    float x[24] = {0};
    for (int i = 0; i < 3; i++) {
        mn_result r;
        assert_ok(mn_net_run(net, x, &shape, &r, err));
        mn_result_finish(&r);
    }
    assert_int_equal(mn_net_stats_get(net).runs, 3);
    assert_true(mn_net_stats_get(net).ns > 0);
    mn_net_close(net);
    mn_pack_close(pack);
}

static void wrong_shape_at_a_run_is_refused(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&free_sides);
    mn_net *net = net_of(pack, &(mn_shape){{1, 3, -1, -1}, 4});
    const mn_shape wrong[] = {
        {{1, 4, 2, 2}, 4},                               /* another number of channels */
        {{1, 3, 2}, 3},                                  /* another rank */
        {{1, 3, -1, 2}, 4},                              /* a side left free */
        {{INT64_MAX, 3, INT64_MAX, INT64_MAX}, 4},       /* a product that overflows */
        {{1, 3, INT64_C(1) << 31, INT64_C(1) << 31}, 4}, /* and one whose bytes do */
    };
    float x[64] = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        mn_error why = {0};
        mn_result r = {.net = (mn_net *)&why};
        assert_int_equal(mn_net_run(net, x, &wrong[i], &r, &why), MN_E_INVALID);
        assert_non_null(strstr(why.text, "tiny: takes -1 × 3 × -1 × -1"));
        assert_ptr_equal(r.net, &why); /* untouched */
    }
    mn_net_close(net);
    mn_pack_close(pack);
}

static void refuses(const tiny_shape *made, const mn_shape *asked, const char *says)
{
    mn_pack *pack = pack_of(made);
    mn_net *net = NULL;
    mn_error why = {0};
    assert_int_equal(mn_net_open(rt, pack, mn_pack_model(pack, 0), asked, &net, &why), MN_E_MODEL);
    assert_null(net);
    if (!strstr(why.text, says))
        fail_msg("'%s' should say '%s'", why.text, says);
    mn_pack_close(pack);
}

static void model_of_another_shape_is_refused_by_name(void **state)
{
    (void)state;
    need_runtime();
    const mn_shape four = {{1, 2, 3, 4}, 4};
    refuses(&fixed, &(mn_shape){{1, 2, 3, 5}, 4},
            "tiny: its input is 1 × 2 × 3 × 4; 1 × 2 × 3 × 5 is expected");
    refuses(&fixed, &(mn_shape){{2, 3, 4}, 3}, "tiny: its input is 1 × 2 × 3 × 4; 2 × 3 × 4 is expected");
    refuses(&(tiny_shape){{1, 2, 3, 4}, 4, 11, 1, 1}, &four,
            "tiny: its input cannot be used: not a tensor of 32-bit");
    refuses(&(tiny_shape){{1, 2, 3, 4}, 4, 1, 2, 1}, &four, "tiny: has 2 inputs");
    refuses(&(tiny_shape){{1, 2, 3, 4}, 4, 1, 1, 17}, &four, "tiny: has 17 outputs");
    refuses(&(tiny_shape){{1, 1, 2, 3, 4}, 5, 1, 1, 1}, &four, "5 dimensions");
}

static void sixteen_outputs_are_taken(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&(tiny_shape){{1, 2}, 2, 1, 1, 16});
    const mn_shape shape = {{1, 2}, 2};
    mn_net *net = net_of(pack, &shape);
    mn_result r;
    assert_ok(mn_net_run(net, (float[]){3, 4}, &shape, &r, err));
    assert_true(r.data[15][1] == 9);
    mn_result_finish(&r);
    mn_net_close(net);
    mn_pack_close(pack);
}

/* Overwrites the pack's file. */
static void spoil(const mn_pack *pack, const void *bytes, size_t n)
{
    char path[4096];
    mn_pack_path(pack, mn_pack_model(pack, 0), path, sizeof path);
    assert_ok(mn_file_write(path, bytes, n, 0600, err));
}

static void file_that_is_not_the_manifest_s_is_refused(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    const mn_model_info *model = mn_pack_model(pack, 0);
    const mn_shape shape = {{1, 2, 3, 4}, 4};
    char path[4096];
    mn_buf bytes;
    mn_net *net = NULL;
    mn_error why = {0};
    mn_pack_path(pack, model, path, sizeof path);
    mn_buf_init(&bytes, 65536);
    mn_test_read(path, &bytes);

    bytes.data[10] ^= 1;
    spoil(pack, bytes.data, bytes.len);
    assert_int_equal(mn_net_open(rt, pack, model, &shape, &net, &why), MN_E_MODEL);
    assert_non_null(strstr(why.text, "model tiny of the tiny pack is not what its manifest says: sha256"));
    spoil(pack, bytes.data, bytes.len - 1);
    assert_int_equal(mn_net_open(rt, pack, model, &shape, &net, &why), MN_E_MODEL);
    assert_non_null(strstr(why.text, "model tiny of the tiny pack has"));
    unlink(path);
    assert_int_equal(mn_net_open(rt, pack, model, &shape, &net, &why), MN_E_MODEL);
    assert_non_null(strstr(why.text, "model tiny of the tiny pack is not there"));
    assert_null(net);
    mn_buf_finish(&bytes);
    mn_pack_close(pack);
}

static void bytes_that_are_no_network_are_refused_in_the_library_s_words(void **state)
{
    (void)state;
    need_runtime();
    mn_buf model, manifest;
    mn_pack *pack = NULL;
    mn_net *net = NULL;
    mn_error why = {0};
    const char *dir = mn_test_folder();
    mn_buf_init(&model, 4096);
    mn_buf_init(&manifest, 4096);
    assert_ok(mn_buf_append(&model, "this is no network", 18, err));
    tiny_pack(dir, "tiny.onnx", &model, &manifest);
    assert_ok(mn_pack_parse((const char *)manifest.data, manifest.len, dir, &pack, err));
    assert_int_equal(mn_net_open(rt, pack, mn_pack_model(pack, 0), &(mn_shape){{1}, 1}, &net, &why),
                     MN_E_MODEL);
    assert_true(strncmp(why.text, "tiny: ", 6) == 0);
    mn_buf_finish(&model);
    mn_buf_finish(&manifest);
    mn_pack_close(pack);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    const mn_shape shape = {{1, 2, 3, 4}, 4};
    mn_net *net = NULL;
    long n = 1;
    for (mn_code code = MN_E_MEMORY; code; n++) {
        mn_error why = {0};
        mn_alloc_fail_at(n);
        code = mn_net_open(rt, pack, mn_pack_model(pack, 0), &shape, &net, &why);
        mn_alloc_fail_at(0);
        assert_true(code == MN_OK || code == MN_E_MEMORY);
        assert_true((code == MN_OK) == (net != NULL));
    }
    assert_true(n > 3);
    mn_net_close(net);
    mn_net_close(NULL);
    mn_pack_close(pack);
}

/* ---- the real networks ------------------------------------------------------------------------------------
 */

static void real_networks_open_and_others_shapes_do_not(void **state)
{
    (void)state;
    need_runtime();
    mn_test_need(mn_test_models() != NULL, "model packs (make models)");
    static const struct {
        const char *pack, *name;
        mn_shape input, wrong;
        size_t outputs;
        const char *says;
    } nets[] = {
        {"standard", "yunet-n", {{1, 3, -1, -1}, 4}, {{1, 1, -1, -1}, 4}, 12, "yunet-n: its input is"},
        {"standard",
         "mobilefacenet-128",
         {{1, 3, 112, 112}, 4},
         {{1, 3, 150, 150}, 4},
         1,
         "mobilefacenet-128: its input is 1 × 3 × 112 × 112; 1 × 3 × 150 × 150 is expected"},
        {"offline",
         "facemesh-192",
         {{1, 3, 192, 192}, 4},
         {{1, 3, 112, 112}, 4},
         2,
         "facemesh-192: its input is"},
        {"offline",
         "dlib-resnet-150",
         {{1, 3, 150, 150}, 4},
         {{3, 150, 150}, 3},
         1,
         "dlib-resnet-150: its input is"},
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        mn_pack *pack = NULL;
        mn_net *net = NULL;
        mn_error why = {0};
        assert_ok(mn_pack_open(nets[i].pack, mn_test_models(), &pack, err));
        const mn_model_info *model = mn_pack_find(pack, NULL, nets[i].name, "fp32");
        assert_non_null(model);
        if (mn_pack_check(pack, model, NULL) == MN_MODEL_MISSING) {
            mn_pack_close(pack);
            mn_test_need(false, nets[i].name);
        }
        assert_int_equal(mn_net_open(rt, pack, model, &nets[i].wrong, &net, &why), MN_E_MODEL);
        if (!strstr(why.text, nets[i].says))
            fail_msg("'%s' should say '%s'", why.text, nets[i].says);
        assert_ok(mn_net_open(rt, pack, model, &nets[i].input, &net, err));
        if (mn_net_outputs(net) != nets[i].outputs)
            fail_msg("%s: %zu outputs", nets[i].name, mn_net_outputs(net));
        mn_net_close(net);
        mn_pack_close(pack);
    }
}

/* ---- many threads on one net ------------------------------------------------------------------------------
 */

typedef struct {
    mn_net *net;
    unsigned seed;
    bool right, dropped;
} work;

static void do_work(void *job, unsigned worker)
{
    (void)worker;
    work *w = job;
    const mn_shape shape = {{1, 2, 3, 4}, 4};
    float x[24];
    w->right = true;
    for (int round = 0; round < 20; round++) {
        mn_result r;
        for (int i = 0; i < 24; i++)
            x[i] = (float)(w->seed * 100 + (unsigned)(round + i));
        if (mn_net_run(w->net, x, &shape, &r, NULL)) {
            w->right = false;
            return;
        }
        for (int i = 0; i < 24; i++)
            w->right &= r.data[0][i] == 2 * x[i] + 1;
        mn_result_finish(&r);
    }
}

static void drop_work(void *job)
{
    ((work *)job)->dropped = true;
}

static void threads_share_a_net(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    mn_net *net = net_of(pack, &(mn_shape){{1, 2, 3, 4}, 4});
    mn_pool *pool = NULL;
    work jobs[40] = {0};
    assert_ok(mn_pool_create(4, 8, &pool, err));
    for (unsigned i = 0; i < 40; i++) {
        jobs[i] = (work){.net = net, .seed = i};
        assert_ok(mn_pool_submit(pool, &(mn_job){.run = do_work, .job = &jobs[i]}, true, err));
    }
    mn_pool_drain(pool);
    for (unsigned i = 0; i < 40; i++)
        assert_true(jobs[i].right);
    assert_int_equal(mn_net_stats_get(net).runs, 800);
    mn_pool_destroy(pool);
    mn_net_close(net);
    mn_pack_close(pack);
}

static void cancelled_work_does_not_reach_the_net(void **state)
{
    (void)state;
    need_runtime();
    mn_pack *pack = pack_of(&fixed);
    mn_net *net = net_of(pack, &(mn_shape){{1, 2, 3, 4}, 4});
    mn_pool *pool = NULL;
    mn_cancel cancel = {0};
    work jobs[10] = {0};
    mn_cancel_set(&cancel);
    assert_ok(mn_pool_create(2, 16, &pool, err));
    for (unsigned i = 0; i < 10; i++) {
        jobs[i] = (work){.net = net, .seed = i};
        mn_job job = {.run = do_work, .drop = drop_work, .job = &jobs[i], .cancel = &cancel};
        assert_ok(mn_pool_submit(pool, &job, true, err));
    }
    mn_pool_drain(pool);
    for (unsigned i = 0; i < 10; i++)
        assert_true(jobs[i].dropped && !jobs[i].right);
    assert_int_equal(mn_net_stats_get(net).runs, 0);
    mn_pool_destroy(pool);
    mn_net_close(net);
    mn_pack_close(pack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_and_gives_every_output),
        cmocka_unit_test(free_sides_take_any_size),
        cmocka_unit_test(counts_runs_and_time_without_the_warm_up),
        cmocka_unit_test(wrong_shape_at_a_run_is_refused),
        cmocka_unit_test(model_of_another_shape_is_refused_by_name),
        cmocka_unit_test(sixteen_outputs_are_taken),
        cmocka_unit_test(file_that_is_not_the_manifest_s_is_refused),
        cmocka_unit_test(bytes_that_are_no_network_are_refused_in_the_library_s_words),
        cmocka_unit_test(every_failing_allocation_is_an_error),
        cmocka_unit_test(real_networks_open_and_others_shapes_do_not),
        cmocka_unit_test(threads_share_a_net),
        cmocka_unit_test(cancelled_work_does_not_reach_the_net),
    };
    return cmocka_run_group_tests_name("infer net", tests, start, stop);
}
