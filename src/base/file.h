/* Files: whole reads with a limit, whole writes that are there completely or not at all. */
#ifndef MN_BASE_FILE_H
#define MN_BASE_FILE_H

#include "base/buf.h"
#include <stdbool.h>

/* Appends the file's bytes to out, whose maximum is the limit. "-" is standard input. Directories are
 * refused. */
mn_code mn_file_read(const char *path, mn_buf *out, mn_error *err);

/* Writes beside the target, fsyncs, renames, fsyncs the folder. On failure the old file is as it was; only
 * where the last fsync itself fails is the new one there, complete, and perhaps gone after a power cut. Mode
 * is set exactly (no umask). Devices and pipes (/dev/stdout) are written to as they are. */
mn_code mn_file_write(const char *path, const void *bytes, size_t n, unsigned mode, mn_error *err);

mn_code mn_file_make_folders(const char *path, unsigned mode, mn_error *err); /* mkdir -p */
bool mn_file_exists(const char *path);
bool mn_file_is_folder(const char *path);
/* Folder of the running program, without the trailing slash; "" where unknown. */
const char *mn_file_program_folder(void);

/* "a/b" into out. Returns false when it does not fit. */
bool mn_path_join(char *out, size_t size, const char *folder, const char *name);

/* Entries of a folder (no "." and ".."), sorted by bytes, as full paths. *names is freed with
 * mn_file_list_free. */
mn_code mn_file_list(const char *folder, size_t max_entries, char ***names, size_t *n, mn_error *err);
void mn_file_list_free(char **names, size_t n);

#endif
