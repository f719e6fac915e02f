/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.h -- the table of RESP commands, and how one is run.
 *
 * The table is the documentation too: COMMAND and COMMAND DOCS, which redis-cli
 * asks for its hints, are answered from it.  Commands are in files by subject:
 * redis/quotes.c, redis/client.c, redis/insight.c.
 */

#pragma once

#include <stddef.h>

#include "base/span.h"

struct buffer;
struct resp_command;
struct session;
struct symbol;

/* Answer a command whose number of words is right, into `out` or later. */
typedef void (*command_fn)(struct session *session,
                           const struct resp_command *command,
                           struct buffer *out);

struct command {
    const char *name; /* lower case */
    int arity;        /* of words, the name included; -n: n or more */
    int first_key;    /* as in Redis' COMMAND: which words are symbols */
    int last_key;
    int key_step;
    const char *summary; /* a sentence, for COMMAND DOCS and the manual */
    command_fn run;
};

/* Answer one command into `out`, now or later.  Threads: the worker's, as all
 * below. */
void command_run(struct session *session, const struct resp_command *command,
                 struct buffer *out);

/* The table; *count rows.  BORROWED, static.  */
const struct command *command_table(size_t *count);

/* The command of a name, in any case; NULL where there is none. */
const struct command *command_find(struct span name);

/* Compose an error reply and count the request as failed. */
void command_fail(struct session *session, struct buffer *out, const char *word,
                  const char *sentence);

/* The same for a failure that is about a symbol: "-WORD IBM: sentence"; NULL is
 * for the error's own sentence. */
void command_fail_symbol(struct session *session, struct buffer *out,
                         const struct symbol *symbol, int err,
                         const char *sentence);

/* "-ERR wrong number of arguments for 'GET' command", and `more`, which is
 * short or "". */
void command_fail_arguments(struct session *session, struct buffer *out,
                            const struct resp_command *command,
                            const char *more);

/* "-ERR unknown subcommand ..." for a command with subcommands. */
void command_fail_subcommand(struct session *session, struct buffer *out,
                             const struct resp_command *command);
