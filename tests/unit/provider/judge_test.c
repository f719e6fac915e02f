/* SPDX-License-Identifier: Apache-2.0 */
/* Each answer gets its class, in the order of provider.h, and its reason in one
 * line without the key.  The bodies are files, a line each in
 * tests/data/providers/alphavantage/index.tsv:
 *
 *     file status symbol class price previous_close as_of     (- for absent)
 *
 * A new body is a file and a line. */
#include "provider/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "document/words.h"
#include "provider/provider_priv.h"
#include "provider/rule.h"
#include "testing/testing.h"
#include "unit/provider/court.h"

#define KEY    COURT_KEY
#define BODIES "/providers/alphavantage/"

static struct court_ruling ruling;

static struct provider_verdict judge_body(const struct provider *provider,
                                          int status, struct span body,
                                          const char *symbol)
{
    struct court_case it = {.provider = provider,
                            .symbols = symbol,
                            .status = status,
                            .body = body};
    court_judge(&ruling, &it);
    assert_int_equal(ruling.outcome.class, ruling.verdicts[0].class);
    assert_string_equal(ruling.outcome.text, ruling.verdicts[0].text);
    return ruling.verdicts[0];
}

static struct provider_verdict judge_text(const struct provider *provider,
                                          int status, const char *body)
{
    return judge_body(provider, status, span_of(body), "IBM");
}

/* --- The bodies ----------------------------------------------------------- */

enum column { FILE_NAME, STATUS, SYMBOL, CLASS, PRICE, PREV, AS_OF, COLUMNS };

static void split_line(struct span line, char cells[COLUMNS][256])
{
    struct span cell;
    size_t count = 0;
    while (span_split(&line, '\t', &cell)) {
        assert_true(count < COLUMNS && cell.len < 256);
        memcpy(cells[count], cell.data, cell.len);
        cells[count++][cell.len] = '\0';
    }
    assert_int_equal(count, COLUMNS);
}

static void print_cells(const struct provider_verdict *verdict,
                        char cells[COLUMNS][256])
{
    const struct quote *quote = &verdict->quote;
    snprintf(cells[CLASS], 256, "%s", provider_class_name(verdict->class));
    snprintf(cells[PRICE], 256, "%s",
             quote->price_len > 0 ? quote->price_text : "-");
    snprintf(cells[PREV], 256, "-");
    if (quote_has(quote, QUOTE_PREVIOUS_CLOSE)) {
        quote_print_number(cells[PREV], quote, QUOTE_PREVIOUS_CLOSE);
    }
    snprintf(cells[AS_OF], 256, "-");
    if (quote->has_as_of) {
        quote_print_as_of(cells[AS_OF], quote);
    }
}

/* Judge the body of one line; whether it got what the line says. */
static bool agrees(const struct provider *provider, struct span line)
{
    char want[COLUMNS][256];
    char got[COLUMNS][256];
    char path[1024];
    split_line(line, want);
    snprintf(path, sizeof(path), "%s%s", BODIES, want[FILE_NAME]);
    struct buffer body = court_read(path);
    struct provider_verdict verdict =
        judge_body(provider, (int)strtol(want[STATUS], NULL, 10),
                   buffer_span(&body), want[SYMBOL]);
    buffer_deinit(&body);
    print_cells(&verdict, got);
    bool is_same = true;
    for (int i = CLASS; i < COLUMNS; i++) {
        is_same = is_same && strcmp(want[i], got[i]) == 0;
    }
    if (!is_same) {
        print_error("%s, status %s, for %s\n"
                    "  want %s %s %s %s\n  got  %s %s %s %s (%s)\n",
                    want[FILE_NAME], want[STATUS], want[SYMBOL], want[CLASS],
                    want[PRICE], want[PREV], want[AS_OF], got[CLASS],
                    got[PRICE], got[PREV], got[AS_OF], verdict.text);
    }
    return is_same;
}

