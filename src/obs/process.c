/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/span.h"

static uint64_t ms_of(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000 + (uint64_t)time->tv_usec / 1000;
}

/* Since Linux 6.2 the size of that folder is the number of its entries; before,
 * it is 0, and they are counted. */
static uint64_t count_fds(void)
{
    struct stat about;
    if (stat("/proc/self/fd", &about) == 0 && about.st_size > 0) {
        return (uint64_t)about.st_size;
    }
    DIR *folder = opendir("/proc/self/fd");
    uint64_t count = 0;
    while (folder != NULL && readdir(folder) != NULL) {
        count++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return count > 3 ? count - 3 : 0; // ".", "..", and that of the folder
}

/* The numbers of statm are in pages: the whole, then what is in RAM. */
static void read_memory(struct process_usage *out)
{
    char text[128];
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return;
    }
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    struct span rest = {text, len};
    struct span size;
    struct span resident;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (span_split(&rest, ' ', &size) && span_split(&rest, ' ', &resident) &&
        span_to_u64(size, &out->virtual_bytes) == 0 &&
        span_to_u64(resident, &out->resident_bytes) == 0) {
        out->virtual_bytes *= page;
        out->resident_bytes *= page;
    }
}

/* A thread is a folder, so the folder's links are those and its own two. */
static uint64_t count_threads(void)
{
    struct stat about;
    bool is_told = stat("/proc/self/task", &about) == 0 && about.st_nlink > 2;
    return is_told ? (uint64_t)about.st_nlink - 2 : 0;
}

void process_read(struct process_usage *out)
{
    *out = (struct process_usage){0};
    read_memory(out);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        out->cpu_ms = ms_of(&usage.ru_utime) + ms_of(&usage.ru_stime);
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        out->max_fds = files.rlim_cur;
    }
    out->open_fds = count_fds();
    out->threads = count_threads();
}
