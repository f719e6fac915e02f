/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.h -- the command that says why a price is what it is.
 *
 *     EXPLAIN symbol
 *
 * The text of show/explain.h.  It looks at what is known, and makes nobody
 * call a provider: for a symbol that nobody has asked for, it says so.
 *
 * Threads: the worker's.
 */

#pragma once

struct buffer;
struct resp_command;
struct session;

/* A command_fn (redis/command.h). */
void why_explain(struct session *session, const struct resp_command *command,
                 struct buffer *out);
