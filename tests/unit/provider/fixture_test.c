/* SPDX-License-Identifier: Apache-2.0 */
/* Every answer that a provider is known to give means what it should; no rule
 * of a description is there for nothing, and none hangs on a word that was in
 * an answer by accident. */
#include "unit/provider/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "provider/provider_priv.h"
#include "testing/testing.h"

static struct fixture_list list;

static int setup(void **state)
{
    (void)state;
    fixture_load(&list);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_free(&list);
    return 0;
}

static void every_answer_means_what_is_expected(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        wrong += !fixture_agrees(it, buffer_span(&it->body), true);
    }
    assert_int_equal(wrong, 0);
    assert_true(list.count >= 68 + 90);
}

static void cut_off_answer_is_never_a_price(void **state)
{
    (void)state;
    static struct court_ruling ruling;
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        struct span whole = span_trim(buffer_span(&it->body));
        bool is_json = whole.len > 0 && strchr("{[", whole.data[0]) != NULL;
        for (size_t len = 0; is_json && len < whole.len; len++) {
            struct court_case cut = {
                .provider = it->actor->provider,
                .endpoint = it->endpoint,
                .symbols = it->asked,
                .status = it->status,
                .body = {whole.data, len},
            };
            court_judge(&ruling, &cut);
            assert_int_not_equal(ruling.outcome.class, PROVIDER_OK);
        }
    }
}

/* --- No rule is there for nothing ------------------------------------------
 */

/* Rules that only answers written after reports show to be needed, "PROVIDER
 * WHERE NUMBER"; for all others there is a captured one. */
static const char *const without_capture[] = {
    "alphavantage errors 7", // bad
    "alphavantage bulk 1",   // limit.s
    "alphavantage bulk 2",   // limit.m
    "alphavantage bulk 3",   // limit.d
    "alphavantage bulk 4",   // plan
    "alphavantage bulk 5",   // notice
    "finnhub errors 1",      // limit.m
    "finnhub errors 2",      // forbidden
    "finnhub errors 3",      // auth
    "twelvedata errors 1",   // limit.d
    "twelvedata errors 7",   // bad
    "twelvedata errors 8",   // upstream
    "yahoo_chart errors 1",  // blocked
    "yahoo_chart errors 2",  // blocked
    "yahoo_chart errors 4",  // bad
    "massive errors 3",      // bad
    "tiingo errors 1",       // limit.mo
    "tiingo errors 3",       // limit.d
    "tiingo errors 5",       // limit.h
    "fmp errors 1",          // limit.mo
    "fmp errors 2",          // limit.d
    "fmp errors 4",          // plan
    "fmp errors 5",          // auth
    "fmp errors 6",          // limit.d
    "eodhd errors 1",        // limit.d
    "eodhd errors 2",        // limit.d
    "marketstack errors 2",  // limit.s
    "marketstack errors 4",  // auth
    "marketstack errors 5",  // unknown
    "alpaca errors 3",       // auth
};

static bool is_without_capture(const char *name)
{
    const size_t count = sizeof(without_capture) / sizeof(without_capture[0]);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, without_capture[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether all fixtures of a provider agree. */
static bool all_agree(const struct fixture_actor *actor, bool captured_only)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        if (it->actor == actor && (it->is_captured || !captured_only) &&
            !fixture_agrees(it, buffer_span(&it->body), false)) {
            return false;
        }
    }
    return true;
}

/* Take each rule away in turn; somebody must notice. */
static size_t count_idle(const struct fixture_actor *actor, const char *where,
                         struct provider_rules *rules)
{
    static struct provider_rule fewer[PROVIDER_RULES_LIMIT];
    const struct provider_rules whole = *rules;
    size_t idle = 0;
    for (size_t gone = 0; gone < whole.count; gone++) {
        size_t count = 0;
        for (size_t i = 0; i < whole.count; i++) {
            fewer[count] = whole.items[i];
            count += i != gone;
        }
        *rules = (struct provider_rules){fewer, count};
        char name[96];
        snprintf(name, sizeof(name), "%s %s %zu", actor->name, where, gone + 1);
        bool is_missed = !all_agree(actor, false);
        bool is_captured = !all_agree(actor, true);
        if (!is_missed || is_captured == is_without_capture(name)) {
            print_error("    \"%s\", // %s%s\n", name,
                        provider_class_name(whole.items[gone].class),
                        !is_missed    ? ": nobody misses it"
                        : is_captured ? ": a captured answer shows it"
                                      : "");
            idle++;
        }
    }
    *rules = whole;
    return idle;
}

