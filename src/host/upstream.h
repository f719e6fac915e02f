/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upstream.h -- from settings to what they name: provider descriptions with
 * their keys, and the names file.
 */

#pragma once

#include <stddef.h>

#include "desk/terms.h"

struct conf; /* conf/conf.h, as the next */
struct conf_provider;
struct names; /* quote/names.h */

#define UPSTREAM_ERROR_SIZE 1024

/*
 * Open one provider: its description, built-in or a file, its key, its plan.
 * Returns 0 and *out is the caller's to end with terms_free_provider(); else as
 * upstream_open(), with *out 0.  Threads: main.
 */
int upstream_open_one(struct desk_provider *out,
                      const struct conf_provider *settings,
                      const char *const *environment,
                      char error[UPSTREAM_ERROR_SIZE]);

/*
 * Open the configured providers into `out`, which has room for
 * CONF_PROVIDERS_LIMIT.  Returns 0 with their number in *count, each the
 * caller's to end with terms_free_provider(); else ERR_ABSENT, ERR_SYNTAX,
 * ERR_IO, ERR_FULL or ERR_NOMEM with what is wrong and what to do in `error`,
 * and none is open.  None configured is ERR_ABSENT.  Threads: main.
 */
int upstream_open(struct desk_provider *out, size_t *count,
                  const struct conf *conf, const char *const *environment,
                  char error[UPSTREAM_ERROR_SIZE]);

/* Load the names file that the settings name, or the one that is built in.  0,
 * or an error with what is wrong in `error`.  Threads: main. */
int upstream_load_names(struct names **out, const struct conf *conf,
                        char error[UPSTREAM_ERROR_SIZE]);
