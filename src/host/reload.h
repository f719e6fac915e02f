/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload.h -- everything that new settings bring along, made before anything is
 * changed: that is what makes SIGHUP all or nothing.
 *
 * Threads: main.
 */

#pragma once

#include <stddef.h>

#include "conf/conf.h"
#include "desk/terms.h"
#include "host/sockets.h"

struct almanac;
struct names;
struct settings;
struct worker_mail;

#define RELOAD_ERROR_SIZE 1280

struct reload {
    struct conf *conf;
    struct names *names;
    struct almanac *almanac;
    struct settings *settings;
    struct desk_provider providers[CONF_PROVIDERS_LIMIT];
    size_t providers_count;
    struct worker_mail *mails[SOCKETS_WORKERS_LIMIT];
    char error[RELOAD_ERROR_SIZE];
};

/*
 * Load the settings again from `sources` and open what they name, for a server
 * of `workers_count` workers that runs by `before`.  Returns 0, or an error
 * with reload->error set where there is more to say than the error's own
 * sentence; reload_deinit() is called in either case.  *reload is all 0.
 */
int reload_prepare(struct reload *reload, const struct conf_sources *sources,
                   const struct conf *before, unsigned workers_count);

/* Free what was not taken: what the server took over it has set to NULL, 0. */
void reload_deinit(struct reload *reload);
