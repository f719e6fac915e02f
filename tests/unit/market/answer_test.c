/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_test.c -- the bodies are the provider's, letter for letter.
 */
#include "market/answer.h"

#include <json-c/json.h>
#include <string.h>

#include "testing/testing.h"

static const struct symbol ibm = {.len = 3, .text = "IBM"};

static const struct limit_rule rule = {
    .calls_max = {[LIMIT_SECOND] = 2, [LIMIT_DAY] = 30},
};

static void assert_text(struct buffer *out, const char *text)
{
    assert_false(out->failed);
    buffer_put_byte(out, '\0');
    assert_string_equal(out->data, text);
    buffer_deinit(out);
}

static struct price_session session_of(int64_t price, int64_t previous)
{
    return (struct price_session){
        .open = 3067500,
        .high = 3154400,
        .low = 3010900,
        .price = price,
        .previous = previous,
        .volume = 5687955,
        .day = "2025-11-06",
    };
}

/* The provider's answer of that day. */
static void quote_is_the_captured_one(void **state)
{
    (void)state;
    struct price_session session = session_of(3124200, 3067700);
    struct buffer out = buffer_empty(4096);
    answer_put_quote(&out, &ibm, &session, false);
    assert_text(&out, "{\n"
                      "    \"Global Quote\": {\n"
                      "        \"01. symbol\": \"IBM\",\n"
                      "        \"02. open\": \"306.7500\",\n"
                      "        \"03. high\": \"315.4400\",\n"
                      "        \"04. low\": \"301.0900\",\n"
                      "        \"05. price\": \"312.4200\",\n"
                      "        \"06. volume\": \"5687955\",\n"
                      "        \"07. latest trading day\": \"2025-11-06\",\n"
                      "        \"08. previous close\": \"306.7700\",\n"
                      "        \"09. change\": \"5.6500\",\n"
                      "        \"10. change percent\": \"1.8418%\"\n"
                      "    }\n"
                      "}");
}

static void delayed_quote_has_another_name(void **state)
{
    (void)state;
    struct price_session session = session_of(3010900, 3067700);
    struct buffer out = buffer_empty(4096);
    answer_put_quote(&out, &ibm, &session, true);
    buffer_put_byte(&out, '\0');
    assert_non_null(
        strstr(out.data, "\"Global Quote - DATA DELAYED BY 15 MINUTES\": {"));
    assert_non_null(strstr(out.data, "\"09. change\": \"-5.6800\""));
    assert_non_null(strstr(out.data, "\"10. change percent\": \"-1.8516%\""));
    buffer_deinit(&out);
}

static void quote_as_csv_is_one_line(void **state)
{
    (void)state;
    struct price_session session = session_of(3124200, 3067700);
    struct buffer out = buffer_empty(4096);
    answer_put_quote_csv(&out, &ibm, &session);
    assert_text(&out,
                "symbol,open,high,low,price,volume,latestDay,previousClose,"
                "change,changePercent\r\n"
                "IBM,306.7500,315.4400,301.0900,312.4200,5687955,2025-11-06,"
                "306.7700,5.6500,1.8418%\r\n");
}

/* The symbols of a search's matches, separated by a space. */
static void assert_matches(const char *keywords, const char *symbols)
{
    struct buffer out = buffer_empty(65536);
    answer_put_search(&out, span_of(keywords), NULL);
    buffer_put_byte(&out, '\0');
    json_object *root = json_tokener_parse(out.data);
    json_object *matches = json_object_object_get(root, "bestMatches");
    assert_int_equal(json_object_get_type(matches), json_type_array);
    struct buffer found = buffer_empty(1024);
    for (size_t i = 0; i < json_object_array_length(matches); i++) {
        json_object *match = json_object_array_get_idx(matches, i);
        buffer_put_text(&found, i > 0 ? " " : "");
        buffer_put_text(&found, json_object_get_string(json_object_object_get(
                                    match, "1. symbol")));
        assert_int_equal(json_object_object_length(match), 9);
    }
    assert_text(&found, symbols);
    json_object_put(root);
    buffer_deinit(&out);
}

