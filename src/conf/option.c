/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/option.h"

#include "base/check.h"
#include "conf/conf.h"

#define SECOND 1000u
#define MINUTE (60u * SECOND)
#define HOUR   (60u * MINUTE)
#define DAY    (24u * HOUR)
#define KIB    1024u
#define MIB    (1024u * KIB)

/* What can be written of a path: PATH_MAX without its 0. */
#define PATH_BYTES_LIMIT 4095

/* Ranges keep out what can't have been meant: a 0 that would stop the server
 * from doing its work, and a number with a wrong unit.  Reasons stand at the
 * rows where they are not plain. */
static const struct option options[] = {
    {
        .key = "server.id",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, server.id),
        .max = 64, // as long as a host name may be
        .needs_restart = true,
        .initial = "",
        .help = "The name under which this server answers and logs, and which "
                "clients show as \"From server\". When it is empty, the name "
                "of the host.",
    },
    {
        .key = "server.listen",
        .type = OPTION_ADDRESSES,
        .offset = offsetof(struct conf, server.listen),
        .min = 1,
        .max = CONF_LIST_LIMIT,
        .needs_restart = true,
        .initial = "127.0.0.1:7400",
        .help = "Where the server listens: host:port, [ipv6]:port, *:port for "
                "every address of the machine (of IPv4 alone, where there is "
                "no IPv6), or unix:/absolute/path. Port 0 takes a free one. "
                "Every protocol is spoken on each of them.",
    },
    {
        .key = "server.workers",
        .type = OPTION_COUNT,
        .offset = offsetof(struct conf, server.workers),
        .max = 63, // as many bits as a flight has for its askers, but one
        .needs_restart = true,
        .initial = "0",
        .help = "Threads that answer requests. 0 is one for each processor "
                "core.",
    },
    {
        .key = "server.proxy_protocol",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct conf, server.proxy_protocol),
        .choices = "off|on",
        .needs_restart = true,
        .initial = "off",
        .help = "Whether each connection begins with a PROXY protocol header "
                "(version 1 or 2), by which a balancer tells the client's "
                "address. When it is on, a connection without one is closed: "
                "let nobody but the balancer reach the server then.",
    },
    {
        .key = "server.agent_listen",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, server.agent_listen),
        .max = 128,
        .needs_restart = true,
        .initial = "",
        .help = "Where to answer HAProxy's agent check: one line that tells "
                "how much of the processors is idle, or \"drain\" once the "
                "server is to end. An address as in server.listen; empty: "
                "nowhere.",
    },
    {
        .key = "server.leave_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, server.leave_for_ms),
        // With this, flights and connections still end within 5 s.
        .max = 3000,
        .needs_restart = true,
        .initial = "0",
        .help = "For how long, after the signal to end, the server goes on as "
                "before while it tells balancers that ask "
                "(server.agent_listen) to send no more. Then connections end, "
                "and the port closes when what was asked is answered. 0 where "
                "nobody asks: the port closes at once.",
    },
    {
        .key = "server.io_uring",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct conf, server.io_uring),
        .choices = "auto|no",
        .needs_restart = true,
        .initial = "auto",
        .help = "Whether what many watchers are told, and what many clients "
                "that ask at the same time are answered, goes to the kernel in "
                "one call for up to 128 of them (io_uring), where the system "
                "lets the "
                "server: Linux 6.1 or newer, and no sandbox that forbids it, "
                "as Docker's and Kubernetes' own do. Elsewhere, and with no, "
                "it is a call for each; a line of the log says which.",
    },
    {
        .key = "cache.fresh_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, cache.fresh_for_ms),
        // A provider takes about that long to answer; less would make every
        // quote stale as it arrives.
        .min = 100,
        .max = 7 * DAY,
        .initial = "1m",
        .help = "How long a quote is served without asking the provider again. "
                "Together with the number of symbols that are asked for, this "
                "decides how many calls are made.",
    },
    {
        .key = "cache.stale_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, cache.stale_for_ms),
        .max = 30 * DAY,
        .initial = "1h",
        .help = "For how much longer than cache.fresh_for a quote is still "
                "served, labelled stale, while it is fetched again or the "
                "provider fails. 0 is not at all: those who ask wait for the "
                "provider.",
    },
    {
        .key = "cache.unknown_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, cache.unknown_for_ms),
        // With 0 one misspelt symbol, asked for in a loop, would spend a
        // day's allowance.
        .min = 100,
        .max = 7 * DAY,
        .initial = "10m",
        .help = "How long the server believes a provider that does not know a "
                "symbol, before it asks about that symbol again.",
    },
    {
        .key = "cache.symbols_max",
        .type = OPTION_COUNT,
        .offset = offsetof(struct conf, cache.symbols_max),
        .min = 1,
        .max = 1u << 20, // half a GiB of quotes
        .needs_restart = true,
        .initial = "200000",
        .help = "Symbols that are kept at most. When the cache is full, the "
                "quotes that were asked for least recently go first. A quote "
                "takes up to 300 bytes.",
    },
    {
        .key = "fetch.retry_after",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, fetch.retry_after_ms),
        .min = 100, // less would ask a failing provider without a pause
        .max = HOUR,
        .initial = "5s",
        .help = "How long a symbol that has a price is left alone after a "
                "fetch of it failed. One without a price is asked for again by "
                "the next request, but not of a provider that rests, nor "
                "within cache.unknown_for where none knows it.",
    },
    {
        .key = "fetch.calls_max",
        .type = OPTION_COUNT,
        .offset = offsetof(struct conf, fetch.calls_max),
        .min = 1,
        .max = 1024, // each is a connection and a descriptor
        .initial = "64",
        .help = "Calls to providers that are under way at the same time at "
                "most. The others wait their turn.",
    },
    {
        .key = "fetch.flights_max",
        .type = OPTION_COUNT,
        .offset = offsetof(struct conf, fetch.flights_max),
        .min = 1,
        .max = 1000000,
        .initial = "10000",
        .help = "Symbols that are being fetched or wait for it at most. "
                "Requests for further ones are answered with OVERLOADED.",
    },
    {
        .key = "fetch.wait_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, fetch.wait_for_ms),
        .max = MINUTE,
        .initial = "1500ms", // less than most clients wait
        .help = "How long a request waits for its turn where a provider "
                "allows only so many calls a second or a minute. Then it is "
                "answered with LIMIT, and the price is fetched all the same, "
                "for whoever asks next.",
    },
    {
        .key = "fetch.pack_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, fetch.pack_for_ms),
        .max = SECOND,
        .initial = "20ms",
        .help = "How long a symbol waits for others that go into the same "
                "call, where a provider takes several.",
    },
    {
        .key = "fetch.warm_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, fetch.warm_for_ms),
        .max = DAY,
        .initial = "5m",
        .help = "For how long after it was asked for last a symbol is "
                "fetched again before its quote grows stale, as far as the "
                "allowance goes. 0 is not at all, unless it is watched: the "
                "first request for a stale quote has it fetched.",
    },
    {
        .key = "fetch.market",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, fetch.market),
        .max = 6, // CRYPTO is the longest
        .initial = "XNYS",
        .help = "The market, by MIC, of symbols that name none and stand in "
                "no names file but look like a share's. While a market is "
                "closed its prices are not fetched again. Empty: they are "
                "taken to be traded at any hour.",
    },
    {
        .key = "store.path",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, store.path),
        .max = PATH_BYTES_LIMIT - 64, // with what is put behind it
        .needs_restart = true,
        .initial = "",
        .help = "A file (SQLite) in which the last quotes, the calls that "
                "were made and past prices outlive the server. It is made "
                "where there is none. Each server needs one of its own. When "
                "it is empty, everything is forgotten at the end, also how "
                "much of a day's allowance is used.",
    },
    {
        .key = "store.history_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, store.history_for_ms),
        .max = 3650 * (uint64_t)DAY,
        .initial = "90d",
        .help = "How long past prices are kept in that file.",
    },
    {
        .key = "limits.connections",
        .type = OPTION_COUNT,
        .offset = offsetof(struct conf, limits.connections_max),
        .min = 1,
        .max = 1000000,
        .initial = "10000",
        .help = "Client connections at most, over all workers. Further ones "
                "are closed as they arrive.",
    },
    {
        .key = "limits.request_bytes",
        .type = OPTION_SIZE,
        .offset = offsetof(struct conf, limits.request_bytes_max),
        .min = KIB, // what a client library sends by itself fits in
        .max = 16 * MIB,
        .initial = "64KiB",
        .help = "The longest request. A connection that sends a longer one is "
                "told so and closed.",
    },
    {
        .key = "limits.output_bytes",
        .type = OPTION_SIZE,
        .offset = offsetof(struct conf, limits.output_bytes_max),
        .min = 16 * KIB, // a whole answer of HGETALL or INFO fits in
        .max = 64 * MIB,
        .initial = "1MiB",
        .help = "Bytes that wait for one connection at most. From a client "
                "that does not read its answers, nothing more is read until "
                "it does.",
    },
    {
        .key = "limits.idle_for",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf, limits.idle_for_ms),
        .min = SECOND,
        .max = 30 * DAY,
        .zero_too = true,
        .initial = "0",
        .help = "How long a connection may be silent before it is closed. 0 is "
                "for ever.",
    },
    {
        .key = "http.cors_origins",
        .type = OPTION_ORIGINS,
        .offset = offsetof(struct conf, http.cors_origins),
        .max = 1024,
        .initial = "",
        .help = "The origins whose pages may read answers by HTTP, with spaces "
                "between, such as \"https://a.example http://localhost:8080\", "
                "or * for every one. Empty: a browser keeps the answers from "
                "the pages of others. The server's own page needs none.",
    },
    {
        .key = "log.level",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct conf, log.level),
        .choices = "debug|info|warning|error",
        .initial = "info",
        .help = "What is logged: this level and the more severe ones.",
    },
    {
        .key = "log.format",
        .type = OPTION_CHOICE,
        .offset = offsetof(struct conf, log.format),
        .choices = "logfmt|json",
        .initial = "logfmt",
        .help = "How log lines are written: key=value pairs, or a JSON object "
                "a line.",
    },
    {
        .key = "names",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, names),
        .max = PATH_BYTES_LIMIT,
        .initial = "",
        .help = "A CSV file of instruments with the columns symbol, name, "
                "aliases, currency and mic; names and aliases work wherever a "
                "symbol does. When it is empty, the ten companies that are "
                "built in.",
    },
    {
        .key = "calendars",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf, calendars),
        .max = PATH_BYTES_LIMIT,
        .initial = "",
        .help = "A calendar of your own, or a folder of them (*.yaml): the "
                "hours and holidays of markets, in place of the built-in ones "
                "or besides them. docs/calendars.md has the form.",
    },
};

