/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h -- the server's side of the fetch thread and of the store: what they
 * are told, and what becomes of what they tell.
 */

#pragma once

#include <stddef.h>

#include <uv.h>

#include "fetch/fetch.h"
#include "serve/ledger.h"

struct calendar; /* calendar/calendar.h */
struct conf;     /* conf/conf.h */
struct settings; /* serve/settings.h */
struct shared;   /* serve/worker.h */
struct worker;

struct supply {
    struct shared *shared;         /* BORROWED, as the next */
    struct worker *const *workers; /* by number; filled in later */
    struct ledger ledger;
    struct calendar *calendar; /* owned; NULL: every market is always open */
    uv_mutex_t lock;
    struct settings *settings; /* held; under the lock: the names' markets */
};

/* Begin; shared->cache and shared->clock are there.  Reads the calendars: what
 * is wrong with them is logged, and markets count as open then.  Returns 0 or
 * ERR_NOMEM.  Threads: main, as for all below. */
int supply_init(struct supply *supply, struct shared *shared,
                struct worker *const *workers);

/* How the allowance is spent, by the settings. */
struct desk_policy supply_policy(const struct conf *conf);

/* Start the fetch thread, which takes the providers over (MOVED on success),
 * and the store's, where there is one.  Returns 0, ERR_NOMEM or ERR_IO. */
int supply_start(struct supply *supply, const struct conf *conf,
                 struct desk_provider *providers, size_t count);

/* Go by these settings from now on, those of the fetch thread apart. */
void supply_apply(struct supply *supply, struct settings *settings);

/* End both threads; what was handed to the store is written.  What was begun is
 * freed. */
void supply_stop(struct supply *supply);
