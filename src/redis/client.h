/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.h -- the commands about the connection itself: PING, HELLO, CLIENT...
 *
 * Each is a command_fn (redis/command.h).  Threads: the worker's.
 */

#pragma once

struct buffer;
struct resp_command;
struct session;

/* One prototype for each command; they differ in the name only. */
void client_ping(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void client_echo(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void client_hello(struct session *session, const struct resp_command *command,
                  struct buffer *out);
void client_client(struct session *session, const struct resp_command *command,
                   struct buffer *out);
void client_select(struct session *session, const struct resp_command *command,
                   struct buffer *out);
void client_auth(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void client_reset(struct session *session, const struct resp_command *command,
                  struct buffer *out);
void client_quit(struct session *session, const struct resp_command *command,
                 struct buffer *out);
