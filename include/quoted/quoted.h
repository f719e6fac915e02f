/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quoted.h -- libquoted: ask quoted servers for stock prices.
 *
 *     struct quoted *q;
 *     struct quoted_quote quote = QUOTED_QUOTE_INIT;
 *
 *     if (quoted_open(&q, "127.0.0.1:7400", NULL) == 0) {
 *         if (quoted_get(q, "IBM", &quote) == 0) {
 *             printf("%s %s\n", quote.symbol, quote.price.text);
 *         } else {
 *             fprintf(stderr, "%s\n", quoted_last_message(q));
 *         }
 *         quoted_close(&q);
 *     }
 *
 * Calls block, but never beyond the handle's timeout: one deadline covers the
 * look-up of names, connecting, asking, waiting and starting over.  Within it a
 * lost connection is made anew and what was not answered is asked again, at the
 * next address where there are several; asking for a price twice does no harm.
 *
 * Threads: a handle serves one thread at a time, and any number of handles may
 * be used at once; nothing is shared between them.  After fork() a handle is
 * the parent's.  A name is looked up on a short-lived thread of the library's
 * own, which blocks all signals; the library never raises SIGPIPE and a signal
 * does not cut a call short.
 *
 * Errors: 0, or one of the negative numbers of the table below.
 */

#ifndef QUOTED_QUOTED_H
#define QUOTED_QUOTED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QUOTED_API __attribute__((visibility("default")))

/* --- Errors --------------------------------------------------------------- */

/* What an address may be; without a port it is 7400. */
#define QUOTED_ADDRESS_FORM "host:port, [ipv6]:port or unix:/absolute/path"

/*      code                  value  name           sentence */
#define QUOTED_ERRORS(E)                                                       \
    /* What a server answers: the first word of its error. */                  \
    E(QUOTED_E_UNKNOWN, -1, "UNKNOWN", "no provider knows this symbol")        \
    E(QUOTED_E_NODATA, -2, "NODATA", "there is no price to be had")            \
    E(QUOTED_E_LIMIT, -3, "LIMIT", "the provider's allowance is used")         \
    E(QUOTED_E_UPSTREAM, -4, "UPSTREAM", "the provider failed")                \
    E(QUOTED_E_OVERLOADED, -5, "OVERLOADED", "the server has too much to do")  \
    E(QUOTED_E_DRAINING, -6, "DRAINING", "the server is shutting down")        \
    E(QUOTED_E_SYMBOL, -7, "SYMBOL", "this is not a symbol")                   \
    E(QUOTED_E_TOOOLD, -8, "TOOOLD", "the price is older than asked for")      \
    E(QUOTED_E_STORE, -9, "STORE", "what was kept can't be read")              \
    E(QUOTED_E_SERVER, -40, "SERVER", "the server answered an error")          \
    /* What the library finds out by itself. */                                \
    E(QUOTED_E_UNREACHABLE, -41, "UNREACHABLE", "no server could be reached")  \
    E(QUOTED_E_TIMEOUT, -42, "TIMEOUT", "no answer came in time")              \
    E(QUOTED_E_PROTOCOL, -43, "PROTOCOL", "what answered is no quoted server") \
    E(QUOTED_E_ADDRESS, -44, "ADDRESS", "this is not " QUOTED_ADDRESS_FORM)    \
    E(QUOTED_E_ARGUMENT, -45, "ARGUMENT", "an argument is not allowed")        \
    E(QUOTED_E_NOMEM, -46, "NOMEM", "no memory")

enum quoted_error {
    QUOTED_OK = 0,
#define QUOTED_ERROR_ENUM(code, value, name, sentence) code = (value),
    QUOTED_ERRORS(QUOTED_ERROR_ENUM)
#undef QUOTED_ERROR_ENUM
};

/* The name of an error ("UNKNOWN"), "OK" for 0, "?" for a number that is not in
 * the table.  BORROWED, static.  Threads: any. */
QUOTED_API const char *quoted_error_name(int error);

/* The sentence of an error, without a full stop.  BORROWED, static.
 * Threads: any. */
QUOTED_API const char *quoted_error_text(int error);

/* --- Quotes --------------------------------------------------------------- */

/* A decimal, exactly: digits * 10^exponent, and the text as the server sent it
 * ("29.00").  The text is "" where the number is not known. */
