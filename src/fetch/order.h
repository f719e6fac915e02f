/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order.h -- what other threads want of the fetch thread, as mail.
 *
 * The inside of fetch.c.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "desk/terms.h"
#include "net/mailbox.h"

enum order_kind {
    ORDER_ASK,
    ORDER_EXPLAIN,
    ORDER_CHANGE,
    ORDER_NOTED,
    ORDER_STOP,
};

struct order {
    struct mail mail; /* first */
    enum order_kind kind;
    unsigned asker; /* ORDER_ASK and _EXPLAIN, as the next */
    struct symbol symbol;
    struct desk_wish wish;           /* ORDER_ASK */
    uint64_t number;                 /* ORDER_EXPLAIN */
    struct desk_provider *providers; /* ORDER_CHANGE, owned; as the next two */
    size_t count;
    struct desk_policy policy;
    uint64_t ticket; /* ORDER_NOTED */
};

/* Send a copy of an order.  Returns 0; ERR_NOMEM or ERR_DRAINING, and then what
 * it owns is the caller's as before.  Threads: any. */
int order_post(struct mailbox *mailbox, const struct order *order);

/* Have an order own providers (`count`, MOVED).  Returns 0 or ERR_NOMEM.
 * Threads: any, as below. */
int order_take_providers(struct order *order, struct desk_provider *providers,
                         size_t count);

/* Free the providers that it owns, if there are any left. */
void order_free_providers(struct order *order);
