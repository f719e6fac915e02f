/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multi.h -- MULTI, EXEC and DISCARD: commands that are kept, then answered in
 * one array.
 *
 *     none -- MULTI --> open -- EXEC, DISCARD, RESET, the end --> none
 *
 * Clients send them because their pipelines do by default (redis-py's among
 * them).  Commands here only read, so there is nothing to be undone, and a
 * quote may change between two of them as it may within MGET.
 *
 * Invariants:
 *
 *   (1) While one is open, every command is kept and answered +QUEUED, but for
 *       MULTI, EXEC, DISCARD, RESET and QUIT.
 *   (2) EXEC's replies are in the order of the commands, also when some have to
 *       wait.
 *   (3) It keeps at most limits.output_bytes; a command that is refused, for
 *       this or any other reason, makes EXEC answer -EXECABORT and run none.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

struct buffer;
struct command;
struct multi; /* opaque; see multi.c */
struct resp_command;
struct session;

/* Keep a command where a MULTI is open and answer that into `out`; returns
 * whether it did, or else the command is to be run. */
bool multi_keep(struct session *session, const struct command *found,
                const struct resp_command *command, struct buffer *out);

/* A command was refused before it could be kept; without a MULTI that is
 * nothing. */
void multi_spoil(struct session *session);

/* An EXEC that can't be run, as it has too many words, ends the MULTI all the
 * same; answered into `out` as Redis answers it. */
void multi_abort(struct session *session, struct buffer *out);

/* Forget the session's MULTI, where one is open. */
void multi_drop(struct session *session);

/* The commands; each is a command_fn (redis/command.h). */
void multi_multi(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void multi_exec(struct session *session, const struct resp_command *command,
                struct buffer *out);
void multi_discard(struct session *session, const struct resp_command *command,
                   struct buffer *out);
