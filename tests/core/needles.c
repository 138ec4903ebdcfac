#include "needles.h"

#include "support.h"

#include <ftw.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define RUN 12

static const needle *needles;
static size_t n_needles, files_seen;

void needles_enrol(world *w, needle out[NEEDLES])
{
    static float v[NEEDLE_PEOPLE][DIM];
    static int8_t by_127[NEEDLE_PEOPLE][DIM], by_largest[NEEDLE_PEOPLE][DIM];
    size_t n = 0;
    for (unsigned i = 0; i < NEEDLE_PEOPLE; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", i);
        enrol(w, name, "staff", i, 0);
        make_descriptor(i, 0, v[i]);
        float largest = 0;
        for (int j = 0; j < DIM; j++)
            largest = fmaxf(largest, fabsf(v[i][j]));
        for (int j = 0; j < DIM; j++) {
            by_127[i][j] = (int8_t)lrintf(v[i][j] * 127);
            by_largest[i][j] = (int8_t)lrintf(v[i][j] * 127 / largest);
        }
        out[n++] = (needle){&v[i][40], RUN * sizeof(float), "a float descriptor"};
        out[n++] = (needle){&by_127[i][40], RUN, "an int8 descriptor"};
        out[n++] = (needle){&by_largest[i][40], RUN, "an int8 descriptor"};
    }
    out[n] = (needle){"JFIF", 5, "a JPEG sample"};
}

static int search_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F || !S_ISREG(st->st_mode))
        return 0;
    mn_buf b;
    mn_buf_init(&b, 64 << 20);
    mn_test_read(path, &b);
    for (size_t i = 0; i < n_needles && b.len > 0; i++) {
        char hex[2 * 64 + 1];
        const needle *one = &needles[i];
        sodium_bin2hex(hex, sizeof hex, one->bytes, one->n);
        if (memmem(b.data, b.len, one->bytes, one->n) || memmem(b.data, b.len, hex, 2 * one->n))
            fail_msg("%s is readable in %s", one->what, path);
    }
    mn_buf_finish(&b);
    files_seen++;
    return 0;
}

size_t assert_nowhere(const char *folder, const needle *what, size_t n)
{
    needles = what;
    n_needles = n;
    files_seen = 0;
    assert_int_equal(nftw(folder, search_file, 16, FTW_PHYS), 0);
    return files_seen;
}
