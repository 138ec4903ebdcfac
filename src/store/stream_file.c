/* The stream as a file; its form is told in stream.h. */
#include "store/stream.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FRAME_MAX ((size_t)512 << 20)
#define HEAD      5
#define SUM       16

static const uint8_t magic[16] = "mien.records.1\n";

/* ---- frames ---- */

static void sum_frame(const uint8_t head[HEAD], const uint8_t *payload, size_t n, uint8_t sum[SUM])
{
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, SUM);
    crypto_generichash_update(&h, sum, SUM); /* of the frame before */
    crypto_generichash_update(&h, head, HEAD);
    if (n > 0)
        crypto_generichash_update(&h, payload, n);
    crypto_generichash_final(&h, sum, SUM);
}

typedef struct {
    FILE *file;
    const char *path;
    uint8_t sum[SUM];
} writer;

static mn_code write_bytes(const writer *w, const void *bytes, size_t n, mn_error *err)
{
    errno = 0;
    if (n == 0 || fwrite(bytes, 1, n, w->file) == n)
        return MN_OK;
    return mn_fail_errno(err, errno ? errno : EIO, "%s: cannot write", w->path);
}

static mn_code write_frame(writer *w, char type, const mn_buf *payload, mn_error *err)
{
    const uint32_t n = (uint32_t)payload->len;
    const uint8_t head[HEAD] = {(uint8_t)type, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16),
                                (uint8_t)(n >> 24)};
    sum_frame(head, payload->data, n, w->sum);
    mn_code code = write_bytes(w, head, HEAD, err);
    if (code == MN_OK)
        code = write_bytes(w, payload->data, n, err);
    return code == MN_OK ? write_bytes(w, w->sum, SUM, err) : code;
}

static mn_code encode_kind(const mn_kind *k, mn_buf *out, mn_error *err)
{
    const uint8_t numbers[3] = {k->append_only, (uint8_t)k->keys, (uint8_t)k->n_columns};
    mn_code code = mn_buf_append(out, k->name, strlen(k->name) + 1, err);
    if (code == MN_OK)
        code = mn_buf_append(out, numbers, sizeof numbers, err);
    for (size_t i = 0; code == MN_OK && i < k->n_columns; i++) {
        const uint8_t type = (uint8_t)k->columns[i].type;
        code = mn_buf_append(out, &type, 1, err);
        if (code == MN_OK)
            code = mn_buf_append(out, k->columns[i].name, strlen(k->columns[i].name) + 1, err);
    }
    return code;
}

/* ---- writing ---- */

static mn_code write_page(writer *w, const mn_page *page, const mn_kind **last, mn_buf *scratch,
                          mn_meter *meter, mn_error *err)
{
    mn_code code = MN_OK;
    mn_buf_clear(scratch);
    if (page->kind != *last) {
        code = encode_kind(page->kind, scratch, err);
        if (code == MN_OK)
            code = write_frame(w, 'K', scratch, err);
        *last = page->kind;
        mn_buf_clear(scratch);
    }
    if (code == MN_OK)
        code = mn_stream_encode(page, scratch, err);
    if (code == MN_OK)
        code = mn_meter_add(meter, page, scratch, err);
    return code == MN_OK ? write_frame(w, 'P', scratch, err) : code;
}

static mn_code write_end(writer *w, uint64_t rows, mn_error *err)
{
    mn_buf end;
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(rows >> (8 * i));
    mn_buf_init(&end, sizeof bytes);
    mn_code code = mn_buf_append(&end, bytes, sizeof bytes, err);
    if (code == MN_OK)
        code = write_frame(w, 'E', &end, err);
    mn_buf_finish(&end);
    if (code == MN_OK && (fflush(w->file) != 0 || fsync(fileno(w->file)) != 0))
        code = mn_fail_errno(err, errno, "%s: cannot write to the disk", w->path);
    return code;
}

