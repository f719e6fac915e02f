/* SPDX-License-Identifier: Apache-2.0 */
/*
 * supply.h -- the server's side of the fetch thread and of the store: what they
 * are told, and what becomes of what they tell.
 */

#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "fetch/fetch.h"
#include "host/ledger.h"

struct almanac;  /* host/almanac.h */
struct conf;     /* conf/conf.h */
struct settings; /* serve/settings.h */
struct shared;   /* serve/worker.h */
struct worker;

struct supply {
    struct shared *shared;         /* BORROWED, as the next */
    struct worker *const *workers; /* by number; filled in later */
    _Atomic bool has_workers;      /* release and acquire: they are there */
    struct ledger ledger;
    uv_mutex_t lock;
    struct almanac *almanac;   /* owned, under the lock, as the next */
    struct settings *settings; /* held: the names' markets */
};

/* Begin; shared->cache and shared->clock are there.  Returns 0 or ERR_NOMEM.
 * Threads: main, as for all below. */
int supply_init(struct supply *supply, struct shared *shared,
                struct worker *const *workers);

/* Go by these calendars (MOVED) from now on, and warn of their end.  Called
 * before supply_start() for the first time. */
void supply_take_almanac(struct supply *supply, struct almanac **almanac);

/* The workers have been made: from now on they are told what is published. */
void supply_meet_workers(struct supply *supply);

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
