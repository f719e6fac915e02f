/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/quotes.h"

#include <fnmatch.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/units.h"
#include "cache/cache.h"
#include "obs/metric.h"
#include "proto/resp.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "redis/command.h"
#include "redis/session.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/field.h"

/* --- Composing --------------------------------------------------------------
 */

static void put_failure(struct session *session, const struct answer *answer,
                        struct buffer *out)
{
    command_fail_symbol(session, out, &answer->symbol, answer->err,
                        answer->reason);
}

static struct field_source source_of(struct session *session,
                                     const struct answer *answer)
{
    const struct worker *worker = session_worker(session);
    const struct settings *settings = worker->settings;
    return (struct field_source){
        .quote = answer->quote,
        .name =
            names_find(settings->names, symbol_span(&answer->quote->symbol)),
        .state = answer->state,
        .now_mono_ms = worker->loop.now_ms,
        .server = settings->conf->server.id,
    };
}

static void compose_price(struct session *session,
                          const struct session_request *request,
                          const struct answer *answers, size_t count,
                          struct buffer *out)
{
    (void)request;
    CHECK(count == 1);
    if (answers->err != 0) {
        put_failure(session, answers, out);
        return;
    }
    const struct quote *quote = answers->quote;
    resp_put_short(out, quote->price_text, quote->price_len);
}

static void compose_prices(struct session *session,
                           const struct session_request *request,
                           const struct answer *answers, size_t count,
                           struct buffer *out)
{
    (void)request;
    resp_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct quote *quote = answers[i].quote;
        if (answers[i].err != 0) {
            resp_put_null(out, session_version(session));
        } else {
            resp_put_short(out, quote->price_text, quote->price_len);
        }
    }
}

static void compose_all_fields(struct session *session,
                               const struct session_request *request,
                               const struct answer *answers, size_t count,
                               struct buffer *out)
{
    (void)request;
    CHECK(count == 1);
    if (answers->err != 0) {
        put_failure(session, answers, out);
        return;
    }
    struct field_source source = source_of(session, answers);
    char scratch[FIELD_COUNT][FIELD_TEXT_SIZE];
    struct span texts[FIELD_COUNT];
    size_t known = 0;
    for (int field = 0; field < FIELD_COUNT; field++) {
        texts[field] = field_text((enum field)field, &source, scratch[field]);
        known += texts[field].data != NULL;
    }
    resp_put_map(out, session_version(session), known);
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (texts[field].data != NULL) {
            resp_put_bulk(out, span_of(field_name((enum field)field)));
            resp_put_bulk(out, texts[field]);
        }
    }
}

/* HGET (one field, not in an array) and HMGET. */
static void put_fields(struct session *session,
                       const struct session_request *request,
                       const struct answer *answer, struct buffer *out)
{
    struct field_source source = source_of(session, answer);
    for (size_t i = 0; i < request->fields_count; i++) {
        char scratch[FIELD_TEXT_SIZE];
        struct span text =
            field_text((enum field)request->fields[i], &source, scratch);
        if (text.data != NULL) {
            resp_put_bulk(out, text);
        } else {
            resp_put_null(out, session_version(session));
        }
    }
}

static void compose_field(struct session *session,
                          const struct session_request *request,
                          const struct answer *answers, size_t count,
                          struct buffer *out)
{
    CHECK(count == 1 && request->fields_count == 1);
    if (answers->err != 0) {
        put_failure(session, answers, out);
        return;
    }
    put_fields(session, request, answers, out);
}

static void compose_fields(struct session *session,
                           const struct session_request *request,
                           const struct answer *answers, size_t count,
                           struct buffer *out)
{
    CHECK(count == 1);
    if (answers->err != 0) {
        put_failure(session, answers, out);
        return;
    }
    resp_put_array(out, request->fields_count);
    put_fields(session, request, answers, out);
}

/* --- Commands that may wait ---------------------------------------------- */

/* Ask for `count` symbols as a command does whose last two words are MAXAGE and
 * a duration. */
static void ask_within(struct session *session,
                       const struct session_request *request,
                       const struct resp_command *command, size_t count,
                       struct buffer *out)
{
    uint64_t max_age_ms;
    struct span max_age = command->args[command->count - 1];
    if (units_parse_duration_ms(&max_age_ms, max_age) != 0) {
        command_fail(session, out, "ERR", "MAXAGE takes " UNITS_DURATION_FORM);
        return;
    }
    session_ask_within(session, request, &command->args[1], count, max_age_ms,
                       out);
}

static bool is_max_age(struct span word)
{
    return span_equal_nocase(word, span_of("MAXAGE"));
}

