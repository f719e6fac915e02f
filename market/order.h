/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h -- what a test orders through the control API: JSON bodies, read
 * strictly.  What is no JSON, a field that is not known, or one of the wrong
 * type or range is refused with a sentence that says what is allowed.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "market/price.h"
#include "market/script.h"
#include "quote/symbol.h"

/* Longest delay of an answer. */
#define ORDER_DELAY_LIMIT_MS 3600000u

/* Most calls that one answer can be given to. */
#define ORDER_REPEAT_LIMIT 1000000000u

/* Which fields there may be; all have "symbol". */
enum order_kind {
    ORDER_HOLD,    /* nothing else */
    ORDER_RELEASE, /* count */
    ORDER_NEXT,    /* answers */
    ORDER_PRICE,   /* price, day, previous_close */
};

struct order {
    struct symbol symbol;          /* "*" for all, but not for a price */
    uint64_t count;                /* UINT64_MAX where it is not there */
    struct script_answer *answers; /* a list, each the owner's */
    struct price_session session;  /* day is "" where it is not there */
    char error[200];               /* what is wrong, where reading failed */
};

/*
 * Read an order.  Returns 0, and *out is to be ended with order_deinit(), or
 * ERR_SYNTAX or ERR_NOMEM with out->error set.  Threads: any.
 */
int order_read(struct order *out, enum order_kind kind, struct span body);

/* Free the answers that are still there. */
void order_deinit(struct order *order);