static void every_body_has_its_class_and_price(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct buffer index = court_read(BODIES "index.tsv");
    struct span rest = buffer_span(&index);
    struct span line;
    size_t bodies = 0;
    size_t wrong = 0;
    span_split(&rest, '\n', &line); // the names of the columns
    while (span_split(&rest, '\n', &line)) {
        if (line.len > 0 && line.data[0] != '#') {
            wrong += !agrees(provider, line);
            bodies++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(bodies >= 149);
    buffer_deinit(&index);
    provider_destroy(&provider);
}

static void cut_off_answer_is_never_a_price(void **state)
{
    (void)state;
    static const char *const files[] = {
        "ok.json",
        "ok_beside_notice.json",
        "limit_day_echoes_key.json",
        "unknown_empty.json",
    };
    struct provider *provider = court_create_built_in("alphavantage");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[1024];
        snprintf(path, sizeof(path), "%s%s", BODIES, files[i]);
        struct buffer body = court_read(path);
        size_t whole = span_trim(buffer_span(&body)).len;
        for (size_t cut = 0; cut < whole; cut++) {
            struct provider_verdict verdict =
                judge_body(provider, 200, (struct span){body.data, cut}, "IBM");
            assert_int_equal(verdict.class, PROVIDER_UPSTREAM);
        }
        buffer_deinit(&body);
    }
    provider_destroy(&provider);
}

static void answer_with_another_byte_never_breaks_it(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct buffer body = court_read(BODIES "ok.json");
    static const char bytes[] = {'\0', '"', '\\', '\x80', '\xff', '{', '0'};
    for (size_t at = 0; at < body.len; at++) {
        char was = body.data[at];
        for (size_t i = 0; i < sizeof(bytes); i++) {
            body.data[at] = bytes[i];
            judge_body(provider, 200, buffer_span(&body), "IBM");
        }
        body.data[at] = was;
    }
    buffer_deinit(&body);
    provider_destroy(&provider);
}

static void megabyte_of_spaces_is_an_empty_answer(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    const size_t len = 1 << 20;
    char *spaces = malloc(len);
    assert_non_null(spaces);
    memset(spaces, ' ', len);
    struct span body = {spaces, len};
    struct provider_verdict verdict = judge_body(provider, 200, body, "IBM");
    assert_int_equal(verdict.class, PROVIDER_UPSTREAM);
    assert_string_equal(verdict.text, "the answer is empty");
    verdict = judge_body(provider, 502, body, "IBM");
    assert_string_equal(verdict.text, "HTTP status 502");
    free(spaces);
    provider_destroy(&provider);
}

/* --- The order ------------------------------------------------------------ */

static const char two_rules[] =
    "errors:\n"
    "  - {is: limit.d, at: [/a, /b], has: [per day]}\n"
    "  - {is: auth, at: /code, eq: ['401', 'true']}\n"
    "  - {is: blocked, status: 418}\n"
    "  - {is: session, status: 409, has: teapot}\n"
    "  - {is: plan, at: /trouble}\n"
    "  - {is: forbidden, has: [far away]}\n"
    "endpoints:\n"
    "  quote:\n"
    "    url: https://x/{sym}\n"
    "    rows: ''\n"
    "    id: /s\n"
    "    fields: {price: [/p, /q]}\n";

static void price_comes_before_every_rule(void **state)
{
    (void)state;
    struct provider *provider = court_create(two_rules);
    struct provider_verdict verdict = judge_text(
        provider, 200,
        "{\"s\": \"IBM\", \"p\": 1, \"a\": \"per day\", \"trouble\": 1}");
    assert_int_equal(verdict.class, PROVIDER_OK);
    verdict = judge_text(
        provider, 200,
        "{\"s\": \"MSFT\", \"p\": 1, \"a\": \"per day\", \"trouble\": 1}");
    assert_int_equal(verdict.class, PROVIDER_UPSTREAM);
    provider_destroy(&provider);
}

static void first_rule_that_holds_decides(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum provider_class class;
    } cases[] = {
        {200, "{\"a\": \"25 PER DAY\"}", PROVIDER_LIMIT_DAY},
        {200, "{\"a\": 7, \"b\": \"25 per day\"}", PROVIDER_LIMIT_DAY},
        {200, "{\"a\": null, \"b\": \"25 per day\"}", PROVIDER_LIMIT_DAY},
        {200, "{\"a\": {\"x\": \"per day\"}}", PROVIDER_NOTICE},
        {200, "{\"c\": \"25 per day\"}", PROVIDER_NOTICE},
        {200, "{\"code\": 401}", PROVIDER_AUTH},
        {200, "{\"code\": \"401\"}", PROVIDER_AUTH},
        {200, "{\"code\": true}", PROVIDER_AUTH},
        {200, "{\"code\": 4010}", PROVIDER_NOTICE},
        {200, "{\"code\": 4010, \"s\": \"IBM\"}", PROVIDER_UPSTREAM},
        {200, "{\"code\": 401, \"trouble\": 1}", PROVIDER_AUTH},
        {418, "{}", PROVIDER_BLOCKED},
        {418, "{\"code\": 401}", PROVIDER_AUTH},
        {409, "I am a TEAPOT", PROVIDER_SESSION},
        {409, "I am a kettle", PROVIDER_BAD},
        {200, "I am a teapot", PROVIDER_UPSTREAM},
        {200, "{\"trouble\": {}}", PROVIDER_PLAN},
        {200, "{\"trouble\": false}", PROVIDER_PLAN},
        {200, "{\"trouble\": null}", PROVIDER_NOTICE},
        {401, "{\"trouble\": null}", PROVIDER_AUTH},
        {500, "so far away", PROVIDER_FORBIDDEN},
        {200, "{\"x\": \"Far Away\"}", PROVIDER_FORBIDDEN},
    };
    struct provider *provider = court_create(two_rules);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider_verdict verdict =
            judge_text(provider, cases[i].status, cases[i].body);
        if (verdict.class != cases[i].class) {
            print_error("%s\n", cases[i].body);
        }
        assert_int_equal(verdict.class, cases[i].class);
    }
    provider_destroy(&provider);
}