/* To the end of the source, into w where there is one. */
static mn_code drain(mn_source *from, writer *w, const mn_stream_options *o, mn_meter *meter, mn_error *err)
{
    mn_buf scratch;
    mn_page page = {0};
    mn_stream_totals totals;
    const mn_kind *last = NULL;
    mn_code code;
    uint64_t rows = 0;
    mn_buf_init(&scratch, FRAME_MAX);
    while ((code = mn_source_next(from, &page, err)) == MN_OK && page.kind) {
        if (mn_cancelled(o->cancel))
            code = mn_fail(err, MN_E_CANCELLED, "interrupted");
        if (code == MN_OK && o->each)
            code = o->each(o->user, &page, err);
        if (code == MN_OK && w)
            code = write_page(w, &page, &last, &scratch, meter, err);
        if (code == MN_OK && !w) {
            mn_buf_clear(&scratch);
            code = mn_stream_encode(&page, &scratch, err);
            if (code == MN_OK)
                code = mn_meter_add(meter, &page, &scratch, err);
        }
        if (code != MN_OK)
            break;
        rows += page.n;
        if (o->progress)
            o->progress(o->user, rows);
    }
    mn_buf_finish(&scratch);
    mn_meter_read(meter, &totals);
    return code == MN_OK && w ? write_end(w, totals.rows, err) : code;
}

static mn_code write_file(mn_source *from, writer *w, const mn_stream_options *o, mn_meter *meter,
                          mn_error *err)
{
    int fd = open(w->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    w->file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!w->file) {
        mn_code code = mn_fail_errno(err, errno, "%s: cannot create", w->path);
        if (fd >= 0)
            close(fd);
        return code;
    }
    mn_code code = write_bytes(w, magic, sizeof magic, err);
    if (code == MN_OK)
        code = drain(from, w, o, meter, err);
    if (fclose(w->file) != 0 && code == MN_OK)
        code = mn_fail_errno(err, errno, "%s: cannot write", w->path);
    if (code != MN_OK)
        unlink(w->path);
    return code;
}

mn_code mn_stream_write(mn_source *from, const char *path, const mn_stream_options *o, mn_stream_totals *out,
                        mn_error *err)
{
    writer w = {.path = path};
    mn_meter *meter = mn_meter_create();
    if (!meter)
        return mn_fail(err, MN_E_MEMORY, "no memory to write a backup");
    mn_code code = write_file(from, &w, o, meter, err);
    if (code == MN_OK)
        mn_meter_read(meter, out);
    mn_meter_destroy(meter);
    return code;
}

mn_code mn_stream_measure(mn_source *from, const mn_stream_options *o, mn_stream_totals *out, mn_error *err)
{
    mn_meter *meter = mn_meter_create();
    if (!meter)
        return mn_fail(err, MN_E_MEMORY, "no memory to read records");
    mn_code code = drain(from, NULL, o, meter, err);
    if (code == MN_OK)
        mn_meter_read(meter, out);
    mn_meter_destroy(meter);
    return code;
}

/* ---- reading ---- */

typedef struct {
    mn_source base;
    FILE *file;
    char *path;
    mn_buf frame;
    mn_arena *arena;
    mn_kind *kinds[MN_KINDS_MAX]; /* pages point to them */
    size_t n_kinds;
    uint64_t rows;
    uint8_t sum[SUM];
    bool ended;
} reader;

static mn_code damaged(const reader *r, const char *how, mn_error *err)
{
    return mn_fail(err, MN_E_CORRUPT, "%s is damaged: %s: use another backup", r->path, how);
}

static mn_code read_bytes(reader *r, void *out, size_t n, mn_error *err)
{
    errno = 0;
    if (fread(out, 1, n, r->file) == n)
        return MN_OK;
    if (ferror(r->file))
        return mn_fail_errno(err, errno ? errno : EIO, "%s: cannot read", r->path);
    return damaged(r, "it ends too soon", err);
}

/* A wrong length must not ask for memory that the file cannot fill: it grows as it is read. */
static mn_code read_payload(reader *r, size_t n, mn_error *err)
{
    mn_code code = MN_OK;
    mn_buf_clear(&r->frame);
    while (code == MN_OK && r->frame.len < n) {
        uint8_t *at = NULL;
        size_t part = n - r->frame.len < (1u << 20) ? n - r->frame.len : 1u << 20;
        code = mn_buf_reserve(&r->frame, part, &at, err);
        if (code == MN_OK)
            code = read_bytes(r, at, part, err);
        if (code == MN_OK)
            mn_buf_commit(&r->frame, part);
    }
    return code;
}

