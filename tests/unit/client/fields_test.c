/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields_test.c -- from replies to quotes; a reply that is wrong in any part is
 * no quote at all.
 */
#include "lib/fields.h"

#include <quoted/quoted.h>

#include "lib/replies.h"
#include "testing/testing.h"

/* A reply of fields, given as texts and ended by NULL. */
static struct reply fields(const char *const *texts)
{
    struct reply reply = {.kind = REPLY_FIELDS};
    for (; texts[reply.count] != NULL; reply.count++) {
        reply.fields[reply.count] = span_of(texts[reply.count]);
    }
    return reply;
}

#define FIELDS(...) fields((const char *const[]){__VA_ARGS__, NULL})

static struct reply one(enum reply_kind kind, const char *text)
{
    struct reply reply = {.kind = kind, .count = 1};
    reply.fields[0] = span_of(text);
    return reply;
}

static void all_fields_are_read(void **state)
{
    (void)state;
    const struct reply reply = FIELDS(
        "symbol", "ADRNY", "name", "Ahold Delhaize", "price", "29.00",
        "currency", "USD", "open", "28.9", "high", "29.5", "low", "28.5000",
        "previous_close", "29.25", "change", "-0.25", "change_percent",
        "-0.8547", "volume", "10200", "as_of", "2025-11-06", "fetched",
        "2025-11-06T20:15:01.123Z", "age_ms", "240", "state", "stale", "source",
        "market", "server", "1", "delay", "end of day", "unit_factor", "100");
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    memset((char *)&quote + sizeof(quote.size), 0x5a,
           sizeof(quote) - sizeof(quote.size));
    assert_int_equal(fields_read(&quote, &reply), 0);
    assert_int_equal(quote.size, sizeof(quote));
    assert_int_equal(quote.status, 0);
    assert_string_equal(quote.symbol, "ADRNY");
    assert_string_equal(quote.name, "Ahold Delhaize");
    assert_string_equal(quote.price.text, "29.00");
    assert_int_equal(quote.price.digits, 29);
    assert_int_equal(quote.price.exponent, 0);
    assert_string_equal(quote.currency, "USD");
    assert_string_equal(quote.open.text, "28.9");
    assert_string_equal(quote.high.text, "29.5");
    assert_string_equal(quote.low.text, "28.5000");
    assert_int_equal(quote.low.digits, 285);
    assert_int_equal(quote.low.exponent, -1);
    assert_string_equal(quote.previous_close.text, "29.25");
    assert_int_equal(quote.change.digits, -25);
    assert_string_equal(quote.change_percent.text, "-0.8547");
    assert_int_equal(quote.volume.digits, 102);
    assert_int_equal(quote.volume.exponent, 2);
    assert_string_equal(quote.as_of, "2025-11-06");
    assert_string_equal(quote.fetched, "2025-11-06T20:15:01.123Z");
    assert_int_equal(quote.age_ms, 240);
    assert_int_equal(quote.state, QUOTED_STATE_STALE);
    assert_string_equal(quote.source, "market");
    assert_string_equal(quote.server, "1");
    assert_string_equal(quote.delay, "end of day");
    assert_string_equal(quote.unit_factor, "100");
    assert_string_equal(quote.message, "");
}

static void absent_fields_are_empty(void **state)
{
    (void)state;
    const struct reply reply = FIELDS("price", "1.5", "symbol", "X", "low", "");
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    assert_int_equal(fields_read(&quote, &reply), 0);
    assert_string_equal(quote.name, "");
    assert_string_equal(quote.low.text, "");
    assert_int_equal(quote.age_ms, -1);
    assert_int_equal(quote.state, QUOTED_STATE_NONE);
}

static void unknown_fields_are_passed_over(void **state)
{
    (void)state;
    const struct reply reply =
        FIELDS("symbol", "X", "mood", "\x1b", "price", "1", "state", "frozen");
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    assert_int_equal(fields_read(&quote, &reply), 0);
    assert_int_equal(quote.state, QUOTED_STATE_NONE);
}

