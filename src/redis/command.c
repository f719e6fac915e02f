/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/command.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "obs/metric.h"
#include "proto/resp.h"
#include "quote/symbol.h"
#include "redis/client.h"
#include "redis/history.h"
#include "redis/insight.h"
#include "redis/multi.h"
#include "redis/pubsub.h"
#include "redis/quotes.h"
#include "redis/session.h"
#include "redis/why.h"
#include "serve/complaint.h"
#include "serve/worker.h"

/* The commonest first: the table is searched from the front. */
static const struct command table[] = {
    /* clang-format off */
    {"get", -2, 1, 1, 1, "The price of a symbol or name, as text [MAXAGE 5s].", quotes_get},
    {"mget", -2, 1, -1, 1, "The prices of several, fetched together; null where there is none [MAXAGE 5s].", quotes_mget},
    {"hgetall", -2, 1, 1, 1, "Every field of a quote that is known [MAXAGE 5s].", quotes_hgetall},
    {"hget", -3, 1, 1, 1, "One field of a quote [MAXAGE 5s].", quotes_hget},
    {"hmget", -3, 1, 1, 1, "Several fields of a quote [MAXAGE 5s].", quotes_hmget},
    {"ping", -1, 0, 0, 0, "PONG, or the argument.", client_ping},
    {"history", -2, 1, 1, 1, "Prices of the past by step: open, high, low, close, count [FROM t] [TO t] [EVERY 1d].", history_history},
    {"explain", 2, 1, 1, 1, "Why the price is what it is, as a text; asks no provider.", why_explain},
    {"exists", -2, 1, -1, 1, "How many of the symbols are in memory; asks no provider.", quotes_exists},
    {"ttl", 2, 1, 1, 1, "Seconds for which the quote stays fresh, 0 when stale, -2 when not in memory.", quotes_ttl},
    {"pttl", 2, 1, 1, 1, "The same in milliseconds.", quotes_pttl},
    {"type", 2, 1, 1, 1, "hash for a symbol in memory, else none.", quotes_type},
    {"scan", -2, 0, 0, 0, "The symbols in memory, some at a time [MATCH pattern] [COUNT n] [TYPE hash].", quotes_scan},
    {"dbsize", 1, 0, 0, 0, "How many symbols are in memory.", quotes_dbsize},
    {"echo", 2, 0, 0, 0, "The argument.", client_echo},
    {"multi", 1, 0, 0, 0, "Keep the commands that follow.", multi_multi},
    {"exec", 1, 0, 0, 0, "Run the commands since MULTI; their replies, in an array.", multi_exec},
    {"discard", 1, 0, 0, 0, "Forget the commands since MULTI.", multi_discard},
    {"subscribe", -2, 0, 0, 0, "Be sent the quotes of symbols or names from now on, each as JSON.", pubsub_subscribe},
    {"unsubscribe", -1, 0, 0, 0, "No longer be sent those of some, or of all that were subscribed to.", pubsub_unsubscribe},
    {"psubscribe", -2, 0, 0, 0, "Be sent whatever is fetched and whose symbol matches a pattern.", pubsub_psubscribe},
    {"punsubscribe", -1, 0, 0, 0, "The opposite.", pubsub_punsubscribe},
    {"hello", -1, 0, 0, 0, "Choose RESP 2 or 3 and describe the server.", client_hello},
    {"client", -2, 0, 0, 0, "SETNAME, GETNAME, ID, INFO, LIST, SETINFO; HEARTBEAT ms, while it waits or watches.", client_client},
    {"select", 2, 0, 0, 0, "There is one database, 0.", client_select},
    {"auth", -2, 0, 0, 0, "Refused: no password is set up.", client_auth},
    {"reset", 1, 0, 0, 0, "Back to RESP 2, no name, no heartbeat and no subscription.", client_reset},
    {"quit", -1, 0, 0, 0, "Close the connection when the replies are out.", client_quit},
    {"time", 1, 0, 0, 0, "The server's clock: seconds and microseconds.", insight_time},
    {"info", -1, 0, 0, 0, "The server, its clients, memory, counters, providers and cache.", insight_info},
    {"config", -2, 0, 0, 0, "GET pattern: the settings.", insight_config},
    {"command", -1, 0, 0, 0, "This table: COUNT, LIST, DOCS, INFO or all.", insight_command},
    /* clang-format on */
};