static mn_code read_frame(reader *r, char *type, mn_error *err)
{
    uint8_t head[HEAD], sum[SUM];
    mn_code code = read_bytes(r, head, HEAD, err);
    if (code != MN_OK)
        return code;
    size_t n = (size_t)head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
    if (n > FRAME_MAX)
        return damaged(r, "a part is longer than any that is written", err);
    code = read_payload(r, n, err);
    if (code == MN_OK)
        code = read_bytes(r, sum, SUM, err);
    if (code != MN_OK)
        return code;
    sum_frame(head, r->frame.data, n, r->sum);
    *type = (char)head[0];
    return memcmp(sum, r->sum, SUM) == 0 ? MN_OK : damaged(r, "a checksum does not match", err);
}

typedef struct {
    const uint8_t *at;
    size_t left;
} bytes;

static bool take(bytes *b, void *out, size_t n)
{
    if (b->left < n)
        return false;
    memcpy(out, b->at, n);
    b->at += n;
    b->left -= n;
    return true;
}

static bool take_name(bytes *b, char out[MN_KIND_NAME])
{
    const uint8_t *end = b->left ? memchr(b->at, 0, b->left) : NULL;
    size_t n = end ? (size_t)(end - b->at) + 1 : 0;
    return n > 0 && n <= MN_KIND_NAME && take(b, out, n);
}

static bool decode_kind(bytes b, mn_kind *k)
{
    uint8_t numbers[3], type;
    if (!take_name(&b, k->name) || !take(&b, numbers, sizeof numbers) || numbers[2] > MN_COLUMNS_MAX)
        return false;
    k->append_only = numbers[0] == 1;
    k->keys = numbers[1];
    k->n_columns = numbers[2];
    for (size_t i = 0; i < k->n_columns; i++) {
        if (!take(&b, &type, 1) || type >= MN_COLUMN_TYPES || !take_name(&b, k->columns[i].name))
            return false;
        k->columns[i].type = (mn_column_type)type;
    }
    return b.left == 0 && mn_kind_sound(k);
}

static mn_code add_kind(reader *r, mn_error *err)
{
    if (r->n_kinds == MN_KINDS_MAX)
        return damaged(r, "too many kinds of records", err);
    mn_kind *k = mn_calloc(1, sizeof *k);
    if (!k)
        return mn_fail(err, MN_E_MEMORY, "no memory to read a backup");
    r->kinds[r->n_kinds++] = k;
    return decode_kind((bytes){r->frame.data, r->frame.len}, k)
               ? MN_OK
               : damaged(r, "a kind of records has no form that is known", err);
}

