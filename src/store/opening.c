/* SPDX-License-Identifier: Apache-2.0 */
#include "store/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "store/database.h"
#include "store/schema.h"

#define PATH_SIZE 4200 /* PATH_MAX and what is put behind it */

/* With less room on a disk it counts as full. */
#define ROOM_BYTES 65536u

#define WRITING_TEXT                                      \
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" \
    "PRAGMA journal_size_limit=4194304"

/* Say why, and give the error; what does not fit is cut. */
#define REFUSE(opening, err, ...)                                           \
    ((void)snprintf((opening)->text, sizeof((opening)->text), __VA_ARGS__), \
     (err))

static int path_with(char out[PATH_SIZE], const char *path, const char *behind,
                     struct database_opening *opening)
{
    int len = snprintf(out, PATH_SIZE, "%s%s", path, behind);
    return len < PATH_SIZE
               ? 0
               : REFUSE(opening, ERR_IO, "the path is too long: %.200s", path);
}

/* --- The lock ------------------------------------------------------------- */

int opening_lock(int *lock, const char *path, bool *was_ours,
                 struct database_opening *opening)
{
    char name[PATH_SIZE];
    *lock = -1;
    *was_ours = false;
    if (path_with(name, path, ".lock", opening) != 0) {
        return ERR_IO;
    }
    *was_ours = access(name, F_OK) == 0;
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EROFS || errno == ENOSPC)) {
        return 0; // nobody can write there, so nobody needs to be kept out
    }
    if (fd < 0) {
        return REFUSE(opening, ERR_IO, "%.300s: %s", name, strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int cause = errno;
        close(fd);
        return cause == EWOULDBLOCK
                   ? REFUSE(opening, ERR_FULL,
                            "%s is in use by another process: give each "
                            "server a file of its own",
                            path)
                   : REFUSE(opening, ERR_IO, "%.300s: %s", name,
                            strerror(cause));
    }
    *lock = fd;
    return 0;
}

void opening_unlock(int lock)
{
    if (lock >= 0) {
        close(lock);
    }
}

/* --- The file ------------------------------------------------------------- */

/* What SQLite says of a file, as one of our errors. */
static int error_of(struct sqlite3 *file, const char *path,
                    struct database_opening *opening)
{
    int code = sqlite3_errcode(file) & 0xff;
    // SQLITE_ERROR: a table or column of ours is not there.
    bool is_damaged =
        code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
    return REFUSE(opening,
                  code == SQLITE_NOMEM ? ERR_NOMEM
                  : is_damaged         ? ERR_PROTOCOL
                                       : ERR_IO,
                  "%s: %s", path, sqlite3_errmsg(file));
}

/* Run a statement and take the first column of its first row as a number. */
static int ask_number(struct sqlite3 *file, const char *text, int64_t *out)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(file, text, -1, &statement, NULL) != SQLITE_OK) {
        return ERR_IO;
    }
    bool has_row = sqlite3_step(statement) == SQLITE_ROW;
    *out = has_row ? sqlite3_column_int64(statement, 0) : 0;
    // The error stays that of the step.
    return sqlite3_finalize(statement) == SQLITE_OK && has_row ? 0 : ERR_IO;
}

/* Whether SQLite finds a table whole. */
static int check_table(struct sqlite3 *file, const char *text, const char *path,
                       struct database_opening *opening)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(file, text, -1, &statement, NULL) != SQLITE_OK) {
        return error_of(file, path, opening);
    }
    int err = 0;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        err = error_of(file, path, opening);
    } else {
        const char *said = (const char *)sqlite3_column_text(statement, 0);
        if (said == NULL || strcmp(said, "ok") != 0) {
            err = REFUSE(opening, ERR_PROTOCOL, "%s: %s", path,
                         said == NULL ? "no memory" : said);
        }
    }
    sqlite3_finalize(statement);
    return err;
}

