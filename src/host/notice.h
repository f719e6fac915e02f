/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice.h -- a message to main: something to be done on its thread.
 */

#pragma once

struct mail;    /* net/mailbox.h */
struct mailbox; /* net/mailbox.h */
struct notice;  /* opaque; see notice.c */

/* A notice that calls `on_notice` on main's thread, with the user of the
 * mailbox; NULL for want of memory.  To be posted.  Threads: any. */
struct notice *notice_make(void (*on_notice)(void *user));

/* Post one (MOVED) to a mailbox that is open (checked) and whose callback is
 * notice_take().  One that could not be made ends the process: main would wait
 * for it for ever.  Threads: any. */
void notice_post(struct mailbox *mailbox, struct notice *notice);

/* Free one that is not to be posted; does nothing for NULL.  Threads: any. */
void notice_drop(struct notice *notice);

/* Do as it says, and free it.  Threads: main. */
void notice_take(void *user, struct mail *mail);
