/* Manifests and the files they speak of. */
#include "base/alloc.h"
#include "base/file.h"
#include "infer/pack.h"
#include "support.h"
#include "tiny_model.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SUM "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""

static const char good[] =
    "{\"pack\": \"standard\", \"version\": 3, \"unknown\": [1, {}], \"models\": ["
    "{\"task\": \"detector\", \"name\": \"finder\", \"file\": \"detect/finder.onnx\", \"bytes\": 5, "
    "\"sha256\": " SUM ","
    " \"license\": \"MIT\", \"source\": \"https://example.org/finder\", \"url\": "
    "\"https://example.org/finder.onnx\"},"
    "{\"task\": \"descriptor\", \"name\": \"face-4\", \"file\": \"face.onnx\", \"bytes\": 7, \"sha256\": " SUM
    ","
    " \"license\": \"MIT\", \"source\": \"s\", \"dim\": 4, \"metric\": \"l2\", \"note\": \"for tests\","
    " \"calibration\": {\"raw\": [-1.5, -1, -0.25], \"log10_fmr\": [0, -2, -4.5], \"similarity\": [0, 0.5, "
    "1],"
    " \"cohort_mean\": -1.25, \"cohort_std\": 0.5, \"normalised\": {\"least\": 200, \"share\": 0.25,"
    " \"raw\": [-4, 5.5], \"log10_fmr\": [0, -6], \"similarity\": [0, 0.75]}}},"
    "{\"task\": \"descriptor\", \"name\": \"face-4\", \"file\": \"face.int8.onnx\", \"bytes\": 3, "
    "\"sha256\": " SUM ","
    " \"license\": \"MIT\", \"source\": \"s\", \"dim\": 4, \"metric\": \"cosine\", \"precision\": \"int8\","
    " \"made_from\": \"face-4\", \"optional\": true, \"url\": null}"
    "]}";

/* One model, of which a test changes a part: %s stands for what comes after the required keys. */
#define ONE(task, name, file, bytes, sum, rest)                                                              \
    "{\"pack\": \"p\", \"version\": 1, \"models\": [{\"task\": " task ", \"name\": " name                    \
    ", \"file\": " file ", \"bytes\": " bytes ", \"sha256\": " sum                                           \
    ", \"license\": \"MIT\", \"source\": \"s\"" rest "}]}"
#define PLAIN(rest)       ONE("\"test\"", "\"m\"", "\"m.onnx\"", "5", SUM, rest)
#define FILE_IS(file)     ONE("\"test\"", "\"m\"", file, "5", SUM, "")
#define DESCRIPTOR(rest)  ONE("\"descriptor\"", "\"m\"", "\"m.onnx\"", "5", SUM, rest)
#define CALIBRATION(rest) DESCRIPTOR(", \"dim\": 4, \"metric\": \"l2\", \"calibration\": " rest)
#define POINTS            "\"raw\": [0, 1], \"log10_fmr\": [0, -1], \"similarity\": [0, 1]"
#define NORMALISED(rest)  CALIBRATION("{" POINTS ", \"normalised\": " rest "}")

static mn_code parse(const char *json, mn_pack **pack, mn_error *err)
{
    *pack = NULL;
    return mn_pack_parse(json, strlen(json), "/packs", pack, err);
}

static void everything_is_read(void **state)
{
    (void)state;
    mn_pack *pack;
    assert_ok(parse(good, &pack, err));
    assert_string_equal(mn_pack_name(pack), "standard");
    assert_int_equal(mn_pack_version(pack), 3);
    assert_int_equal(mn_pack_count(pack), 3);
    assert_null(mn_pack_model(pack, 3));

    const mn_model_info *m = mn_pack_model(pack, 0);
    assert_string_equal(m->task, "detector");
    assert_string_equal(m->precision, "fp32");
    assert_string_equal(m->url, "https://example.org/finder.onnx");
    assert_string_equal(m->license, "MIT");
    assert_int_equal(m->bytes, 5);
    assert_int_equal(m->dim, 0);
    assert_false(m->optional);
    assert_null(m->note);
    assert_null(m->made_from);

    m = mn_pack_model(pack, 1);
    assert_int_equal(m->dim, 4);
    assert_int_equal(m->metric, MN_METRIC_L2);
    assert_string_equal(m->note, "for tests");
    assert_int_equal(m->calibration.n, 3);
    assert_true(m->calibration.raw[2] == -0.25f);
    assert_true(m->calibration.log10_fmr[2] == -4.5f);
    assert_true(m->calibration.similarity[1] == 0.5f);
    assert_true(m->calibration.cohort_mean == -1.25f);
    assert_true(m->calibration.cohort_std == 0.5f);
    assert_int_equal(m->normalisation.least, 200);
    assert_true(m->normalisation.share == 0.25f);
    assert_int_equal(m->normalisation.calibration.n, 2);
    assert_true(m->normalisation.calibration.raw[1] == 5.5f);
    assert_true(m->normalisation.calibration.log10_fmr[1] == -6);
    assert_true(m->normalisation.calibration.similarity[1] == 0.75f);

    m = mn_pack_model(pack, 2);
    assert_string_equal(m->made_from, "face-4");
    assert_int_equal(m->metric, MN_METRIC_COSINE);
    assert_int_equal(m->calibration.n, 0);
    assert_int_equal(m->normalisation.least, 0);
    assert_true(m->optional);
    assert_null(m->url);
    mn_pack_close(pack);
    mn_pack_close(NULL);
}

