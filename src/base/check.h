/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h -- assertions, which stay on in production.
 *
 * CHECK states what cannot happen; what can happen is handled and returned
 * (base/err.h).  A failed check prints one line and aborts: a server that goes
 * on in a state it cannot be in might serve a wrong price, and one that died is
 * replaced by its neighbour within a second.
 */

#pragma once

/* Marks a function as the one that fills a slot of a struct of functions; it
 * expands to nothing and is there for readers and grep. */
#define IMPLEMENTS(slot)

#define CHECK(condition) \
    ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))

/* For checks that cost more than a few instructions: on in debug builds. */
#ifdef NDEBUG
#define CHECK_SLOW(condition) ((void)0)
#else
#define CHECK_SLOW(condition) CHECK(condition)
#endif

/*
 * Print "file:line: check failed: text" to standard error and abort.
 * Called by CHECK only.  Threads: any.
 */
_Noreturn void check_failed(const char *file, int line, const char *text);