struct quoted_number {
    int64_t digits; /* does not end in 0 */
    int32_t exponent;
    char text[36];
};

enum quoted_state {
    QUOTED_STATE_NONE = 0, /* there is no price, or the server did not say */
    QUOTED_STATE_FRESH = 1,
    QUOTED_STATE_STALE = 2,   /* older than the server likes, and labelled so */
    QUOTED_STATE_CLOSED = 3,  /* the last price of a market that is closed */
    QUOTED_STATE_DELAYED = 4, /* fresh, but the provider is known to be late */
};

/*
 * A quote, or why there is none.  It owns all its texts and holds no pointer,
 * so it is copied by assignment and needs no end.  Texts are "" where the
 * server did not say; they are UTF-8 without control characters, so they may be
 * printed to a terminal as they are.
 *
 * `size` is set by QUOTED_QUOTE_INIT before the first call and is the library's
 * licence to write that many bytes: later versions add fields at the end only,
 * and a program that was built with fewer or with more of them goes on working.
 * Fields beyond what the library knows are set to 0.
 */
struct quoted_quote {
    uint32_t size;  /* sizeof(struct quoted_quote), where you were compiled */
    int32_t status; /* 0, or a QUOTED_E_...; the fields below are empty then */
    int32_t state;  /* a QUOTED_STATE_... */
    int32_t reserved;
    int64_t age_ms; /* since the server got it; -1 where it did not say */
    struct quoted_number price;
    struct quoted_number open;
    struct quoted_number high;
    struct quoted_number low;
    struct quoted_number previous_close;
    struct quoted_number change;
    struct quoted_number change_percent;
    struct quoted_number volume;
    char symbol[40];
    char name[128];    /* the company's, cut short where it is longer */
    char currency[16]; /* ISO 4217, or a provider's own word such as GBX */
    char as_of[40];    /* "2025-11-06" or RFC 3339: when the price was */
    char fetched[40];  /* RFC 3339: when the server got it */
    char source[32];   /* the provider */
    char server[128];  /* the server's id */
    char message[256]; /* where status is not 0: why, in a sentence */
    char delay[24];    /* of the provider's prices: "0", "15m", "end of day" */
    /* By what the provider's numbers were divided to be in `currency`: "100"
     * where it counts pence; "" where they are as they came. */
    char unit_factor[8];
};

#define QUOTED_QUOTE_INIT                   \
    {                                       \
        .size = sizeof(struct quoted_quote) \
    }

/* "fresh", "stale", "closed", "delayed", and "" for anything else.  BORROWED,
 * static. Threads: any. */
QUOTED_API const char *quoted_state_name(int state);

/* --- A handle ------------------------------------------------------------- */

struct quoted; /* opaque */

#define QUOTED_TIMEOUT_MS        2000u    /* the default */
#define QUOTED_TIMEOUT_MS_LIMIT  3600000u /* an hour */
#define QUOTED_ATTEMPT_MS        250u     /* the default; the same limit */
#define QUOTED_ADDRESSES_LIMIT   32       /* addresses of one handle */
#define QUOTED_NAME_LIMIT        32       /* servers taken of one name */
#define QUOTED_SERVERS_LIMIT     256      /* servers taken of all names */
#define QUOTED_SYMBOL_LIMIT      128      /* bytes of one symbol or name */
#define QUOTED_MANY_LIMIT        1000000  /* symbols of one quoted_get_many() */
#define QUOTED_MAX_AGE_MS_LIMIT  INT64_C(31622400000) /* 366 days */
#define QUOTED_HISTORY_LIMIT     10000 /* rows that a server gives at most */
#define QUOTED_PERIOD_TEXT_LIMIT 64    /* bytes of each text of a period */

/*
 * Which server serves a call, where there are several.  A server that failed is
 * passed over by each rule until it is well again.
 *
 *   CONNECTION    The handle keeps to one server, drawn at random when it is
 *                 opened, so that many handles spread over all servers.  When
 *                 that one fails the handle goes to another, and goes back when
 *                 it is well again.
 *   ROUND_ROBIN   Call by call the next one, beginning with a random one.
 *   RANDOM        Call by call a random one.
 *   LEAST_LOADED  Of two that are drawn at random the one that has answered
 *                 faster of late, by a quarter and half a millisecond at least;
 *                 else either.  One that was not asked for a while counts as
 *                 faster and faster, so that it is tried again.
 */
