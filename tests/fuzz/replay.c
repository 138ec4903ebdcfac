/* Runs a fuzzer's entry over files and folders of a corpus, so that every finding stays an ordinary test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long ran;

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        fprintf(stderr, "cannot read %s\n", path);
        if (f)
            fclose(f);
        return 1;
    }
    long size = ftell(f);
    rewind(f);
    /* An exact copy on the heap, so that one byte read past the end is seen. */
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (!bytes || (size > 0 && fread(bytes, 1, (size_t)size, f) != (size_t)size))
        abort();
    fclose(f);
    LLVMFuzzerTestOneInput(bytes, size > 0 ? (size_t)size : 0);
    free(bytes);
    ran++;
    return 0;
}

static int replay(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        fprintf(stderr, "cannot find %s\n", path);
        return 1;
    }
    if (!S_ISDIR(st.st_mode))
        return replay_file(path);
    DIR *dir = opendir(path);
    if (!dir)
        return 1;
    int bad = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        char child[4096];
        if (e->d_name[0] == '.' ||
            snprintf(child, sizeof child, "%s/%s", path, e->d_name) >= (int)sizeof child)
            continue;
        bad |= replay(child);
    }
    closedir(dir);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc; i++)
        bad |= replay(argv[i]);
    printf("%lu inputs replayed\n", ran);
    return bad || ran == 0;
}
