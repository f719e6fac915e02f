/* SPDX-License-Identifier: Apache-2.0 */
#include "serve/guest.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/mem.h"
#include "net/conn.h"
#include "obs/log.h"
#include "proto/detect.h"
#include "proto/proxy.h"
#include "serve/settings.h"
#include "serve/tally.h"
#include "serve/worker.h"

static bool is_busy(const struct guest *guest)
{
    return guest->protocol != NULL && guest->protocol->is_busy(guest->state);
}

bool guest_is_owed(const struct guest *guest)
{
    return is_busy(guest) || conn_unsent(guest->conn) > 0;
}

void guest_end_if_done(struct guest *guest)
{
    if (guest->is_ending && !is_busy(guest)) {
        conn_finish(guest->conn);
    }
}

void guest_finish(struct guest *guest)
{
    guest->is_ending = true;
    guest_end_if_done(guest);
}

void guest_cut(struct guest *guest)
{
    conn_reset(guest->conn, "cut");
}

static void refuse_protocol(struct guest *guest, enum protocol protocol)
{
    if (protocol == PROTOCOL_HTTP) {
        buffer_put_text(
            conn_output(guest->conn),
            "HTTP/1.1 501 Not Implemented\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 52\r\n"
            "Connection: close\r\n\r\n"
            "This port speaks RESP: try redis-cli, or quote IBM.\n");
    }
    log_event(LOG_DEBUG, "serve", "protocol is not spoken",
              LOG_TEXT("protocol", detect_word(protocol)),
              LOG_TEXT("peer", guest->member.peer));
    metric_add(guest->worker->cells, METRIC_connections_cut, 1);
    guest_finish(guest);
}

/* Learn the protocol from the first bytes; false where it is not known yet or
 * the connection was ended. */
static bool learn_protocol(struct guest *guest, struct span bytes)
{
    enum protocol protocol = detect_protocol(bytes);
    if (protocol == PROTOCOL_UNKNOWN) {
        return false;
    }
    const struct guest_protocol *found =
        guest->worker->shared->protocols[protocol];
    if (found == NULL) {
        refuse_protocol(guest, protocol);
        return false;
    }
    guest->state = found->open(guest);
    if (guest->state == NULL) {
        guest_cut(guest);
        return false;
    }
    guest->protocol = found;
    tally_leave(guest->worker, guest->spoken);
    guest->spoken = protocol;
    tally_join(guest->worker, guest->spoken);
    return true;
}

/* Take the PROXY header off the front of the bytes; returns how many it took, 0
 * when more are needed or the connection was ended. */
static size_t take_introduction(struct guest *guest, struct span bytes)
{
    struct proxy_header header;
    ptrdiff_t taken = proxy_parse(&header, bytes);
    if (taken < 0) {
        log_event(LOG_WARNING, "serve",
                  "connection without a PROXY header is closed; is "
                  "server.proxy_protocol meant to be on?",
                  LOG_TEXT("peer", guest->member.peer));
        metric_add(guest->worker->cells, METRIC_connections_cut, 1);
        guest_finish(guest);
        return 0;
    }
    guest->is_introduced = taken > 0;
    if (header.source[0] != '\0') {
        roster_rename(guest->worker->shared->roster, guest->member.peer,
                      sizeof(guest->member.peer), span_of(header.source));
    }
    return (size_t)taken;
}

/* Bytes of the client's own, behind what a balancer may have put before them.
 */
static size_t answer(struct guest *guest, char *bytes, size_t len)
{
    if (len == 0 || (guest->protocol == NULL &&
                     !learn_protocol(guest, (struct span){bytes, len}))) {
        return 0;
    }
    return guest->protocol->on_bytes(guest->state, bytes, len);
}

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *user, struct conn *conn, char *bytes, size_t len)
{
    struct guest *guest = user;
    atomic_store_explicit(&guest->member.active_ms, guest->worker->loop.now_ms,
                          memory_order_relaxed);
    if (guest->is_ending) {
        return len; // nobody waits for an answer to these
    }
    size_t taken = 0;
    if (!guest->is_introduced) {
        taken = take_introduction(guest, (struct span){bytes, len});
        if (taken == 0) {
            return 0;
        }
    }
    taken += answer(guest, bytes + taken, len - taken);
    // Bytes behind the last request are of no interest, while that one waits.
    return conn_is_open(conn) && guest->is_ending ? len : taken;
}