enum quoted_balance {
    QUOTED_BALANCE_CONNECTION = 0,
    QUOTED_BALANCE_ROUND_ROBIN = 1,
    QUOTED_BALANCE_RANDOM = 2,
    QUOTED_BALANCE_LEAST_LOADED = 3,
};

struct quoted_options {
    uint32_t size;           /* as with struct quoted_quote */
    uint32_t timeout_ms;     /* of each call; 0 is QUOTED_TIMEOUT_MS */
    uint32_t rounds_max;     /* how often a call tries all addresses; 0: until
                                its deadline */
    const char *client_name; /* sent on each connection as CLIENT SETNAME; 1 to
                                64 of ! to ~, or NULL.  Copied. */
    uint32_t balance;        /* an enum quoted_balance */
    uint32_t attempt_ms;     /* silence after which a server is left for
                                another; 0 is QUOTED_ATTEMPT_MS */
};

#define QUOTED_OPTIONS_INIT                   \
    {                                         \
        .size = sizeof(struct quoted_options) \
    }

/*
 * Make a handle for one server or several: addresses of QUOTED_ADDRESS_FORM,
 * separated by commas.  `options` may be NULL.  Nothing is looked up or
 * connected yet: that is done by the first call that needs it.  On success
 * returns 0 and *out is the caller's, to be ended with quoted_close().  On
 * failure *out is NULL:
 *
 *   QUOTED_E_ADDRESS    One of the addresses, or their number.
 *   QUOTED_E_ARGUMENT   An option is outside what is stated above.
 *   QUOTED_E_NOMEM
 *
 * A name counts as all the addresses that it stands for.  It is looked up by
 * the first call, again when one of them failed (once a second at most), and
 * else every 5 s, beside the calls; an answer that fails changes nothing.
 *
 * Which address serves a call is told by `balance`.  One that fails (refused,
 * broken off, silent, shutting down, no quoted server) is left for another
 * within the same call, rests for 250 ms, later up to 1 s, and is then tried
 * beside the calls, which costs them no time.  When none is well all are tried
 * at the same time; after all of them failed there is a pause with jitter, 20
 * ms and doubling up to 500 ms, and then they are tried again.
 *
 * Silence is told from waiting: a server says that it lives while it waits for
 * its provider, so one that has said nothing for attempt_ms (250 ms) is gone.
 * That is doubled for each further turn, but with one address after each third
 * only, or after one in which connecting took longer: behind it may be a
 * balancer.  A server too old to say so is given up after a
 * third of the time that is left, while another is left to try.
 */
QUOTED_API int quoted_open(struct quoted **out, const char *addresses,
                           const struct quoted_options *options);

/* Close the connections, free the handle and set *q to NULL; NULL already is
 * allowed.  Does not block. */
QUOTED_API void quoted_close(struct quoted **q);

/*
 * Ask for the quote of a symbol, or of a name or alias that the server knows.
 * Returns what quote->status then is: 0, or
 *
 *   one of the server's  UNKNOWN, NODATA, LIMIT, UPSTREAM, SYMBOL, SERVER.
 *   QUOTED_E_OVERLOADED  Every server that was reached has too much to do. They
 *                        are not asked again in this call, to spare them.
 *   QUOTED_E_DRAINING    Until the deadline every server was shutting down.
 *   QUOTED_E_UNREACHABLE, QUOTED_E_TIMEOUT, QUOTED_E_PROTOCOL, QUOTED_E_NOMEM
 *   QUOTED_E_SYMBOL      Also for a text that is empty, longer than
 *                        QUOTED_SYMBOL_LIMIT, or no clean UTF-8; not sent.
 *   QUOTED_E_ARGUMENT    quote->size was not set; *quote is untouched.
 */
QUOTED_API int quoted_get(struct quoted *q, const char *symbol,
                          struct quoted_quote *quote);

/*
 * Ask for n quotes together, pipelined on one connection: quotes[i] and its
 * status are the answer to symbols[i].  quotes[0].size must be set, and is that
 * of them all.  Returns 0 when each symbol has been answered, if only with a
 * reason why it has no price; else the error that kept some from being
 * answered, which these have as their status.  The deadline is of all together.
 * QUOTED_E_ARGUMENT leaves the quotes untouched.
 */