static void rule_of_the_body_sees_its_first_2048_bytes(void **state)
{
    (void)state;
    struct provider *provider = court_create(two_rules);
    char body[4096];
    for (size_t at = RULE_TEXT_LEN_LIMIT - 12; at < RULE_TEXT_LEN_LIMIT + 4;
         at++) {
        memset(body, '.', sizeof(body));
        memcpy(body + at, "far away", 8);
        bool is_seen = at + 8 <= RULE_TEXT_LEN_LIMIT;
        struct provider_verdict verdict =
            judge_body(provider, 200, (struct span){body, sizeof(body)}, "IBM");
        assert_int_equal(verdict.class,
                         is_seen ? PROVIDER_FORBIDDEN : PROVIDER_UPSTREAM);
        verdict = judge_body(provider, 200, (struct span){body, at + 8}, "IBM");
        assert_int_equal(verdict.class,
                         is_seen ? PROVIDER_FORBIDDEN : PROVIDER_UPSTREAM);
    }
    provider_destroy(&provider);
}

static void rule_of_a_text_sees_its_first_2048_bytes(void **state)
{
    (void)state;
    struct provider *provider = court_create(two_rules);
    for (size_t front = RULE_TEXT_LEN_LIMIT - 9; front < RULE_TEXT_LEN_LIMIT;
         front++) {
        struct buffer body = buffer_empty(1 << 16);
        buffer_put_text(&body, "{\"a\": \"");
        for (size_t i = 0; i < front; i++) {
            buffer_put_byte(&body, '.');
        }
        buffer_put_text(&body, "per day\"}");
        struct provider_verdict verdict =
            judge_body(provider, 200, buffer_span(&body), "IBM");
        bool is_seen = front + strlen("per day") <= RULE_TEXT_LEN_LIMIT;
        assert_int_equal(verdict.class,
                         is_seen ? PROVIDER_LIMIT_DAY : PROVIDER_NOTICE);
        buffer_deinit(&body);
    }
    provider_destroy(&provider);
}

/* --- The reason ----------------------------------------------------------- */

static void reason_says_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        const char *text;
    } cases[] = {
        {200, "", "the answer is empty"},
        {200, "Oh\nno", "the answer is not JSON: Oh no"},
        {200, "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]",
         "the answer is too long or too deep: "
         "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]"},
        {200, "{\"Global Quote\": {}}",
         "the answer has no data for this symbol"},
        {200, "{\"Global Quote\": {\"05. price\": null}}",
         "the answer has no price for this symbol"},
        {200, "{\"Global Quote\": {\"05. price\": \"abc\\n\"}}",
         "the price is no number: abc"},
        {200, "{\"Global Quote\": {\"05. price\": []}}",
         "the price is no number"},
        {200, "{\"Global Quote\": {\"price\": 1}}",
         "the answer has data, but no price where it should be"},
        {200,
         "{\"Global Quote\": {\"01. symbol\": \"msft\", \"05. price\": 1}}",
         "asked for another symbol, the price is for: msft"},
        {200, "{\"Global Quote\": {\"05. price\": 1}}",
         "the price does not say which symbol it is for"},
        {200, "{\"Code\": 1, \"Information\": \"New\\u0007 words\"}",
         "New words"},
        {200, "[ 1,\n 2 ]", "[ 1, 2 ]"},
        {200, "{\"Note\": \"25 per day\"}", "25 per day"},
        {503, "", "HTTP status 503"},
        {503, "<html>\r\nDown", "HTTP status 503: <html> Down"},
        {500, "{\"error\": \"Ouch\"}", "HTTP status 500: Ouch"},
        {200, "{\"Information\": \"\"}", "{\"Information\": \"\"}"},
    };
    struct provider *provider = court_create_built_in("alphavantage");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider_verdict verdict =
            judge_text(provider, cases[i].status, cases[i].body);
        assert_string_equal(verdict.text, cases[i].text);
    }
    provider_destroy(&provider);
}

