/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.h -- one configuration as the workers use it: an immutable snapshot.
 *
 * A reload makes a new one and hands it to each worker, which lets go of its
 * old one; the last to let go frees it.
 */

#pragma once

#include <stdatomic.h>

#include "conf/conf.h"
#include "quote/freshness.h"

struct names; /* quote/names.h */

struct settings {
    _Atomic uint32_t references;
    struct conf *conf;   /* owned */
    struct names *names; /* owned */
    struct freshness_rule rule;
};

/*
 * Make a snapshot with one reference; conf and names are MOVED on success.
 * Returns 0 or ERR_NOMEM.  Threads: main.
 */
int settings_create(struct settings **out, struct conf **conf,
                    struct names **names);

/* Let the log go by log.level and log.format from now on.  Threads: main. */
void settings_apply_log(const struct conf *conf);

/* One more holder.  Threads: any that holds one. */
struct settings *settings_hold(struct settings *settings);

/* One holder less; sets *settings to NULL.  NULL already is allowed. */
void settings_leave(struct settings **settings);
