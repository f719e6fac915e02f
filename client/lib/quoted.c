/* SPDX-License-Identifier: Apache-2.0 */
#include <quoted/quoted.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/un.h>

#include "base/check.h"
#include "base/mem.h"
#include "lib/asks.h"
#include "lib/call.h"
#include "lib/handle.h"
#include "lib/link.h"
#include "lib/lookup.h"

/* What a server grants to CLIENT HEARTBEAT. */
#define HEARTBEAT_MS_LEAST 20u
#define HEARTBEAT_MS_MOST  60000u

struct error_row {
    int error;
    const char *name;
    const char *text;
};

#define ERROR_ROW(code, value, name, sentence) {code, name, sentence},

static const struct error_row errors[] = {{QUOTED_OK, "OK", "no error"},
                                          QUOTED_ERRORS(ERROR_ROW)};

static const struct error_row *find_error(int error)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].error == error) {
            return &errors[i];
        }
    }
    return NULL;
}

const char *quoted_error_name(int error)
{
    const struct error_row *row = find_error(error);
    return row == NULL ? "?" : row->name;
}

const char *quoted_error_text(int error)
{
    const struct error_row *row = find_error(error);
    return row == NULL ? "an error that is not known" : row->text;
}

const char *quoted_state_name(int state)
{
    static const char *const names[] = {
        [QUOTED_STATE_NONE] = "",           [QUOTED_STATE_FRESH] = "fresh",
        [QUOTED_STATE_STALE] = "stale",     [QUOTED_STATE_CLOSED] = "closed",
        [QUOTED_STATE_DELAYED] = "delayed",
    };
    bool is_state = state >= 0 && state <= QUOTED_STATE_DELAYED;
    return is_state ? names[state] : "";
}

/* A name that any RESP server takes: no spaces, no line ends. */
static bool is_client_name(const char *name)
{
    size_t len = strnlen(name, MEMBER_NAME_SIZE);
    for (size_t i = 0; i < len; i++) {
        if (name[i] < '!' || name[i] > '~') {
            return false;
        }
    }
    return len > 0 && len < MEMBER_NAME_SIZE;
}

/* The options that the program knew when it was compiled; 0 for others. */
static int read_options(struct quoted_options *out,
                        const struct quoted_options *options)
{
    *out = (struct quoted_options)QUOTED_OPTIONS_INIT;
    if (options == NULL) {
        return 0;
    }
    if (!handle_is_size(options->size, HANDLE_OPTIONS_SIZE_FIRST)) {
        return QUOTED_E_ARGUMENT;
    }
    memcpy(out, options,
           options->size < sizeof(*out) ? options->size : sizeof(*out));
    bool is_right =
        out->timeout_ms <= QUOTED_TIMEOUT_MS_LIMIT &&
        out->attempt_ms <= QUOTED_TIMEOUT_MS_LIMIT &&
        out->balance <= QUOTED_BALANCE_LEAST_LOADED &&
        (out->client_name == NULL || is_client_name(out->client_name));
    return is_right ? 0 : QUOTED_E_ARGUMENT;
}

/* How often a server shall be heard: often enough that one beat may come late,
 * and within what a server grants. */
static uint32_t heartbeat_ms(uint32_t attempt_ms)
{
    uint32_t period_ms = attempt_ms / 5 * 2;
    return period_ms < HEARTBEAT_MS_LEAST  ? HEARTBEAT_MS_LEAST
           : period_ms > HEARTBEAT_MS_MOST ? HEARTBEAT_MS_MOST
                                           : period_ms;
}

static int take_options(struct quoted *q, const struct quoted_options *given)
{
    struct quoted_options options;
    int err = read_options(&options, given);
    if (err != 0) {
        return err;
    }
    q->timeout_ms =
        options.timeout_ms > 0 ? options.timeout_ms : QUOTED_TIMEOUT_MS;
    q->attempt_ms =
        options.attempt_ms > 0 ? options.attempt_ms : QUOTED_ATTEMPT_MS;
    q->rounds_max = options.rounds_max;
    q->greeting.heartbeat_ms = heartbeat_ms(q->attempt_ms);
    if (options.client_name != NULL) {
        memcpy(q->greeting.client_name, options.client_name,
               strlen(options.client_name) + 1);
    }
    q->pool.balance = options.balance;
    return 0;
}