static void key_is_in_no_reason(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"Information\": \"key " KEY ", 25 per day, " KEY "\"}",
        "{\"Information\": \"new words " KEY "\"}",
        "{\"Error Message\": \"apikey is invalid: " KEY "\"}",
        "{\"Information\": \"\\u0041BC123 per day\"}",
        "<html>/query?apikey=" KEY "</html>",
        "{\"Information\": \"key \\u0041BC123",
        "{\"Information\": \"key ABC12",
        "[\"" KEY "\"]",
        "{\"Global Quote\": {\"05. price\": \"" KEY "\"}}",
        "{\"Global Quote\": {\"01. symbol\": \"" KEY "\", \"05. price\": 1}}",
    };
    static const int statuses[] = {200, 401, 404, 429, 500};
    struct provider *provider = court_create_built_in("alphavantage");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        for (size_t j = 0; j < sizeof(statuses) / sizeof(statuses[0]); j++) {
            struct provider_verdict verdict =
                judge_text(provider, statuses[j], bodies[i]);
            assert_non_null(strstr(verdict.text, WORDS_BLOT));
            assert_null(strstr(verdict.text, "BC12"));
        }
    }
    provider_destroy(&provider);
}

static void keys_of_any_length_break_nothing(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct symbol ibm;
    assert_int_equal(symbol_parse(&ibm, span_of("IBM")), 0);
    char key[257] = "";
    for (size_t len = 0; len < sizeof(key) - 1; len++) {
        const struct symbol *asked = &ibm;
        struct query query = {provider, 0, &asked, 1, key};
        struct provider_answer answer = {
            .status = 200,
            .body = span_of("{\"Note\": \"a aa aaaa aaaaaaaaa per day\"}"),
        };
        provider_judge(&query, &answer, &ruling.outcome, ruling.verdicts);
        assert_int_equal(ruling.outcome.class, PROVIDER_LIMIT_DAY);
        key[len] = 'a';
        key[len + 1] = '\0';
    }
    provider_destroy(&provider);
}

static void long_reason_is_cut(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct buffer body = buffer_empty(1 << 20);
    buffer_put_text(&body, "{\"Information\": \"per day ");
    for (int i = 0; i < 10000; i++) {
        buffer_put_text(&body, "\xe2\x82\xac");
    }
    buffer_put_text(&body, "\"}");
    struct provider_verdict verdict =
        judge_body(provider, 200, buffer_span(&body), "IBM");
    assert_int_equal(verdict.class, PROVIDER_LIMIT_DAY);
    assert_in_range(strlen(verdict.text), PROVIDER_TEXT_SIZE - 4,
                    PROVIDER_TEXT_SIZE - 1);
    buffer_deinit(&body);
    provider_destroy(&provider);
}

static void oom_is_a_class(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alphavantage");
    struct symbol ibm;
    assert_int_equal(symbol_parse(&ibm, span_of("IBM")), 0);
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        const struct symbol *asked = &ibm;
        struct query query = {provider, 0, &asked, 1, KEY};
        struct provider_answer answer = {
            .status = 200,
            .body = span_of("{\"Global Quote\": {\"01. symbol\": \"IBM\","
                            " \"05. price\": \"312.42\"}}"),
        };
        provider_judge(&query, &answer, &ruling.outcome, ruling.verdicts);
        succeeded = ruling.outcome.class == PROVIDER_OK;
        if (!succeeded) {
            assert_int_equal(ruling.verdicts[0].class, PROVIDER_UPSTREAM);
            assert_non_null(strstr(ruling.verdicts[0].text, "no memory"));
            assert_string_equal(ruling.outcome.decided_by, "body");
        }
    }
    assert_true(succeeded);
    provider_destroy(&provider);
}

/* --- Guards --------------------------------------------------------------- */

