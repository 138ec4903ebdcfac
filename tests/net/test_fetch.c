/* Fetching from a real HTTP server that cuts, lies and leads astray; see server.py. */
#include "base/alloc.h"
#include "base/file.h"
#include "net/fetch.h"
#include "server.h"
#include "support.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char target[4096], part[4200], address[128];

static int fresh(void **state)
{
    (void)state;
    char log[8192];
    snprintf(target, sizeof target, "%s/some/folder/model.onnx", mn_test_folder());
    snprintf(part, sizeof part, "%s.part", target);
    server_log(log, sizeof log);
    return 0;
}

static mn_fetch from(const char *source)
{
    return (mn_fetch){.source = source, .target = target, .bytes = SERVER_BYTES, .sha256 = SERVER_SUM};
}

static mn_fetch from_server(const char *path)
{
    return from(server_address(path, address));
}

static int64_t size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void arrives(const mn_fetch *f)
{
    mn_buf got;
    assert_ok(mn_fetch_file(f, err));
    mn_buf_init(&got, 1 << 20);
    mn_test_read(target, &got);
    assert_int_equal(got.len, SERVER_BYTES);
    for (size_t i = 0; i < got.len; i++)
        assert_int_equal(got.data[i], i * 7 % 251);
    mn_buf_finish(&got);
    assert_int_equal(size_of(part), -1);
}

static void fails(const mn_fetch *f, mn_code code, const char *says)
{
    mn_error why = {0};
    assert_int_equal(mn_fetch_file(f, &why), code);
    if (!strstr(why.text, says))
        fail_msg("'%s' should say '%s'", why.text, says);
    assert_int_equal(size_of(target), -1);
}

static void requests_were(const char *expected)
{
    char log[8192];
    server_log(log, sizeof log);
    assert_string_equal(log, expected);
}

static void comes_whole(void **state)
{
    (void)state;
    mn_fetch f = from_server("good");
    arrives(&f);
    requests_were("good:all");
}

static void cut_connections_are_continued(void **state)
{
    (void)state;
    mn_fetch f = from_server("cut");
    arrives(&f);
    requests_were("cut:all cut:bytes=60000- cut:bytes=120000-");
}

static void a_later_call_continues(void **state)
{
    (void)state;
    mn_fetch f = from_server("cut");
    f.attempts = 1;
    fails(&f, MN_E_IO, "127.0.0.1");
    assert_int_equal(size_of(part), 60000);
    fails(&f, MN_E_IO, "127.0.0.1");
    arrives(&f);
    requests_were("cut:all cut:bytes=60000- cut:bytes=120000-");
}

static void servers_without_ranges_start_again(void **state)
{
    (void)state;
    mn_fetch f = from_server("norange");
    arrives(&f);
    requests_were("norange:all norange:bytes=50000- norange:all");
}

static void leave_part(size_t n, uint8_t value)
{
    static uint8_t bytes[SERVER_BYTES + 10];
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", target);
    *strrchr(folder, '/') = 0;
    assert_ok(mn_file_make_folders(folder, 0700, err));
    memset(bytes, value, sizeof bytes);
    assert_ok(mn_file_write(part, bytes, n, 0600, err));
}

static void a_part_of_something_else_is_dropped(void **state)
{
    (void)state;
    leave_part(1000, 'x');
    mn_fetch f = from_server("good");
    arrives(&f);
    requests_were("good:bytes=1000- good:all");
}

static void a_part_that_is_too_long_is_dropped(void **state)
{
    (void)state;
    leave_part(SERVER_BYTES + 1, 'x');
    mn_fetch f = from_server("good");
    arrives(&f);
    requests_were("good:all");
}

static void a_whole_part_of_a_wrong_sum_is_dropped(void **state)
{
    (void)state;
    leave_part(SERVER_BYTES, 'x');
    mn_fetch f = from_server("good");
    arrives(&f);
    requests_were("good:all");
}

static void a_part_longer_than_the_server_s_file_is_dropped(void **state)
{
    (void)state;
    leave_part(2000, 'x');
    mn_fetch f = from_server("short");
    fails(&f, MN_E_CORRUPT, "has 1000 bytes, 200000 are expected");
    requests_were("short:bytes=2000- short:all");
}

