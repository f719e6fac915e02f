/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf.h -- every setting of the server, from one table of options.
 *
 * The table (conf/option.c) gives each key its type, range, default and help.
 * A YAML file, the environment and --set flags fill a struct conf in this
 * order; the later wins:
 *
 *     cache:                         file
 *       fresh_for: 30s
 *     QUOTED_CACHE_FRESH_FOR=30s     environment
 *     --set cache.fresh_for=30s      flag
 *
 * A list of words (server.listen) is written with commas outside the file; an
 * element of the list of providers by its number from 0: providers.0.url,
 * QUOTED_PROVIDERS_0_URL.  `--set providers.0.name=market` makes the element.
 *
 * Nothing is half-applied: a load fills a whole new struct conf or none, and
 * says what is wrong with file and line (or variable, or flag), what was found
 * and what is allowed.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define CONF_LIST_LIMIT      16 /* words in a list */
#define CONF_PROVIDERS_LIMIT 16
#define CONF_ERROR_SIZE      512

struct conf_list {
    char *items[CONF_LIST_LIMIT];
    size_t count;
};

struct conf_provider {
    char *name;        /* of its description: "alphavantage", "market" */
    char *description; /* path of one's own; "" for the built-in one */
    char *url;      /* in place of the description's own origin; "" for that */
    char *key_file; /* "" where there is none */
    uint64_t timeout_ms;
    char *limits;  /* "" for the description's own */
    char *markets; /* "" for all that it serves */
};

struct conf {
    struct {
        char *id;
        struct conf_list listen; /* "host:port" or "unix:/path" */
        uint64_t workers;        /* 0: one a core */
        char *proxy_protocol;    /* off, on */
        char *agent_listen;      /* an address; "" for none */
        uint64_t leave_for_ms;
        char *io_uring; /* auto, no */
    } server;
    struct {
        uint64_t fresh_for_ms;
        uint64_t stale_for_ms;
        uint64_t unknown_for_ms;
        uint64_t symbols_max;
    } cache;
    struct {
        uint64_t retry_after_ms; /* a failed refresh is not repeated before */
        uint64_t calls_max;      /* upstream calls at the same time */
        uint64_t flights_max;    /* symbols being fetched or waiting for it */
        uint64_t wait_for_ms;    /* of a request, for an allowance */
        uint64_t pack_for_ms;    /* of a symbol, for others in its call */
        uint64_t warm_for_ms;    /* refreshed ahead; 0: never */
        char *market;            /* of shares that name none, by MIC; or "" */
    } fetch;
    struct {
        char *path; /* "" for none */
        uint64_t history_for_ms;
    } store;
    struct {
        uint64_t connections_max;
        uint64_t request_bytes_max;
        uint64_t output_bytes_max; /* unsent, a connection */
        uint64_t idle_for_ms;      /* 0: for ever */
    } limits;
    struct {
        char *level;  /* debug, info, warning, error */
        char *format; /* logfmt, json */
    } log;
    struct {
        char *cors_origins; /* with spaces between; "*" for all; or "" */
    } http;
    char *names; /* path of the names file; "" for the one that is built in */
    char *calendars; /* path of a file or folder of them; "" for none */
    struct conf_provider providers[CONF_PROVIDERS_LIMIT];
    size_t providers_count;
};

/* Where settings come from.  All pointers are BORROWED for the call. */
struct conf_sources {
    const char *file;      /* a path, or NULL for none */
    struct span file_text; /* where not NULL, instead of what the file holds */
    /* environ: "NAME=value"..., NULL at the end; or NULL for none */
    const char *const *environment;
    const char *const *sets; /* "key=value"... */
    size_t sets_count;
};

/*
 * Load the settings.  On success returns 0 and *out is the caller's, to be
 * ended with conf_destroy().  On failure *out is NULL and `error` says, in one
 * line that can be printed as it is, where, what and what is allowed:
 *
 *   ERR_IO       The file can't be read.
 *   ERR_SYNTAX   The file is no YAML, a key is not known, a value is not of its
 *                type or has no unit.
 *   ERR_RANGE    A value is outside its range.
 *   ERR_NOMEM    No memory.
 *
 * A QUOTED_ variable that is no setting is an error too, so that a misspelt one
 * is not passed over, but for two kinds: the providers' keys (QUOTED_<NAME>_KEY
 * and QUOTED_<NAME>_KEY_FILE), which conf_provider_key() reads, and what
 * Kubernetes makes of a service called "quoted" (QUOTED_SERVICE_HOST,
 * QUOTED_PORT_7400_TCP).
 *
 * When no provider is configured, each one for which the environment has a key
 * is added, by its name in small letters and in alphabetical order.  No
 * provider at all is no error here.  Threads: main.
 */
int conf_load(struct conf **out, const struct conf_sources *sources,
              char error[CONF_ERROR_SIZE]);

/* Free and set *conf to NULL; NULL already is allowed. */
void conf_destroy(struct conf **conf);

/*
 * Find the key of a provider, in this order: its key_file, the file named by
 * QUOTED_<NAME>_KEY_FILE, the variable QUOTED_<NAME>_KEY; NAME in capitals with
 * _ for what is no letter or digit; an empty variable counts as none, because
 * that is what compose files make of one that is not set.  White space around
 * the key is dropped.  On success returns 0 and *out is the caller's
 * (mem_free()); "" where no key is set anywhere.  On failure returns ERR_IO
 * (unreadable), ERR_SYNTAX (empty, more than one line, over 256 bytes or with
 * control bytes) or ERR_NOMEM, and `error` names the file or variable and never
 * the key.  Threads: main.
 */
int conf_provider_key(char **out, const struct conf_provider *provider,
                      const char *const *environment,
                      char error[CONF_ERROR_SIZE]);

struct buffer; /* base/buffer.h */

/* Append the settings as a YAML file that loads as the same settings, each key
 * with its help as a comment.  Holds no secret: keys are in files. */
void conf_print(const struct conf *conf, struct buffer *out);

/* Called with a key and its values as text; see conf_each() and conf_compare().
 * The texts are BORROWED for the call. */
typedef void (*conf_key_fn)(void *user, const char *key, const char *value);
typedef void (*conf_change_fn)(void *user, const char *key, const char *before,
                               const char *after, bool needs_restart);

/* Call `fn` for each key, in the table's order; lists joined by commas. */
void conf_each(const struct conf *conf, conf_key_fn fn, void *user);

/* Call `fn` for each key whose values differ; returns how many did. */
size_t conf_compare(const struct conf *before, const struct conf *after,
                    conf_change_fn fn, void *user);