static void rule_that_is_gone_is_missed(void **state)
{
    (void)state;
    size_t idle = 0;
    for (size_t i = 0; i < list.cast.count; i++) {
        const struct fixture_actor *actor = &list.cast.actors[i];
        struct provider *provider = actor->provider;
        if (!actor->is_built_in) {
            continue;
        }
        idle += count_idle(actor, "errors", &provider->errors);
        for (size_t at = 0; at < provider->endpoints_count; at++) {
            // What is inherited is tried where it stands.
            struct provider_endpoint *endpoint = &provider->endpoints[at];
            idle += count_idle(actor, provider_endpoint_name(provider, at),
                               &endpoint->errors);
        }
    }
    assert_int_equal(idle, 0);
}

/* Whether an endpoint is asked about by any fixture. */
static bool is_shown(const struct fixture_actor *actor, size_t endpoint)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        if (it->actor == actor && it->endpoint == endpoint &&
            strncmp(it->expected, "ok", 2) == 0) {
            return true;
        }
    }
    return false;
}

static void every_endpoint_has_an_answer_with_a_price(void **state)
{
    (void)state;
    size_t hidden = 0;
    for (size_t i = 0; i < list.cast.count; i++) {
        const struct fixture_actor *actor = &list.cast.actors[i];
        for (size_t at = 0; at < provider_endpoints(actor->provider); at++) {
            if (!is_shown(actor, at)) {
                print_error("%s: %s\n", actor->name,
                            provider_endpoint_name(actor->provider, at));
                hidden++;
            }
        }
    }
    assert_int_equal(hidden, 0);
}

/* --- No rule hangs on an accident -------------------------------------------
 */

/* A way of saying the same: rewrites a body without touching what it says.
 * What is rewritten are sentences: strings of JSON that hold a space and are no
 * names, or all of a body that is no JSON. */
struct rewording {
    const char *name;
    void (*rewrite)(struct buffer *out, struct span sentence);
};

static void in_capitals(struct buffer *out, struct span sentence)
{
    for (size_t i = 0; i < sentence.len; i++) {
        char c = sentence.data[i];
        // Not the letters of an escape.
        bool is_small =
            c >= 'a' && c <= 'z' && (i == 0 || sentence.data[i - 1] != '\\');
        buffer_put_byte(out, (char)(is_small ? c - ('a' - 'A') : c));
    }
}

static void in_small_letters(struct buffer *out, struct span sentence)
{
    for (size_t i = 0; i < sentence.len; i++) {
        char c = sentence.data[i];
        bool is_capital = c >= 'A' && c <= 'Z';
        buffer_put_byte(out, (char)(is_capital ? c + ('a' - 'A') : c));
    }
}

/* Other figures: limits are raised and lowered. */
static void with_other_digits(struct buffer *out, struct span sentence)
{
    for (size_t i = 0; i < sentence.len; i++) {
        char c = sentence.data[i];
        bool is_digit = c >= '0' && c <= '9';
        buffer_put_byte(out, is_digit ? (char)('1' + (c - '0' + 4) % 9) : c);
    }
}

/* Other addresses: companies move and are renamed. */
static void with_other_addresses(struct buffer *out, struct span sentence)
{
    size_t at = 0;
    while (at < sentence.len) {
        struct span rest = {sentence.data + at, sentence.len - at};
        bool is_address = rest.len > 4 && memcmp(rest.data, "http", 4) == 0;
        if (!is_address) {
            buffer_put_byte(out, rest.data[0]);
            at++;
            continue;
        }
        buffer_put_text(out, "https://elsewhere.example/");
        while (at < sentence.len &&
               memchr(" )\"", sentence.data[at], 3) == NULL) {
            at++;
        }
    }
}

