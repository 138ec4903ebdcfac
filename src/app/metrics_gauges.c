/* What there is: records, gallery, limits, room on the disk, and what the process takes. */
#include "app/metrics_parts.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

static double seconds(mn_time t)
{
    return (double)t / (double)MN_TIME_SECOND;
}

/* ---- records ---- */

static void write_records(mn_metrics_writer *w, const mn_store_counts *n)
{
    const struct {
        const char *kind;
        uint64_t n;
    } rows[] = {{"people", n->people}, {"faces", n->faces},       {"descriptors", n->descriptors},
                {"lists", n->lists},   {"consents", n->consents}, {"audit", n->audit}};
    char labels[64];
    mn_metrics_head(w, "records", "gauge", "Records in the store, of all accounts");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(labels, sizeof labels, "{kind=\"%s\"}", rows[i].kind);
        mn_metrics_value(w, "records", labels, (double)rows[i].n);
    }
}

static void write_gallery(mn_metrics_writer *w, const mn_core_gallery_state *g)
{
    mn_metrics_one(w, "gallery_faces", "gauge", "Faces that are searched", (double)g->rows);
    mn_metrics_one(w, "gallery_people", "gauge", "People that are searched", (double)g->people);
    mn_metrics_one(w, "gallery_removed", "gauge", "Rows of people who were removed, not compacted yet",
                   (double)g->tombstones);
    mn_metrics_one(w, "gallery_unreadable", "gauge",
                   "People of whom something was damaged, as far as it was noticed: it is in no search",
                   (double)g->unreadable);
    mn_metrics_one(w, "gallery_bytes", "gauge", "Memory of the gallery", (double)g->bytes);
    mn_metrics_one(w, "gallery_cold_bytes", "gauge", "Bytes of the gallery in files", (double)g->cold_bytes);
    mn_metrics_one(w, "gallery_generation", "counter", "Changes of the store that the gallery has followed",
                   (double)g->generation);
    mn_metrics_one(w, "snapshot_changes", "gauge", "People changed since the snapshot", (double)g->changes);
    mn_metrics_one(w, "snapshot_bytes", "gauge", "Size of the snapshot; 0: there is none",
                   g->snapshot ? (double)g->snapshot_bytes : 0);
    if (g->snapshot)
        mn_metrics_one(w, "snapshot_written_seconds", "gauge", "When the snapshot was written, Unix time",
                       seconds(g->snapshot_written));
}

/* ---- limits ---- */

typedef double account_number(const mn_account_status *a);

static double people(const mn_account_status *a)
{
    return (double)a->people;
}

static double people_max(const mn_account_status *a)
{
    return (double)a->people_max;
}

static double faces(const mn_account_status *a)
{
    return (double)a->faces;
}

static double faces_max(const mn_account_status *a)
{
    return (double)a->faces_max;
}

static double expires(const mn_account_status *a)
{
    return a->expires == MN_TIME_NEVER ? 0 : seconds(a->expires);
}

static void write_accounts(mn_metrics_writer *w, const mn_core_status *s)
{
    static const struct {
        const char *name, *help;
        account_number *of;
        bool skip_zero; /* 0: no limit */
    } rows[] = {
        {"account_people", "People of an account that has limits", people, false},
        {"account_people_limit", "Most people of the account", people_max, true},
        {"account_faces", "Faces of an account that has limits", faces, false},
        {"account_faces_limit", "Most faces of the account", faces_max, true},
        {"account_expires_seconds", "When the account ends, Unix time", expires, true},
    };
    char id[MN_ID_TEXT], labels[64];
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        mn_metrics_head(w, rows[r].name, "gauge", rows[r].help);
        for (size_t i = 0; i < s->n_accounts; i++) {
            double v = rows[r].of(&s->accounts[i]);
            if (rows[r].skip_zero && v <= 0)
                continue;
            mn_id_format(&s->accounts[i].account, id);
            snprintf(labels, sizeof labels, "{account=\"%s\"}", id);
            mn_metrics_value(w, rows[r].name, labels, v);
        }
    }
}

void mn_metrics_store(mn_metrics_writer *w, mn_census *census)
{
    mn_core_status s;
    double age;
    if (!mn_census_get(census, &s, &age))
        return;
    mn_metrics_one(w, "status_age_seconds", "gauge",
                   "Age of the numbers of records, gallery and accounts, which are counted in the background",
                   age);
    write_records(w, &s.counts);
    if (s.has_gallery)
        write_gallery(w, &s.gallery);
    write_accounts(w, &s);
}

/* ---- disk and process ---- */

void mn_metrics_disk(mn_metrics_writer *w, const char *data_dir)
{
    struct statvfs v;
    if (!*data_dir || statvfs(data_dir, &v) != 0)
        return;
    mn_metrics_one(w, "data_free_bytes", "gauge", "Room left on the disk of the data directory",
                   (double)v.f_bavail * (double)v.f_frsize);
    mn_metrics_one(w, "data_size_bytes", "gauge", "Size of the disk of the data directory",
                   (double)v.f_blocks * (double)v.f_frsize);
}

static double resident_bytes(void)
{
    long pages = 0, skipped;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%ld %ld", &skipped, &pages) != 2)
        pages = 0;
    if (f)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

/* Without what the heap keeps free: tells growth from fragments, which resident memory does not. */
static double heap_bytes(void)
{
    struct mallinfo2 heap = mallinfo2();
    return (double)heap.uordblks + (double)heap.hblkhd;
}

static double open_files(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    if (!d)
        return 0;
    for (const struct dirent *e = readdir(d); e; e = readdir(d))
        n += e->d_name[0] != '.';
    closedir(d);
    return (double)n - 1; /* the folder itself */
}

void mn_metrics_process(mn_metrics_writer *w, mn_time started)
{
    struct rusage use;
    struct rlimit files;
    getrusage(RUSAGE_SELF, &use);
    getrlimit(RLIMIT_NOFILE, &files);
    mn_metrics_one(w, "process_cpu_seconds_total", "counter", "Time of the CPUs",
                   (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
    mn_metrics_one(w, "process_resident_bytes", "gauge", "Memory in use", resident_bytes());
    mn_metrics_one(w, "process_heap_bytes", "gauge", "What of it malloc has given out", heap_bytes());
    mn_metrics_one(w, "process_start_seconds", "gauge", "When the server began, Unix time", seconds(started));
    mn_metrics_one(w, "process_open_files", "gauge", "Open file descriptors", open_files());
    mn_metrics_one(w, "process_open_files_limit", "gauge", "Most file descriptors", (double)files.rlim_cur);
    mn_metrics_head(w, "build_info", "gauge", "Always 1; the version is its label");
    mn_metrics_value(w, "build_info", "{version=\"" MN_VERSION "\"}", 1);
}