static const struct option provider_options[] = {
    {
        .key = "name",
        .type = OPTION_NAME,
        .offset = offsetof(struct conf_provider, name),
        .min = 1,
        .max = 23, // what a quote keeps of its source
        .initial = "",
        .help = "Which provider this is, such as alphavantage. It chooses the "
                "description of the provider's API and is shown as the source "
                "of a quote.",
    },
    {
        .key = "description",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf_provider, description),
        .max = PATH_BYTES_LIMIT,
        .initial = "",
        .help = "A file that describes the provider's API, in place of the "
                "built-in description of that name, or of a provider that has "
                "none. docs/providers.md has the form.",
    },
    {
        .key = "url",
        .type = OPTION_URL,
        .offset = offsetof(struct conf_provider, url),
        .max = 255,            // the longest host name there can be
        .may_be_secret = true, // a password, or a key in a query
        .initial = "",
        .help = "Where the provider is reached instead of at its own address: "
                "http:// or https://, host and port, and nothing behind it, "
                "for quoted-market, a proxy or a mirror; or file:///PATH, "
                "where the provider is a file.",
    },
    {
        .key = "key_file",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf_provider, key_file),
        .max = PATH_BYTES_LIMIT,
        .may_be_secret = true, // the key itself
        .initial = "",
        .help = "A file that holds the API key and nothing else. When it is "
                "empty, the key is taken from the file that the environment "
                "variable QUOTED_<NAME>_KEY_FILE names, or from the variable "
                "QUOTED_<NAME>_KEY.",
    },
    {
        .key = "timeout",
        .type = OPTION_DURATION,
        .offset = offsetof(struct conf_provider, timeout_ms),
        .min = 100, // a TLS handshake over an ocean takes longer
        .max = MINUTE,
        .initial = "5s",
        .help = "How long one call may take, from the look-up of the host to "
                "the last byte.",
    },
    {
        .key = "limits",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf_provider, limits),
        .max = 128,
        .initial = "",
        .help = "What the key allows, where that is not what a free key does: "
                "calls by second, minute, hour, day or month, such as "
                "\"5/s 75/m\", each of symbols where \"symbols\" stands "
                "behind it (\"800/d symbols\"), or \"none\".",
    },
    {
        .key = "markets",
        .type = OPTION_TEXT,
        .offset = offsetof(struct conf_provider, markets),
        .max = 256,
        .initial = "",
        .help = "The markets whose prices it is asked for, by MIC and with "
                "spaces between, such as \"XNYS XNAS\". When it is empty, "
                "all that it serves.",
    },
};