static void with_thanks_before(struct buffer *out, struct span sentence)
{
    buffer_put_text(out, "Thank you for using our service! ");
    buffer_put_span(out, sentence);
}

static void with_regrets_behind(struct buffer *out, struct span sentence)
{
    buffer_put_span(out, sentence);
    buffer_put_text(out, " We are sorry for any trouble. See our plans and "
                         "pricing, or upgrade your subscription.");
}

static const struct rewording rewordings[] = {
    {"in capitals", in_capitals},
    {"in small letters", in_small_letters},
    {"with other digits", with_other_digits},
    {"with other addresses", with_other_addresses},
    {"with thanks before", with_thanks_before},
    {"with regrets behind", with_regrets_behind},
};

/* The string that begins at a quotation mark, without its marks. */
static struct span string_at(struct span text, size_t at)
{
    size_t end = at + 1;
    while (end < text.len && text.data[end] != '"') {
        end += text.data[end] == '\\' ? 2 : 1;
    }
    return (struct span){text.data + at + 1, end - at - 1};
}

static bool is_sentence(struct span text, size_t at, struct span string)
{
    size_t behind = at + string.len + 2;
    while (behind < text.len && strchr(" \t\r\n", text.data[behind]) != NULL) {
        behind++;
    }
    bool is_name = behind < text.len && text.data[behind] == ':';
    return !is_name && memchr(string.data, ' ', string.len) != NULL;
}

static void reword(struct buffer *out, struct span body,
                   const struct rewording *rewording)
{
    struct span text = span_trim(body);
    bool is_json = text.len > 0 && strchr("{[\"", text.data[0]) != NULL;
    if (!is_json) {
        rewording->rewrite(out, text);
        return;
    }
    for (size_t at = 0; at < text.len;) {
        if (text.data[at] != '"') {
            buffer_put_byte(out, text.data[at++]);
            continue;
        }
        struct span string = string_at(text, at);
        buffer_put_byte(out, '"');
        if (is_sentence(text, at, string)) {
            rewording->rewrite(out, string);
        } else {
            buffer_put_span(out, string);
        }
        buffer_put_byte(out, '"');
        at += string.len + 2;
    }
}

/* Whether a body is a refusal that can be said in other words. */
static bool can_be_reworded(const struct fixture *it,
                            const struct rewording *rewording)
{
    bool is_ok = strncmp(it->expected, "ok", 2) == 0;
    bool is_table = strstr(it->file, ".csv") != NULL;
    // Its digits are those of the symbol that it blames.
    bool is_named = strstr(it->expected, "drop=") != NULL &&
                    rewording->rewrite == with_other_digits;
    return !is_ok && !is_table && !is_named;
}

static void reworded_refusal_means_the_same(void **state)
{
    (void)state;
    size_t wrong = 0;
    size_t tried = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        for (size_t w = 0; w < sizeof(rewordings) / sizeof(rewordings[0]);
             w++) {
            if (!can_be_reworded(it, &rewordings[w])) {
                continue;
            }
            struct buffer body = buffer_empty(1 << 20);
            reword(&body, buffer_span(&it->body), &rewordings[w]);
            bool agrees = fixture_agrees(it, buffer_span(&body), true);
            if (!agrees) {
                print_error("  %s: %.*s\n", rewordings[w].name,
                            SPAN_ARGS(buffer_span(&body)));
            }
            wrong += !agrees;
            tried++;
            buffer_deinit(&body);
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(tried > 300);
}

/* An object may have members that are new, and in front. */
static void new_member_changes_nothing(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct fixture *it = &list.items[i];
        struct span text = span_trim(buffer_span(&it->body));
        bool is_object = text.len > 2 && text.data[0] == '{';
        bool is_empty =
            is_object &&
            span_trim((struct span){text.data + 1, text.len - 2}).len == 0;
        if (!is_object || is_empty) {
            continue;
        }
        struct buffer body = buffer_empty(1 << 20);
        buffer_put_text(&body, "{\"request\": \"f00ba4\", \"took_ms\": 12,");
        buffer_put(&body, text.data + 1, text.len - 1);
        wrong += !fixture_agrees(it, buffer_span(&body), true);
        buffer_deinit(&body);
    }
    assert_int_equal(wrong, 0);
}