static void a_wrong_sum_is_refused(void **state)
{
    (void)state;
    mn_fetch f = from_server("changed");
    fails(&f, MN_E_CORRUPT, "sha256");
    assert_int_equal(size_of(part), -1);
    requests_were("changed:all"); /* trying again would not help */
}

static void a_wrong_size_is_refused(void **state)
{
    (void)state;
    mn_fetch f = from_server("long");
    fails(&f, MN_E_CORRUPT, "more than the 200000 bytes expected");
    f = from_server("endless");
    fails(&f, MN_E_CORRUPT, "more than the 200000 bytes expected");
    assert_true(size_of(part) <= SERVER_BYTES);
}

static void what_is_not_there_is_not_found(void **state)
{
    (void)state;
    mn_fetch f = from_server("nothing");
    fails(&f, MN_E_NOT_FOUND, "/nothing: is not there (HTTP 404)");
    assert_int_equal(size_of(part), -1);
    f = from_server("forbidden");
    fails(&f, MN_E_IO, "HTTP 403");
    requests_were("nothing:all forbidden:all");
}

static void a_server_s_bad_moment_passes(void **state)
{
    (void)state;
    mn_fetch f = from_server("busy");
    arrives(&f);
    requests_were("busy:all busy:all");
}

static void a_server_that_is_gone_is_an_error(void **state)
{
    (void)state;
    mn_fetch f = from("http://127.0.0.1:1/good");
    f.attempts = 2;
    fails(&f, MN_E_IO, "http://127.0.0.1:1/good: ");
}

static void silence_ends(void **state)
{
    (void)state;
    mn_fetch f = from_server("slow");
    f.stall_s = 1;
    f.attempts = 1;
    fails(&f, MN_E_TIMEOUT, "/slow: ");
}

static void redirects_lead_to_http_only(void **state)
{
    (void)state;
    mn_fetch f = from_server("away");
    arrives(&f);
    unlink(target);
    f = from_server("to-file");
    fails(&f, MN_E_INVALID, "neither http nor https");
    f = from_server("to-ftp");
    fails(&f, MN_E_INVALID, "neither http nor https");
    f = from_server("loop");
    f.attempts = 1;
    fails(&f, MN_E_IO, "/loop: ");
}

static void other_protocols_are_refused(void **state)
{
    (void)state;
    mn_fetch f = from("ftp://127.0.0.1/x");
    fails(&f, MN_E_INVALID, "only http, https and file");
    f.source = "gopher://127.0.0.1/x";
    fails(&f, MN_E_INVALID, "only http, https and file");
}

static void passwords_are_not_shown(void **state)
{
    (void)state;
    mn_error why = {0};
    mn_fetch f = from("http://somebody:secret@127.0.0.1:1/x");
    f.attempts = 1;
    assert_int_equal(mn_fetch_file(&f, &why), MN_E_IO);
    assert_null(strstr(why.text, "secret"));
    assert_non_null(strstr(why.text, "http://127.0.0.1:1/x"));
}

/* The server's bytes as a local file. */
static const char *local_copy(void)
{
    static char path[4096];
    static uint8_t bytes[SERVER_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 % 251);
    snprintf(path, sizeof path, "%s/local.onnx", mn_test_folder());
    assert_ok(mn_file_write(path, bytes, sizeof bytes, 0600, err));
    return path;
}

static void paths_are_copied(void **state)
{
    (void)state;
    mn_fetch f = from(local_copy());
    leave_part(1000, 'x');
    arrives(&f);
    unlink(target);
    f.bytes = SERVER_BYTES - 1;
    fails(&f, MN_E_CORRUPT, "more than");
    f.bytes = SERVER_BYTES + 1;
    fails(&f, MN_E_CORRUPT, "has 200000 bytes, 200001 are expected");
    f = from("/nowhere/x");
    fails(&f, MN_E_NOT_FOUND, "/nowhere/x");
    f = from("/");
    fails(&f, MN_E_INVALID, "/: cannot read");
}

