/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h -- the command that answers prices of the past.
 *
 *     HISTORY symbol [FROM instant] [TO instant] [EVERY step]
 *
 * One row a step in which there was a price: its beginning in milliseconds of
 * Unix time, open, high, low, close, and the number of prices.
 *
 * Threads: the worker's.
 */

#pragma once

struct buffer;
struct resp_command;
struct session;

/* A command_fn (redis/command.h). */
void history_history(struct session *session,
                     const struct resp_command *command, struct buffer *out);