const struct option_table *option_table(void)
{
    static const struct option_table table = {options, sizeof(options) /
                                                           sizeof(options[0])};
    return &table;
}

const struct option_table *option_table_of_provider(void)
{
    static const struct option_table table = {provider_options,
                                              sizeof(provider_options) /
                                                  sizeof(provider_options[0])};
    return &table;
}

const char *option_providers_help(void)
{
    return "Where quotes come from. When the list is empty, each provider for "
           "which the environment has a key (QUOTED_<NAME>_KEY or "
           "QUOTED_<NAME>_KEY_FILE) is taken, with defaults.";
}

const struct option *option_find(const struct option_table *table,
                                 struct span key)
{
    for (size_t i = 0; i < table->count; i++) {
        if (span_equal(span_of(table->rows[i].key), key)) {
            return &table->rows[i];
        }
    }
    return NULL;
}

struct span option_section(const struct option *option)
{
    const char *dot = strchr(option->key, '.');
    size_t len = dot != NULL ? (size_t)(dot - option->key) : 0;
    return (struct span){option->key, len};
}

const char *option_word(const struct option *option)
{
    const char *dot = strchr(option->key, '.');
    return dot != NULL ? dot + 1 : option->key;
}

bool option_is_required(const struct option *option)
{
    return option->initial[0] == '\0' && option->min > 0;
}