static void search_finds_symbols_and_names(void **state)
{
    (void)state;
    assert_matches("IBM", "IBM");
    assert_matches("ibm", "IBM");
    assert_matches("google", "GOOGL");
    assert_matches("GOO", "GOOGL");
    assert_matches("walt", "DIS");
    assert_matches("wal", "WMT DIS");
    assert_matches("a", "AMZN AAPL ADRNY GOOGL MSFT META IBM TSLA WMT DIS");
    assert_matches("ahold", "ADRNY");
    assert_matches("nothing like it", "");
    assert_matches("", "");
}

static void search_is_indented_as_the_provider_does(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(4096);
    answer_put_search(&out, span_of("TSLA"), NULL);
    assert_text(&out, "{\n"
                      "    \"bestMatches\": [\n"
                      "        {\n"
                      "            \"1. symbol\": \"TSLA\",\n"
                      "            \"2. name\": \"Tesla Inc\",\n"
                      "            \"3. type\": \"Equity\",\n"
                      "            \"4. region\": \"United States\",\n"
                      "            \"5. marketOpen\": \"09:30\",\n"
                      "            \"6. marketClose\": \"16:00\",\n"
                      "            \"7. timezone\": \"UTC-04\",\n"
                      "            \"8. currency\": \"USD\",\n"
                      "            \"9. matchScore\": \"1.0000\"\n"
                      "        }\n"
                      "    ]\n"
                      "}");
    out = buffer_empty(4096);
    answer_put_search(&out, span_of("zzz"), NULL);
    assert_text(&out, "{\n    \"bestMatches\": []\n}");
    out = buffer_empty(4096);
    struct symbol other = {.len = 3, .text = "X12"};
    answer_put_search(&out, span_of("x12"), &other);
    buffer_put_byte(&out, '\0');
    assert_non_null(strstr(out.data, "\"1. symbol\": \"X12\""));
    buffer_deinit(&out);
}

struct wording {
    enum answer_class class_of;
    const char *field; // NULL: the body is the text
    const char *text;
};

/* What was captured from the provider, with the call's own words in it. */
static const struct wording wordings[] = {
    {ANSWER_UNKNOWN, NULL, "{\n    \"Global Quote\": {}\n}"},
    {ANSWER_EMPTY, NULL, "{}"},
    {ANSWER_DOWN, NULL, "<html><body>503 Service Unavailable</body></html>"},
    {ANSWER_BAD_CALL, "Error Message",
     "Invalid API call. Please retry or visit the documentation "
     "(https://www.alphavantage.co/documentation/) for GLOBAL_QUOTE."},
    {ANSWER_BAD_FUNCTION, "Error Message",
     "This API function (GLOBAL_QUOTE) does not exist."},
    {ANSWER_BAD_KEY, "Error Message",
     "the parameter apikey is invalid or missing. Please claim your free API "
     "key on (https://www.alphavantage.co/support/#api-key). It should take "
     "less than 20 seconds."},
    {ANSWER_DEMO_KEY, "Information",
     "The **demo** API key is for demo purposes only. Please claim your free "
     "API key at (https://www.alphavantage.co/support/#api-key) to explore our "
     "full API offerings. It takes fewer than 20 seconds."},
    {ANSWER_LIMIT_DAY, "Information",
     "We have detected your API key as ABC\"123 and our standard API rate "
     "limit is 30 requests per day. Please subscribe to any of the premium "
     "plans at https://www.alphavantage.co/premium/ to instantly remove all "
     "daily rate limits."},
    {ANSWER_LIMIT_DAY_NOTE, "Note",
     "Thank you for using Alpha Vantage! Our standard API rate limit is 30 "
     "requests per day. Please subscribe to any of the premium plans at "
     "https://www.alphavantage.co/premium/ to instantly remove all daily rate "
     "limits."},
    {ANSWER_LIMIT_MINUTE, "Information",
     "Minute-level rate limit exceed. Please stay under the number of API "
     "requests per minute for your premium subscription plan."},
    {ANSWER_LIMIT_SECOND, "Information",
     "Thank you for using Alpha Vantage! Please consider spreading out your "
     "free API requests more sparingly (2 requests per second). You may "
     "subscribe to any of the premium plans at "
     "https://www.alphavantage.co/premium/ to lift the free key rate limit (30 "
     "requests per day) and instantly remove all daily rate limits."},
    {ANSWER_LIMIT_BURST, "Information",
     "Burst pattern detected. Please consider spreading out your API requests "
     "more evenly across a 1-minute window and query no more than 30 requests "
     "per second."},
    {ANSWER_LIMIT_OLD_NOTE, "Note",
     "Thank you for using Alpha Vantage! Our standard API call frequency is 5 "
     "calls per minute and 500 calls per day. Please visit "
     "https://www.alphavantage.co/premium/ if you would like to target a "
     "higher API call frequency."},
    {ANSWER_PREMIUM, "Information",
     "Thank you for using Alpha Vantage! This is a premium endpoint. You may "
     "subscribe to any of the premium plans at "
     "https://www.alphavantage.co/premium/ to instantly unlock all premium "
     "endpoints"},
};