/* A path or an IP address is known for good; a name is not known yet. */
static int take_known(struct quoted *q, struct server *server)
{
    const struct endpoint *endpoint = &server->endpoint;
    struct lookup_result known = {.count = 1};
    if (endpoint->is_unix) {
        struct sockaddr_un path = {.sun_family = AF_UNIX};
        _Static_assert(sizeof(path.sun_path) == sizeof(endpoint->path),
                       "a path that parses fits");
        memcpy(path.sun_path, endpoint->path, sizeof(path.sun_path));
        memcpy(&known.addresses[0], &path, sizeof(path));
        known.lens[0] = sizeof(path);
    } else if (lookup_numeric(&known, endpoint->host, endpoint->port) != 0) {
        return 0;
    }
    server->is_fixed = true;
    struct member *member;
    if (member_create(&member, server, &known.addresses[0], known.lens[0]) !=
        0) {
        return QUOTED_E_NOMEM;
    }
    int err = pool_add(&q->pool, &member, true);
    member_destroy(&member);
    return err == 0 ? 0 : QUOTED_E_NOMEM;
}

static int take_addresses(struct quoted *q, const char *addresses)
{
    struct span rest = span_of(addresses);
    struct span part;
    for (size_t i = 0; span_split(&rest, ',', &part); i++) {
        if (i == q->servers_count ||
            endpoint_parse(&q->servers[i].endpoint, part) != 0) {
            return QUOTED_E_ADDRESS;
        }
        int err = take_known(q, &q->servers[i]);
        if (err != 0) {
            return err;
        }
    }
    return 0;
}

static size_t count_addresses(const char *addresses)
{
    size_t count = 1;
    for (const char *at = addresses; *at != '\0'; at++) {
        count += *at == ',';
    }
    return count;
}

static uint64_t seed(void)
{
    uint64_t value = 0;
    if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != sizeof(value)) {
        value = link_now_ms(); // at boot; jitter needs no secret
    }
    return value;
}

int quoted_open(struct quoted **out, const char *addresses,
                const struct quoted_options *options)
{
    if (out == NULL) {
        return QUOTED_E_ARGUMENT;
    }
    *out = NULL;
    if (addresses == NULL ||
        count_addresses(addresses) > QUOTED_ADDRESSES_LIMIT) {
        return QUOTED_E_ADDRESS;
    }
    struct quoted *q = mem_calloc(1, sizeof(*q));
    if (q == NULL) {
        return QUOTED_E_NOMEM;
    }
    pool_init(&q->pool, seed());
    q->servers_count = count_addresses(addresses);
    q->servers = mem_calloc(q->servers_count, sizeof(*q->servers));
    int err = q->servers == NULL ? QUOTED_E_NOMEM : take_options(q, options);
    if (err == 0) {
        err = take_addresses(q, addresses);
    }
    if (err != 0) {
        quoted_close(&q);
        return err;
    }
    *out = q;
    return 0;
}

void quoted_close(struct quoted **q)
{
    if (q == NULL || *q == NULL) {
        return;
    }
    struct quoted *old = *q;
    *q = NULL;
    pool_deinit(&old->pool);
    for (size_t i = 0; old->servers != NULL && i < old->servers_count; i++) {
        lookup_end(&old->servers[i].lookup);
    }
    mem_free(old->servers);
    mem_free(old);
}

/* --- Quotes --------------------------------------------------------------- */

int quoted_get(struct quoted *q, const char *symbol, struct quoted_quote *quote)
{
    return quoted_get_with(q, symbol, NULL, quote);
}

int quoted_get_many(struct quoted *q, const char *const *symbols, size_t n,
                    struct quoted_quote *quotes)
{
    return quoted_get_many_with(q, symbols, n, NULL, quotes);
}

int quoted_get_with(struct quoted *q, const char *symbol,
                    const struct quoted_demand *demand,
                    struct quoted_quote *quote)
{
    if (quote == NULL ||
        !handle_is_size(quote->size, HANDLE_QUOTE_SIZE_FIRST)) {
        return QUOTED_E_ARGUMENT;
    }
    int err = quoted_get_many_with(q, &symbol, 1, demand, quote);
    return err == QUOTED_E_ARGUMENT ? err : quote->status;
}

/* Write down what a demand says, as far as the program knew it when it was
 * compiled. */
