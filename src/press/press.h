/* SPDX-License-Identifier: Apache-2.0 */
/*
 * press.h -- prices from files of this machine, in place of calls to hosts.
 *
 * A file is read by a thread of libuv's pool, together with judging what it
 * says, so that the loop never waits for a disk; one question at a time a file.
 * It is read again only when it is another than before (press/paper.h).
 *
 *   (1) What is cut off is never read: a file that changed within PRESS_REST_MS
 *       is left alone while there is a text of before, and one that is not
 *       whole (provider/sheet.h) leaves the text of before in place.
 *   (2) Each question is answered once, unless the press ends before.
 *   (3) What is wrong with a file is logged when it begins and when it ends,
 *       once each.
 *
 * The first question about a file has it watched: its folder, for what happens
 * at once, and itself every PRESS_LOOK_MS, for what the folder does not tell (a
 * link that leads elsewhere, a file system of another machine).
 *
 * Threads: the loop's, for every call and callback.
 */

#pragma once

#include "provider/provider.h"

struct clock; /* base/clock.h */
struct loop;  /* net/loop.h */
struct press; /* opaque; see press.c */
struct query; /* provider/query.h */

/* After its last change a file is taken to be whole. */
#define PRESS_REST_MS 200

#define PRESS_LOOK_MS 1000

struct press_options {
    struct loop *loop;         /* BORROWED, as the next */
    const struct clock *clock; /* NULL: the system's */
    /* A question was answered: verdicts[i] is on its symbol i. */
    void (*on_judged)(void *user, void *tag,
                      const struct provider_outcome *outcome,
                      const struct provider_verdict verdicts[]);
    /* A file that is read for `provider` has changed, and rests. */
    void (*on_news)(void *user, const char *provider);
    void *user;
};

/* Make a press.  Returns 0 and *out is the caller's to end with
 * press_destroy(), or ERR_NOMEM. */
int press_create(struct press **out, const struct press_options *options);

/* Call nobody back any more, wait for a file that is being read, free, and set
 * *press to NULL; NULL already is allowed.  The loop's end does the rest. */
void press_destroy(struct press **press);

/*
 * Answer a query from the file at `url` (file:///PATH).  The query is BORROWED
 * until on_judged is called with `tag`.  Returns 0, or ERR_NOMEM: then it is
 * not called.
 */
int press_ask(struct press *press, const char *url, const struct query *query,
              void *tag);

/* Watch no file any more that nobody asks for: others may be named now. */
void press_forget(struct press *press);
