#include "exchange/npy.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_MAX 12 /* magic, version, length */
#define OWN_HEADER 128
#define ROWS_MAX   (UINT64_C(1) << 40)
#define WORD_MAX   64

/* ---- the header: a Python dictionary of three entries ---- */

typedef struct {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted)
        return false;
    c->at++;
    return true;
}

/* 'text' or "text", without escapes: no field that is read here has any. */
static bool take_text(cursor *c, char out[WORD_MAX])
{
    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return false;
    char quote = *c->at++;
    size_t n = 0;
    while (c->at < c->end && *c->at != quote && *c->at != '\\' && n + 1 < WORD_MAX)
        out[n++] = *c->at++;
    out[n] = 0;
    return take(c, quote);
}

static bool take_word(cursor *c, char out[WORD_MAX])
{
    size_t n = 0;
    skip_space(c);
    while (c->at < c->end && ((*c->at | 32) >= 'a' && (*c->at | 32) <= 'z') && n + 1 < WORD_MAX)
        out[n++] = *c->at++;
    out[n] = 0;
    return n > 0;
}

static bool take_number(cursor *c, uint64_t *out)
{
    uint64_t n = 0;
    skip_space(c);
    const char *start = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (n > ROWS_MAX)
            return false;
        n = 10 * n + (uint64_t)(*c->at - '0');
    }
    if (c->at < c->end && *c->at == 'L') /* Python 2's long */
        c->at++;
    *out = n;
    return c->at > start && n <= ROWS_MAX;
}

typedef struct {
    char descr[WORD_MAX], order[WORD_MAX];
    uint64_t shape[8];
    size_t rank;
    bool with_descr, with_order, with_shape;
} fields;

static bool take_shape(cursor *c, fields *f)
{
    if (!take(c, '('))
        return false;
    while (!take(c, ')')) {
        if (f->rank == 8 || !take_number(c, &f->shape[f->rank++]))
            return false;
        if (!take(c, ','))
            return take(c, ')');
    }
    return true;
}

static bool take_field(cursor *c, fields *f)
{
    char key[WORD_MAX];
    if (!take_text(c, key) || !take(c, ':'))
        return false;
    bool *seen = strcmp(key, "descr") == 0           ? &f->with_descr
                 : strcmp(key, "fortran_order") == 0 ? &f->with_order
                 : strcmp(key, "shape") == 0         ? &f->with_shape
                                                     : NULL;
    if (!seen || *seen)
        return false;
    *seen = true;
    return seen == &f->with_descr   ? take_text(c, f->descr)
           : seen == &f->with_order ? take_word(c, f->order)
                                    : take_shape(c, f);
}

static bool take_fields(cursor *c, fields *f)
{
    if (!take(c, '{'))
        return false;
    while (!take(c, '}')) {
        if (!take_field(c, f))
            return false;
        if (!take(c, ',')) {
            if (!take(c, '}'))
                return false;
            break;
        }
    }
    skip_space(c);
    return c->at == c->end && f->with_descr && f->with_order && f->with_shape;
}

static mn_code understand(const fields *f, mn_npy_shape *out, mn_error *err)
{
    bool f2 = strcmp(f->descr, "<f2") == 0;
    if (!f2 && strcmp(f->descr, "<f4") != 0)
        return mn_fail(err, MN_E_UNSUPPORTED,
                       "its numbers are of type '%s': float32 or float16 are read, little-endian (in numpy: "
                       ".astype('<f4'))",
                       f->descr);
    if (strcmp(f->order, "False") != 0)
        return mn_fail(err, MN_E_UNSUPPORTED,
                       "it is in Fortran order: save it in C order (in numpy: ascontiguousarray)");
    if (f->rank != 2 || f->shape[1] < 1 || f->shape[1] > MN_NPY_COLUMNS_MAX)
        return mn_fail(
            err, MN_E_UNSUPPORTED,
            "it must be a matrix with a vector a row, of 1 to %d numbers, and it has %zu dimensions, "
            "%llu numbers in the last",
            MN_NPY_COLUMNS_MAX, f->rank, (unsigned long long)(f->rank ? f->shape[f->rank - 1] : 0));
    out->type = f2 ? MN_NPY_F2 : MN_NPY_F4;
    out->rows = f->shape[0];
    out->columns = (size_t)f->shape[1];
    return MN_OK;
}

