/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h -- from a query to the call: the only place where an URL with a key
 * stands in memory, for as long as it takes to hand it to libcurl.
 */

#pragma once

struct caller;        /* fetch/caller.h */
struct desk_provider; /* desk/terms.h */
struct press;         /* press/press.h */
struct query;         /* provider/query.h */

/* Compose a query's URL and header lines and start the call.  Returns what
 * caller_start() does.  Threads: the caller's. */
int dial_start(struct caller *caller, const struct desk_provider *provider,
               const struct query *query, void *tag);

/* Have the press answer a query to a provider that is a file.  Returns what
 * press_ask() does.  Threads: the press's. */
int dial_press(struct press *press, const struct desk_provider *provider,
               const struct query *query, void *tag);
