#include "base/file.h"
#include "exchange/lines.h"
#include "exchange/npy.h"
#include "support.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define assert_refused(call, want, words)                                                                    \
    do {                                                                                                     \
        mn_error e_ = {0};                                                                                   \
        mn_error *err = &e_;                                                                                 \
        assert_int_equal((call), want);                                                                      \
        if (!strstr(e_.text, words))                                                                         \
            fail_msg("\"%s\" does not say \"%s\"", e_.text, words);                                          \
    } while (0)

/* ---- half precision ---- */

static void test_half_values(void **state)
{
    static const struct {
        uint16_t half;
        float value;
    } known[] = {{0x0000, 0.0f},
                 {0x8000, -0.0f},
                 {0x3c00, 1.0f},
                 {0xc000, -2.0f},
                 {0x7bff, 65504.0f},
                 {0x0400, 6.10351562e-05f},
                 {0x0001, 5.96046448e-08f},
                 {0x03ff, 6.09755516e-05f},
                 {0x3555, 0.333251953f},
                 {0x7c00, INFINITY},
                 {0xfc00, -INFINITY}};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        float v = mn_half_to_float(known[i].half);
        assert_memory_equal(&v, &known[i].value, sizeof v);
        assert_int_equal(mn_float_to_half(known[i].value), known[i].half);
    }
    assert_true(isnan(mn_half_to_float(0x7e00)));
    assert_int_equal(mn_float_to_half(NAN) & 0x7fff, 0x7e00);
}

static void test_half_rounds_to_even(void **state)
{
    (void)state;
    assert_int_equal(mn_float_to_half(1.00048828125f), 0x3c00); /* half way: down to the even one */
    assert_int_equal(mn_float_to_half(1.00146484375f), 0x3c02); /* half way: up to the even one */
    assert_int_equal(mn_float_to_half(2047.75f), 0x6800);       /* carries into the exponent */
    assert_int_equal(mn_float_to_half(65519.996f), 0x7bff);
    assert_int_equal(mn_float_to_half(65520.0f), 0x7c00);
    assert_int_equal(mn_float_to_half(2.98023224e-08f), 0x0000);
    assert_int_equal(mn_float_to_half(2.98023260e-08f), 0x0001);
}

static void test_every_half_comes_back(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++)
        if ((h & 0x7c00) != 0x7c00 || (h & 0x3ff) == 0)
            assert_int_equal(mn_float_to_half(mn_half_to_float((uint16_t)h)), h);
}

/* ---- headers ---- */

static size_t header(uint8_t out[400], int version, const char *dictionary)
{
    size_t n = strlen(dictionary), prefix = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (uint8_t)version;
    out[7] = 0;
    out[8] = (uint8_t)n;
    out[9] = (uint8_t)(n >> 8);
    out[10] = out[11] = 0;
    memcpy(out + prefix, dictionary, n);
    return prefix + n;
}

static void test_headers(void **state)
{
    uint8_t bytes[400];
    mn_npy_shape s;
    (void)state;
    for (int version = 1; version <= 3; version++) {
        size_t n =
            header(bytes, version, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 128), }   \n");
        assert_ok(mn_npy_parse(bytes, n, &s, err));
        assert_int_equal(s.type, MN_NPY_F4);
        assert_int_equal(s.rows, 3);
        assert_int_equal(s.columns, 128);
        assert_int_equal(s.offset, n);
    }
    size_t n = header(bytes, 1, "{\"shape\":(0,64),\"descr\":\"<f2\",\"fortran_order\":False}");
    assert_ok(mn_npy_parse(bytes, n, &s, err));
    assert_int_equal(s.type, MN_NPY_F2);
    assert_int_equal(s.rows, 0);
    n = header(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (7L, 5L)}");
    assert_ok(mn_npy_parse(bytes, n, &s, err));
    assert_int_equal(s.columns, 5);
}

static void test_headers_that_are_not_read(void **state)
{
    static const struct {
        const char *dictionary, *words;
        mn_code code;
    } bad[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (3, 4)}", "little-endian", MN_E_UNSUPPORTED},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4)}", "float32 or float16", MN_E_UNSUPPORTED},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (3, 4)}", "'|O'", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4)}", "Fortran", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", "1 dimensions", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': ()}", "0 dimensions", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4097)}", "4097", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 0)}", "matrix", MN_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False}", "damaged", MN_E_DECODE},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)}", "damaged", MN_E_DECODE},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)} x", "damaged", MN_E_DECODE},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999, 4)}", "damaged", MN_E_DECODE},
        {"{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3, 4)}", "damaged", MN_E_DECODE},
        {"{'descr': '<f4", "damaged", MN_E_DECODE},
        {"", "damaged", MN_E_DECODE},
    };
    uint8_t bytes[400];
    mn_npy_shape s = {.rows = 77};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = header(bytes, 2, bad[i].dictionary);
        assert_refused(mn_npy_parse(bytes, n, &s, err), bad[i].code, bad[i].words);
    }
    size_t n = header(bytes, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4)}");
    assert_refused(mn_npy_parse(bytes, n - 1, &s, err), MN_E_DECODE, "within its header");
    bytes[6] = 4;
    assert_refused(mn_npy_parse(bytes, n, &s, err), MN_E_UNSUPPORTED, "version 4");
    bytes[6] = 2;
    bytes[11] = 1;
    assert_refused(mn_npy_parse(bytes, n, &s, err), MN_E_LIMIT, "header");
    assert_refused(mn_npy_parse((const uint8_t *)"PK\3\4 is a zip file", 18, &s, err), MN_E_DECODE,
                   "no .npy");
    assert_int_equal(s.rows, 77);
}

