/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quotes.h -- the commands that answer quotes.
 *
 * GET, HGET, HMGET and HGETALL answer a failure as a typed error (-UNKNOWN
 * ...); MGET answers null in its place, as Redis does, because clients take
 * errors within an array badly.  EXISTS, TTL, TYPE, SCAN and DBSIZE look at
 * memory only.
 *
 * Each is a command_fn (redis/command.h).  Threads: the worker's.
 */

#pragma once

struct buffer;
struct resp_command;
struct session;

/* One prototype for each command; they differ in the name only. */
void quotes_get(struct session *session, const struct resp_command *command,
                struct buffer *out);
void quotes_mget(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void quotes_hgetall(struct session *session, const struct resp_command *command,
                    struct buffer *out);
void quotes_hget(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void quotes_hmget(struct session *session, const struct resp_command *command,
                  struct buffer *out);
void quotes_exists(struct session *session, const struct resp_command *command,
                   struct buffer *out);
void quotes_ttl(struct session *session, const struct resp_command *command,
                struct buffer *out);
void quotes_pttl(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void quotes_type(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void quotes_scan(struct session *session, const struct resp_command *command,
                 struct buffer *out);
void quotes_dbsize(struct session *session, const struct resp_command *command,
                   struct buffer *out);