const char *option_default(const struct option *option)
{
    return option_is_required(option)   ? "required"
           : option->initial[0] == '\0' ? "empty"
                                        : option->initial;
}

/* --- What was meant ------------------------------------------------------ */

/* Texts longer than this have no neighbour: no key is nearly as long. */
#define NEAR_BYTES_LIMIT 48

/* Lower case, and one character for the three that people mix up. */
static size_t loosen(char out[NEAR_BYTES_LIMIT], struct span text)
{
    CHECK(text.len <= NEAR_BYTES_LIMIT);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_upper = c >= 'A' && c <= 'Z';
        bool is_mark = c == '_' || c == '-';
        out[i] = (char)(is_upper ? c + ('a' - 'A') : is_mark ? '.' : c);
    }
    return text.len;
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to add, drop or change to make one text of the other (Levenshtein),
 * one row of the matrix at a time. */
static size_t distance(struct span a, struct span b)
{
    size_t row[NEAR_BYTES_LIMIT + 1];
    CHECK(b.len <= NEAR_BYTES_LIMIT);
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.len; j++) {
            size_t change = diagonal + (a.data[i] != b.data[j]);
            diagonal = row[j + 1];
            row[j + 1] = min3(row[j] + 1, row[j + 1] + 1, change);
        }
    }
    return row[b.len];
}

static bool ends_in_word(struct span key, struct span word)
{
    return word.len > 0 && key.len > word.len &&
           key.data[key.len - word.len - 1] == '.' &&
           memcmp(key.data + key.len - word.len, word.data, word.len) == 0;
}

const struct option *option_nearest(const struct option_table *table,
                                    struct span text)
{
    char wanted_text[NEAR_BYTES_LIMIT];
    char key_text[NEAR_BYTES_LIMIT];
    if (text.len > NEAR_BYTES_LIMIT) {
        return NULL;
    }
    struct span wanted = {wanted_text, loosen(wanted_text, text)};
    const struct option *nearest = NULL;
    size_t nearest_distance = 2 + text.len / 4; // too far
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->rows[i];
        struct span key = {key_text, loosen(key_text, span_of(option->key))};
        size_t far = ends_in_word(key, wanted) ? 0 : distance(key, wanted);
        if (far < nearest_distance) {
            nearest = option;
            nearest_distance = far;
        }
    }
    return nearest;
}
