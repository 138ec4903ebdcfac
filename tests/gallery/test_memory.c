/* What a row costs, and where its cold columns are. */
#include "model.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { DIM = 128, PAGE = 1 << 12 };

/* People of one face each, with ids as the program makes them. */
static mn_gallery *make(const char *cold_dir, size_t rows, int dim)
{
    mn_gallery *g = NULL;
    mn_gallery_options o = {.dim = dim,
                            .threads = 1,
                            .cold_dir = cold_dir,
                            .prefilter = dim == 512 ? MN_PREFILTER_ON : MN_PREFILTER_OFF};
    assert_ok(mn_gallery_create(&o, &g, err));
    mn_gallery_entry *e = calloc(PAGE, sizeof *e);
    float *v = calloc((size_t)dim, sizeof *v);
    assert_true(e && v);
    for (size_t from = 0; from < rows; from += PAGE) {
        size_t n = rows - from < PAGE ? rows - from : PAGE;
        for (size_t i = 0; i < n; i++) {
            v[i % (size_t)dim] += 1;
            e[i] = (mn_gallery_entry){.face = mn_id_make(), .person = mn_id_make(), .v = v};
        }
        assert_ok(mn_gallery_add(g, e, n, err));
    }
    free(v);
    free(e);
    return g;
}

/* At every size, also just after the table of people has grown. */
static void a_row_takes_at_most_1_09_bytes_per_dimension(void **state)
{
    (void)state;
    for (size_t rows = 100000; rows < 400000; rows += 33331) {
        mn_gallery *g = make("/tmp", rows, DIM);
        mn_gallery_stats s = mn_gallery_stats_get(g);
        assert_int_equal(s.faces, rows);
        assert_true((double)s.bytes / (double)rows <= 1.09 * 128);
        assert_int_equal(s.cold_bytes, rows * 40);
        mn_gallery_destroy(g);
    }
}

/* Full chunks alone have sketches. */
static void with_sketches_a_row_takes_at_most_1_15(void **state)
{
    (void)state;
    const size_t rows = 65536;
    mn_gallery *g = make("/tmp", rows, 512);
    assert_ok(mn_gallery_compact(g, err));
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.sketched, 1);
    assert_true((double)s.bytes / (double)rows <= 1.15 * 512);
    assert_true(s.bytes / rows >= 512 + 64 + 4);
    mn_gallery_destroy(g);
}

static void without_a_directory_all_is_memory(void **state)
{
    (void)state;
    mn_gallery *g = make(NULL, 200000, DIM);
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.cold_bytes, 0);
    assert_true(s.bytes >= 200000 * 172 && s.bytes <= 200000 * 180);
    mn_gallery_destroy(g);
}

static void a_directory_that_cannot_be_used_is_an_error(void **state)
{
    (void)state;
    mn_gallery *g = NULL;
    mn_error fault = {0};
    mn_gallery_options o = {.dim = DIM, .threads = 1, .cold_dir = "/nowhere/at/all"};
    assert_int_equal(mn_gallery_create(&o, &g, &fault), MN_E_IO);
    assert_non_null(strstr(fault.text, "/nowhere/at/all"));
    assert_null(g);
}

static void on_a_full_disk_memory_is_taken(void **state)
{
    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 100000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    mn_gallery *g = make("/tmp", 1000, DIM);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    mn_gallery_stats s = mn_gallery_stats_get(g);
    assert_int_equal(s.cold_bytes, 0);
    assert_int_equal(s.faces, 1000);
    mn_gallery_destroy(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_takes_at_most_1_09_bytes_per_dimension),
        cmocka_unit_test(with_sketches_a_row_takes_at_most_1_15),
        cmocka_unit_test(without_a_directory_all_is_memory),
        cmocka_unit_test(a_directory_that_cannot_be_used_is_an_error),
        cmocka_unit_test(on_a_full_disk_memory_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
