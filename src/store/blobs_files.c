#include "store/blobs.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES_MAX 1000000 /* of one folder; 65 536 folders share the blobs evenly */

typedef struct {
    mn_blobs base;
    char folder[PATH_MAX - 64]; /* room for ab/cd/<id> and the name beside it */
} files;

typedef struct {
    char outer[PATH_MAX], inner[PATH_MAX], file[PATH_MAX];
} blob_path;

static void make_path(const files *f, const mn_id *id, blob_path *p)
{
    char name[MN_BLOB_NAME];
    mn_blob_name(id, name);
    snprintf(p->outer, sizeof p->outer, "%s/%.2s", f->folder, name);
    snprintf(p->inner, sizeof p->inner, "%s/%.5s", f->folder, name);
    snprintf(p->file, sizeof p->file, "%s/%s", f->folder, name);
}

static mn_code sync_folder(const char *path, mn_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s", path);
    int rc = fsync(fd);
    int why = errno;
    close(fd);
    return rc == 0 ? MN_OK : mn_fail_errno(err, why, "%s", path);
}

/* A file in a new folder is durable when the folder's own name is. */
static mn_code make_folder(const char *parent, const char *path, mn_error *err)
{
    if (mkdir(path, 0700) == 0)
        return sync_folder(parent, err);
    return errno == EEXIST ? MN_OK : mn_fail_errno(err, errno, "%s", path);
}

static mn_code put(mn_blobs *b, const mn_id *id, const void *bytes, size_t n, mn_error *err)
{
    const files *f = (const files *)b;
    blob_path p;
    make_path(f, id, &p);
    mn_code code = MN_OK;
    if (!mn_file_is_folder(p.inner)) {
        code = make_folder(f->folder, p.outer, err);
        if (code == MN_OK)
            code = make_folder(p.outer, p.inner, err);
    }
    return code != MN_OK ? code : mn_file_write(p.file, bytes, n, 0600, err);
}

static mn_code get(mn_blobs *b, const mn_id *id, mn_buf *out, mn_error *err)
{
    blob_path p;
    make_path((const files *)b, id, &p);
    if (!mn_file_exists(p.file))
        return mn_fail(err, MN_E_NOT_FOUND, "the blob %s is missing", p.file);
    return mn_file_read(p.file, out, err);
}

static mn_code remove_blob(mn_blobs *b, const mn_id *id, mn_error *err)
{
    blob_path p;
    make_path((const files *)b, id, &p);
    if (unlink(p.file) == 0)
        return sync_folder(p.inner, err);
    return errno == ENOENT ? MN_OK : mn_fail_errno(err, errno, "%s", p.file);
}

typedef struct {
    mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err);
    void *ctx;
} visitor;

/* Files with other names are what a crash left of a write: they are no blobs. */
static mn_code visit_file(const char *path, const visitor *v, mn_error *err)
{
    const char *name = strrchr(path, '/') + 1;
    mn_id id;
    struct stat st;
    if (!mn_id_parse(name, &id) || stat(path, &st) != 0)
        return MN_OK;
    return v->fn(v->ctx, &id, (uint64_t)st.st_size, err);
}

static mn_code visit_folder(const char *folder, int depth, const visitor *v, mn_error *err)
{
    char **names = NULL;
    size_t n = 0;
    mn_code code = mn_file_list(folder, ENTRIES_MAX, &names, &n, err);
    for (size_t i = 0; code == MN_OK && i < n; i++) {
        if (depth == 0)
            code = visit_file(names[i], v, err);
        else if (mn_file_is_folder(names[i]))
            code = visit_folder(names[i], depth - 1, v, err);
    }
    mn_file_list_free(names, n);
    return code;
}

static mn_code each(mn_blobs *b, mn_code (*fn)(void *ctx, const mn_id *id, uint64_t size, mn_error *err),
                    void *ctx, mn_error *err)
{
    const visitor v = {fn, ctx};
    return visit_folder(((const files *)b)->folder, 2, &v, err);
}

static void close_blobs(mn_blobs *b)
{
    mn_free(b);
}

static const mn_blobs_ops file_ops = {
    .name = "files", .close = close_blobs, .put = put, .get = get, .remove = remove_blob, .each = each};

mn_code mn_blobs_open_files(const char *folder, mn_blobs **out, mn_error *err)
{
    files *f = mn_calloc(1, sizeof *f);
    if (!f)
        return mn_fail(err, MN_E_MEMORY, "no memory for the blobs");
    f->base.ops = &file_ops;
    size_t n = strlen(folder);
    mn_code code = n < sizeof f->folder
                       ? mn_file_make_folders(folder, 0700, err)
                       : mn_fail(err, MN_E_INVALID, "the path of the blob folder is too long");
    if (code != MN_OK) {
        mn_free(f);
        return code;
    }
    memcpy(f->folder, folder, n + 1);
    *out = &f->base;
    return MN_OK;
}
