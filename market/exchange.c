/* SPDX-License-Identifier: Apache-2.0 */
#include "market/exchange.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/mem.h"
#include "market/answer.h"
#include "net/conn.h"
#include "net/loop.h"

static const struct conn_bounds bounds = {
    .input_max = HTTP_BYTES_LIMIT(EXCHANGE_BODY_LIMIT),
    .unsent_max = 256 * 1024,
};

TAILQ_HEAD(exchanges, exchange);

struct client {
    const struct exchange_server *server;
    struct conn *conn;          // NULL once it is closed
    struct exchanges exchanges; // in the order in which they came
    size_t exchanges_count;
    struct due resume;
    unsigned users;  // calls on the stack that will look at it again
    bool is_parsing; // within on_bytes()
    bool is_paused;  // too many exchanges: not read for now
    bool is_last;    // nothing more is read: its last request came
    bool is_ended;   // nothing more is sent: its last answer went
};

struct exchange {
    struct client *client;
    TAILQ_ENTRY(exchange) link;
    void (*on_gone)(void *user, struct exchange *exchange);
    void *user;
    struct buffer out;
    bool is_head;
    bool keep_alive;
    bool resets;
    bool is_sent;
    bool is_asked;   // within on_request()
    bool is_dropped; // freed when on_request() returns
};

/* --- Ending --------------------------------------------------------------- */

static void free_exchange(struct exchange *exchange)
{
    buffer_deinit(&exchange->out);
    if (exchange->is_asked) {
        exchange->is_dropped = true; // its owner holds it still
        return;
    }
    mem_free(exchange);
}

static void remove_exchange(struct exchange *exchange)
{
    struct client *client = exchange->client;
    CHECK(client->exchanges_count > 0);
    TAILQ_REMOVE(&client->exchanges, exchange, link);
    client->exchanges_count--;
    free_exchange(exchange);
}

static void drop_exchanges(struct client *client)
{
    for (struct exchange *exchange;
         (exchange = TAILQ_FIRST(&client->exchanges)) != NULL;) {
        void (*on_gone)(void *, struct exchange *) =
            exchange->is_sent ? NULL : exchange->on_gone;
        if (on_gone != NULL) {
            on_gone(exchange->user, exchange);
        }
        remove_exchange(exchange);
    }
    CHECK(client->exchanges_count == 0);
}

static void leave(struct client *client)
{
    CHECK(client->users > 0);
    client->users--;
    if (client->users == 0 && client->conn == NULL) {
        CHECK(TAILQ_EMPTY(&client->exchanges));
        mem_free(client);
    }
}

IMPLEMENTS(on_closed)
static void on_closed(void *user, struct conn *conn, const char *why)
{
    struct client *client = user;
    CHECK(conn == client->conn);
    (void)why;
    client->users++;
    client->conn = NULL;
    due_cancel(client->server->dues, &client->resume);
    drop_exchanges(client);
    leave(client);
}

/* --- Answering ------------------------------------------------------------ */

static void on_resume(void *user)
{
    struct client *client = user;
    client->is_paused = false;
    conn_resume(client->conn);
}

/* Hand a sent answer to the connection, and end that where the answer says so.
 */
static void put_out(struct client *client, struct exchange *exchange)
{
    struct conn *conn = client->conn;
    bool keeps = exchange->keep_alive;
    bool resets = exchange->resets;
    bool is_broken = exchange->out.failed;
    if (!is_broken) {
        buffer_put_span(conn_output(conn), buffer_span(&exchange->out));
    }
    remove_exchange(exchange);
    if (keeps && !resets && !is_broken) {
        return;
    }
    client->is_last = true;
    client->is_ended = true;
    conn_flush(conn); // which may end it, and then client->conn is NULL
    if (client->conn != NULL && (resets || is_broken)) {
        conn_reset(client->conn, "reset");
    } else if (client->conn != NULL) {
        conn_finish(client->conn);
    }
    drop_exchanges(client); // what came behind is not answered any more
}

/* Let out what is sent and next in line. */
static void settle(struct client *client)
{
    client->users++;
    struct exchange *first;
    while (client->conn != NULL && !client->is_ended &&
           (first = TAILQ_FIRST(&client->exchanges)) != NULL &&
           first->is_sent) {
        put_out(client, first);
    }
    if (client->conn != NULL) {
        conn_flush(client->conn);
    }
    if (client->conn != NULL && client->is_paused &&
        client->exchanges_count <= EXCHANGE_PIPELINE_LIMIT / 2) {
        // Not at once: it would call back from within an answer.
        due_set(client->server->dues, &client->resume, 0);
    }
    leave(client);
}

void exchange_watch(struct exchange *exchange,
                    void (*on_gone)(void *user, struct exchange *exchange),
                    void *user)
{
    exchange->on_gone = on_gone;
    exchange->user = user;
}

void exchange_reply(struct exchange *exchange,
                    const struct exchange_reply *reply)
{
    CHECK(exchange->out.len == 0 && !exchange->is_sent);
    CHECK(reply->body.data != NULL || reply->body.len == 0);
    bool is_cut = reply->truncate < reply->body.len;
    exchange->resets = reply->resets;
    if (!reply->is_silent) {
        http_put_head(&exchange->out, reply->status, reply->type,
                      reply->body.len, exchange->keep_alive, reply->headers);
    }
    if (!reply->is_silent && !exchange->is_head) {
        buffer_put(&exchange->out, reply->body.data,
                   is_cut ? reply->truncate : reply->body.len);
    }
    exchange->keep_alive = exchange->keep_alive && reply->truncate == SIZE_MAX;
}

