/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lookup.h -- from a host name to socket addresses, within a deadline.
 *
 * getaddrinfo() blocks as long as the resolver likes (5 s for a name server
 * that is away, by default) and can't be cancelled.  So it runs on a detached
 * thread that owns the request together with the caller: whoever lets go last
 * frees it.  A caller whose deadline passes may keep the request and look again
 * in its next call, so that a slow name server costs one thread and not one a
 * call.
 */

#pragma once

#include <stdint.h>
#include <sys/socket.h>

struct lookup; /* a request under way; opaque, see lookup.c */

/* Addresses taken of one name; the rest is left out. */
#define LOOKUP_ADDRESSES_LIMIT 32

struct lookup_result {
    int error; /* 0, or EAI_... for gai_strerror() */
    int count; /* addresses; 1 or more where error is 0 */
    struct sockaddr_storage addresses[LOOKUP_ADDRESSES_LIMIT];
    socklen_t lens[LOOKUP_ADDRESSES_LIMIT];
};

/*
 * Read an IP address without asking anybody.  Returns 0, or ERR_SYNTAX when
 * `host` is a name.  Never blocks.  Threads: any.
 */
int lookup_numeric(struct lookup_result *out, const char *host,
                   const char *port);

/*
 * Begin to look a name up.  On success returns 0 and *out is the caller's, to
 * be ended with lookup_end().  On failure *out is NULL: ERR_NOMEM, or ERR_IO
 * where no thread or descriptor is to be had.  Never blocks.
 */
int lookup_begin(struct lookup **out, const char *host, const char *port);

/* A descriptor that polls readable when the answer is there.  BORROWED. */
int lookup_fd(const struct lookup *lookup);

/*
 * Take the answer.  Returns 0, or ERR_ABSENT while there is none yet.  An
 * answer that failed is 0 with out->error set.  Never blocks.  Threads: the
 * caller's.
 */
int lookup_take(struct lookup *lookup, struct lookup_result *out);

/* Let go of the request, whether answered or not, and set *lookup to NULL; NULL
 * already is allowed.  Never blocks. */
void lookup_end(struct lookup **lookup);