static void models_are_found(void **state)
{
    (void)state;
    mn_pack *pack;
    assert_ok(parse(good, &pack, err));
    assert_ptr_equal(mn_pack_find(pack, "detector", NULL, NULL), mn_pack_model(pack, 0));
    assert_ptr_equal(mn_pack_find(pack, "descriptor", NULL, NULL), mn_pack_model(pack, 1));
    assert_ptr_equal(mn_pack_find(pack, "descriptor", "face-4", "int8"), mn_pack_model(pack, 2));
    assert_null(mn_pack_find(pack, "descriptor", "finder", NULL));
    assert_null(mn_pack_find(pack, "age", NULL, NULL));
    char path[64], little[10];
    mn_pack_path(pack, mn_pack_model(pack, 0), path, sizeof path);
    assert_string_equal(path, "/packs/standard/detect/finder.onnx");
    mn_pack_path(pack, mn_pack_model(pack, 0), little, sizeof little);
    assert_string_equal(little, "");
    mn_pack_close(pack);
}

static const struct {
    const char *json, *says;
} bad[] = {
    {"", "line"},
    {"[]", "\"pack\" is missing"},
    {"{\"pack\": \"p\", \"pack\": \"q\"}", "duplicate"},
    {"{\"pack\": 1}", "the pack: \"pack\" must be a text"},
    {"{\"pack\": \"../p\"}", "the pack: \"pack\" must be at most 32"},
    {"{\"pack\": \"p\", \"models\": []}", "\"version\" is missing"},
    {"{\"pack\": \"p\", \"version\": 1.5, \"models\": []}", "\"version\" must be a whole number"},
    {"{\"pack\": \"p\", \"version\": 0, \"models\": []}", "\"version\" must be 1 to"},
    {"{\"pack\": \"p\", \"version\": 1}", "\"models\" must be a list"},
    {"{\"pack\": \"p\", \"version\": 1, \"models\": []}", "1 to 64 models"},
    {"{\"pack\": \"p\", \"version\": 1, \"models\": [7]}", "models[0] must be an object"},
    {"{\"pack\": \"p\", \"version\": 1, \"models\": [{\"task\": \"t\"}]}", "models[0]: \"name\" is missing"},
    {"{\"pack\": \"p\", \"version\": 1, \"models\": [{\"name\": \"m\"}]}", "m: \"task\" is missing"},
    {ONE("\"test\"", "\"a b\"", "\"m\"", "5", SUM, ""), "\"name\" must be at most 64"},
    {ONE("\"\"", "\"m\"", "\"m\"", "5", SUM, ""), "m: \"task\" must have 1 to 4096 bytes"},
    {ONE("\"T\"", "\"m\"", "\"m\"", "5", SUM, ""), "m: \"task\" must be at most 32 small letters"},
    {ONE("\"test\"", "\"m\"", "\"m\"", "0", SUM, ""), "m: \"bytes\" must be 1 to 1073741824"},
    {ONE("\"test\"", "\"m\"", "\"m\"", "1073741825", SUM, ""), "m: \"bytes\" must be 1 to 1073741824"},
    {ONE("\"test\"", "\"m\"", "\"m\"", "\"5\"", SUM, ""), "m: \"bytes\" must be a whole number"},
    {ONE("\"test\"", "\"m\"", "\"m\"", "5", "\"00\"", ""), "m: \"sha256\" must be 64"},
    {ONE("\"test\"", "\"m\"", "\"m\"", "5",
         "\"0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef\"", ""),
     "m: \"sha256\" must be 64 small"},
    {FILE_IS("\"../m.onnx\""), "m: \"file\" must be a path inside the pack"},
    {FILE_IS("\"a/../m.onnx\""), "m: \"file\""},
    {FILE_IS("\"a/..\""), "m: \"file\""},
    {FILE_IS("\"/etc/passwd\""), "m: \"file\""},
    {FILE_IS("\"a//b\""), "m: \"file\""},
    {FILE_IS("\"a/\""), "m: \"file\""},
    {FILE_IS("\".hidden\""), "m: \"file\""},
    {FILE_IS("\"a b\""), "m: \"file\""},
    {FILE_IS("\"a\\\\b\""), "m: \"file\""},
    {PLAIN(", \"precision\": \"fp16\""), "m: \"precision\" must be fp32 or int8"},
    {PLAIN(", \"url\": \"file:///etc/passwd\""), "m: \"url\" must begin with https"},
    {PLAIN(", \"optional\": 1"), "m: \"optional\" must be true or false"},
    {PLAIN(", \"made_from\": \"n\""), "m: \"made_from\" names n, which is not"},
    {DESCRIPTOR(""), "m: \"dim\" is missing"},
    {DESCRIPTOR(", \"dim\": 5000, \"metric\": \"l2\""), "m: \"dim\" must be 1 to 4096"},
    {DESCRIPTOR(", \"dim\": 4"), "m: \"metric\" is missing"},
    {DESCRIPTOR(", \"dim\": 4, \"metric\": \"dot\""), "m: \"metric\" must be cosine or l2"},
    {CALIBRATION("[]"), "m: \"calibration\" must be an object"},
    {NORMALISED("3"), "m: \"normalised\" must be an object"},
    {NORMALISED("{\"share\": 0.5, " POINTS "}"), "m: \"least\" is missing"},
    {NORMALISED("{\"least\": 2, \"share\": 0.5, " POINTS "}"), "m: \"least\" must be 3 to 1000000"},
    {NORMALISED("{\"least\": 3, " POINTS "}"), "m: \"share\" must be more than 0 and at most 1"},
    {NORMALISED("{\"least\": 3, \"share\": 1.5, " POINTS "}"),
     "m: \"share\" must be more than 0 and at most 1"},
    {NORMALISED("{\"least\": 3, \"share\": 1}"), "m: \"raw\" must be a list"},
    {CALIBRATION("{}"), "m: \"raw\" must be a list of 2"},
    {CALIBRATION("{\"raw\": [1]}"), "m: \"raw\" must be a list of 2"},
    {CALIBRATION("{\"raw\": [0, \"1\"]}"), "m: \"raw\" must hold finite numbers"},
    {CALIBRATION("{\"raw\": [0, 1e300]}"), "m: \"raw\" must hold finite numbers"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [0, -1, -2]}"), "m: \"log10_fmr\" must be a list"},
    {CALIBRATION("{\"raw\": [1, 1], \"log10_fmr\": [0, -1], \"similarity\": [0, 1]}"),
     "m: \"raw\" must rise"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [-1, 0], \"similarity\": [0, 1]}"),
     "m: \"log10_fmr\" must not rise"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [1, 0], \"similarity\": [0, 1]}"),
     "m: \"log10_fmr\" must be at most 0"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [0, -1], \"similarity\": [1, 0]}"),
     "m: \"similarity\" must not fall"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [0, -1], \"similarity\": [0, 2]}"),
     "m: \"similarity\" must be 0 to 1"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [0, -1], \"similarity\": [0, 1], \"cohort_mean\": \"x\"}"),
     "m: \"cohort_mean\" must be a finite number"},
    {CALIBRATION("{\"raw\": [0, 1], \"log10_fmr\": [0, -1], \"similarity\": [0, 1], \"cohort_std\": -1}"),
     "m: \"cohort_std\" must not be negative"},
};

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        mn_pack *pack;
        mn_error why = {0};
        assert_int_equal(parse(bad[i].json, &pack, &why), MN_E_INVALID);
        assert_null(pack);
        if (!strstr(why.text, bad[i].says))
            fail_msg("%s: '%s' should say '%s'", bad[i].json, why.text, bad[i].says);
    }
}