IMPLEMENTS(on_end)
static void on_end(void *user, struct conn *conn)
{
    (void)conn;
    struct guest *guest = user;
    const struct guest_protocol *protocol = guest->protocol;
    bool is_owed = protocol != NULL && protocol->on_end != NULL &&
                   protocol->on_end(guest->state);
    if (!is_owed) {
        guest_finish(guest);
    }
}

IMPLEMENTS(on_idle)
static bool on_idle(void *user, struct conn *conn)
{
    (void)conn;
    const struct guest *guest = user;
    if (is_busy(guest) || guest->is_watching) {
        return false; // it is we who are slow, or have nothing to say
    }
    metric_add(guest->worker->cells, METRIC_connections_idle_ended, 1);
    return true;
}

IMPLEMENTS(on_drained)
static void on_drained(void *user, struct conn *conn)
{
    (void)conn;
    struct guest *guest = user;
    if (guest->protocol != NULL && guest->protocol->on_drained != NULL) {
        guest->protocol->on_drained(guest->state);
    }
}

static bool is_cut(const char *why)
{
    return strcmp(why, "stalled") == 0 || strcmp(why, "overrun") == 0 ||
           strcmp(why, "memory") == 0 || strcmp(why, "cut") == 0;
}

IMPLEMENTS(on_closed)
static void on_closed(void *user, struct conn *conn, const char *why)
{
    (void)conn;
    struct guest *guest = user;
    struct worker *worker = guest->worker;
    if (guest->protocol != NULL) {
        guest->protocol->close(guest->state);
    }
    log_event(LOG_DEBUG, "serve", "connection ended",
              LOG_TEXT("peer", guest->member.peer), LOG_TEXT("why", why));
    metric_add(worker->cells, METRIC_connections_cut, is_cut(why));
    metric_subtract(worker->cells, METRIC_connections_open, 1);
    tally_leave(worker, guest->spoken);
    roster_leave(worker->shared->roster, &guest->member);
    LIST_REMOVE(guest, link);
    mem_free(guest);
    worker_forget(worker);
}

static const struct conn_owner guest_owner = {
    .on_bytes = on_bytes,
    .on_end = on_end,
    .on_idle = on_idle,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

static struct guest *make_guest(struct worker *worker, struct conn *conn)
{
    struct guest *guest = mem_calloc(1, sizeof(*guest));
    if (guest == NULL) {
        return NULL;
    }
    guest->worker = worker;
    guest->conn = conn;
    guest->member.joined_ms = worker->loop.now_ms;
    guest->member.worker = worker->number;
    conn_print_peer(conn, guest->member.peer);
    guest->is_introduced =
        strcmp(worker->settings->conf->server.proxy_protocol, "off") == 0;
    int err = roster_join(worker->shared->roster, &guest->member,
                          worker->settings->conf->limits.connections_max);
    if (err != 0) {
        mem_free(guest);
        return NULL;
    }
    return guest;
}

static struct conn_bounds bounds_of(const struct guest *guest)
{
    const struct conf *conf = guest->worker->settings->conf;
    return (struct conn_bounds){
        .input_max = conf->limits.request_bytes_max,
        .unsent_max = conf->limits.output_bytes_max,
    };
}

void guest_open(struct worker *worker, struct conn *conn)
{
    metric_add(worker->cells, METRIC_connections_accepted, 1);
    struct guest *guest = make_guest(worker, conn);
    if (guest == NULL) {
        metric_add(worker->cells, METRIC_connections_refused, 1);
        // The commonest protocol's words; the others see the end.
        buffer_put_text(conn_output(conn),
                        "-OVERLOADED limits.connections is reached\r\n");
        conn_finish(conn);
        return;
    }
    LIST_INSERT_HEAD(&worker->guests, guest, link);
    metric_add(worker->cells, METRIC_connections_open, 1);
    tally_join(worker, guest->spoken);
    struct conn_bounds bounds = bounds_of(guest);
    conn_start(conn, &guest_owner, guest, &bounds);
}

void guest_rebound(struct guest *guest)
{
    struct conn_bounds bounds = bounds_of(guest);
    conn_bound(guest->conn, &bounds);
}