/* Make the tables in a file that has none. */
static int make_tables(struct sqlite3 *file, const char *path,
                       struct database_opening *opening)
{
    char text[sizeof(SCHEMA_TEXT) + 128];
    int len = snprintf(text, sizeof(text),
                       "BEGIN IMMEDIATE; %s PRAGMA application_id=%d;"
                       "PRAGMA user_version=%d; COMMIT",
                       SCHEMA_TEXT, SCHEMA_APPLICATION, SCHEMA_VERSION);
    CHECK((size_t)len < sizeof(text));
    return sqlite3_exec(file, text, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : error_of(file, path, opening);
}

/* Find out whose file it is; make ours of an empty one. */
static int identify(struct sqlite3 *file, const char *path,
                    struct database_opening *opening)
{
    int64_t application;
    int64_t version;
    int64_t tables;
    if (ask_number(file, "PRAGMA application_id", &application) != 0 ||
        ask_number(file, "PRAGMA user_version", &version) != 0 ||
        ask_number(file, "SELECT count(*) FROM sqlite_master", &tables) != 0) {
        return error_of(file, path, opening);
    }
    if (application == 0 && version == 0 && tables == 0) {
        return make_tables(file, path, opening);
    }
    if (application != SCHEMA_APPLICATION) {
        return REFUSE(opening, ERR_SYNTAX,
                      "%s is a database of another program: name another file",
                      path);
    }
    if (version != SCHEMA_VERSION) {
        return REFUSE(opening, ERR_SYNTAX,
                      "%s is of version %d, and this server knows %d: use the "
                      "server that wrote it, or name another file",
                      path, (int)version, SCHEMA_VERSION);
    }
    return 0;
}

/* Open a file on a disk that can't be written to, where SQLite could not make
 * the files beside it that readers of a log share. */
static int open_immutable(struct sqlite3 **file, const char *path,
                          struct database_opening *opening)
{
    char *uri = sqlite3_mprintf("file:%s?immutable=1", path);
    if (uri == NULL) {
        return ERR_NOMEM;
    }
    sqlite3_close(*file);
    int code = strpbrk(path, "?#%") != NULL
                   ? SQLITE_CANTOPEN
                   : sqlite3_open_v2(uri, file,
                                     SQLITE_OPEN_READONLY |
                                         SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI,
                                     NULL);
    sqlite3_free(uri);
    return code == SQLITE_OK
               ? 0
               : REFUSE(opening, ERR_IO, "%s: %s", path, sqlite3_errstr(code));
}

static bool is_on_read_only_disk(const char *path)
{
    return access(path, F_OK) == 0 && access(path, W_OK) != 0 && errno == EROFS;
}

/* Whether a file is there and not empty. */
static bool has_bytes(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && about.st_size > 0;
}

static int open_read_only(struct sqlite3 **file, const char *path,
                          struct database_opening *opening)
{
    char log[PATH_SIZE];
    if (path_with(log, path, "-wal", opening) != 0) {
        return ERR_IO;
    }
    // What a server that was killed left in its log is read, too.
    if (!has_bytes(log)) {
        return open_immutable(file, path, opening);
    }
    return sqlite3_open_v2(path, file,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX,
                           NULL) == SQLITE_OK
               ? 0
               : error_of(*file, path, opening);
}

/* `alone`: without the file beside it that a shell would share, for which there
 * may be no room. */
static int open_to_write(struct sqlite3 **file, const char *path, bool alone,
                         struct database_opening *opening)
{
    if (sqlite3_open_v2(path, file,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                            SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return error_of(*file, path, opening);
    }
    sqlite3_busy_timeout(*file, 2000); // of a shell that somebody looks with
    const char *text =
        alone ? "PRAGMA locking_mode=EXCLUSIVE;" WRITING_TEXT : WRITING_TEXT;
    return sqlite3_exec(*file, text, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : error_of(*file, path, opening);
}

/* Find out whether a file that is open is ours and whole. */
static int check(struct sqlite3 *file, const char *path,
                 struct database_opening *opening)
{
    int err = identify(file, path, opening);
    if (err == 0) {
        err = check_table(file, "PRAGMA quick_check(quote)", path, opening);
    }
    if (err == 0) {
        err = check_table(file, "PRAGMA quick_check(budget)", path, opening);
    }
    return err;
}

int opening_file(struct sqlite3 **file, const char *path,
                 struct database_opening *opening)
{
    *file = NULL;
    if (is_on_read_only_disk(path)) {
        opening->is_read_only = true;
        int err = open_read_only(file, path, opening);
        return err == 0 ? check(*file, path, opening) : err;
    }
    int err = open_to_write(file, path, false, opening);
    err = err == 0 ? check(*file, path, opening) : err;
    if (err == ERR_IO && has_bytes(path)) {
        sqlite3_close(*file);
        err = open_to_write(file, path, true, opening);
        err = err == 0 ? check(*file, path, opening) : err;
    }
    return err;
}

/* --- Without the file ----------------------------------------------------- */

bool opening_is_disk_shut(const char *path)
{
    char folder[PATH_SIZE];
    size_t len = strlen(path);
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    snprintf(folder, sizeof(folder), "%.*s", len > 0 ? (int)len : 1,
             len > 0 ? path : ".");
    struct statvfs about;
    if (statvfs(folder, &about) != 0) {
        return false;
    }
    return (about.f_flag & ST_RDONLY) != 0 ||
           (uint64_t)about.f_bavail * about.f_frsize < ROOM_BYTES;
}

int opening_in_memory(struct sqlite3 **file, const char *path,
                      struct database_opening *opening)
{
    char why[DATABASE_ERROR_SIZE];
    memcpy(why, opening->text, sizeof(why));
    int code = sqlite3_open_v2(
        ":memory:", file,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_MEMORY, NULL);
    int err = code == SQLITE_OK ? make_tables(*file, path, opening) : ERR_NOMEM;
    if (err == 0 && sqlite3_exec(*file, "PRAGMA query_only=1", NULL, NULL,
                                 NULL) != SQLITE_OK) {
        err = ERR_NOMEM;
    }
    opening->is_read_only = true;
    return REFUSE(opening, err, "%.400s; it is not used before the next start",
                  why);
}

/* --- Damage --------------------------------------------------------------- */

/* Whether the file begins as every SQLite file does. */
static bool is_sqlite(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof(magic)] = {0};
    FILE *file = fopen(path, "re");
    bool is_it = file != NULL && fread(head, sizeof(head), 1, file) == 1 &&
                 memcmp(head, magic, sizeof(magic)) == 0;
    if (file != NULL) {
        fclose(file);
    }
    return is_it;
}

int opening_set_aside(const char *path, bool was_ours,
                      struct database_opening *opening)
{
    if (opening->is_read_only) {
        return ERR_IO; // with what it said
    }
    if (!was_ours && !is_sqlite(path)) {
        return REFUSE(opening, ERR_SYNTAX,
                      "%s is no database: name another file, or move this one "
                      "away",
                      path);
    }
    char why[DATABASE_ERROR_SIZE];
    memcpy(why, opening->text, sizeof(why));
    char when[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(when, clock_unix_ms(clock_system()));
    char behind[CLOCK_TEXT_SIZE + 16];
    snprintf(behind, sizeof(behind), ".damaged-%s", when);
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char from[PATH_SIZE];
        char to[PATH_SIZE];
        char after[CLOCK_TEXT_SIZE + 24];
        snprintf(after, sizeof(after), "%s%s", behind, parts[i]);
        if (path_with(from, path, parts[i], opening) != 0 ||
            path_with(to, path, after, opening) != 0) {
            return ERR_IO;
        }
        if (rename(from, to) != 0 && (i == 0 || errno != ENOENT)) {
            return REFUSE(opening, ERR_IO, "%s: %s", path, strerror(errno));
        }
    }
    opening->was_damaged = true;
    return REFUSE(opening, 0, "%.200s; it is now %.150s%s", why, path, behind);
}
