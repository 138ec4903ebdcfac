#include "cli/inputs.h"
#include "base/alloc.h"
#include "base/file.h"
#include "cli/say.h"
#include "image/decode.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX   32
#define ENTRIES_MAX 1000000

static mn_code grow(void **items, size_t *cap, size_t n, size_t size, mn_error *err)
{
    if (n < *cap)
        return MN_OK;
    if (n >= MN_INPUTS_MAX)
        return mn_fail(err, MN_E_LIMIT, "more than %d pictures", MN_INPUTS_MAX);
    size_t cap_new = *cap ? 2 * *cap : 64;
    void *p = mn_realloc(*items, cap_new * size);
    if (!p)
        return mn_fail(err, MN_E_MEMORY, "no memory for %zu names", cap_new);
    *items = p;
    *cap = cap_new;
    return MN_OK;
}

static mn_code add(mn_inputs *in, const char *path, size_t group, mn_error *err)
{
    mn_code code = grow((void **)&in->at, &in->cap, in->n, sizeof *in->at, err);
    if (code != MN_OK)
        return code;
    char *copy = mn_strdup(path);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for a name");
    in->at[in->n++] = (mn_input){copy, group};
    return MN_OK;
}

static mn_code add_group(mn_inputs *in, const char *name, mn_error *err)
{
    mn_code code = grow((void **)&in->groups, &in->cap_groups, in->n_groups, sizeof *in->groups, err);
    if (code != MN_OK)
        return code;
    char *copy = mn_strdup(name);
    if (!copy)
        return mn_fail(err, MN_E_MEMORY, "no memory for a name");
    in->groups[in->n_groups++] = copy;
    return MN_OK;
}

/* Sixteen bytes hold every signature, and are too few for a decoder to say more than "known" or "not". */
static bool is_picture(const char *path)
{
    uint8_t head[16];
    mn_image_info info;
    mn_decode_limits limits = mn_decode_limits_default();
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno != ENOENT; /* what cannot be opened is reported when its turn comes */
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    return n > 0 && mn_image_probe(head, (size_t)n, &limits, &info, NULL) != MN_E_UNSUPPORTED;
}

static mn_code walk(mn_inputs *in, const char *folder, size_t group, int depth, mn_error *err)
{
    char **names;
    size_t n;
    if (depth > DEPTH_MAX)
        return mn_fail(err, MN_E_LIMIT, "%s: folders nest deeper than %d", folder, DEPTH_MAX);
    mn_code code = mn_file_list(folder, ENTRIES_MAX, &names, &n, err);
    if (code != MN_OK)
        return code;
    for (size_t i = 0; i < n && code == MN_OK; i++) {
        struct stat st;
        if (lstat(names[i], &st) == 0 && S_ISDIR(st.st_mode))
            code = walk(in, names[i], group, depth + 1, err);
        else if (stat(names[i], &st) == 0 && S_ISREG(st.st_mode) && is_picture(names[i]))
            code = add(in, names[i], group, err);
    }
    mn_file_list_free(names, n);
    return code;
}

/* What is wrong with this operand is said; the others go on. Memory and limits end it all. */
static mn_code forgive(mn_inputs *in, const char *operand, mn_code code, mn_error *err)
{
    if (code == MN_OK || code == MN_E_MEMORY || code == MN_E_LIMIT)
        return code;
    mn_say_error(operand, err);
    in->missing++;
    return MN_OK;
}

static mn_code gather_one(mn_inputs *in, const char *operand, mn_error *err)
{
    if (!mn_file_is_folder(operand))
        return add(in, operand, 0, err);
    size_t before = in->n;
    in->several = true;
    mn_code code = forgive(in, operand, walk(in, operand, 0, 0, err), err);
    if (code == MN_OK && in->n == before && !in->missing)
        code = forgive(in, operand, mn_fail(err, MN_E_NOT_FOUND, "no pictures in this folder"), err);
    return code;
}

mn_code mn_inputs_gather(const char *const *operands, size_t n, mn_inputs *out, mn_error *err)
{
    mn_code code = MN_OK;
    memset(out, 0, sizeof *out);
    out->several = n > 1;
    for (size_t i = 0; i < n && code == MN_OK; i++)
        code = gather_one(out, operands[i], err);
    if (code != MN_OK)
        mn_inputs_finish(out);
    return code;
}

static mn_code gather_people_of(mn_inputs *in, const char *folder, mn_error *err)
{
    char **names;
    size_t n;
    mn_code code = mn_file_list(folder, ENTRIES_MAX, &names, &n, err);
    if (code != MN_OK)
        return forgive(in, folder, code, err);
    for (size_t i = 0; i < n && code == MN_OK; i++) {
        if (!mn_file_is_folder(names[i]))
            continue;
        code = add_group(in, strrchr(names[i], '/') + 1, err);
        if (code == MN_OK)
            code = forgive(in, names[i], walk(in, names[i], in->n_groups - 1, 0, err), err);
    }
    mn_file_list_free(names, n);
    return code;
}

mn_code mn_inputs_gather_people(const char *const *folders, size_t n, mn_inputs *out, mn_error *err)
{
    mn_code code = MN_OK;
    memset(out, 0, sizeof *out);
    out->several = true;
    for (size_t i = 0; i < n && code == MN_OK; i++)
        code = gather_people_of(out, folders[i], err);
    if (code == MN_OK && !out->n && !out->missing)
        code = mn_fail(err, MN_E_NOT_FOUND,
                       "%s: no folders with pictures in it: it takes one folder a person", folders[0]);
    if (code != MN_OK)
        mn_inputs_finish(out);
    return code;
}

/* FNV-1a, so that a person falls into the same part on every machine. */
static uint32_t name_hash(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name; name++)
        h = (h ^ (uint8_t)*name) * 16777619u;
    return h ^ (h >> 15);
}

void mn_inputs_keep_part(mn_inputs *in, size_t k, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < in->n; i++) {
        if (name_hash(in->groups[in->at[i].group]) % n == k - 1)
            in->at[kept++] = in->at[i];
        else
            mn_free(in->at[i].path);
    }
    in->n = kept;
}

void mn_inputs_finish(mn_inputs *in)
{
    for (size_t i = 0; i < in->n; i++)
        mn_free(in->at[i].path);
    for (size_t i = 0; i < in->n_groups; i++)
        mn_free(in->groups[i]);
    mn_free(in->at);
    mn_free(in->groups);
    memset(in, 0, sizeof *in);
}