static void assert_refused(struct reply reply, const char *why)
{
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    assert_int_equal(fields_read(&quote, &reply), QUOTED_E_PROTOCOL);
    assert_int_equal(quote.status, QUOTED_E_PROTOCOL);
    assert_string_equal(quote.message, why);
    assert_string_equal(quote.price.text, "");
    assert_string_equal(quote.symbol, "");
}

static void wrong_replies_are_refused_whole(void **state)
{
    (void)state;
    const char *const no_price = "a quote without a symbol or a price";
    assert_refused(FIELDS("symbol", "X"), no_price);
    assert_refused(FIELDS("price", "1"), no_price);
    assert_refused(FIELDS("symbol", "X", "price", ""), no_price);
    assert_refused(FIELDS("symbol", "X", "price"), "a field without a value");
    assert_refused(FIELDS("symbol", "X", "price", "1,5"),
                   "a wrong value of \"price\"");
    assert_refused(FIELDS("symbol", "X", "price", "nan"),
                   "a wrong value of \"price\"");
    assert_refused(FIELDS("symbol", "X", "price", "1", "high", "?"),
                   "a wrong value of \"high\"");
    assert_refused(FIELDS("symbol", "X", "price", "1", "age_ms", "-1"),
                   "a wrong value of \"age_ms\"");
    assert_refused(
        FIELDS("symbol", "X", "price", "1", "age_ms", "9223372036854775808"),
        "a wrong value of \"age_ms\"");
    assert_refused(FIELDS("price", "1", "symbol", "\x1b[31mX"),
                   "a wrong value of \"symbol\"");
    assert_refused(FIELDS("symbol", "X", "price", "1", "server", "a\nb"),
                   "a wrong value of \"server\"");
    assert_refused(one(REPLY_TEXT, "135.60"), "a reply that is no quote");
    assert_refused(one(REPLY_NIL, ""), "a reply that is no quote");
    assert_refused(one(REPLY_STATUS, "OK"), "a reply that is no quote");
}

static void long_name_is_cut_and_long_symbol_refused(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    struct reply reply = FIELDS("symbol", "X", "price", "1", "name", text);
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    assert_int_equal(fields_read(&quote, &reply), 0);
    assert_int_equal(strlen(quote.name), sizeof(quote.name) - 1);
    text[sizeof(quote.symbol) - 1] = '\0'; // the longest that fits
    reply = FIELDS("symbol", text, "price", "1");
    assert_int_equal(fields_read(&quote, &reply), 0);
    memset(text, 'n', sizeof(text) - 1);
    assert_refused(FIELDS("symbol", text, "price", "1"),
                   "a wrong value of \"symbol\"");
}

static void errors_of_the_server_have_their_codes(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int status;
        const char *message;
    } rows[] = {
        {"UNKNOWN X: no such", QUOTED_E_UNKNOWN, "X: no such"},
        {"NODATA X", QUOTED_E_NODATA, "X"},
        {"LIMIT 25 a day", QUOTED_E_LIMIT, "25 a day"},
        {"UPSTREAM X: 500", QUOTED_E_UPSTREAM, "X: 500"},
        {"OVERLOADED go", QUOTED_E_OVERLOADED, "go"},
        {"DRAINING", QUOTED_E_DRAINING, "the server is shutting down"},
        {"SYMBOL a b", QUOTED_E_SYMBOL, "a b"},
        {"ERR wrong number", QUOTED_E_SERVER, "ERR wrong number"},
        {"UNREACHABLE x", QUOTED_E_SERVER, "UNREACHABLE x"},
        {"unknown x", QUOTED_E_SERVER, "unknown x"},
        {"", QUOTED_E_SERVER, ""},
        {"NODATA \x1b[2J\n", QUOTED_E_NODATA, "?[2J?"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct reply reply = one(REPLY_ERROR, rows[i].text);
        struct quoted_quote quote = QUOTED_QUOTE_INIT;
        assert_int_equal(fields_read(&quote, &reply), rows[i].status);
        assert_int_equal(quote.status, rows[i].status);
        assert_string_equal(quote.message, rows[i].message);
        assert_int_equal(quote.age_ms, -1);
    }
}

