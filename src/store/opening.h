/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opening.h -- taking possession of the file: the lock, what kind of file it
 * is, and setting a damaged one aside.
 *
 * The inside of database.h, which states the invariants; only database.c uses
 * it.  A file that begins like no SQLite file may be our own, damaged, or
 * somebody's letters.  It is ours where our lock file stands beside it.
 */

#pragma once

#include <stdbool.h>

struct database_opening; /* store/database.h */
struct sqlite3;

/*
 * Lock "PATH.lock", making it.  Returns 0 with *lock a descriptor, or -1 where
 * the disk is read-only or full, and *was_ours whether the lock file was there
 * before; ERR_FULL where another process has it; or ERR_IO.
 */
int opening_lock(int *lock, const char *path, bool *was_ours,
                 struct database_opening *opening);

/* Give the lock up; the file stays.  -1 is allowed. */
void opening_unlock(int lock);

/*
 * Open the file, making it and its tables where there is none, and check the
 * tables that are read as a whole.  Returns 0, ERR_IO, ERR_SYNTAX for a file
 * that is not ours, ERR_PROTOCOL for one that is damaged, or ERR_NOMEM.  *file
 * is the caller's to close, also after a failure, where it may be NULL.
 */
int opening_file(struct sqlite3 **file, const char *path,
                 struct database_opening *opening);

/* Whether the disk is the reason why a file can't be used: it is full, or
 * read-only. */
bool opening_is_disk_shut(const char *path);

/* Open an empty database in memory in the place of the file, for reading, after
 * a failure that is in opening->text.  Returns 0 or ERR_NOMEM; *file as above.
 */
int opening_in_memory(struct sqlite3 **file, const char *path,
                      struct database_opening *opening);

/*
 * Rename a damaged file, which nobody has open.  Returns 0, with
 * opening->was_damaged and where it is now in opening->text; ERR_SYNTAX where
 * it may not be ours; or ERR_IO.
 */
int opening_set_aside(const char *path, bool was_ours,
                      struct database_opening *opening);