static void guard_comes_before_the_price(void **state)
{
    (void)state;
    struct provider *provider = court_create(
        "errors:\n"
        "  - {is: plan, guard: true, at: /m, not: [success, fine]}\n"
        "  - {is: blocked, at: /n}\n"
        "endpoints:\n"
        "  quote:\n"
        "    url: https://x/{sym}\n"
        "    rows: ''\n"
        "    fields: {price: /p}\n"
        "    errors:\n"
        "      - {is: auth, guard: true, status: 203}\n");
    static const struct {
        int status;
        const char *body;
        enum provider_class class;
        const char *step;
    } cases[] = {
        {200, "{\"p\": 1}", PROVIDER_OK, "data"},
        {200, "{\"p\": 1, \"m\": \"success\"}", PROVIDER_OK, "data"},
        {200, "{\"p\": 1, \"m\": \"fine\"}", PROVIDER_OK, "data"},
        {200, "{\"p\": 1, \"m\": null}", PROVIDER_OK, "data"},
        {200, "{\"p\": 1, \"n\": 1}", PROVIDER_OK, "data"},
        {200, "{\"p\": 1, \"m\": \"Success\"}", PROVIDER_PLAN, "guard 1"},
        {200, "{\"p\": 1, \"m\": \"\"}", PROVIDER_PLAN, "guard 1"},
        {203, "{\"p\": 1}", PROVIDER_AUTH, "guard 1 of quote"},
        {203, "{\"p\": 1, \"m\": \"x\"}", PROVIDER_AUTH, "guard 1 of quote"},
        {200, "{\"n\": 1, \"m\": \"x\"}", PROVIDER_PLAN, "guard 1"},
        {200, "{\"n\": 1}", PROVIDER_BLOCKED, "rule 2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        judge_text(provider, cases[i].status, cases[i].body);
        assert_int_equal(ruling.outcome.class, cases[i].class);
        assert_string_equal(ruling.outcome.decided_by, cases[i].step);
    }
    provider_destroy(&provider);
}

static void step_that_decided_is_told(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        const char *step;
    } cases[] = {
        {200, "{\"s\": \"IBM\", \"p\": 1}", "data"},
        {200, "{\"s\": \"IBM\", \"p\": 0}", "data"},
        {200, "{\"a\": \"per day\"}", "rule 1"},
        {418, "", "rule 3"},
        {404, "", "status 404"},
        {200, "", "body"},
        {200, "{}", "data"},
        {200, "[]", "data"},
        {200, "[1]", "shape"},
        {200, "{\"x\": 1}", "shape"},
    };
    struct provider *provider = court_create(two_rules);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        judge_text(provider, cases[i].status, cases[i].body);
        assert_string_equal(ruling.outcome.decided_by, cases[i].step);
    }
    // where there are no words at all, it is ours that are shown
    judge_text(provider, 418, "");
    assert_string_equal(ruling.outcome.text, "the provider failed");
    provider_destroy(&provider);
}

static void reason_is_a_sentence_where_there_is_one(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("marketstack");
    judge_text(provider, 429,
               "{\"error\": {\"code\": \"rate_limit_reached\","
               " \"message\": \"Five a second, please.\"}}");
    assert_string_equal(ruling.outcome.text, "Five a second, please.");
    judge_text(provider, 429,
               "{\"error\": {\"code\": \"rate_limit_reached\"}}");
    assert_string_equal(ruling.outcome.text,
                        "{\"error\": {\"code\": \"rate_limit_reached\"}}");
    provider_destroy(&provider);
}

static void both_keys_are_in_no_reason(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alpaca");
    judge_text(provider, 403,
               "{\"message\": \"key ABC123 with secret XYZ789 is forbidden\"}");
    assert_string_equal(ruling.outcome.text,
                        "key <key> with secret <key> is forbidden");
    provider_destroy(&provider);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_body_has_its_class_and_price),
    cmocka_unit_test(cut_off_answer_is_never_a_price),
    cmocka_unit_test(answer_with_another_byte_never_breaks_it),
    cmocka_unit_test(megabyte_of_spaces_is_an_empty_answer),
    cmocka_unit_test(price_comes_before_every_rule),
    cmocka_unit_test(first_rule_that_holds_decides),
    cmocka_unit_test(rule_of_the_body_sees_its_first_2048_bytes),
    cmocka_unit_test(rule_of_a_text_sees_its_first_2048_bytes),
    cmocka_unit_test(guard_comes_before_the_price),
    cmocka_unit_test(step_that_decided_is_told),
    cmocka_unit_test(reason_says_what_is_wrong),
    cmocka_unit_test(reason_is_a_sentence_where_there_is_one),
    cmocka_unit_test(key_is_in_no_reason),
    cmocka_unit_test(both_keys_are_in_no_reason),
    cmocka_unit_test(keys_of_any_length_break_nothing),
    cmocka_unit_test(long_reason_is_cut),
    cmocka_unit_test(oom_is_a_class),
};

TEST_MAIN(tests)
