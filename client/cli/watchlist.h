/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchlist.h -- the names that are asked for when none are given.
 *
 * A text file with one symbol or name a line.  Spaces around it are dropped, so
 * are empty lines, and what follows a # at the start of a line or behind a
 * space.
 */

#pragma once

#include <stddef.h>

/* A file beyond these is not a watch-list. */
#define WATCHLIST_BYTES_LIMIT 1048576
#define WATCHLIST_NAMES_LIMIT 10000

struct watchlist {
    char *text;   /* the file; the names stand in it */
    char **names; /* count of them */
    size_t count; /* 0 where the file holds none */
};

/*
 * Where the file is: $XDG_CONFIG_HOME/quote/watchlist where that variable is an
 * absolute path, else $HOME/.config/quote/watchlist.  Returns 0, or -1 where
 * neither variable is set or the path does not fit.
 */
int watchlist_path(char *out, size_t size);

/*
 * Read a watch-list.  Returns 0 and *out is the caller's, to be ended with
 * watchlist_free(); it is empty where there is no such file.  Otherwise -1 and
 * `error` says what is wrong.
 */
int watchlist_load(struct watchlist *out, const char *path, char *error,
                   size_t error_size);

/* Free what it holds; it may be loaded again. */
void watchlist_free(struct watchlist *list);