const struct command *command_table(size_t *count)
{
    *count = sizeof(table) / sizeof(table[0]);
    return table;
}

const struct command *command_find(struct span name)
{
    size_t count;
    const struct command *commands = command_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (span_equal_nocase(name, span_of(commands[i].name))) {
            return &commands[i];
        }
    }
    return NULL;
}

/* How much of a client's own words an error repeats. */
#define ECHO_BYTES 64

void command_fail(struct session *session, struct buffer *out, const char *word,
                  const char *sentence)
{
    metric_add(session_worker(session)->cells, METRIC_requests_failed, 1);
    resp_put_error(out, word, span_of(sentence));
}

#define NO_SYMBOL "this is neither a name nor a symbol, which is " SYMBOL_FORM

void command_fail_symbol(struct session *session, struct buffer *out,
                         const struct symbol *symbol, int err,
                         const char *sentence)
{
    CHECK(err != 0);
    if (sentence == NULL) {
        sentence = err == ERR_SYMBOL ? NO_SYMBOL : err_sentence(err);
    }
    struct complaint_name name = {""}; // RESP has no place for one
    complaint_log(session_guest(session), &name, err_word(err),
                  symbol_span(symbol), span_of(sentence));
    struct buffer text = buffer_empty(1024);
    buffer_printf(&text, "%s: %s", symbol->text, sentence);
    buffer_put_byte(&text, '\0');
    command_fail(session, out, err_word(err),
                 text.failed ? sentence : text.data);
    buffer_deinit(&text);
}

static int shown(struct span text)
{
    return (int)(text.len < ECHO_BYTES ? text.len : ECHO_BYTES);
}

/* Compose "-ERR " and a sentence with some of the client's words in it; line
 * ends in them become spaces. */
static void fail_with(struct session *session, struct buffer *out,
                      const char *format, struct span a, struct span b)
{
    struct buffer text = buffer_empty(512);
    buffer_printf(&text, format, shown(a), a.data, shown(b), b.data);
    metric_add(session_worker(session)->cells, METRIC_requests_failed, 1);
    resp_put_error(out, "ERR", buffer_span(&text));
    buffer_deinit(&text);
}

void command_fail_arguments(struct session *session, struct buffer *out,
                            const struct resp_command *command,
                            const char *more)
{
    fail_with(session, out, "wrong number of arguments for '%.*s' command%.*s",
              command->args[0], span_of(more));
}

void command_fail_subcommand(struct session *session, struct buffer *out,
                             const struct resp_command *command)
{
    struct span sub = command->count > 1 ? command->args[1] : span_of("");
    fail_with(session, out,
              "unknown subcommand or wrong number of arguments for "
              "'%.*s %.*s'",
              command->args[0], sub);
}

void command_run(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    const struct command *found = command_find(command->args[0]);
    if (found == NULL) {
        multi_spoil(session);
        fail_with(session, out,
                  "unknown command '%.*s'; quoted answers prices and is only "
                  "read from: COMMAND lists what there is%.*s",
                  command->args[0], span_of(""));
        return;
    }
    size_t wanted = (size_t)(found->arity < 0 ? -found->arity : found->arity);
    if (command->count < wanted ||
        (found->arity > 0 && command->count > wanted)) {
        if (found->run == multi_exec) {
            multi_abort(session, out);
            return;
        }
        multi_spoil(session);
        command_fail_arguments(session, out, command, "");
        return;
    }
    if (pubsub_refuses(session, found, out)) {
        multi_spoil(session);
        return;
    }
    if (!multi_keep(session, found, command, out)) {
        found->run(session, command, out);
    }
}
