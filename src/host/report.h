/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h -- a message to main: something to be done on its thread.
 */

#pragma once

struct mail;    /* net/mailbox.h */
struct mailbox; /* net/mailbox.h */
struct report;  /* opaque; see report.c */

/* A report that calls `on_report` on main's thread, with the user of the
 * mailbox; NULL for want of memory.  To be posted.  Threads: any. */
struct report *report_make(void (*on_report)(void *user));

/* Post one (MOVED) to a mailbox that is open (checked) and whose callback is
 * report_take().  One that could not be made ends the process: main would wait
 * for it for ever.  Threads: any. */
void report_post(struct mailbox *mailbox, struct report *report);

/* Free one that is not to be posted; does nothing for NULL.  Threads: any. */
void report_drop(struct report *report);

/* Do as it says, and free it.  Threads: main. */
void report_take(void *user, struct mail *mail);
