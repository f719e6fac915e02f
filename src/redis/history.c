/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/history.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/err.h"
#include "proto/resp.h"
#include "quote/symbol.h"
#include "redis/command.h"
#include "redis/session.h"
#include "serve/ask.h"
#include "serve/question.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/instant.h"
#include "store/store.h"

#define TEXT(number)  #number
#define DIGITS(limit) TEXT(limit)

#define TOO_LONG                                      \
    "that is more than " DIGITS(                      \
        STORE_BARS_LIMIT) " steps: ask for a longer " \
                          "EVERY, or for less between FROM and TO"

static void put_price(struct buffer *out, struct decimal price)
{
    char text[DECIMAL_TEXT_SIZE];
    int len = decimal_print(text, price, 2);
    resp_put_bulk(out, (struct span){text, (size_t)len});
}

static void put_bar(struct buffer *out, const struct bar *bar)
{
    resp_put_array(out, 6);
    resp_put_integer(out, bar->at_unix_ms);
    put_price(out, bar->open);
    put_price(out, bar->high);
    put_price(out, bar->low);
    put_price(out, bar->close);
    resp_put_integer(out, (int64_t)bar->count);
}

IMPLEMENTS(session_compose_fn)
static void compose_bars(struct session *session,
                         const struct question *question, struct buffer *out)
{
    const struct bars *bars = question_bars(question);
    CHECK(bars != NULL);
    if (bars->is_cut) {
        command_fail(session, out, "ERR", TOO_LONG);
        return;
    }
    resp_put_array(out, bars->count);
    for (size_t i = 0; i < bars->count; i++) {
        put_bar(out, &bars->list[i]);
    }
}

/* Read the words behind the symbol.  Returns NULL, or what is wrong. */
static const char *read_options(struct store_question *past,
                                const struct resp_command *command,
                                int64_t now_unix_ms)
{
    struct instant_range range = {0};
    for (size_t i = 2; i < command->count; i += 2) {
        struct span name = command->args[i];
        struct span *option =
            span_equal_nocase(name, span_of("FROM"))    ? &range.from
            : span_equal_nocase(name, span_of("TO"))    ? &range.to
            : span_equal_nocase(name, span_of("EVERY")) ? &range.every
                                                        : NULL;
        if (option == NULL || i + 1 == command->count ||
            command->args[i + 1].len == 0 || option->len > 0) {
            return "HISTORY takes a symbol, then FROM instant, TO instant and "
                   "EVERY step, each at most once";
        }
        *option = command->args[i + 1];
    }
    return instant_read_range(past, &range, now_unix_ms);
}

/* Why no past is kept; NULL where it is. */
static const char *unkept(const struct worker *worker)
{
    if (worker->shared->store == NULL) {
        return "no prices of the past are kept: set store.path to a file and "
               "start the server again";
    }
    return worker->settings->conf->store.history_for_ms > 0
               ? NULL
               : "no prices of the past are kept, since store.history_for is 0";
}

void history_history(struct session *session,
                     const struct resp_command *command, struct buffer *out)
{
    const struct worker *worker = session_worker(session);
    struct store_question past;
    const char *error =
        read_options(&past, command, clock_unix_ms(worker->shared->clock));
    if (error != NULL) {
        command_fail(session, out, "ERR", error);
        return;
    }
    if (ask_resolve(worker, command->args[1], &past.symbol) != 0) {
        command_fail_symbol(session, out, &past.symbol, ERR_SYMBOL, NULL);
        return;
    }
    error = unkept(worker);
    if (error != NULL) {
        command_fail(session, out, err_word(ERR_STORE), error);
        return;
    }
    session_ask_past(session, &past, compose_bars, out);
}
