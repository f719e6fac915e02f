/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h -- one line an event, as logfmt or JSON, for people and for machines.
 *
 *     time=2026-11-22T07:41:14.123Z level=info room=serve msg="listening"
 *         address=127.0.0.1:7400
 *
 * Count every failure (obs/metric.h), log only what an operator can act on.  A
 * line is one write(), so lines of several threads never mix; it holds no
 * secret, because nobody passes one in (URLs and bodies of providers are not
 * logged).
 *
 * An event that comes again and again is written LOG_BURST times, then
 * LOG_PER_SECOND times a second; the next line of it that is written says how
 * many were not, as suppressed=123.  An event is its message.  Debugging lines
 * are all written.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
    const char *key;
    const char *text; /* NULL: `number` is the value */
    int64_t number;
};

/* Fields of a call to log_write(). */
#define LOG_TEXT(key, value)   ((struct log_field){(key), (value), 0})
#define LOG_NUMBER(key, value) ((struct log_field){(key), NULL, (value)})

/* Bytes of a line: a text that would make it longer is cut, and what comes
 * behind it left out. */
#define LOG_LINE_LIMIT 2048

/* Lines of one event: at once, and a second when those are used up. */
#define LOG_BURST      50
#define LOG_PER_SECOND 5

/* Events that are told apart; those beyond it are not limited. */
#define LOG_EVENTS_LIMIT 256

/* Write to descriptor `fd` from now on, from `level` up.  Both may be changed
 * while others write.  Threads: any. */
void log_setup(int fd, enum log_level level, enum log_format format);

/* Read "debug", "info", "warning" or "error"; ERR_SYNTAX for anything else. */
int log_parse_level(enum log_level *out, const char *word);

/* Read "logfmt" or "json"; ERR_SYNTAX for anything else. */
int log_parse_format(enum log_format *out, const char *word);

/* Lines that were not written, of all events.  Threads: any. */
uint64_t log_suppressed(void);

/*
 * Write a line, where `level` is wanted.  `room` is the folder that says it,
 * `message` a few plain words without variable parts, static.  Threads: any.
 */
void log_write(enum log_level level, const char *room, const char *message,
               const struct log_field *fields, size_t count);

/* The same with its fields listed: log_event(LOG_INFO, "serve", "listening",
 * LOG_TEXT("address", text)). */
#define log_event(level, room, message, ...)                    \
    log_write((level), (room), (message),                       \
              (const struct log_field[]){__VA_ARGS__},          \
              sizeof((const struct log_field[]){__VA_ARGS__}) / \
                  sizeof(struct log_field))
