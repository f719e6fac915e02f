/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h -- from a server's reply to a struct quoted_quote.
 *
 * What the server says is believed only in its form: a number is a number, a
 * text is clean (lib/clean.h) and fits; else the reply is refused, because half
 * a quote is worse than none.  Fields that are not known here are passed over,
 * so that a newer server may send more.
 */

#pragma once

#include "base/span.h"

struct quoted_bar; /* quoted/quoted.h */
struct quoted_quote;
struct reply; /* lib/replies.h */

/*
 * Read the reply to HGETALL into *out, all of it but `size`.  Returns what
 * out->status then is: 0, the error that the server answered, or
 * QUOTED_E_PROTOCOL when the reply is none to this command.  Where it is not 0
 * out->message says why.  Threads: any, as below.
 */
int fields_read(struct quoted_quote *out, const struct reply *reply);

/* Read the reply to PING in the same manner. */
int fields_read_pong(struct quoted_quote *out, const struct reply *reply);

/* Read the reply to EXPLAIN in the same manner, its lines into `text`, of
 * `size` bytes (1 or more); "" with an error. */
int fields_read_text(struct quoted_quote *out, const struct reply *reply,
                     char *text, size_t size);

/* Read a row of the reply to HISTORY into all of *out.  Returns 0 or
 * QUOTED_E_PROTOCOL.  What a newer server has behind its six values is passed
 * over. */
int fields_read_bar(struct quoted_bar *out, const struct reply *reply);

/* Make *out, but for its size, an empty quote that failed, with its reason. */
void fields_fail(struct quoted_quote *out, int status, struct span message);