mn_code mn_npy_parse(const uint8_t *bytes, size_t n, mn_npy_shape *out, mn_error *err)
{
    fields f = {0};
    mn_npy_shape shape = {0};
    if (n < PREFIX_MAX || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return mn_fail(err, MN_E_DECODE, "this is no .npy file: it does not begin as one");
    if (bytes[6] < 1 || bytes[6] > 3)
        return mn_fail(err, MN_E_UNSUPPORTED, "it is of format version %d: 1 to 3 are read", bytes[6]);
    size_t prefix = bytes[6] == 1 ? 10 : 12;
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1)
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > MN_NPY_HEADER_MAX)
        return mn_fail(err, MN_E_LIMIT, "its header is %zu bytes long: at most %d are read", length,
                       MN_NPY_HEADER_MAX);
    if (n - prefix < length)
        return mn_fail(err, MN_E_DECODE, "it ends within its header");
    cursor c = {(const char *)bytes + prefix, (const char *)bytes + prefix + length};
    if (!take_fields(&c, &f))
        return mn_fail(err, MN_E_DECODE,
                       "its header is damaged: it must name 'descr', 'fortran_order' and 'shape'");
    mn_code code = understand(&f, &shape, err);
    shape.offset = prefix + length;
    if (code == MN_OK)
        *out = shape;
    return code;
}

/* ---- reading ---- */

struct mn_npy {
    int fd;
    mn_npy_shape shape;
};

static size_t number_size(mn_npy_type type)
{
    return type == MN_NPY_F2 ? 2 : 4;
}

static mn_code read_at(int fd, void *out, size_t n, uint64_t offset, size_t *got, mn_error *err)
{
    *got = 0;
    while (*got < n) {
        ssize_t r = pread(fd, (char *)out + *got, n - *got, (off_t)(offset + *got));
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return mn_fail_errno(err, errno, "cannot be read");
        if (r == 0)
            break;
        *got += (size_t)r;
    }
    return MN_OK;
}

static mn_code look_at(mn_npy *f, mn_error *err)
{
    struct stat st;
    size_t n = 0, room = PREFIX_MAX + MN_NPY_HEADER_MAX;
    if (fstat(f->fd, &st) != 0)
        return mn_fail_errno(err, errno, "cannot be read");
    if (!S_ISREG(st.st_mode))
        return mn_fail(err, MN_E_UNSUPPORTED, "it is no ordinary file: rows are read in any order");
    uint8_t *head = mn_alloc(room);
    if (!head)
        return mn_fail(err, MN_E_MEMORY, "no memory for a header");
    mn_code code = read_at(f->fd, head, room, 0, &n, err);
    if (code == MN_OK)
        code = mn_npy_parse(head, n, &f->shape, err);
    mn_free(head);
    uint64_t row = f->shape.columns * number_size(f->shape.type);
    if (code == MN_OK && ((uint64_t)st.st_size - f->shape.offset) / row < f->shape.rows)
        code = mn_fail(err, MN_E_DECODE, "it is too short for the %llu rows that it claims to have",
                       (unsigned long long)f->shape.rows);
    return code;
}

mn_code mn_npy_open(const char *path, mn_npy **out, mn_error *err)
{
    mn_npy *f = mn_calloc(1, sizeof *f);
    if (!f)
        return mn_fail(err, MN_E_MEMORY, "no memory to read %.200s", path);
    f->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0) {
        int why = errno;
        mn_free(f);
        return mn_fail_errno(err, why, "%.200s: cannot be opened", path);
    }
    mn_code code = look_at(f, err);
    if (code != MN_OK) {
        mn_npy_close(f);
        mn_error_prefix(err, "%.200s", path);
        return code;
    }
    *out = f;
    return MN_OK;
}

void mn_npy_close(mn_npy *f)
{
    if (!f)
        return;
    close(f->fd);
    mn_free(f);
}

mn_npy_shape mn_npy_shape_of(const mn_npy *f)
{
    return f->shape;
}

