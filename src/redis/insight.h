/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insight.h -- the commands that tell about the server: INFO, CONFIG GET,
 * COMMAND, TIME.
 *
 * Each is a command_fn (redis/command.h).  Threads: the worker's.
 */

#pragma once

struct buffer;
struct resp_command;
struct session;

/* One prototype for each command; they differ in the name only. */
void insight_time(struct session *session, const struct resp_command *command,
                  struct buffer *out);
void insight_info(struct session *session, const struct resp_command *command,
                  struct buffer *out);
void insight_config(struct session *session, const struct resp_command *command,
                    struct buffer *out);
void insight_command(struct session *session,
                     const struct resp_command *request, struct buffer *out);
