/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema.h -- the tables of the file, and the statements that are made of them.
 */

#pragma once

/* "quot": by this number a file is known to be ours. */
#define SCHEMA_APPLICATION 0x71756f74

/* The version of the tables.  A server reads its own only. */
#define SCHEMA_VERSION 1

/* The rows of `quote` are wide and found by their symbol, so it needs no rowid;
 * those of `history` are appended, so its rowid is the order of time, about. */
#define SCHEMA_TEXT                                                          \
    "CREATE TABLE quote ("                                                   \
    " symbol TEXT PRIMARY KEY NOT NULL,"                                     \
    " price TEXT NOT NULL,"                                                  \
    " open TEXT, high TEXT, low TEXT, previous_close TEXT,"                  \
    " change TEXT, change_percent TEXT, volume TEXT,"                        \
    " currency TEXT NOT NULL,"                                               \
    " unit_factor INTEGER NOT NULL,"                                         \
    " as_of_unix_ns INTEGER,"                                                \
    " as_of_is_day INTEGER NOT NULL,"                                        \
    " is_old INTEGER NOT NULL,"                                              \
    " delay INTEGER NOT NULL,"                                               \
    " delay_s INTEGER NOT NULL,"                                             \
    " fetched_unix_ms INTEGER NOT NULL,"                                     \
    " source TEXT NOT NULL"                                                  \
    ") WITHOUT ROWID;"                                                       \
    "CREATE TABLE history ("                                                 \
    " id INTEGER PRIMARY KEY,"                                               \
    " symbol TEXT NOT NULL,"                                                 \
    " at_unix_ms INTEGER NOT NULL,"                                          \
    " price TEXT NOT NULL,"                                                  \
    " currency TEXT NOT NULL,"                                               \
    " source TEXT NOT NULL);"                                                \
    "CREATE INDEX history_of ON history (symbol, at_unix_ms);"               \
    "CREATE TABLE budget ("                                                  \
    " key TEXT PRIMARY KEY NOT NULL,"                                        \
    " state TEXT NOT NULL,"                                                  \
    " saved_unix_ms INTEGER NOT NULL"                                        \
    ") WITHOUT ROWID;"                                                       \
    "CREATE VIEW quotes AS SELECT symbol, price, currency,"                  \
    " CASE WHEN as_of_is_day THEN date(as_of_unix_ns / 1000000000, "         \
    "'unixepoch')"                                                           \
    "  ELSE strftime('%Y-%m-%dT%H:%M:%SZ', as_of_unix_ns / 1000000000,"      \
    "   'unixepoch') END AS as_of,"                                          \
    " strftime('%Y-%m-%dT%H:%M:%SZ', fetched_unix_ms / 1000, 'unixepoch')"   \
    "  AS fetched, source FROM quote;"                                       \
    "CREATE VIEW prices AS SELECT symbol,"                                   \
    " strftime('%Y-%m-%dT%H:%M:%SZ', at_unix_ms / 1000, 'unixepoch') AS at," \
    " price, currency, source FROM history;"

#define SCHEMA_PUT_QUOTE                                                      \
    "INSERT OR REPLACE INTO quote (symbol, price, open, high, low,"           \
    " previous_close, change, change_percent, volume, currency, unit_factor," \
    " as_of_unix_ns, as_of_is_day, is_old, delay, delay_s, fetched_unix_ms,"  \
    " source) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

/* When the last of so many was fetched, where there are more of them. */
#define SCHEMA_FETCHED_SINCE                   \
    "SELECT fetched_unix_ms FROM quote"        \
    " WHERE (SELECT count(*) FROM quote) > ?1" \
    " ORDER BY fetched_unix_ms DESC LIMIT 1 OFFSET ?1 - 1"

/* Not sorted: the rows of 100,000 quotes do not fit where SQLite sorts. */
#define SCHEMA_EACH_QUOTE                                            \
    "SELECT symbol, price, open, high, low, previous_close, change," \
    " change_percent, volume, currency, unit_factor, as_of_unix_ns," \
    " as_of_is_day, is_old, delay, delay_s, fetched_unix_ms, source" \
    " FROM quote WHERE fetched_unix_ms >= ?"

/* The columns in the order of both. */
enum schema_column {
    SCHEMA_SYMBOL,
    SCHEMA_NUMBERS, /* QUOTE_NUMBERS of them, in the order of enum quote_number
                     */
    SCHEMA_CURRENCY = SCHEMA_NUMBERS + 8,
    SCHEMA_UNIT_FACTOR,
    SCHEMA_AS_OF,
    SCHEMA_AS_OF_IS_DAY,
    SCHEMA_IS_OLD,
    SCHEMA_DELAY,
    SCHEMA_DELAY_S,
    SCHEMA_FETCHED,
    SCHEMA_SOURCE,
    SCHEMA_COLUMNS,
};

/* Whether the symbol's last price, and when it was, are these. */
#define SCHEMA_IS_KNOWN                                      \
    "SELECT 1 FROM quote WHERE symbol = ? AND price = ? AND" \
    " as_of_unix_ns IS ?"

#define SCHEMA_PUT_HISTORY                                              \
    "INSERT INTO history (symbol, at_unix_ms, price, currency, source)" \
    " VALUES (?, ?, ?, ?, ?)"

#define SCHEMA_EACH_PAST                                       \
    "SELECT at_unix_ms, price FROM history"                    \
    " WHERE symbol = ? AND at_unix_ms >= ? AND at_unix_ms < ?" \
    " ORDER BY at_unix_ms, id"

/* Of the rows that were kept first those that are too old, up to the first that
 * is not. */
#define SCHEMA_PRUNE                                                          \
    "DELETE FROM history WHERE id IN"                                         \
    " (SELECT id FROM (SELECT id, at_unix_ms FROM history ORDER BY id LIMIT " \
    "?2)"                                                                     \
    " WHERE at_unix_ms < ?1)"

#define SCHEMA_PUT_BUDGET                                       \
    "INSERT OR REPLACE INTO budget (key, state, saved_unix_ms)" \
    " VALUES (?, ?, ?)"

#define SCHEMA_READ_BUDGET "SELECT state FROM budget WHERE key = ?"