static void one_model_twice_is_refused(void **state)
{
    (void)state;
    char json[4096];
    const char one[] = "{\"task\": \"t\", \"name\": \"m\", \"file\": \"m\", \"bytes\": 5, \"sha256\": " SUM
                       ", \"license\": \"MIT\", \"source\": \"s\"}";
    mn_pack *pack;
    mn_error why = {0};
    snprintf(json, sizeof json, "{\"pack\": \"p\", \"version\": 1, \"models\": [%s, %s]}", one, one);
    assert_int_equal(parse(json, &pack, &why), MN_E_INVALID);
    assert_non_null(strstr(why.text, "m (fp32) is there twice"));
}

static void a_pack_has_at_most_64_models(void **state)
{
    (void)state;
    for (int n = 64; n <= 65; n++) {
        mn_buf json;
        mn_pack *pack = NULL;
        mn_error why = {0};
        mn_buf_init(&json, 65536);
        assert_ok(mn_buf_printf(&json, err, "{\"pack\": \"p\", \"version\": 1, \"models\": ["));
        for (int i = 0; i < n; i++)
            assert_ok(mn_buf_printf(
                &json, err,
                "%s{\"task\": \"t\", \"name\": \"m%d\", \"file\": \"m\", \"bytes\": 5, \"sha256\": " SUM
                ", \"license\": \"MIT\", \"source\": \"s\"}",
                i ? "," : "", i));
        assert_ok(mn_buf_printf(&json, err, "]}"));
        assert_int_equal(parse((const char *)json.data, &pack, &why), n == 64 ? MN_OK : MN_E_INVALID);
        assert_int_equal(pack ? mn_pack_count(pack) : 0, n == 64 ? 64 : 0);
        mn_pack_close(pack);
        mn_buf_finish(&json);
    }
}

