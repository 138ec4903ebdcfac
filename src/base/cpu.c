#include "base/thread.h"
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CGROUP_ROOT "/sys/fs/cgroup"

/* The beginning of a small file of the kernel as text; false when there is none. */
static bool read_start(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

/* cpu.max: "150000 100000" (microseconds of CPU in each period) or "max 100000". A started CPU counts as one.
 */
static unsigned quota_of(const char *folder)
{
    char path[PATH_MAX + 16], text[64];
    long long quota, period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    if (!read_start(path, text, sizeof text) || sscanf(text, "%lld %lld", &quota, &period) != 2)
        return UINT_MAX;
    if (quota <= 0 || period <= 0 || (quota - 1) / period >= UINT_MAX)
        return UINT_MAX;
    return (unsigned)((quota - 1) / period + 1);
}

/* The tightest cpu.max from our control group up to the root (version 2; inside a container ours is the
 * root). */
static unsigned cgroup_cpus(void)
{
    char groups[PATH_MAX], folder[PATH_MAX + sizeof CGROUP_ROOT];
    unsigned least = quota_of(CGROUP_ROOT);
    if (!read_start("/proc/self/cgroup", groups, sizeof groups))
        return least;
    const char *ours = strncmp(groups, "0::", 3) == 0 ? groups : strstr(groups, "\n0::");
    if (!ours)
        return least;
    ours = strchr(ours, '/');
    if (!ours)
        return least;
    snprintf(folder, sizeof folder, CGROUP_ROOT "%.*s", (int)strcspn(ours, "\n"), ours);
    while (strlen(folder) > strlen(CGROUP_ROOT)) {
        unsigned quota = quota_of(folder);
        least = quota < least ? quota : least;
        *strrchr(folder, '/') = 0;
    }
    return least;
}

static unsigned affinity_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than a cpu_set_t holds */
    return online > 0 ? (unsigned)online : 1;
}

unsigned mn_cpu_count(void)
{
    unsigned usable = affinity_cpus(), quota = cgroup_cpus();
    unsigned least = quota < usable ? quota : usable;
    return least ? least : 1;
}
