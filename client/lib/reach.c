/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/reach.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "lib/clean.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/replies.h"

void reach_failed(struct server *server, const char *format, ...)
{
    char text[2 * sizeof(server->failure)];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    CHECK(len >= 0);
    clean_copy(server->failure, sizeof(server->failure), span_of(text));
}

static bool is_due(const struct server *server)
{
    return !server->was_asked ||
           link_now_ms() - server->asked_mono_ms >= REACH_LOOKUP_EVERY_MS;
}

/* Wait for the look-up that is under way, and take its answer. */
static void finish_lookup(struct server *server, uint64_t until_mono_ms)
{
    struct lookup_result result;
    link_wait(lookup_fd(server->lookup), POLLIN, until_mono_ms);
    if (lookup_take(server->lookup, &result) != 0) {
        return; // it goes on; the next call may find it done
    }
    lookup_end(&server->lookup);
    server->was_asked = true;
    server->asked_mono_ms = link_now_ms();
    server->lookup_error = result.error;
    if (result.error == 0) {
        CHECK(result.count > 0);
        server->known = result;
    }
}

bool reach_addresses(struct server *server, uint64_t until_mono_ms)
{
    const struct endpoint *endpoint = &server->endpoint;
    if (server->is_fixed) {
        return true;
    }
    if (server->lookup == NULL && is_due(server)) {
        int err = lookup_begin(&server->lookup, endpoint->host, endpoint->port);
        if (err != 0) {
            reach_failed(server, "looking up the name: %s", err_sentence(err));
        }
    }
    if (server->lookup != NULL) {
        finish_lookup(server, until_mono_ms);
    }
    if (server->known.count > 0) {
        return true; // perhaps of before: a name server may be away for long
    }
    if (server->lookup != NULL) {
        reach_failed(server, "looking up the name takes too long");
    } else if (server->lookup_error != 0) {
        reach_failed(server, "%s", gai_strerror(server->lookup_error));
    }
    return false;
}

static void put_bulk(struct buffer *out, const char *text)
{
    buffer_printf(out, "$%zu\r\n%s\r\n", strlen(text), text);
}

/* Say who we are, ahead of the first ask; nobody waits for the answer, because
 * a server that does not care for names still has prices. */
static void introduce(struct quoted *q)
{
    if (q->client_name[0] != '\0') {
        buffer_put_text(&q->out, "*3\r\n");
        put_bulk(&q->out, "CLIENT");
        put_bulk(&q->out, "SETNAME");
        put_bulk(&q->out, q->client_name);
        q->skipped++;
    }
}

int reach_connect(struct quoted *q, size_t index, unsigned address,
                  uint64_t until_mono_ms)
{
    CHECK(q->fd < 0 && q->replies == NULL);
    CHECK(index < q->servers_count);
    struct server *server = &q->servers[index];
    CHECK(address < (unsigned)server->known.count);
    int err = link_connect(&q->fd, &server->known.addresses[address],
                           server->known.lens[address], until_mono_ms);
    if (err != 0) {
        char text[128];
        reach_failed(server, "%s",
                     err == ETIMEDOUT ? "connecting takes too long"
                                      : strerror_r(err, text, sizeof(text)));
        return ERR_IO;
    }
    if (replies_create(&q->replies) != 0) {
        reach_hang_up(q);
        return ERR_NOMEM;
    }
    introduce(q);
    q->preferred = index;
    return 0;
}

void reach_hang_up(struct quoted *q)
{
    if (q->fd >= 0) {
        close(q->fd);
        q->fd = -1;
    }
    replies_destroy(&q->replies);
    buffer_clear(&q->out);
    q->skipped = 0;
}
