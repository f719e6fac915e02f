/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h -- what a Python client finds at conn.root: the methods of the old
 * system's service, and those that say more.
 *
 *     get_price(symbol)        float, or -1 where no price can be had
 *     get_prices(symbols)      tuple of those, fetched together
 *     get_price_text(symbol)   str, the exact decimal; raises where there is
 * none get_quote(symbol)        tuple of pairs of str, for dict()
 *     watch(symbols, callback) None; callback(symbol, quote) with each new one
 *     unwatch(symbols)         None; without symbols it ends for all
 *     get_server_id()          str
 *     get_service_name()       str
 *     get_service_aliases()    tuple of str
 *
 * each also as exposed_...; names and aliases work as symbols.  Objects are
 * numbered: the root, then the methods in the table's order.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "python/python.h"

#define SERVICE_ROOT 0

/* What Python shows as the root's class, and as its module and class. */
#define SERVICE_CLASS "QuoteService"
#define SERVICE_NAME  "quoted." SERVICE_CLASS

/* The class of its methods, one that every Python has, so that clients need not
 * ask what it is; and its number in their ids. */
#define SERVICE_METHOD_CLASS    "builtins.method"
#define SERVICE_METHOD_CLASS_ID 2

/* Arguments of a call: two boxed tuples, BORROWED from the message. */
struct service_arguments {
    struct rpyc_box positional;
    struct rpyc_box keywords; /* of (name, value) */
};

/* Number of methods; they are objects 1 to this. */
int service_count(void);

/* The method of a name, with or without exposed_; -1 where there is none. */
int service_find(struct span name);

/* A method's name, without exposed_.  BORROWED, static. */
const char *service_name(int method);

/* What Python shows as the object's documentation.  BORROWED, static. */
const char *service_doc(int object);

/* What composes the reply of a method that is about one symbol; NULL for every
 * other object, and for -1. */
python_compose_fn service_composer(int object);

/* Call a method: it is answered now or later. */
void service_call(struct python_request *request, int method,
                  const struct service_arguments *arguments);

/* Read a boxed tuple of str, PYTHON_SYMBOLS_LIMIT at most, into `texts`
 * (BORROWED from the message) and their number; or raise, and return false. */
bool service_read_symbols(const struct python_request *request,
                          const struct rpyc_box *symbols, struct span *texts,
                          size_t *count);

/* Write what get_quote() returns: pairs of str. */
void service_put_quote(struct buffer *out, const struct worker *worker,
                       const struct answer *answer);

/* Answer a request with None. */
void service_answer_none(const struct python_request *request);