void exchange_send(struct exchange *exchange)
{
    struct client *client = exchange->client;
    exchange->is_sent = true;
    if (!client->is_parsing) {
        settle(client); // else when the requests that are there are read
    }
}

void exchange_drop(struct exchange *exchange)
{
    exchange->on_gone = NULL;
    if (exchange->client->conn != NULL) {
        conn_close(exchange->client->conn, "closed");
    }
}

/* --- Reading -------------------------------------------------------------- */

/* Make an exchange at the end of the line; NULL: no memory. */
static struct exchange *add_exchange(struct client *client,
                                     const struct http_request *request)
{
    struct exchange *exchange = mem_calloc(1, sizeof(*exchange));
    if (exchange == NULL) {
        return NULL;
    }
    exchange->client = client;
    exchange->out = buffer_empty(LOOP_REPLY_BYTES_LIMIT);
    exchange->is_head = span_equal(request->method, span_of("HEAD"));
    exchange->keep_alive = request->keep_alive;
    TAILQ_INSERT_TAIL(&client->exchanges, exchange, link);
    client->exchanges_count++;
    return exchange;
}

/* Answer bytes that are no request, and read no further. */
static void refuse(struct client *client, const struct http_request *request)
{
    client->is_last = true;
    struct exchange *exchange = add_exchange(client, request);
    if (exchange == NULL) {
        conn_close(client->conn, "memory");
        return;
    }
    exchange->keep_alive = false;
    exchange->is_head = false;
    struct buffer body = buffer_empty(1024);
    buffer_put_text(&body, "{\"error\":");
    answer_put_string(&body, span_of(request->error));
    buffer_put_text(&body, "}\n");
    struct exchange_reply reply = {
        .status = request->status,
        .type = "application/json",
        .headers = "",
        .body = buffer_span(&body),
        .truncate = SIZE_MAX,
    };
    exchange_reply(exchange, &reply);
    exchange_send(exchange);
    buffer_deinit(&body);
}

static void ask(struct client *client, const struct http_request *request)
{
    client->is_last = client->is_last || !request->keep_alive;
    struct exchange *exchange = add_exchange(client, request);
    if (exchange == NULL) {
        conn_close(client->conn, "memory");
        return;
    }
    exchange->is_asked = true;
    client->server->on_request(client->server->user, exchange, request);
    exchange->is_asked = false;
    if (exchange->is_dropped) {
        buffer_deinit(&exchange->out);
        mem_free(exchange);
    }
}

static bool can_take(const struct client *client)
{
    return client->conn != NULL && !client->is_last &&
           client->exchanges_count < EXCHANGE_PIPELINE_LIMIT &&
           !conn_is_throttled(client->conn);
}

/* Take one request off the front; returns its length, 0 when there is none. */
static size_t take_request(struct client *client, char *bytes, size_t len)
{
    struct http_request request;
    ptrdiff_t taken = http_parse(&request, bytes, len, EXCHANGE_BODY_LIMIT);
    if (taken < 0) {
        refuse(client, &request);
        return len;
    }
    if (taken > 0) {
        ask(client, &request);
    }
    return (size_t)taken;
}

IMPLEMENTS(on_bytes)
static size_t on_bytes(void *user, struct conn *conn, char *bytes, size_t len)
{
    struct client *client = user;
    CHECK(conn == client->conn && !client->is_parsing);
    size_t at = 0;
    size_t taken = 1;
    client->users++;
    client->is_parsing = true;
    while (taken > 0 && can_take(client)) {
        while (taken > 0 && can_take(client)) {
            taken = take_request(client, bytes + at, len - at);
            at += taken;
        }
        settle(client); // which may make room for more
    }
    client->is_parsing = false;
    if (client->conn != NULL && client->is_last) {
        at = len; // whatever stands behind the last request
    } else if (client->conn != NULL &&
               client->exchanges_count >= EXCHANGE_PIPELINE_LIMIT) {
        client->is_paused = true;
        conn_pause(conn);
    }
    leave(client);
    return at;
}

IMPLEMENTS(on_end)
static void on_end(void *user, struct conn *conn)
{
    struct client *client = user;
    if (TAILQ_EMPTY(&client->exchanges)) {
        conn_finish(conn);
    } else {
        conn_close(conn, "closed");
    }
}

IMPLEMENTS(on_idle)
static bool on_idle(void *user, struct conn *conn)
{
    (void)conn;
    const struct client *client = user;
    return TAILQ_EMPTY(&client->exchanges);
}

static const struct conn_owner owner = {
    .on_bytes = on_bytes,
    .on_end = on_end,
    .on_idle = on_idle,
    .on_closed = on_closed,
};

void exchange_accept(const struct exchange_server *server, struct conn *conn)
{
    struct client *client = mem_calloc(1, sizeof(*client));
    if (client == NULL) {
        conn_close(conn, "memory");
        return;
    }
    client->server = server;
    client->conn = conn;
    client->resume = (struct due){.on_due = on_resume, .user = client};
    TAILQ_INIT(&client->exchanges);
    conn_start(conn, &owner, client, &bounds);
}
