#include "base/file.h"
#include "base/alloc.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)64 * 1024)

/* Reads to the end of fd. With no room left one byte more is asked for: only then is the file known to be too
 * long. */
static mn_code read_to_end(int fd, const char *path, size_t step, mn_buf *out, mn_error *err)
{
    for (;;) {
        uint8_t probe, *at = &probe;
        size_t room = out->max - out->len, want = step < room ? step : room;
        mn_code code = want ? mn_buf_reserve(out, want, &at, err) : MN_OK;
        if (code)
            return code;
        ssize_t n = read(fd, at, want ? want : 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return mn_fail_errno(err, errno, "%s: cannot read", path);
        if (n == 0)
            return MN_OK;
        if (!want)
            return mn_fail(err, MN_E_LIMIT, "%s: larger than the limit of %zu bytes", path, out->max);
        mn_buf_commit(out, (size_t)n);
    }
}

static mn_code read_open(int fd, const char *path, mn_buf *out, mn_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return mn_fail_errno(err, errno, "%s: cannot read", path);
    if (S_ISDIR(st.st_mode))
        return mn_fail(err, MN_E_INVALID, "%s: is a folder, not a file", path);
    size_t size = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
    if (size > out->max - out->len)
        return mn_fail(err, MN_E_LIMIT, "%s: %zu bytes, larger than the limit of %zu", path, size, out->max);
    size_t before = out->len;
    /* One byte more than the size lets the same buffer meet the end of the file. */
    mn_code code = read_to_end(fd, path, size ? size + 1 : READ_STEP, out, err);
    if (code)
        mn_buf_cut(out, before);
    return code;
}

mn_code mn_file_read(const char *path, mn_buf *out, mn_error *err)
{
    if (strcmp(path, "-") == 0)
        return read_open(STDIN_FILENO, "standard input", out, err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s: cannot open", path);
    mn_code code = read_open(fd, path, out, err);
    close(fd);
    return code;
}

static mn_code write_all(int fd, const char *path, const uint8_t *bytes, size_t n, mn_error *err)
{
    while (n) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return mn_fail_errno(err, errno, "%s: cannot write", path);
        bytes += written;
        n -= (size_t)written;
    }
    return MN_OK;
}

/* Devices and pipes (/dev/stdout, a FIFO) are written to: renaming over them would destroy them. */
static mn_code write_special(const char *path, const void *bytes, size_t n, mn_error *err)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s: cannot open for writing", path);
    mn_code code = write_all(fd, path, bytes, n, err);
    if (close(fd) != 0 && !code)
        code = mn_fail_errno(err, errno, "%s: cannot write", path);
    return code;
}

