/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.h -- the control API under /_market/, by which a test makes the
 * market do what it is told, and waits until something has happened.
 *
 * Every answer is a JSON object; an error's has one field, "error".  The paths
 * are described in docs/man/quoted-market.1.scd.
 *
 * Threads: the loop's, for every call.
 */

#pragma once

struct control; /* opaque; see control.c */
struct exchange;
struct http_request;
struct market;

/* Make the control of a market, which is BORROWED.  Returns 0 or ERR_NOMEM. */
int control_create(struct control **out, struct market *market);

/* Free it and set *control to NULL; NULL already is allowed. */
void control_destroy(struct control **control);

/* Answer a request for any path but /query, now or when what it waits for is
 * there. */
void control_answer(struct control *control, struct exchange *exchange,
                    const struct http_request *request);

/* Counts have changed: answer whoever waited for that. */
void control_check(struct control *control);

/* Answer with a status and a sentence. */
void control_refuse(struct exchange *exchange, int status, const char *error);

/* Answer that the path has other methods: "GET, HEAD". */
void control_refuse_method(struct exchange *exchange, const char *allowed);