QUOTED_API int quoted_get_many(struct quoted *q, const char *const *symbols,
                               size_t n, struct quoted_quote *quotes);

/*
 * What a quote has to be.  `size` is as with struct quoted_quote, and what a
 * program does not know yet is as QUOTED_DEMAND_INIT has it.
 */
struct quoted_demand {
    uint32_t size;
    uint32_t reserved;
    /* Fetched by the server no longer ago than this, in ms, up to
     * QUOTED_MAX_AGE_MS_LIMIT; -1: of any age.  A price in its memory that is
     * older costs a call to the provider; with 0 each does, but for those that
     * come while one is under way.  The last price of a closed market is young
     * enough whatever is demanded. */
    int64_t max_age_ms;
};

#define QUOTED_DEMAND_INIT                                     \
    {                                                          \
        .size = sizeof(struct quoted_demand), .max_age_ms = -1 \
    }

/*
 * As quoted_get() and quoted_get_many(), but that each quote is as `demand`
 * says; NULL demands nothing.  Where no such quote is to be had its status is
 * QUOTED_E_TOOOLD, and its message says how old the one is that there is and
 * why it was not renewed; SERVER from a server that is too old to know.
 * QUOTED_E_ARGUMENT also for a demand outside what is stated above.
 */
QUOTED_API int quoted_get_with(struct quoted *q, const char *symbol,
                               const struct quoted_demand *demand,
                               struct quoted_quote *quote);
QUOTED_API int quoted_get_many_with(struct quoted *q,
                                    const char *const *symbols, size_t n,
                                    const struct quoted_demand *demand,
                                    struct quoted_quote *quotes);

/*
 * Which prices of the past, and in which steps: texts as HISTORY of quoted(8)
 * takes them, each 1 to QUOTED_PERIOD_TEXT_LIMIT of ! to ~, or NULL for the
 * server's own choice.  `size` is as above.
 */
struct quoted_period {
    uint32_t size;
    uint32_t reserved;
    const char *from;  /* "2026-11-20", RFC 3339, "-7d"; NULL: the first kept */
    const char *to;    /* the same, and "now", which NULL is */
    const char *every; /* a step's length, "1h"; NULL: "1d" */
};

#define QUOTED_PERIOD_INIT                   \
    {                                        \
        .size = sizeof(struct quoted_period) \
    }

/* The prices of one step.  `size` is as with struct quoted_quote. */
struct quoted_bar {
    uint32_t size;
    uint32_t reserved;
    int64_t begins_unix_ms; /* the step */
    int64_t count;          /* prices that were kept in it, 1 or more */
    struct quoted_number open;
    struct quoted_number high;
    struct quoted_number low;
    struct quoted_number close;
};

#define QUOTED_BAR_INIT                   \
    {                                     \
        .size = sizeof(struct quoted_bar) \
    }

/*
 * Ask for the prices of a symbol that its server has kept: a bar for each step
 * in which there was one, the earliest first.  Costs no call to a provider.
 * `period` may be NULL.  bars[0].size must be set, and is that of them all.
 *
 * Returns 0 with *count the number of bars that there are; the first `room` of
 * them are in `bars`, which has room for as many, and may be NULL where that is
 * 0.  QUOTED_HISTORY_LIMIT has always been enough.  Else *count is 0, what is
 * in `bars` has no meaning, and the error is as quoted_get()'s, or
 *
 *   QUOTED_E_STORE      The server keeps no prices, or can't read them.
 *   QUOTED_E_SERVER     It does not take the period, or has no HISTORY.
 *   QUOTED_E_ARGUMENT   A text or a size; `bars` and *count are untouched.
 *
 * Each server of a fleet has kept what it has seen itself.
 */
QUOTED_API int quoted_history(struct quoted *q, const char *symbol,
                              const struct quoted_period *period,
                              struct quoted_bar *bars, size_t room,
                              size_t *count);

/* Bytes of the longest text of quoted_explain() and its 0. */
#define QUOTED_EXPLANATION_SIZE 8192

/*
 * Ask why a symbol's price is what it is: its state, age and source, what each
 * provider said of it last, when it is asked for again and why then, and what
 * is left of each allowance; for people.  Costs no call to a provider.
 *
 * Writes lines that end in '\n', clean as a quote's texts are, and a 0 behind
 * them into the `size` bytes of `text`; what does not fit into
 * QUOTED_EXPLANATION_SIZE or into `size` is left out.  What the lines say is
 * for people and changes between versions.  Returns 0, or an error as
 * quoted_get(), and then text is ""; SERVER from a server that is
 * too old to know.  QUOTED_E_ARGUMENT where text is NULL or size is 0.
 */