/* Whether a command of at least `least` words without them ends in MAXAGE and a
 * duration.  There a symbol or field of that name can't be asked for; no
 * exchange has one. */
static bool has_max_age(const struct resp_command *command, size_t least)
{
    return command->count >= least + 2 &&
           is_max_age(command->args[command->count - 2]);
}

static void refuse_words(struct session *session,
                         const struct resp_command *command, struct buffer *out)
{
    command_fail_arguments(session, out, command,
                           "; behind them may be MAXAGE and a duration");
}

/* Whether MAXAGE is where the first symbol or field is missing, ends the
 * command without its duration, or has more words behind that; composes the
 * error then. */
static bool misplaces_max_age(struct session *session,
                              const struct resp_command *command, size_t first,
                              struct buffer *out)
{
    size_t last = command->count - 1;
    if (is_max_age(command->args[first]) || is_max_age(command->args[last])) {
        refuse_words(session, command, out);
        return true;
    }
    for (size_t i = first + 1; i + 1 < last; i++) {
        if (is_max_age(command->args[i])) {
            command_fail(session, out, "ERR",
                         "MAXAGE and its duration stand last, behind all "
                         "symbols or fields");
            return true;
        }
    }
    return false;
}

/* Ask for one symbol, with `least` words and perhaps MAXAGE behind them. */
static void ask_one(struct session *session,
                    const struct session_request *request,
                    const struct resp_command *command, size_t least,
                    struct buffer *out)
{
    if (command->count == least) {
        session_ask(session, request, &command->args[1], 1, out);
    } else if (command->count == least + 2 && has_max_age(command, least)) {
        ask_within(session, request, command, 1, out);
    } else {
        refuse_words(session, command, out);
    }
}

void quotes_get(struct session *session, const struct resp_command *command,
                struct buffer *out)
{
    struct session_request request = {.compose = compose_price};
    ask_one(session, &request, command, 2, out);
}

void quotes_mget(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    struct session_request request = {.compose = compose_prices};
    if (misplaces_max_age(session, command, 1, out)) {
        return;
    }
    if (has_max_age(command, 2)) {
        ask_within(session, &request, command, command->count - 3, out);
        return;
    }
    session_ask(session, &request, &command->args[1], command->count - 1, out);
}

void quotes_hgetall(struct session *session, const struct resp_command *command,
                    struct buffer *out)
{
    struct session_request request = {.compose = compose_all_fields,
                                      .shows_age = true};
    ask_one(session, &request, command, 2, out);
}

void quotes_hget(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    if (misplaces_max_age(session, command, 2, out)) {
        return;
    }
    uint8_t field = (uint8_t)field_find(command->args[2]);
    struct session_request request = {.compose = compose_field,
                                      .fields = &field,
                                      .fields_count = 1,
                                      .shows_age = true};
    ask_one(session, &request, command, 3, out);
}

void quotes_hmget(struct session *session, const struct resp_command *command,
                  struct buffer *out)
{
    if (misplaces_max_age(session, command, 2, out)) {
        return;
    }
    uint8_t fields[RESP_ARGS_LIMIT];
    bool is_within = has_max_age(command, 3);
    size_t count = command->count - (is_within ? 4 : 2);
    for (size_t i = 0; i < count; i++) {
        fields[i] = (uint8_t)field_find(command->args[i + 2]);
    }
    struct session_request request = {.compose = compose_fields,
                                      .fields = fields,
                                      .fields_count = count,
                                      .shows_age = true};
    if (is_within) {
        ask_within(session, &request, command, 1, out);
        return;
    }
    session_ask(session, &request, &command->args[1], 1, out);
}

/* --- Commands that look at memory only ----------------------------------- */

static bool is_in_memory(struct session *session, struct span text,
                         struct answer *answer)
{
    struct worker *worker = session_worker(session);
    return ask_resolve(worker, text, &answer->symbol) == 0 &&
           ask_peek(worker, answer);
}

void quotes_exists(struct session *session, const struct resp_command *command,
                   struct buffer *out)
{
    int64_t count = 0;
    for (size_t i = 1; i < command->count; i++) {
        struct answer answer;
        count += is_in_memory(session, command->args[i], &answer);
    }
    resp_put_integer(out, count);
}

/* Milliseconds of freshness left, or Redis' -2 for "no such key". */
static int64_t fresh_left_ms(struct session *session, struct span text)
{
    struct answer answer;
    if (!is_in_memory(session, text, &answer)) {
        return -2;
    }
    const struct worker *worker = session_worker(session);
    return (int64_t)freshness_left_ms(answer.quote, &worker->settings->rule,
                                      worker->loop.now_ms);
}

