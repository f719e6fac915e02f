/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/member.h"

#include <errno.h>
#include <netdb.h>
#include <quoted/quoted.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "lib/clean.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/pass.h"
#include "lib/replies.h"

#define RECEIVE_BYTES 16384

/* What a server of ours answers to HELLO, as the value of "server". */
#define SERVER_NAME "quoted"

void member_failed(struct member *member, int error, const char *format, ...)
{
    CHECK(error < 0);
    char text[2 * MEMBER_FAILURE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    CHECK(len >= 0);
    clean_copy(member->failure, sizeof(member->failure), span_of(text));
    member->error = error;
}

/* An address that was given as one is named as it was given; one of a name's
 * is named with the name. */
static void name_member(struct member *member)
{
    const struct server *server = member->server;
    char host[64];
    int err = EAI_FAMILY;
    if (!server->is_fixed) {
        err = getnameinfo((const struct sockaddr *)&member->address,
                          member->address_len, host, sizeof(host), NULL, 0,
                          NI_NUMERICHOST);
    }
    int len = err == 0 ? snprintf(member->text, sizeof(member->text), "%s (%s)",
                                  server->endpoint.text, host)
                       : snprintf(member->text, sizeof(member->text), "%s",
                                  server->endpoint.text);
    CHECK(len > 0 && (size_t)len < sizeof(member->text) + sizeof(host));
}

int member_create(struct member **out, struct server *server,
                  const struct sockaddr_storage *address, socklen_t len)
{
    CHECK(len <= sizeof(*address));
    struct member *member = mem_calloc(1, sizeof(*member));
    *out = member;
    if (member == NULL) {
        return ERR_NOMEM;
    }
    member->server = server;
    memcpy(&member->address, address, len);
    member->address_len = len;
    member->fd = -1;
    member->out = buffer_empty(PASS_SEND_BYTES_LIMIT);
    name_member(member);
    return 0;
}

void member_destroy(struct member **member)
{
    if (*member != NULL) {
        member_hang_up(*member);
        buffer_deinit(&(*member)->out);
        mem_free(*member);
        *member = NULL;
    }
}

bool member_is_at(const struct member *member,
                  const struct sockaddr_storage *address, socklen_t len)
{
    return member->address_len == len &&
           memcmp(&member->address, address, len) == 0;
}

/* --- Connecting ----------------------------------------------------------- */

static void put_bulk(struct buffer *out, const char *text)
{
    buffer_printf(out, "$%zu\r\n%s\r\n", strlen(text), text);
}

static void put_client(struct buffer *out, const char *what, const char *value)
{
    buffer_put_text(out, "*3\r\n$6\r\nCLIENT\r\n");
    put_bulk(out, what);
    put_bulk(out, value);
}

/* Each in a command of its own, so that a server which refuses one of them may
 * take the others. */
static void greet(struct member *member, const struct greeting *greeting)
{
    struct buffer *out = &member->out;
    buffer_put_text(out, "*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n");
    member->has_name = greeting->client_name[0] != '\0';
    if (member->has_name) {
        put_client(out, "SETNAME", greeting->client_name);
    }
    char period[16];
    int len = snprintf(period, sizeof(period), "%u", greeting->heartbeat_ms);
    CHECK(len > 0 && (size_t)len < sizeof(period));
    put_client(out, "HEARTBEAT", period);
    member->greeting = GREETING_HELLO;
    member->has_heartbeat = false;
}

static int connecting_failed(struct member *member, int err)
{
    char text[128];
    member_failed(member, QUOTED_E_UNREACHABLE, "%s",
                  err == ETIMEDOUT ? "connecting takes too long"
                                   : strerror_r(err, text, sizeof(text)));
    return ERR_IO;
}

int member_begin(struct member *member)
{
    CHECK(member->fd < 0 && member->replies == NULL);
    CHECK(member->out.len == 0);
    int err = link_begin(&member->fd, &member->address, member->address_len);
    if (err != 0) {
        return connecting_failed(member, err);
    }
    member->is_connecting = true;
    return 0;
}

int member_finish(struct member *member, const struct greeting *greeting,
                  uint64_t until_mono_ms)
{
    CHECK(member->is_connecting);
    int err = link_finish(member->fd, until_mono_ms);
    if (err != 0) {
        return connecting_failed(member, err);
    }
    if (replies_create(&member->replies) != 0) {
        return ERR_NOMEM;
    }
    member->is_connecting = false;
    greet(member, greeting);
    return 0;
}

int member_connect(struct member *member, const struct greeting *greeting,
                   uint64_t until_mono_ms)
{
    int err = member_begin(member);
    if (err == 0) {
        err = member_finish(member, greeting, until_mono_ms);
    }
    if (err != 0) {
        member_hang_up(member);
    }
    return err;
}

void member_hang_up(struct member *member)
{
    if (member->fd >= 0) {
        close(member->fd);
        member->fd = -1;
    }
    member->is_connecting = false;
    member->expects_rows = false;
    replies_destroy(&member->replies);
    buffer_clear(&member->out);
}

/* --- Bytes ---------------------------------------------------------------- */

void member_send(struct member *member)
{
    struct buffer *out = &member->out;
    if (out->len == 0) {
        return;
    }
    ssize_t sent = send(member->fd, out->data, out->len, MSG_NOSIGNAL);
    if (sent > 0) {
        buffer_drop_front(out, (size_t)sent);
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
        buffer_clear(out);
    }
}

int member_receive(struct member *member, bool *received)
{
    char bytes[RECEIVE_BYTES];
    ssize_t got = recv(member->fd, bytes, sizeof(bytes), 0);
    *received = got > 0;
    if (got > 0) {
        return replies_feed(member->replies, bytes, (size_t)got);
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    char text[128];
    member_failed(member, QUOTED_E_UNREACHABLE, "%s",
                  got == 0 ? "the server closed the connection"
                           : strerror_r(errno, text, sizeof(text)));
    return ERR_IO;
}

/* --- Replies -------------------------------------------------------------- */

/* The name that a server gives itself in its answer to HELLO; empty where it
 * gives none. */
static struct span server_name(const struct reply *reply)
{
    for (size_t i = 0; reply->kind == REPLY_FIELDS && i + 1 < reply->count;
         i += 2) {
        if (span_equal(reply->fields[i], span_of("server"))) {
            return reply->fields[i + 1];
        }
    }
    return (struct span){NULL, 0};
}

/* Take an answer to the greeting.  Returns 0 or ERR_PROTOCOL. */
static int take_greeting(struct member *member, const struct reply *reply)
{
    switch (member->greeting) {
    case GREETING_HELLO: {
        struct span name = server_name(reply);
        if (name.len > 0 && !span_equal(name, span_of(SERVER_NAME))) {
            member_failed(member, QUOTED_E_PROTOCOL,
                          "this is \"%.*s\", and no quoted server",
                          name.len > 64 ? 64 : (int)name.len, name.data);
            return ERR_PROTOCOL;
        }
        member->greeting =
            member->has_name ? GREETING_NAME : GREETING_HEARTBEAT;
        return 0;
    }
    case GREETING_NAME:
        member->greeting = GREETING_HEARTBEAT;
        return 0;
    case GREETING_HEARTBEAT:
        member->has_heartbeat = reply->kind == REPLY_STATUS;
        member->greeting = GREETING_OVER;
        return 0;
    case GREETING_OVER:
        break;
    }
    CHECK(false);
    return ERR_PROTOCOL;
}

int member_next_or_push(struct member *member, const struct reply **out)
{
    while (true) {
        replies_expect_rows(member->replies,
                            member->expects_rows &&
                                member->greeting == GREETING_OVER);
        if (replies_next(member->replies, out) != 0) {
            member_failed(member, QUOTED_E_PROTOCOL, "%s",
                          replies_refusal(member->replies));
            return ERR_PROTOCOL;
        }
        const struct reply *reply = *out;
        if (reply == NULL || reply->kind == REPLY_PUSH ||
            member->greeting == GREETING_OVER) {
            return 0;
        }
        *out = NULL;
        if (take_greeting(member, reply) != 0) {
            return ERR_PROTOCOL;
        }
    }
}

int member_next(struct member *member, const struct reply **out)
{
    int err;
    do {
        err = member_next_or_push(member, out);
        // That bytes came is all that a push has to say.
    } while (err == 0 && *out != NULL && (*out)->kind == REPLY_PUSH);
    return err;
}

bool member_is_at_rest(const struct member *member)
{
    return member->greeting == GREETING_OVER &&
           !replies_has_rest(member->replies);
}