static void pong_is_only_pong(void **state)
{
    (void)state;
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    struct reply reply = one(REPLY_STATUS, "PONG");
    assert_int_equal(fields_read_pong(&quote, &reply), 0);
    reply = one(REPLY_STATUS, "OK");
    assert_int_equal(fields_read_pong(&quote, &reply), QUOTED_E_PROTOCOL);
    reply = one(REPLY_TEXT, "PONG");
    assert_int_equal(fields_read_pong(&quote, &reply), QUOTED_E_PROTOCOL);
    reply = one(REPLY_ERROR, "DRAINING soon");
    assert_int_equal(fields_read_pong(&quote, &reply), QUOTED_E_DRAINING);
}

static void an_explanation_is_only_a_text(void **state)
{
    (void)state;
    char text[16] = "before";
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    struct reply reply = one(REPLY_TEXT, "IBM\nprice\n");
    assert_int_equal(fields_read_text(&quote, &reply, text, sizeof(text)), 0);
    assert_string_equal(text, "IBM\nprice\n");
    const struct {
        enum reply_kind kind;
        const char *text;
        int status;
    } rows[] = {
        {REPLY_STATUS, "OK", QUOTED_E_PROTOCOL},
        {REPLY_TEXT, "", QUOTED_E_PROTOCOL},
        {REPLY_NIL, "", QUOTED_E_PROTOCOL},
        {REPLY_FIELDS, "IBM", QUOTED_E_PROTOCOL},
        {REPLY_ERROR, "OVERLOADED later", QUOTED_E_OVERLOADED},
        {REPLY_ERROR, "ERR unknown command", QUOTED_E_SERVER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reply = one(rows[i].kind, rows[i].text);
        memcpy(text, "before", 7);
        assert_int_equal(fields_read_text(&quote, &reply, text, sizeof(text)),
                         rows[i].status);
        assert_int_equal(quote.status, rows[i].status);
        assert_string_equal(text, "");
    }
}

static void bars_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    struct quoted_bar bar;
    struct reply reply = FIELDS("1763596800000", "135.60", "137", "0.5",
                                "136.10", "12", "and", "more");
    assert_int_equal(fields_read_bar(&bar, &reply), 0);
    assert_int_equal(bar.size, sizeof(bar));
    assert_int_equal(bar.begins_unix_ms, 1763596800000);
    assert_string_equal(bar.open.text, "135.60");
    assert_string_equal(bar.high.text, "137");
    assert_string_equal(bar.low.text, "0.5");
    assert_string_equal(bar.close.text, "136.10");
    assert_int_equal(bar.close.digits, 1361);
    assert_int_equal(bar.count, 12);
    const char *const wrong[][6] = {
        {"x", "1", "1", "1", "1", "1"},       {"-1", "1", "1", "1", "1", "1"},
        {"1", "", "1", "1", "1", "1"},        {"1", "1", "1e", "1", "1", "1"},
        {"1", "1", "1", "\033[2J", "1", "1"}, {"1", "1", "1", "1", "", "1"},
        {"1", "1", "1", "1", "1", "many"},    {"1", "1", "1", "1", "1", NULL},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        reply = FIELDS(wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3],
                       wrong[i][4], wrong[i][5]);
        assert_int_equal(fields_read_bar(&bar, &reply), QUOTED_E_PROTOCOL);
    }
    reply = one(REPLY_TEXT, "1");
    assert_int_equal(fields_read_bar(&bar, &reply), QUOTED_E_PROTOCOL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bars_are_read_whole_or_not_at_all),
    cmocka_unit_test(all_fields_are_read),
    cmocka_unit_test(absent_fields_are_empty),
    cmocka_unit_test(unknown_fields_are_passed_over),
    cmocka_unit_test(wrong_replies_are_refused_whole),
    cmocka_unit_test(long_name_is_cut_and_long_symbol_refused),
    cmocka_unit_test(errors_of_the_server_have_their_codes),
    cmocka_unit_test(pong_is_only_pong),
    cmocka_unit_test(an_explanation_is_only_a_text),
};

TEST_MAIN(tests)
