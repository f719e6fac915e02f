/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pubsub.h -- SUBSCRIBE and PSUBSCRIBE: a session that is told of new quotes.
 *
 * A channel is a symbol or a name, called in its messages as the client called
 * it; a pattern is matched against symbols.  The payload is the quote as JSON.
 * The rest is as in Redis: a confirmation for each channel with the number of
 * subscriptions, messages in RESP 2 and pushes in RESP 3, and in RESP 2 few
 * other commands while there are any.
 *
 * Invariants:
 *
 *   (1) The messages of a channel come behind its confirmation; the first is
 *       the current quote, or why there is none.
 *   (2) A message is between two replies, never within one.
 *   (3) A session that ends watches nothing.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "serve/watch.h"

struct buffer;
struct command;
struct resp_command;
struct session;

/* What a session is subscribed to, within its memory. */
struct pubsub {
    struct watcher watcher; /* first */
    struct session *session;
    bool is_narrow; /* its connection was narrowed */
};

/* Begin with no subscription. */
void pubsub_init(struct pubsub *pubsub, struct session *session);

/* End all subscriptions, without a word. */
void pubsub_end_all(struct pubsub *pubsub);

/* Number of subscriptions. */
size_t pubsub_count(const struct pubsub *pubsub);

/* Send the messages that there are, if one may be sent now.  May end the
 * session. */
void pubsub_send(struct pubsub *pubsub);

/* Whether the command is not for a session in this state; composes the error
 * then. */
bool pubsub_refuses(struct session *session, const struct command *command,
                    struct buffer *out);

/* The commands; each is a command_fn (redis/command.h). */
void pubsub_subscribe(struct session *session,
                      const struct resp_command *command, struct buffer *out);
void pubsub_psubscribe(struct session *session,
                       const struct resp_command *command, struct buffer *out);
void pubsub_unsubscribe(struct session *session,
                        const struct resp_command *command, struct buffer *out);
void pubsub_punsubscribe(struct session *session,
                         const struct resp_command *command,
                         struct buffer *out);