static float number_at(mn_npy_type type, const uint8_t *b)
{
    if (type == MN_NPY_F2)
        return mn_half_to_float((uint16_t)(b[0] | b[1] << 8));
    uint32_t bits = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

mn_code mn_npy_row(const mn_npy *f, uint64_t row, float *out, mn_error *err)
{
    uint8_t bytes[4 * MN_NPY_COLUMNS_MAX];
    size_t step = number_size(f->shape.type), n = f->shape.columns * step, got;
    if (row >= f->shape.rows)
        return mn_fail(err, MN_E_NOT_FOUND,
                       "there is no row %llu in the file of vectors: it has %llu, from 0 on",
                       (unsigned long long)row, (unsigned long long)f->shape.rows);
    if (n == 0 || n > sizeof bytes)
        return mn_fail(err, MN_E_INTERNAL, "rows of %zu numbers, which the header's check let pass",
                       f->shape.columns);
    mn_code code = read_at(f->fd, bytes, n, f->shape.offset + row * n, &got, err);
    if (code == MN_OK && got != n)
        code = mn_fail(err, MN_E_IO, "the file of vectors became shorter while it was read");
    for (size_t i = 0; code == MN_OK && i < f->shape.columns; i++)
        out[i] = number_at(f->shape.type, bytes + i * step);
    return code;
}

/* ---- writing ---- */

struct mn_npy_writer {
    FILE *file;
    char path[PATH_MAX], temporary[PATH_MAX];
    mn_npy_type type;
    size_t columns;
    uint64_t rows;
};

/* Always as long, so that the number of rows can be put in at the end. */
static bool put_header(mn_npy_writer *w)
{
    char header[OWN_HEADER + 1];
    int n = snprintf(header, sizeof header,
                     "%c%c%c%c%c%c%c%c%c%c{'descr': '%s', 'fortran_order': False, 'shape': (%llu, %zu), }",
                     0x93, 'N', 'U', 'M', 'P', 'Y', 1, 1, OWN_HEADER - 10, 1,
                     w->type == MN_NPY_F2 ? "<f2" : "<f4", (unsigned long long)w->rows, w->columns);
    memset(header + n, ' ', (size_t)(OWN_HEADER - n));
    header[7] = header[9] = 0; /* minor version, and the high byte of the length: no zero could be printed */
    header[OWN_HEADER - 1] = '\n';
    return fwrite(header, 1, OWN_HEADER, w->file) == OWN_HEADER;
}

static mn_code cannot_write(const mn_npy_writer *w, mn_error *err)
{
    return mn_fail_errno(err, errno ? errno : EIO, "%.200s: cannot be written", w->path);
}

mn_code mn_npy_create(const char *path, mn_npy_type type, size_t columns, mn_npy_writer **out, mn_error *err)
{
    if (columns < 1 || columns > MN_NPY_COLUMNS_MAX)
        return mn_fail(err, MN_E_INVALID, "a row has 1 to %d numbers, not %zu", MN_NPY_COLUMNS_MAX, columns);
    mn_npy_writer *w = mn_calloc(1, sizeof *w);
    if (!w)
        return mn_fail(err, MN_E_MEMORY, "no memory to write %.200s", path);
    w->type = type;
    w->columns = columns;
    int n = snprintf(w->path, sizeof w->path, "%s", path);
    int m = snprintf(w->temporary, sizeof w->temporary, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || m < 0 || (size_t)m >= sizeof w->temporary) {
        mn_free(w);
        return mn_fail(err, MN_E_INVALID, "the path of the file of vectors is too long");
    }
    errno = 0;
    int fd = open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    w->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!w->file || !put_header(w)) {
        mn_code code = cannot_write(w, err);
        if (!w->file && fd >= 0)
            close(fd);
        mn_npy_abandon(w);
        return code;
    }
    *out = w;
    return MN_OK;
}

mn_code mn_npy_append(mn_npy_writer *w, const float *v, uint64_t *row, mn_error *err)
{
    uint8_t bytes[4 * MN_NPY_COLUMNS_MAX];
    size_t step = number_size(w->type);
    for (size_t i = 0; i < w->columns; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        if (w->type == MN_NPY_F2)
            bits = mn_float_to_half(v[i]);
        for (size_t b = 0; b < step; b++)
            bytes[i * step + b] = (uint8_t)(bits >> 8 * b);
    }
    errno = 0;
    if (fwrite(bytes, step, w->columns, w->file) != w->columns)
        return cannot_write(w, err);
    *row = w->rows++;
    return MN_OK;
}

mn_code mn_npy_finish(mn_npy_writer *w, mn_error *err)
{
    errno = 0;
    bool written = fseek(w->file, 0, SEEK_SET) == 0 && put_header(w) && fflush(w->file) == 0 &&
                   fsync(fileno(w->file)) == 0 && rename(w->temporary, w->path) == 0;
    mn_code code = written ? MN_OK : cannot_write(w, err);
    if (written)
        w->temporary[0] = 0;
    mn_npy_abandon(w);
    return code;
}

void mn_npy_abandon(mn_npy_writer *w)
{
    if (!w)
        return;
    if (w->file)
        fclose(w->file);
    if (w->temporary[0])
        unlink(w->temporary);
    mn_free(w);
}
