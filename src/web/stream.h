/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.h -- watching by HTTP: server-sent events, without an end.
 *
 *     retry: 500
 *
 *     event: quote                 the current quote, then each new one
 *     id: 3f09c1d2-19aaf3c2b10.0   see web/mark.h
 *     data: {"symbol":"IBM",...}
 *
 *     event: failure               there is none, and why
 *     event: heartbeat             every 10 s, with the last id as its data
 *     event: cut                   the last: the watcher reads too slowly
 *
 * The body ends with the connection.  A watcher that reads slowly gets the
 * newest quote only, as serve/watch.h has it.  One that has ended its sending
 * gets the first event of each symbol, and the end.
 *
 * Threads: the worker's.
 */

#pragma once

#include <stdbool.h>

struct stream;      /* opaque; see stream.c */
struct web_request; /* web/web.h */

/* Symbols of one stream: each event's id has a part for each. */
#define STREAM_SYMBOLS_LIMIT 100

#define STREAM_BEAT_MS 10000

/* /v1/watch?symbols=A,B: the run() of a row in web/site.c, an endless one.
 */
void stream_run(struct web_request *request);

/* Send what there is, as the peer has read what it was sent.  May end the
 * session. */
void stream_send(struct stream *stream);

/* The peer sends no more, and is gone or has half-closed, which look the same:
 * the session ends when each symbol has had its first event.  Returns false
 * where it has had it already, and nothing is done. */
bool stream_end_when_told(struct stream *stream);

/* Leave, free, and set *stream to NULL; NULL already is allowed. */
void stream_destroy(struct stream **stream);
