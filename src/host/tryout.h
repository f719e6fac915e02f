/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tryout.h -- `quoted --try-provider NAME SYMBOL`: one call to a provider,
 * shown step by step to whoever sets one up or wonders why it gives no price.
 *
 * It is asked by the same code as by the server, and with the same settings:
 * which description, which call and why, what it would cost and what is left,
 * what goes out, what comes back, which rule decides, and what is made of it.
 * No key is shown.
 *
 * The call is counted in the store as the server counts it, before it is made.
 * A store that a running server holds can't be written to (store/database.h),
 * and is not: then the call is made all the same, and it is said that the
 * server's count lacks it.
 *
 * Threads: main.
 */

#pragma once

#include <stdio.h>

struct clock; /* base/clock.h */
struct conf;  /* conf/conf.h */

#define TRYOUT_ERROR_SIZE 1280

/* How it ended, as the exit status of the process. */
enum tryout_end {
    TRYOUT_PRICE = 0,
    TRYOUT_FAILED = 1, /* there is no price; why is said among the steps */
    TRYOUT_USAGE = 2,  /* it could not begin: see `error` */
};

/* All BORROWED. */
struct tryout_options {
    const struct conf *conf;
    const char *const *environment;
    const char *provider; /* a configured one, or one that is built in */
    const char *symbol;
    const struct clock *clock; /* NULL: the system's */
};

/*
 * Make the call and write the steps to `out` as they are taken.  `error` is ""
 * but where it could not begin.  Blocks for as long as the call takes.
 */
enum tryout_end tryout_run(const struct tryout_options *options, FILE *out,
                           char error[TRYOUT_ERROR_SIZE]);