QUOTED_API int quoted_explain(struct quoted *q, const char *symbol, char *text,
                              size_t size);

/* Ask whether a server answers.  Returns 0 or an error as quoted_get(). */
QUOTED_API int quoted_ping(struct quoted *q);

/*
 * Why the last call on this handle failed, with the addresses and the causes:
 * "127.0.0.1:7400: Connection refused"; "" when it did not fail.  BORROWED
 * until the next call.
 */
QUOTED_API const char *quoted_last_message(const struct quoted *q);

/* --- Watching ------------------------------------------------------------- */

/*
 * A watch hears of new prices instead of asking for them again and again.
 *
 *     struct quoted_watch *w;
 *     const char *symbols[] = {"IBM", "AAPL"};
 *     struct quoted_quote quote = QUOTED_QUOTE_INIT;
 *     size_t i;
 *
 *     if (quoted_watch_open(&w, "127.0.0.1:7400", NULL, symbols, 2) == 0) {
 *         while (quoted_watch_next(w, &quote, &i, 60000) == 0) {
 *             printf("%s %s\n", symbols[i], quote.price.text);
 *         }
 *         quoted_watch_close(&w);
 *     }
 *
 * Each symbol's quote is given at first, then each new one, and each time that
 * its state or its failure changes.  Of several that came since the last call
 * the newest is given, and nothing goes back in time: not when a connection was
 * lost and another server is behind the next one either, whose quote may be
 * older.  A server says that it lives every 2 s; one that has said nothing for
 * 6 s is left for another.  Threads: as a handle.
 */
struct quoted_watch; /* opaque */

/* Symbols of one watch. */
#define QUOTED_WATCH_LIMIT 10000

/*
 * Make a watch of n symbols or names (1 to QUOTED_WATCH_LIMIT), which are
 * copied; addresses and options are quoted_open()'s, but that a watch keeps to
 * one server as long as that is well.  Nothing is connected yet.  Returns 0 and
 * *out is the caller's, to be ended with quoted_watch_close(); else *out is
 * NULL and the error one of quoted_open()'s, or QUOTED_E_SYMBOL for a text that
 * can't be a symbol.
 */
QUOTED_API int quoted_watch_open(struct quoted_watch **out,
                                 const char *addresses,
                                 const struct quoted_options *options,
                                 const char *const *symbols, size_t n);

/*
 * Wait for the next change, up to wait_ms; 0: give what is there.  Returns
 *
 *   0                     *quote is what is new of symbols[*index], a failure
 *                         (quote->status) included.
 *   QUOTED_E_TIMEOUT      Nothing is new.
 *   QUOTED_E_UNREACHABLE, QUOTED_E_DRAINING, QUOTED_E_PROTOCOL,
 *   QUOTED_E_SERVER, QUOTED_E_OVERLOADED
 *                         There is no server to hear from: the next call tries
 *                         again.  Given once wait_ms are over.
 *   QUOTED_E_NOMEM, QUOTED_E_ARGUMENT
 *
 * While a server is looked for a call may take the attempt time longer.
 */
QUOTED_API int quoted_watch_next(struct quoted_watch *w,
                                 struct quoted_quote *quote, size_t *index,
                                 uint32_t wait_ms);

/* A descriptor that can be read from when quoted_watch_next() may have news;
 * -1 while there is no connection.  It may be another after each call. */
QUOTED_API int quoted_watch_fd(const struct quoted_watch *w);

/* Which server is heard from, "host:port"; "" while there is none.  And why the
 * last call failed, as quoted_last_message().  BORROWED until the next call. */
QUOTED_API const char *quoted_watch_server(const struct quoted_watch *w);
QUOTED_API const char *quoted_watch_message(const struct quoted_watch *w);

/* Close the connection, free the watch and set *w to NULL; NULL already is
 * allowed. */
QUOTED_API void quoted_watch_close(struct quoted_watch **w);

/* The library's version, such as "0.1.0".  BORROWED, static.  Threads: any. */
QUOTED_API const char *quoted_version(void);

#ifdef __cplusplus
}
#endif

#endif