void quotes_ttl(struct session *session, const struct resp_command *command,
                struct buffer *out)
{
    int64_t left_ms = fresh_left_ms(session, command->args[1]);
    resp_put_integer(out, left_ms < 0 ? left_ms : (left_ms + 500) / 1000);
}

void quotes_pttl(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    resp_put_integer(out, fresh_left_ms(session, command->args[1]));
}

void quotes_type(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    struct answer answer;
    resp_put_simple(out, is_in_memory(session, command->args[1], &answer)
                             ? "hash"
                             : "none");
}

void quotes_dbsize(struct session *session, const struct resp_command *command,
                   struct buffer *out)
{
    (void)command;
    const struct shared *shared = session_worker(session)->shared;
    resp_put_integer(
        out, (int64_t)metric_sum(&shared->metrics, METRIC_cache_quotes));
}

/* --- SCAN ---------------------------------------------------------------- */

/* A step of SCAN looks at no more places than this, whatever COUNT says, so
 * that it is over in well under a millisecond. */
#define SCAN_PLACES_LIMIT 1000

/* The longest MATCH: fnmatch() goes back and forth over every star. */
#define SCAN_PATTERN_LIMIT 64

struct scan {
    uint64_t cursor;
    uint64_t count;
    char pattern[SCAN_PATTERN_LIMIT + 1]; // "": all
    bool wants_hashes;
    struct buffer found; // composed bulk strings
    size_t found_count;
};

static const char *read_scan_option(struct scan *scan, struct span name,
                                    struct span value)
{
    if (span_equal_nocase(name, span_of("MATCH"))) {
        if (value.len > SCAN_PATTERN_LIMIT) {
            return "MATCH takes a pattern of at most 64 bytes";
        }
        snprintf(scan->pattern, sizeof(scan->pattern), "%.*s",
                 SPAN_ARGS(value));
        return NULL;
    }
    if (span_equal_nocase(name, span_of("COUNT"))) {
        return span_to_u64(value, &scan->count) == 0 && scan->count > 0
                   ? NULL
                   : "COUNT takes a number from 1";
    }
    if (span_equal_nocase(name, span_of("TYPE"))) {
        scan->wants_hashes = span_equal_nocase(value, span_of("hash"));
        return NULL;
    }
    return "SCAN takes a cursor, MATCH pattern, COUNT n and TYPE type";
}

static const char *read_scan(struct scan *scan,
                             const struct resp_command *command)
{
    if (span_to_u64(command->args[1], &scan->cursor) != 0) {
        return "invalid cursor";
    }
    if (command->count % 2 != 0) {
        return "SCAN's options come with a value each";
    }
    const char *error = NULL;
    for (size_t i = 2; i < command->count && error == NULL; i += 2) {
        error = read_scan_option(scan, command->args[i], command->args[i + 1]);
    }
    return error;
}

IMPLEMENTS(cache_quote_fn)
static void scan_quote(void *user, const struct quote *quote)
{
    struct scan *scan = user;
    const char *symbol = quote->symbol.text;
    if (scan->wants_hashes &&
        (scan->pattern[0] == '\0' ||
         fnmatch(scan->pattern, symbol, FNM_CASEFOLD) == 0)) {
        resp_put_bulk(&scan->found, span_of(symbol));
        scan->found_count++;
    }
}

void quotes_scan(struct session *session, const struct resp_command *command,
                 struct buffer *out)
{
    struct scan scan = {
        .count = 10,
        .wants_hashes = true,
        .found = buffer_empty(LOOP_REPLY_BYTES_LIMIT),
    };
    const char *error = read_scan(&scan, command);
    if (error != NULL) {
        command_fail(session, out, "ERR", error);
        return;
    }
    uint32_t places =
        (uint32_t)(scan.count < SCAN_PLACES_LIMIT ? scan.count
                                                  : SCAN_PLACES_LIMIT);
    uint64_t next = cache_scan(session_worker(session)->shared->cache,
                               scan.cursor, places, scan_quote, &scan);
    char cursor[24];
    int len =
        snprintf(cursor, sizeof(cursor), "%llu", (unsigned long long)next);
    resp_put_array(out, 2);
    resp_put_bulk(out, (struct span){cursor, (size_t)len});
    resp_put_array(out, scan.found_count);
    buffer_put_span(out, buffer_span(&scan.found));
    out->failed = out->failed || scan.found.failed;
    buffer_deinit(&scan.found);
}