static int read_demand(struct asks *asks, const struct quoted_demand *demand)
{
    if (demand == NULL) {
        return 0;
    }
    if (!handle_is_size(demand->size, HANDLE_DEMAND_SIZE_FIRST) ||
        demand->max_age_ms < -1 ||
        demand->max_age_ms > QUOTED_MAX_AGE_MS_LIMIT) {
        return QUOTED_E_ARGUMENT;
    }
    if (demand->max_age_ms >= 0) {
        int len = snprintf(asks->max_age, sizeof(asks->max_age), "%lldms",
                           (long long)demand->max_age_ms);
        CHECK(len > 0 && (size_t)len < sizeof(asks->max_age));
    }
    return 0;
}

int quoted_get_many_with(struct quoted *q, const char *const *symbols, size_t n,
                         const struct quoted_demand *demand,
                         struct quoted_quote *quotes)
{
    if (q == NULL) {
        return QUOTED_E_ARGUMENT;
    }
    q->message[0] = '\0';
    if (n == 0) {
        return 0;
    }
    if (symbols == NULL || quotes == NULL || n > QUOTED_MANY_LIMIT ||
        !handle_is_size(quotes->size, HANDLE_QUOTE_SIZE_FIRST)) {
        return QUOTED_E_ARGUMENT;
    }
    struct asks asks = {
        .symbols = symbols,
        .n = n,
        .quotes = quotes,
        .stride = quotes->size,
    };
    int err = read_demand(&asks, demand);
    return err != 0 ? err : call_run(q, &asks);
}

/* --- Other questions ------------------------------------------------------ */

/* A text of a period: one word, short enough for a command. */
static bool is_period_text(const char *text)
{
    size_t len = text == NULL ? 1 : strnlen(text, QUOTED_PERIOD_TEXT_LIMIT + 1);
    for (size_t i = 0; text != NULL && i < len; i++) {
        if (text[i] < '!' || text[i] > '~') {
            return false;
        }
    }
    return len > 0 && len <= QUOTED_PERIOD_TEXT_LIMIT;
}

static bool is_period(const struct quoted_period *period)
{
    return handle_is_size(period->size, HANDLE_PERIOD_SIZE_FIRST) &&
           is_period_text(period->from) && is_period_text(period->to) &&
           is_period_text(period->every);
}

int quoted_history(struct quoted *q, const char *symbol,
                   const struct quoted_period *period, struct quoted_bar *bars,
                   size_t room, size_t *count)
{
    static const struct quoted_period all = QUOTED_PERIOD_INIT;
    bool has_bars =
        room == 0 ||
        (bars != NULL && handle_is_size(bars->size, HANDLE_BAR_SIZE_FIRST) &&
         room <= SIZE_MAX / bars->size);
    if (q == NULL || count == NULL || !has_bars ||
        (period != NULL && !is_period(period))) {
        return QUOTED_E_ARGUMENT;
    }
    struct quoted_quote status = QUOTED_QUOTE_INIT;
    struct asks_bars past = {
        .period = period != NULL ? period : &all,
        .bars = bars,
        .stride = room > 0 ? bars->size : 0,
        .room = room,
    };
    struct asks asks = {
        .symbols = &symbol,
        .n = 1,
        .bars = &past,
        .quotes = &status,
        .stride = sizeof(status),
    };
    *count = 0;
    (void)call_run(q, &asks);
    if (status.status == 0) {
        *count = past.count;
    }
    return status.status;
}

int quoted_explain(struct quoted *q, const char *symbol, char *text,
                   size_t size)
{
    if (q == NULL || text == NULL || size == 0) {
        return QUOTED_E_ARGUMENT;
    }
    text[0] = '\0';
    struct quoted_quote status = QUOTED_QUOTE_INIT;
    struct asks asks = {
        .symbols = &symbol,
        .n = 1,
        .text = text,
        .text_size = size,
        .quotes = &status,
        .stride = sizeof(status),
    };
    (void)call_run(q, &asks);
    return status.status;
}

int quoted_ping(struct quoted *q)
{
    if (q == NULL) {
        return QUOTED_E_ARGUMENT;
    }
    struct quoted_quote pong = QUOTED_QUOTE_INIT;
    struct asks asks = {.n = 1, .quotes = &pong, .stride = sizeof(pong)};
    (void)call_run(q, &asks);
    return pong.status;
}

const char *quoted_last_message(const struct quoted *q)
{
    return q == NULL ? "" : q->message;
}

const char *quoted_version(void)
{
    return QUOTED_VERSION;
}