static void a_manifest_that_is_too_large_is_refused(void **state)
{
    (void)state;
    const size_t n = ((size_t)4 << 20) + 1;
    char *spaces = mn_alloc(n);
    mn_pack *pack = NULL;
    memset(spaces, ' ', n);
    assert_int_equal(mn_pack_parse(spaces, n, "", &pack, NULL), MN_E_LIMIT);
    assert_null(pack);
    mn_free(spaces);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    /* Those of the JSON library, too; it reports some of them as an invalid token. */
    json_set_alloc_funcs(mn_alloc, mn_free);
    mn_pack *pack = NULL;
    long n = 1;
    for (mn_code code = MN_E_MEMORY; code; n++) {
        mn_error why = {0};
        mn_alloc_fail_at(n);
        code = parse(good, &pack, &why);
        mn_alloc_fail_at(0);
        if (code != MN_OK && code != MN_E_MEMORY && code != MN_E_INVALID)
            fail_msg("allocation %ld: %s", n, why.text);
        assert_true((code == MN_OK) == (pack != NULL));
    }
    assert_true(n > 20);
    mn_pack_close(pack);
    json_set_alloc_funcs(malloc, free);
}

/* ---- files ------------------------------------------------------------------------------------------------
 */

static mn_pack *pack_on_disk(char path[4096])
{
    mn_buf model, manifest;
    mn_pack *pack = NULL;
    const char *dir = mn_test_folder();
    mn_buf_init(&model, 64);
    mn_buf_init(&manifest, 4096);
    assert_ok(mn_buf_append(&model, "hello", 5, err));
    tiny_pack(dir, "sub.dir-1_m.onnx", &model, &manifest);
    assert_ok(mn_pack_parse((const char *)manifest.data, manifest.len, dir, &pack, err));
    assert_string_equal(mn_pack_model(pack, 0)->sha256,
                        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    mn_pack_path(pack, mn_pack_model(pack, 0), path, 4096);
    mn_buf_finish(&model);
    mn_buf_finish(&manifest);
    return pack;
}

static void expect(const mn_pack *pack, mn_model_state state, const char *says)
{
    mn_error why = {0};
    mn_buf out;
    const mn_model_info *m = mn_pack_model(pack, 0);
    mn_buf_init(&out, 64);
    assert_ok(mn_buf_append(&out, "before", 6, err));
    assert_int_equal(mn_pack_check(pack, m, &why), state);
    assert_int_equal(mn_pack_check(pack, m, NULL), state);
    if (!strstr(why.text, says))
        fail_msg("'%s' should say '%s'", why.text, says);
    why.text[0] = 0;
    assert_int_equal(mn_pack_read(pack, m, &out, &why), state == MN_MODEL_PRESENT ? MN_OK : MN_E_MODEL);
    assert_string_equal((char *)out.data, state == MN_MODEL_PRESENT ? "beforehello" : "before");
    if (!strstr(why.text, says))
        fail_msg("'%s' should say '%s'", why.text, says);
    mn_buf_finish(&out);
}

static void files_are_checked(void **state)
{
    (void)state;
    char path[4096];
    mn_pack *pack = pack_on_disk(path);
    expect(pack, MN_MODEL_PRESENT, "");
    assert_true(mn_pack_complete(pack));

    assert_ok(mn_file_write(path, "hellO", 5, 0600, err));
    expect(pack, MN_MODEL_DAMAGED, "model tiny of the tiny pack is not what its manifest says");
    assert_true(mn_pack_complete(pack)); /* which does not read them */

    assert_ok(mn_file_write(path, "hell", 4, 0600, err));
    expect(pack, MN_MODEL_DAMAGED, "has 4 bytes, its manifest says 5");
    assert_false(mn_pack_complete(pack));

    unlink(path);
    expect(pack, MN_MODEL_MISSING, "is not there");
    assert_false(mn_pack_complete(pack));

    assert_ok(mn_file_make_folders(path, 0700, err));
    expect(pack, MN_MODEL_DAMAGED, "is not a file");
    assert_false(mn_pack_complete(pack));
    mn_pack_close(pack);
}

static void optional_models_are_not_needed(void **state)
{
    (void)state;
    mn_pack *pack;
    assert_ok(parse(PLAIN(", \"optional\": true"), &pack, err));
    assert_true(mn_pack_complete(pack));
    mn_pack_close(pack);
}

static void built_in_packs_open(void **state)
{
    (void)state;
    mn_error why = {0};
    mn_pack *pack = NULL;
    assert_int_equal(mn_pack_open("nonesuch", "/packs", &pack, &why), MN_E_NOT_FOUND);
    assert_non_null(strstr(why.text, "'nonesuch'"));
    const char *names[] = {"standard", "offline"};
    for (size_t i = 0; i < 2; i++) {
        assert_ok(mn_pack_open(names[i], "/packs", &pack, err));
        assert_string_equal(mn_pack_name(pack), names[i]);
        assert_non_null(mn_pack_find(pack, "detector", NULL, "fp32"));
        assert_non_null(mn_pack_find(pack, "descriptor", NULL, "fp32"));
        for (size_t j = 0; j < mn_pack_count(pack); j++) {
            const mn_model_info *m = mn_pack_model(pack, j);
            if (strcmp(m->task, "descriptor") != 0)
                continue;
            assert_int_equal(m->dim, 128);
            if (m->calibration.n < 2)
                fail_msg("%s (%s) of the %s pack has no calibration", m->name, m->precision, names[i]);
        }
        mn_pack_close(pack);
    }
}

/* Every model that is installed is what the built-in manifest says. */
static void installed_models_are_right(void **state)
{
    (void)state;
    mn_test_need(mn_test_models() != NULL, "model packs (make models)");
    const char *names[] = {"standard", "offline"};
    size_t there = 0;
    for (size_t i = 0; i < 2; i++) {
        mn_pack *pack = NULL;
        assert_ok(mn_pack_open(names[i], mn_test_models(), &pack, err));
        for (size_t j = 0; j < mn_pack_count(pack); j++) {
            mn_error why = {0};
            mn_model_state is = mn_pack_check(pack, mn_pack_model(pack, j), &why);
            if (is == MN_MODEL_DAMAGED)
                fail_msg("%s", why.text);
            there += is == MN_MODEL_PRESENT;
        }
        mn_pack_close(pack);
    }
    assert_true(there > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(models_are_found),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(one_model_twice_is_refused),
        cmocka_unit_test(a_pack_has_at_most_64_models),
        cmocka_unit_test(a_manifest_that_is_too_large_is_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error),
        cmocka_unit_test(files_are_checked),
        cmocka_unit_test(optional_models_are_not_needed),
        cmocka_unit_test(built_in_packs_open),
        cmocka_unit_test(installed_models_are_right),
    };
    return cmocka_run_group_tests_name("infer pack", tests, NULL, NULL);
}