/* ---- files ---- */

static void test_write_and_read(void **state)
{
    char path[300];
    const float rows[3][4] = {{0.5f, -0.25f, 1e-3f, 3}, {0, 1, 2, 3}, {-1, -2, -3, 0.333251953f}};
    (void)state;
    for (int type = MN_NPY_F4; type <= MN_NPY_F2; type++) {
        mn_npy_writer *w;
        mn_npy *f;
        uint64_t row;
        float v[4];
        struct stat st;
        snprintf(path, sizeof path, "%s/a.npy", mn_test_folder());
        assert_ok(mn_npy_create(path, (mn_npy_type)type, 4, &w, err));
        for (uint64_t i = 0; i < 3; i++) {
            assert_ok(mn_npy_append(w, rows[i], &row, err));
            assert_int_equal(row, i);
        }
        assert_false(mn_file_exists(path));
        assert_ok(mn_npy_finish(w, err));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(st.st_size, 128 + 12 * (type == MN_NPY_F4 ? 4 : 2));
        assert_ok(mn_npy_open(path, &f, err));
        assert_int_equal(mn_npy_shape_of(f).rows, 3);
        for (uint64_t i = 3; i-- > 0;) {
            assert_ok(mn_npy_row(f, i, v, err));
            for (int j = 0; j < 4; j++)
                assert_float_equal(v[j], rows[i][j], type == MN_NPY_F4 ? 0.0f : 1e-6f);
        }
        assert_refused(mn_npy_row(f, 3, v, err), MN_E_NOT_FOUND, "no row 3");
        mn_npy_close(f);
        assert_int_equal(truncate(path, st.st_size - 1), 0);
        assert_refused(mn_npy_open(path, &f, err), MN_E_DECODE, "too short for the 3 rows");
    }
    mn_npy *none;
    assert_refused(mn_npy_open("/nonexistent.npy", &none, err), MN_E_NOT_FOUND, "/nonexistent.npy");
    assert_refused(mn_npy_open("/dev/null", &none, err), MN_E_UNSUPPORTED, "no ordinary file");
    mn_npy_writer *w;
    assert_refused(mn_npy_create("/nonexistent/a.npy", MN_NPY_F4, 4, &w, err), MN_E_NOT_FOUND,
                   "cannot be written");
    assert_refused(mn_npy_create(path, MN_NPY_F4, 4097, &w, err), MN_E_INVALID, "4097");
}

static void test_abandoned(void **state)
{
    char path[300], **names = NULL;
    size_t n;
    const char *folder = mn_test_folder();
    mn_npy_writer *w;
    (void)state;
    snprintf(path, sizeof path, "%s/a.npy", folder);
    assert_ok(mn_npy_create(path, MN_NPY_F4, 4, &w, err));
    mn_npy_abandon(w);
    assert_ok(mn_file_list(folder, 10, &names, &n, err));
    assert_int_equal(n, 0);
    mn_file_list_free(names, n);
}

/* ---- lines ---- */

static void test_lines(void **state)
{
    char text[] = "first\n\n  \nsecond, which is too long\n\xff third\r\nlast";
    mn_lines l;
    (void)state;
    FILE *in = fmemopen(text, strlen(text), "r");
    mn_lines_init(&l, in, 10);
    assert_ok(mn_lines_next(&l, err));
    assert_string_equal(l.line.data, "first");
    assert_refused(mn_lines_next(&l, err), MN_E_LIMIT, "longer than 10 bytes");
    assert_int_equal(l.number, 4);
    assert_ok(mn_lines_next(&l, err));
    assert_string_equal(l.line.data, "\xff third\r");
    assert_ok(mn_lines_next(&l, err));
    assert_string_equal(l.line.data, "last");
    assert_int_equal(l.number, 6);
    assert_refused(mn_lines_next(&l, err), MN_E_NOT_FOUND, "no more");
    mn_lines_finish(&l);
    fclose(in);
}

/* Lines come out the same, wherever the pieces end. */
static void test_lines_in_pieces(void **state)
{
    static const char text[] = "one\n\n \t\r\nlonger than ten\ntwo\n0123456789\nlast";
    const size_t all = strlen(text);
    (void)state;
    for (size_t piece = 1; piece <= all; piece++) {
        char got[200] = "";
        mn_line_pieces l;
        mn_line_pieces_init(&l, 10);
        for (size_t from = 0; from < all; from += piece) {
            const size_t n = all - from < piece ? all - from : piece;
            const bool last = from + n == all;
            size_t at = 0;
            for (;;) {
                mn_error fault = {0};
                mn_code code = mn_line_pieces_next(&l, text + from, n, last, &at, &fault);
                if (code == MN_E_NOT_FOUND)
                    break;
                size_t len = strlen(got);
                snprintf(got + len, sizeof got - len, "%d:%s ", (int)l.number,
                         code == MN_OK ? (const char *)l.line.data : mn_code_word(code));
            }
            assert_int_equal(at, n);
        }
        assert_string_equal(got, "1:one 4:limit 5:two 6:0123456789 7:last ");
        mn_line_pieces_finish(&l);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_values),
        cmocka_unit_test(test_half_rounds_to_even),
        cmocka_unit_test(test_every_half_comes_back),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_headers_that_are_not_read),
        cmocka_unit_test(test_write_and_read),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lines_in_pieces),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