static mn_code fill_temporary(int fd, const char *path, const void *bytes, size_t n, unsigned mode,
                              mn_error *err)
{
    mn_code code = write_all(fd, path, bytes, n, err);
    if (!code && fchmod(fd, (mode_t)mode) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot set the mode %04o", path, mode);
    if (!code && fsync(fd) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot write to the disk", path);
    if (close(fd) != 0 && !code)
        code = mn_fail_errno(err, errno, "%s: cannot write", path);
    return code;
}

static int open_parent(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n >= sizeof folder) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(folder, path, n);
    folder[n] = 0;
    return open(n ? folder : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static mn_code put_in_place(const char *temporary, const char *path, mn_error *err)
{
    /* Opened before the rename: nothing but the fsync itself can fail after it. */
    int folder = open_parent(path);
    if (folder < 0)
        return mn_fail_errno(err, errno, "%s: cannot open its folder", path);
    mn_code code = MN_OK;
    if (rename(temporary, path) != 0)
        code = mn_fail_errno(err, errno, "%s: cannot put the new file in its place", path);
    else if (fsync(folder) != 0 && errno != EINVAL) /* EINVAL: a file system whose folders know no fsync */
        code = mn_fail_errno(err, errno, "%s: cannot write its folder to the disk", path);
    close(folder);
    return code;
}

mn_code mn_file_write(const char *path, const void *bytes, size_t n, unsigned mode, mn_error *err)
{
    struct stat st;
    char temporary[PATH_MAX];
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? mn_fail(err, MN_E_INVALID, "%s: is a folder, not a file", path)
                                   : write_special(path, bytes, n, err);
    int len = snprintf(temporary, sizeof temporary, "%s.new-XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof temporary)
        return mn_fail_errno(err, ENAMETOOLONG, "%s: cannot write", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return mn_fail_errno(err, errno, "%s: cannot create a file beside it", path);
    mn_code code = fill_temporary(fd, path, bytes, n, mode, err);
    if (!code)
        code = put_in_place(temporary, path, err);
    if (code)
        unlink(temporary);
    return code;
}

static mn_code make_folder(const char *path, unsigned mode, mn_error *err)
{
    if (mkdir(path, (mode_t)mode) == 0 || (errno == EEXIST && mn_file_is_folder(path)))
        return MN_OK;
    if (errno == EEXIST)
        return mn_fail(err, MN_E_EXISTS, "%s: is a file, not a folder", path);
    return mn_fail_errno(err, errno, "%s: cannot create the folder", path);
}

mn_code mn_file_make_folders(const char *path, unsigned mode, mn_error *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return mn_fail(err, MN_E_INVALID, "a folder's path has 1 to %zu bytes, not %zu", sizeof part - 1, n);
    if (mn_file_is_folder(path))
        return MN_OK;
    memcpy(part, path, n + 1);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mn_code code = make_folder(part, mode, err);
        if (code)
            return code;
        *slash = '/';
    }
    return make_folder(part, mode, err);
}

bool mn_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool mn_file_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static char program_folder[PATH_MAX];

static void find_program_folder(void)
{
    ssize_t n = readlink("/proc/self/exe", program_folder, sizeof program_folder - 1);
    program_folder[n > 0 ? n : 0] = 0;
    char *slash = strrchr(program_folder, '/');
    if (slash)
        *slash = 0;
}

const char *mn_file_program_folder(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_program_folder);
    return program_folder;
}

bool mn_path_join(char *out, size_t size, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    const char *joint = n && folder[n - 1] != '/' ? "/" : "";
    int len = snprintf(out, size, "%s%s%s", folder, joint, name);
    return len >= 0 && (size_t)len < size;
}

typedef struct {
    char **names;
    size_t n, cap;
} name_list;

static mn_code list_add(name_list *list, const char *folder, const char *name, mn_error *err)
{
    char path[PATH_MAX];
    if (!mn_path_join(path, sizeof path, folder, name))
        return mn_fail_errno(err, ENAMETOOLONG, "%s/%s", folder, name);
    if (list->n == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 32;
        char **names = mn_realloc(list->names, cap * sizeof *names);
        if (!names)
            return mn_fail(err, MN_E_MEMORY, "%s: out of memory for %zu names", folder, cap);
        list->names = names;
        list->cap = cap;
    }
    char *copy = mn_strdup(path);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "%s: out of memory for a name", folder);
    list->names[list->n++] = copy;
    return MN_OK;
}

static mn_code list_fill(name_list *list, DIR *dir, const char *folder, size_t max_entries, mn_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            return mn_fail_errno(err, errno, "%s: cannot list", folder);
        if (!entry)
            return MN_OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (list->n == max_entries)
            return mn_fail(err, MN_E_LIMIT, "%s: more than %zu entries", folder, max_entries);
        mn_code code = list_add(list, folder, entry->d_name, err);
        if (code)
            return code;
    }
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

mn_code mn_file_list(const char *folder, size_t max_entries, char ***names, size_t *n, mn_error *err)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return mn_fail_errno(err, errno, "%s: cannot list", folder);
    name_list list = {0};
    mn_code code = list_fill(&list, dir, folder, max_entries, err);
    closedir(dir);
    if (code) {
        mn_file_list_free(list.names, list.n);
        return code;
    }
    if (list.n)
        qsort(list.names, list.n, sizeof *list.names, by_bytes);
    *names = list.names;
    *n = list.n;
    return MN_OK;
}

void mn_file_list_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        mn_free(names[i]);
    mn_free(names);
}
