/* SPDX-License-Identifier: Apache-2.0 */
/*
 * archive.h -- the server's store: opened and read at the start, so that the
 * quotes of before are served, with their true age, before any is fetched.
 */

#pragma once

struct cache;        /* cache/cache.h */
struct clock;        /* base/clock.h */
struct conf;         /* conf/conf.h */
struct market_book;  /* host/market.h */
struct metric_cells; /* obs/metric.h */
struct store;        /* store/store.h */

#define ARCHIVE_ERROR_SIZE 640

/*
 * Open the store that the settings name, where they do; *out stays NULL where
 * they don't.  What is odd about the file, and can be lived with, is logged.
 * Returns 0, or an error of store_open() with a sentence in `error`.  Blocks.
 * Threads: main.
 */
int archive_open(struct store **out, const struct conf *conf,
                 const struct clock *clock, struct metric_cells *cells,
                 char error[ARCHIVE_ERROR_SIZE]);

/*
 * Make the quotes that were kept current, as they would be had the server gone
 * on: of their true age, and the closing price of a market that is closed is
 * `closed`, which no call is made for.  Those that would not be served any more
 * are left out.  NULL for `store` is allowed.  Threads: main, before any other
 * writes to the cache.
 */
void archive_load(struct store *store, struct cache *cache,
                  const struct clock *clock, const struct conf *conf,
                  const struct market_book *book);

/* Bytes of the word by which this start of the machine is known, and its 0. */
#define ARCHIVE_BOOT_SIZE 40

/* Write that word; "" where the system does not say.  Threads: main. */
void archive_boot(char out[ARCHIVE_BOOT_SIZE]);
