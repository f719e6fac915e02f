/* SPDX-License-Identifier: Apache-2.0 */
#include "host/almanac.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "calendar/calendar.h"
#include "calendar/zone.h"
#include "conf/conf.h"
#include "obs/log.h"

/* A calendar of three years is some 3 KiB. */
#define FILE_BYTES_LIMIT (1u << 20)

#define SUFFIX ".yaml"

struct almanac {
    struct calendar *calendar;
    uint64_t digest; // of the texts of the user's files
    struct almanac *before;
};

/* Reading under way. */
struct reading {
    struct almanac *almanac;
    char *error;
    char path[4096];
};

/* Say what is wrong, and return the error. */
__attribute__((format(printf, 3, 4))) static int refuse(
    const struct reading *reading, int err, const char *format, ...)
{
    int len = snprintf(reading->error, ALMANAC_ERROR_SIZE,
                       "calendars: %.300s: ", reading->path);
    CHECK(len > 0 && len < ALMANAC_ERROR_SIZE);
    va_list args;
    va_start(args, format);
    vsnprintf(reading->error + len, ALMANAC_ERROR_SIZE - (size_t)len, format,
              args);
    va_end(args);
    return err;
}

/* Add the file at reading->path. */
static int add_file(struct reading *reading)
{
    struct almanac *almanac = reading->almanac;
    struct buffer text = buffer_empty(FILE_BYTES_LIMIT);
    int err = file_read(&text, reading->path);
    if (err != 0) {
        refuse(reading, err, "%s",
               err == ERR_IO     ? strerror(errno)
               : err == ERR_FULL ? "the file is far too long"
                                 : err_sentence(err));
    } else {
        char why[CALENDAR_ERROR_SIZE] = "";
        err = calendar_add(almanac->calendar, ZONE_FOLDER, buffer_span(&text),
                           why);
        if (err != 0) {
            refuse(reading, err, "%s",
                   why[0] != '\0' ? why : err_sentence(err));
        }
        uint64_t both[] = {almanac->digest, hash_bytes(text.data, text.len)};
        almanac->digest = hash_bytes(both, sizeof(both));
    }
    buffer_deinit(&text);
    return err;
}

static bool is_calendar(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name && strcmp(dot, SUFFIX) == 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names of a folder's calendars, in order. */
struct names_found {
    char *items[CALENDAR_FILES_LIMIT];
    size_t count;
};

static int list_folder(const struct reading *reading, DIR *folder,
                       struct names_found *out)
{
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (!is_calendar(entry->d_name)) {
            continue;
        }
        if (out->count == CALENDAR_FILES_LIMIT) {
            return refuse(reading, ERR_FULL, "more than %d files *" SUFFIX,
                          CALENDAR_FILES_LIMIT);
        }
        char *name = mem_text(entry->d_name, strlen(entry->d_name));
        if (name == NULL) {
            return refuse(reading, ERR_NOMEM, "%s", err_sentence(ERR_NOMEM));
        }
        out->items[out->count++] = name;
    }
    qsort(out->items, out->count, sizeof(out->items[0]), compare);
    return out->count > 0
               ? 0
               : refuse(reading, ERR_ABSENT, "the folder has no file *" SUFFIX);
}

static int add_entry(struct reading *reading, const char *folder,
                     const char *name)
{
    int len =
        snprintf(reading->path, sizeof(reading->path), "%s/%s", folder, name);
    return len > 0 && (size_t)len < sizeof(reading->path)
               ? add_file(reading)
               : refuse(reading, ERR_IO, "%s", strerror(ENAMETOOLONG));
}

/* Add all files of a folder, in the order of their names. */
static int add_folder(struct reading *reading, const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return refuse(reading, ERR_IO, "%s", strerror(errno));
    }
    struct names_found names = {.count = 0};
    int err = list_folder(reading, folder, &names);
    closedir(folder);
    for (size_t i = 0; i < names.count; i++) {
        err = err == 0 ? add_entry(reading, path, names.items[i]) : err;
        mem_free(names.items[i]);
    }
    return err;
}

static int add_own(struct almanac *almanac, const char *path,
                   char error[ALMANAC_ERROR_SIZE])
{
    struct reading reading = {.almanac = almanac, .error = error};
    snprintf(reading.path, sizeof(reading.path), "%s", path);
    struct stat what;
    if (stat(path, &what) != 0) {
        return refuse(&reading, ERR_IO, "%s", strerror(errno));
    }
    return S_ISDIR(what.st_mode) ? add_folder(&reading, path)
                                 : add_file(&reading);
}

static void add_built_in(struct almanac *almanac)
{
    char why[CALENDAR_ERROR_SIZE];
    if (calendar_add_built_in(almanac->calendar, ZONE_FOLDER, why) != 0) {
        log_event(LOG_WARNING, "serve",
                  "markets without a calendar count as open",
                  LOG_TEXT("cause", why));
    }
}

int almanac_load(struct almanac **out, const struct conf *conf,
                 char error[ALMANAC_ERROR_SIZE])
{
    *out = NULL;
    snprintf(error, ALMANAC_ERROR_SIZE, "%s", err_sentence(ERR_NOMEM));
    struct almanac *almanac = mem_calloc(1, sizeof(*almanac));
    int err = almanac == NULL ? ERR_NOMEM : calendar_create(&almanac->calendar);
    if (err == 0) {
        add_built_in(almanac);
        if (conf->calendars[0] != '\0') {
            err = add_own(almanac, conf->calendars, error);
        }
    }
    if (err != 0) {
        almanac_destroy(&almanac);
    }
    *out = almanac;
    return err;
}

void almanac_destroy(struct almanac **almanac)
{
    while (*almanac != NULL) {
        struct almanac *gone = *almanac;
        *almanac = gone->before;
        calendar_destroy(&gone->calendar);
        mem_free(gone);
    }
}

const struct calendar *almanac_calendar(const struct almanac *almanac)
{
    CHECK(almanac->calendar != NULL);
    return almanac->calendar;
}

void almanac_replace(struct almanac **current, struct almanac **next)
{
    CHECK(*next != NULL && (*next)->before == NULL);
    if (*current != NULL && (*current)->digest == (*next)->digest) {
        almanac_destroy(next);
        return;
    }
    (*next)->before = *current;
    *current = *next;
    *next = NULL;
}

void almanac_warn(const struct almanac *almanac, int64_t now_unix_s)
{
    const char *market;
    int64_t left_s = calendar_left_s(almanac->calendar, now_unix_s, &market);
    if (left_s < CALENDAR_WARN_S) {
        log_event(LOG_WARNING, "serve",
                  left_s < 0 ? "a calendar has ended: its markets count as open"
                             : "a calendar ends soon",
                  LOG_TEXT("market", market),
                  LOG_NUMBER("days", left_s / 86400));
    }
}