/* What is said today in other words than in the fixtures, or was once: from
 * reports of users over the years. */
static void words_of_other_years_mean_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *actor;
        const char *endpoint;
        int status;
        const char *body;
        enum provider_class class;
    } cases[] = {
        {"alphavantage", "quote", 200,
         "{\"Information\": \"Please consider spreading out your free API "
         "requests more sparingly.\"}",
         PROVIDER_LIMIT_SECOND},
        {"alphavantage", "quote", 200,
         "{\"Information\": \"API call frequency is 5 calls per minute\"}",
         PROVIDER_LIMIT_MINUTE},
        {"alphavantage", "quote", 200,
         "{\"Note\": \"500 requests per day is the limit of your key\"}",
         PROVIDER_LIMIT_DAY},
        {"alphavantage", "quote", 200,
         "{\"Error Message\": \"apikey is invalid or missing\"}",
         PROVIDER_AUTH},
        // a limit in words that are new must not switch the endpoint off
        {"alphavantage", "quote", 200,
         "{\"Information\": \"You have reached your allowance. Subscribe to "
         "any of the premium plans to lift it.\"}",
         PROVIDER_NOTICE},
        {"finnhub", "quote", 200, "{\"error\": \"Rate limit reached\"}",
         PROVIDER_LIMIT_MINUTE},
        {"twelvedata", "quote", 429,
         "{\"code\": 429, \"message\": \"Slow down\", \"status\": \"error\"}",
         PROVIDER_LIMIT_MINUTE},
        {"twelvedata", "quote", 404,
         "{\"code\": 404, \"message\": \"This symbol is not available with "
         "your plan\", \"status\": \"error\"}",
         PROVIDER_FORBIDDEN},
        {"tiingo", "iex", 200,
         "You have run over your 1000 requests for today.", PROVIDER_LIMIT_DAY},
        {"fmp", "quote", 403,
         "{\"Error Message\": \"Exclusive Endpoint : This endpoint is not "
         "available under your current subscription agreement\"}",
         PROVIDER_PLAN},
        {"marketstack", "eod", 429,
         "{\"error\": {\"code\": \"monthly_limit_reached\"}}",
         PROVIDER_LIMIT_MONTH},
        {"massive", "snapshot", 403, "Forbidden", PROVIDER_FORBIDDEN},
        {"eodhd", "quote", 429, "", PROVIDER_LIMIT_MINUTE},
        {"alpaca", "trades", 403, "{\"message\": \"access denied\"}",
         PROVIDER_AUTH},
    };
    static struct court_ruling ruling;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fixture_actor *actor = list.cast.actors;
        while (strcmp(actor->name, cases[i].actor) != 0) {
            actor++;
        }
        struct court_case it = {
            .provider = actor->provider,
            .endpoint = court_endpoint(actor->provider, cases[i].endpoint),
            .status = cases[i].status,
            .body = span_of(cases[i].body),
        };
        court_judge(&ruling, &it);
        if (ruling.outcome.class != cases[i].class) {
            print_error("%s: %s\n", cases[i].actor, cases[i].body);
        }
        assert_int_equal(ruling.outcome.class, cases[i].class);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_answer_means_what_is_expected),
    cmocka_unit_test(cut_off_answer_is_never_a_price),
    cmocka_unit_test(rule_that_is_gone_is_missed),
    cmocka_unit_test(every_endpoint_has_an_answer_with_a_price),
    cmocka_unit_test(reworded_refusal_means_the_same),
    cmocka_unit_test(new_member_changes_nothing),
    cmocka_unit_test(words_of_other_years_mean_the_same),
};

int main(int argc, char **argv)
{
    hash_setup();
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