static void file_addresses_are_read(void **state)
{
    (void)state;
    char file[5000];
    snprintf(file, sizeof file, "file://%s", local_copy());
    mn_fetch f = from(file);
    arrives(&f);
    unlink(target);
    f = from("file:///nowhere/x");
    fails(&f, MN_E_NOT_FOUND, "file:///nowhere/x");
}

typedef struct {
    int calls;
    int64_t last, total;
    mn_cancel cancel;
    bool cancel_at_once;
} watcher;

static void watch(void *user, int64_t done, int64_t total)
{
    watcher *w = user;
    w->calls++;
    assert_true(done >= w->last);
    w->last = done;
    w->total = total;
    if (w->cancel_at_once)
        mn_cancel_set(&w->cancel);
}

static void progress_is_told_to_the_end(void **state)
{
    (void)state;
    watcher w = {0};
    mn_fetch f = from_server("good");
    f.progress = watch;
    f.user = &w;
    arrives(&f);
    assert_true(w.calls >= 1);
    assert_int_equal(w.last, 200000);
    assert_int_equal(w.total, 200000);
}

static void cancelling_stops_and_keeps_the_part(void **state)
{
    (void)state;
    watcher w = {.cancel_at_once = true};
    mn_fetch f = from_server("slow");
    f.progress = watch;
    f.user = &w;
    f.cancel = &w.cancel;
    fails(&f, MN_E_CANCELLED, "cancelled");
    assert_int_equal(size_of(part), 10);
    f = from(local_copy());
    f.cancel = &w.cancel;
    fails(&f, MN_E_CANCELLED, "cancelled");
}

static void one_fetch_a_target_at_a_time(void **state)
{
    (void)state;
    leave_part(10, 'x');
    int fd = open(part, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    mn_fetch f = from_server("good");
    fails(&f, MN_E_BUSY, "by another program");
    assert_int_equal(size_of(part), 10);
    close(fd);
    arrives(&f);
}

static void unwritable_places_are_named(void **state)
{
    (void)state;
    mn_fetch f = from_server("good");
    f.target = "/proc/nowhere/model.onnx";
    mn_error why = {0};
    assert_int_not_equal(mn_fetch_file(&f, &why), MN_OK);
    assert_non_null(strstr(why.text, "/proc/nowhere"));
    leave_part(1, 'x');
    unlink(part);
    assert_int_equal(symlink("/etc/hostname", part), 0); /* is not followed */
    f = from_server("good");
    assert_int_not_equal(mn_fetch_file(&f, &why), MN_OK);
    assert_int_equal(unlink(part), 0);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    char file[5000];
    snprintf(file, sizeof file, "file://%s", local_copy());
    mn_fetch f = from(file);
    f.attempts = 1;
    mn_code code = MN_E_MEMORY;
    long n = 1;
    for (; code && n < 1000; n++) {
        mn_alloc_fail_at(n);
        code = mn_fetch_file(&f, NULL);
        mn_alloc_fail_at(0);
        assert_int_equal(size_of(target), code ? -1 : SERVER_BYTES);
    }
    assert_int_equal(code, MN_OK);
    assert_true(n > 2);
}

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

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(comes_whole),
        T(cut_connections_are_continued),
        T(a_later_call_continues),
        T(servers_without_ranges_start_again),
        T(a_part_of_something_else_is_dropped),
        T(a_part_that_is_too_long_is_dropped),
        T(a_whole_part_of_a_wrong_sum_is_dropped),
        T(a_part_longer_than_the_server_s_file_is_dropped),
        T(a_wrong_sum_is_refused),
        T(a_wrong_size_is_refused),
        T(what_is_not_there_is_not_found),
        T(a_server_s_bad_moment_passes),
        T(a_server_that_is_gone_is_an_error),
        T(silence_ends),
        T(redirects_lead_to_http_only),
        T(other_protocols_are_refused),
        T(passwords_are_not_shown),
        T(paths_are_copied),
        T(file_addresses_are_read),
        T(progress_is_told_to_the_end),
        T(cancelling_stops_and_keeps_the_part),
        T(one_fetch_a_target_at_a_time),
        T(unwritable_places_are_named),
        T(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests_name("net fetch", tests, start, stop);
}
