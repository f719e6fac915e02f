/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member.h -- one socket address that a server may be at, and the connection to
 * it.
 *
 *     closed --member_connect()--------------------------> open
 *       |                                                   ^
 *       +--member_begin()--> connecting --member_finish()---+
 *       ^                        |                          |
 *       +------------------------+---- member_hang_up() ----+
 *
 * A connection that is open greets first, in one write with whatever is asked
 * behind it: HELLO 3, CLIENT SETNAME, CLIENT HEARTBEAT.  The answers to these
 * are read here and decide what may be expected of the server:
 *
 *   (1) A server that names itself, and not as quoted, is refused: an address
 *       that was a server's may be another program's by now.
 *   (2) A server that refuses any of the three still serves; who refuses HELLO
 *       speaks RESP 2.
 *   (3) has_heartbeat is set only when the server promised to be heard at least
 *       that often while an ask waits: silence is then no patience, but death.
 *   (4) Neither answers to the greeting nor pushes come out of member_next().
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "lib/endpoint.h"

struct replies; /* lib/replies.h */
struct reply;
struct server; /* lib/handle.h */

#define MEMBER_NAME_SIZE    65  /* a client's name, 64 bytes, and its 0 */
#define MEMBER_FAILURE_SIZE 160 /* bytes of a failure's text and its 0 */

/* "name:port (address)" and its 0; 46 bytes is the longest IPv6 address. */
#define MEMBER_TEXT_SIZE (ENDPOINT_TEXT_SIZE + 64)

/* What is sent ahead of all else on each connection. */
struct greeting {
    char client_name[MEMBER_NAME_SIZE]; /* "" for none */
    uint32_t heartbeat_ms;
};

/* Of which of them the answer comes next. */
enum greeting_step {
    GREETING_HELLO,
    GREETING_NAME,
    GREETING_HEARTBEAT,
    GREETING_OVER,
};

enum member_health {
    MEMBER_WELL,   /* as far as anybody knows */
    MEMBER_RESTED, /* it failed, and is left alone for a while */
    MEMBER_TRIED,  /* a trial beside the calls is under way: lib/trial.h */
};

struct member {
    struct server *server; /* whose address it is; BORROWED */
    struct sockaddr_storage address;
    socklen_t address_len;
    char text[MEMBER_TEXT_SIZE];       /* how messages name it */
    char failure[MEMBER_FAILURE_SIZE]; /* why it failed in this call, or "" */
    int error;                         /* the QUOTED_E_... of that */
    bool is_listed;                    /* inside reach.c only */

    /* The pool's: lib/pool.h. */
    enum member_health health;
    unsigned failures; /* since it last answered an ask */
    uint64_t rests_until_mono_ms;
    uint64_t trial_until_mono_ms; /* the trial's; while MEMBER_TRIED */
    uint32_t tried_round;         /* the round that tried it last */
    uint64_t score;               /* its place in the handle's own order */
    uint64_t cost_us;             /* decaying average, at cost_mono_ms */
    uint64_t cost_mono_ms;
    uint64_t latency_us; /* of its last answer; 0 before the first */

    /* The connection. */
    int fd; /* -1 where there is none */
    bool is_connecting;
    bool has_heartbeat;
    bool has_name;     /* the greeting sent a name */
    bool expects_rows; /* set by who asks: lib/replies.h, for what comes next */
    enum greeting_step greeting;
    struct replies *replies; /* while it is open */
    struct buffer out;       /* bytes to be sent */
};

/*
 * Make a member, closed and well, of an address of a server.  On success
 * returns 0 and *out is the caller's, to be ended with member_destroy();
 * ERR_NOMEM else, and *out is NULL.  Threads: the handle's, as below.
 */
int member_create(struct member **out, struct server *server,
                  const struct sockaddr_storage *address, socklen_t len);

/* Close the connection, free the member and set *member to NULL; NULL already
 * is allowed.  Does not block. */
void member_destroy(struct member **member);

/* Whether it is the member of this address. */
bool member_is_at(const struct member *member,
                  const struct sockaddr_storage *address, socklen_t len);

/*
 * Connect a member that is closed (checked), and compose the greeting.  Returns
 * 0; ERR_IO with member->failure set; or ERR_NOMEM.
 */
int member_connect(struct member *member, const struct greeting *greeting,
                   uint64_t until_mono_ms);

/* Begin to connect a member that is closed (checked).  Returns 0, or ERR_IO
 * with member->failure set.  Never blocks. */
int member_begin(struct member *member);

/*
 * Finish what member_begin() began and compose the greeting.  As
 * member_connect(); where the instant comes first, ERR_IO too, and the member
 * is still connecting.
 */
int member_finish(struct member *member, const struct greeting *greeting,
                  uint64_t until_mono_ms);

/* Close the connection, if there is one, and forget what was on it. */
void member_hang_up(struct member *member);

/*
 * Send what the socket takes of member->out.  An error is not looked at here:
 * reading comes next, and may find the server's reason in front of the same
 * error.
 */
void member_send(struct member *member);

/*
 * Receive what has come, and set *received to whether anything had.  Returns 0;
 * ERR_IO with member->failure set when the connection is lost; or ERR_NOMEM.
 */
int member_receive(struct member *member, bool *received);

/*
 * The next reply to what was asked behind the greeting.  Returns 0, with *out
 * NULL when more bytes are needed; or ERR_PROTOCOL with member->failure set.
 * BORROWED until the next call on this member.
 */
int member_next(struct member *member, const struct reply **out);

/* The same, and pushes too; so what an asker is told stays in order with what
 * it hears of. */
int member_next_or_push(struct member *member, const struct reply **out);

/* Whether all that was received has been read, the greeting's answers too. */
bool member_is_at_rest(const struct member *member);

/* Say why a member failed: a QUOTED_E_..., and printf() into member->failure,
 * made clean. */
void member_failed(struct member *member, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