static uint64_t number(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static bool take_bytes(bytes *b, size_t n, mn_arena *a, mn_value *v)
{
    uint8_t *copy = b->left >= n ? mn_arena_alloc(a, n + 1) : NULL; /* texts end with a zero byte */
    if (!copy || !take(b, copy, n))
        return false;
    copy[n] = 0;
    v->bytes = copy;
    v->n = n;
    return true;
}

static bool decode_value(bytes *b, mn_column_type type, mn_arena *a, mn_value *v)
{
    uint8_t there, raw[8];
    *v = (mn_value){0};
    if (!take(b, &there, 1) || there > 1)
        return false;
    v->null = !there;
    if (v->null)
        return true;
    switch (type) {
    case MN_COLUMN_BOOL:
        if (!take(b, raw, 1) || raw[0] > 1)
            return false;
        v->integer = raw[0];
        return true;
    case MN_COLUMN_INT:
    case MN_COLUMN_REAL:
        if (!take(b, raw, 8))
            return false;
        v->integer = type == MN_COLUMN_INT ? (int64_t)number(raw, 8) : 0;
        if (type == MN_COLUMN_REAL) {
            uint64_t bits = number(raw, 8);
            memcpy(&v->real, &bits, sizeof v->real);
        }
        return true;
    case MN_COLUMN_ID:
        return take_bytes(b, sizeof(mn_id), a, v);
    default:
        return take(b, raw, 4) && take_bytes(b, (size_t)number(raw, 4), a, v) &&
               (type != MN_COLUMN_TEXT || !memchr(v->bytes, 0, v->n));
    }
}

static mn_code decode_page(reader *r, mn_page *out, mn_error *err)
{
    const mn_kind *k = r->n_kinds ? r->kinds[r->n_kinds - 1] : NULL;
    bytes b = {r->frame.data, r->frame.len};
    size_t n = 0;
    mn_arena_reset(r->arena);
    if (!k)
        return damaged(r, "records come before their kind", err);
    mn_value *rows = mn_arena_calloc(r->arena, MN_KIND_ROWS * k->n_columns, sizeof *rows);
    if (!rows)
        return mn_fail(err, MN_E_MEMORY, "no memory to read a backup");
    for (; b.left > 0 && n < MN_KIND_ROWS; n++)
        for (size_t i = 0; i < k->n_columns; i++)
            if (!decode_value(&b, k->columns[i].type, r->arena, &rows[n * k->n_columns + i]))
                return damaged(r, "a record has no form that is known", err);
    if (b.left > 0 || n == 0)
        return damaged(r, "a page has no records, or too many", err);
    r->rows += n;
    *out = (mn_page){.kind = k, .rows = rows, .n = n};
    return MN_OK;
}

static mn_code check_end(reader *r, mn_error *err)
{
    r->ended = true;
    if (r->frame.len != 8 || number(r->frame.data, 8) != r->rows)
        return damaged(r, "it does not hold as many records as it says", err);
    return fgetc(r->file) == EOF ? MN_OK : damaged(r, "something follows its end", err);
}

static mn_code file_next(mn_source *s, mn_page *out, mn_error *err)
{
    reader *r = (reader *)s;
    char type = 0;
    mn_code code = MN_OK;
    while (code == MN_OK && !r->ended) {
        code = read_frame(r, &type, err);
        if (code != MN_OK)
            return code;
        if (type == 'P')
            return decode_page(r, out, err);
        if (type == 'K')
            code = add_kind(r, err);
        else
            code = type == 'E' ? check_end(r, err) : damaged(r, "a part is of no known type", err);
    }
    if (code == MN_OK)
        *out = (mn_page){0};
    return code;
}

static void close_reader(mn_source *s)
{
    reader *r = (reader *)s;
    for (size_t i = 0; i < r->n_kinds; i++)
        mn_free(r->kinds[i]);
    mn_buf_finish(&r->frame);
    mn_arena_destroy(r->arena);
    if (r->file)
        fclose(r->file);
    mn_free(r->path);
    mn_free(r);
}

size_t mn_source_file_kinds(const mn_source *s, const mn_kind *out[MN_KINDS_MAX])
{
    const reader *r = (const reader *)s;
    for (size_t i = 0; i < r->n_kinds; i++)
        out[i] = r->kinds[i];
    return r->n_kinds;
}

mn_code mn_source_open_file(const char *path, mn_source **out, mn_error *err)
{
    static const mn_source_ops ops = {.close = close_reader, .next = file_next};
    uint8_t start[sizeof magic];
    reader *r = mn_calloc(1, sizeof *r);
    if (!r)
        return mn_fail(err, MN_E_MEMORY, "no memory to read a backup");
    r->base.ops = &ops;
    r->path = mn_strdup(path);
    r->arena = mn_arena_create(2 * FRAME_MAX);
    mn_buf_init(&r->frame, FRAME_MAX);
    mn_code code = r->path && r->arena ? MN_OK : mn_fail(err, MN_E_MEMORY, "no memory to read a backup");
    if (code == MN_OK && !(r->file = fopen(path, "rbe")))
        code = mn_fail_errno(err, errno, "%s: cannot open", path);
    if (code == MN_OK)
        code = read_bytes(r, start, sizeof start, err);
    if (code == MN_OK && memcmp(start, magic, sizeof magic) != 0)
        code = damaged(r, "it does not begin as a file of records", err);
    if (code != MN_OK) {
        close_reader(&r->base);
        return code;
    }
    *out = &r->base;
    return MN_OK;
}
