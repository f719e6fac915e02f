/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusal.h -- the one line that says what is wrong with the settings.
 */

#pragma once

#include "base/span.h"
#include "conf/conf.h"

/* printf("%.*s") of what was found: its first bytes are enough. */
#define REFUSAL_SHOWN(span) \
    (int)((span).len < 64 ? (span).len : 64), (span).data

/* printf("%s%.*s") of a path: its end, which is what tells two apart. */
#define REFUSAL_PATH(path)                \
    strlen(path) > 120 ? "..." : "", 120, \
        strlen(path) > 120 ? (path) + strlen(path) - 120 : (path)

/* Write `error` as printf() would, control characters as ?, and return `err`,
 * which is negative (checked).  Threads: any. */
int refusal_print(char error[CONF_ERROR_SIZE], int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The report of want of memory; returns ERR_NOMEM. */
int refusal_no_memory(char error[CONF_ERROR_SIZE]);