static void assert_wording(const char *body, const struct wording *wording)
{
    if (wording->field == NULL) {
        assert_string_equal(body, wording->text);
        return;
    }
    json_object *root = json_tokener_parse(body);
    assert_int_equal(json_object_object_length(root), 1);
    json_object *field = json_object_object_get(root, wording->field);
    assert_string_equal(json_object_get_string(field), wording->text);
    assert_memory_equal(body, "{\n    \"", 7);
    json_object_put(root);
}

static void apologies_are_the_captured_ones(void **state)
{
    (void)state;
    struct answer_call call = {
        .function = span_of("GLOBAL_QUOTE"),
        .key = span_of("ABC\"123"),
        .rule = &rule,
    };
    for (size_t i = 0; i < sizeof(wordings) / sizeof(wordings[0]); i++) {
        struct buffer out = buffer_empty(4096);
        answer_put_class(&out, wordings[i].class_of, &call);
        assert_false(out.failed);
        buffer_put_byte(&out, '\0');
        assert_wording(out.data, &wordings[i]);
        buffer_deinit(&out);
    }
    assert_int_equal(sizeof(wordings) / sizeof(wordings[0]),
                     ANSWER_CLASSES_COUNT);
}

static void without_a_rule_the_free_limits_are_named(void **state)
{
    (void)state;
    struct answer_call call = {.function = span_of("F"), .key = span_of("K")};
    struct buffer out = buffer_empty(4096);
    answer_put_class(&out, ANSWER_LIMIT_SECOND, &call);
    buffer_put_byte(&out, '\0');
    assert_non_null(strstr(out.data, "(1 request per second)"));
    assert_non_null(strstr(out.data, "(25 requests per day)"));
    buffer_deinit(&out);
}

static void classes_have_names_and_statuses(void **state)
{
    (void)state;
    for (int i = 0; i < ANSWER_CLASSES_COUNT; i++) {
        enum answer_class one = (enum answer_class)i;
        const char *name = answer_class_name(one);
        assert_int_equal(answer_find_class(span_of(name)), one);
        assert_non_null(strstr(ANSWER_CLASS_NAMES, name));
        bool is_down = one == ANSWER_DOWN;
        assert_int_equal(answer_class_status(one), is_down ? 503 : 200);
        assert_string_equal(answer_class_type(one),
                            is_down ? "text/html" : "application/json");
    }
    assert_int_equal(answer_find_class(span_of("no such")),
                     ANSWER_CLASSES_COUNT);
}

static void strings_are_always_json(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\n\x01\x7f", "\"\\u000a\\u0001\x7f\""},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
         "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"a\xff"
         "b",
         "\"a\xef\xbf\xbd"
         "b\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe0\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf4\x90\x80\x80",
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = buffer_empty(4096);
        answer_put_string(&out, span_of(cases[i].text));
        assert_text(&out, cases[i].json);
    }
}

static void oom_apology_fails_whole(void **state)
{
    (void)state;
    struct answer_call call = {.function = span_of("F"), .key = span_of("K")};
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer out = buffer_empty(4096);
        answer_put_class(&out, ANSWER_BAD_CALL, &call);
        assert_true(out.failed || out.data[out.len - 1] == '}');
        buffer_deinit(&out);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quote_is_the_captured_one),
    cmocka_unit_test(delayed_quote_has_another_name),
    cmocka_unit_test(quote_as_csv_is_one_line),
    cmocka_unit_test(search_finds_symbols_and_names),
    cmocka_unit_test(search_is_indented_as_the_provider_does),
    cmocka_unit_test(apologies_are_the_captured_ones),
    cmocka_unit_test(without_a_rule_the_free_limits_are_named),
    cmocka_unit_test(classes_have_names_and_statuses),
    cmocka_unit_test(strings_are_always_json),
    cmocka_unit_test(oom_apology_fails_whole),
};

TEST_MAIN(tests)
