/* SPDX-License-Identifier: Apache-2.0 */
/* Several symbols in one answer: each gets its own row or its own class, and a
 * refusal of all blames none that it does not name. */
#include <stdio.h>
#include <string.h>

#include "provider/provider_priv.h"
#include "testing/testing.h"
#include "unit/provider/court.h"

static const char description[] =
    "symbol:\n"
    "  dot: '-'\n"
    "  home: [XNYS]\n"
    "  markets: {XLON: .L, XAMS: .AS}\n"
    "errors:\n"
    "  - {is: unknown, at: /m, has: ['no such symbol: '], drop: true}\n"
    "  - {is: forbidden, at: /m, has: [not for you]}\n"
    "  - {is: limit.m, at: /m, has: [slow down]}\n"
    "  - {is: auth, at: /m, has: [who are you]}\n"
    "endpoints:\n"
    "  array:\n"
    "    url: https://x/{syms}\n"
    "    max: 64\n"
    "    rows: /d\n"
    "    shape: array\n"
    "    id: /s|bare\n"
    "    fields: {price: /p}\n"
    "  map:\n"
    "    url: https://x/{syms}\n"
    "    max: 64\n"
    "    rows: ''\n"
    "    shape: map\n"
    "    fields: {price: /p}\n"
    "  csv:\n"
    "    url: https://x/{syms}\n"
    "    max: 64\n"
    "    format: csv\n"
    "    rows: ''\n"
    "    shape: array\n"
    "    id: /s\n"
    "    fields: {price: [/p, /q]}\n";

enum endpoint { ARRAY, MAP, CSV };

static struct provider *provider;
static struct court_ruling ruling;

static int setup(void **state)
{
    (void)state;
    provider = court_create(description);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    provider_destroy(&provider);
    return 0;
}

/* Judge, and write the outcome and the verdicts as words: "ok: ok unknown". */
static const char *judged(enum endpoint endpoint, int status,
                          const char *symbols, const char *body)
{
    static char text[512];
    struct court_case it = {
        .provider = provider,
        .endpoint = endpoint,
        .symbols = symbols,
        .status = status,
        .body = span_of(body),
    };
    court_judge(&ruling, &it);
    int len = snprintf(text, sizeof(text),
                       "%s:", provider_class_name(ruling.outcome.class));
    for (size_t i = 0; i < ruling.symbols.count; i++) {
        const struct provider_verdict *verdict = &ruling.verdicts[i];
        len += snprintf(text + len, sizeof(text) - (size_t)len, " %s",
                        verdict->class == PROVIDER_OK
                            ? verdict->quote.price_text
                            : provider_class_name(verdict->class));
    }
    return text;
}

struct row {
    const char *symbols;
    const char *body;
    const char *judged;
};

static void assert_all(enum endpoint endpoint, const struct row *rows,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = judged(endpoint, 200, rows[i].symbols, rows[i].body);
        if (strcmp(got, rows[i].judged) != 0) {
            print_error("%s for %s\n", rows[i].body, rows[i].symbols);
        }
        assert_string_equal(got, rows[i].judged);
    }
}

#define ASSERT_ALL(endpoint, rows) \
    assert_all(endpoint, rows, sizeof(rows) / sizeof((rows)[0]))

static void rows_of_an_array_find_their_symbols(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"A,B", "{\"d\": [{\"s\": \"B\", \"p\": 2}, {\"s\": \"A\", \"p\": 1}]}",
         "ok: 1.00 2.00"},
        {"A,B", "{\"d\": [{\"s\": \" b \", \"p\": 2}]}", "ok: unknown 2.00"},
        {"A,BRK.B", "{\"d\": [{\"s\": \"BRK-B\", \"p\": 2}]}",
         "ok: unknown 2.00"},
        // one symbol under two names
        {"A,A.XNYS", "{\"d\": [{\"s\": \"A\", \"p\": 1}]}", "ok: 1.00 1.00"},
        // what is no row
        {"A", "{\"d\": [7, null, {\"s\": \"A\", \"p\": 1}, \"x\"]}",
         "ok: 1.00"},
        // the suffix may be missing, and only that
        {"A.XLON", "{\"d\": [{\"s\": \"A.L\", \"p\": 1}]}", "ok: 1.00"},
        {"A.XLON", "{\"d\": [{\"s\": \"A\", \"p\": 1}]}", "ok: 1.00"},
        {"A.XLON", "{\"d\": [{\"s\": \"A.AS\", \"p\": 1}]}",
         "upstream: upstream"},
        {"BRK.B", "{\"d\": [{\"s\": \"BRK\", \"p\": 1}]}",
         "upstream: upstream"},
        // no price in the row
        {"A,B", "{\"d\": [{\"s\": \"A\", \"p\": 0}, {\"s\": \"B\", \"p\": 2}]}",
         "ok: unknown 2.00"},
        {"A,B", "{\"d\": [{\"s\": \"A\"}, {\"s\": \"B\", \"p\": 2}]}",
         "ok: upstream 2.00"},
        {"A,B",
         "{\"d\": [{\"s\": \"A\", \"p\": \"x\"}, {\"s\": \"B\", \"p\": 2}]}",
         "ok: upstream 2.00"},
        // a rule holds of a row
        {"A,B",
         "{\"d\": [{\"s\": \"A\", \"m\": \"Not for you\"},"
         " {\"s\": \"B\", \"p\": 2}]}",
         "ok: forbidden 2.00"},
        // not of one that has a price
        {"A", "{\"d\": [{\"s\": \"A\", \"m\": \"Not for you\", \"p\": 1}]}",
         "ok: 1.00"},
        // nothing at all
        {"A,B", "{\"d\": []}", "unknown: unknown unknown"},
        {"A,B", "{\"d\": {}}", "unknown: unknown unknown"},
        {"A,B", "{\"d\": null}", "unknown: unknown unknown"},
        {"A,B", "{\"d\": [1, 2]}", "notice: notice notice"},
        {"A,B", "{\"d\": {\"s\": \"A\", \"p\": 1}}", "notice: notice notice"},
        {"A,B", "{\"e\": []}", "notice: notice notice"},
    };
    ASSERT_ALL(ARRAY, rows);
}

static void rows_of_a_map_find_their_symbols(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"A,B", "{\"B\": {\"p\": 2}, \"A\": {\"p\": 1}}", "ok: 1.00 2.00"},
        {"A,B", "{\"b\": {\"p\": 2}}", "ok: unknown 2.00"},
        {"A,B", "{\"B\": {\"p\": 2}, \"A\": null}", "ok: unknown 2.00"},
        {"A,B", "{\"B\": null}", "unknown: unknown unknown"},
        {"A,B", "{\"B\": {\"p\": 2}, \"currency\": \"USD\"}",
         "ok: unknown 2.00"},
        {"A,B", "{\"B\": {\"p\": 2}, \"A\": \"text\"}", "ok: unknown 2.00"},
        {"A,B", "{\"A\": {\"m\": \"slow down\"}, \"B\": {\"p\": 2}}",
         "ok: limit.m 2.00"},
        {"A,B",
         "{\"A\": {\"m\": \"slow down\"}, \"B\": {\"m\": \"not for you\"}}",
         "limit.m: limit.m forbidden"},
        {"A,B",
         "{\"A\": {\"m\": \"who are you\"}, \"B\": {\"m\": \"slow down\"}}",
         "auth: auth limit.m"},
        {"A,B", "{\"message\": \"words\", \"code\": 7}",
         "notice: notice notice"},
        {"A,B", "{\"m\": \"slow down\"}", "limit.m: limit.m limit.m"},
        {"A,B", "{}", "unknown: unknown unknown"},
        {"A,B", "[]", "unknown: unknown unknown"},
        {"A,B", "[{\"p\": 1}]", "notice: notice notice"},
        // json-c would end the name at the 0
        {"A", "{\"A\\u0000B\": {\"p\": 1}}", "upstream: upstream"},
    };
    ASSERT_ALL(MAP, rows);
}

static void rows_of_csv_find_their_symbols(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"A,B", "s,p\nB,2\nA,1\n", "ok: 1.00 2.00"},
        {"A,B", "p,s\r\n2,B\r\n", "ok: unknown 2.00"},
        {"A,B", "s,p\nB,N/D\nA,1\n", "ok: 1.00 unknown"},
        {"A,B", "s,q\nB,2\n", "ok: unknown 2.00"},
        {"A,B", "s,p\nB\nA,1\n", "ok: 1.00 upstream"},
        {"A,B", "s,p\n", "unknown: unknown unknown"},
        {"A,B", "s,r\nA,1\n", "notice: notice notice"},
        {"A,B", "Come back later", "notice: notice notice"},
        {"A,B", "", "upstream: upstream upstream"},
        {"A,B", "s,p\nA,\"1\n", "upstream: upstream upstream"},
        {"A,B", "{\"m\": \"slow down\"}", "limit.m: limit.m limit.m"},
        {"A,B", "[{\"s\": \"A\", \"p\": 1}]", "ok: 1.00 unknown"},
    };
    ASSERT_ALL(CSV, rows);
}

/* A price under a symbol that nobody asked for is served to nobody, and says
 * nothing about those who were. */
static void stranger_makes_what_is_missing_doubtful(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"A,B", "{\"d\": [{\"s\": \"C\", \"p\": 3}]}",
         "upstream: upstream upstream"},
        {"A,B", "{\"d\": [{\"s\": \"C\", \"p\": 3}, {\"s\": \"A\", \"p\": 1}]}",
         "ok: 1.00 upstream"},
        {"A,B", "{\"d\": [{\"p\": 3}]}", "upstream: upstream upstream"},
        {"A,B", "{\"d\": [{\"s\": null, \"p\": 3}]}",
         "upstream: upstream upstream"},
    };
    ASSERT_ALL(ARRAY, rows);
    judged(ARRAY, 200, "A", "{\"d\": [{\"s\": \"C\", \"p\": 3}]}");
    assert_string_equal(ruling.verdicts[0].text,
                        "asked for another symbol, the answer is for: C");
}

static void two_rows_for_a_symbol_are_none(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"A,B",
         "{\"d\": [{\"s\": \"A\", \"p\": 1}, {\"s\": \"B\", \"p\": 2},"
         " {\"s\": \"A\", \"p\": 3}]}",
         "ok: upstream 2.00"},
        {"A.XLON",
         "{\"d\": [{\"s\": \"A\", \"p\": 1}, {\"s\": \"A\", \"p\": 3}]}",
         "upstream: upstream"},
    };
    ASSERT_ALL(ARRAY, rows);
}

/* --- Refused whole -------------------------------------------------------- */

static void named_culprit_is_dropped(void **state)
{
    (void)state;
    static const struct {
        const char *message;
        size_t drop;
    } cases[] = {
        {"no such symbol: B", 1},
        {"No Such Symbol: b.", 1},
        {"Error, no such symbol: 'B' (code 7)", 1},
        {"no such symbol: BRK-B", 2},
        {"no such symbol: BRK.B", 3}, // not as it was sent
        {"no such symbol: C", 3},
        {"no such symbol: ", 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char body[128];
        snprintf(body, sizeof(body), "{\"m\": \"%s\"}", cases[i].message);
        const char *got = judged(ARRAY, 400, "A,B,BRK.B", body);
        assert_int_equal(ruling.outcome.class, PROVIDER_UNKNOWN);
        assert_int_equal(ruling.outcome.drop, cases[i].drop);
        assert_int_equal(ruling.outcome.splits, cases[i].drop == 3);
        for (size_t at = 0; at < 3; at++) {
            assert_int_equal(ruling.verdicts[at].class,
                             at == cases[i].drop ? PROVIDER_UNKNOWN
                                                 : PROVIDER_UPSTREAM);
        }
        assert_non_null(got);
    }
}

static void refusal_that_names_nobody_is_for_halves(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        const char *judged;
        bool splits;
    } cases[] = {
        {404, "", "unknown: upstream upstream", true},
        {400, "", "bad: upstream upstream", true},
        {403, "", "forbidden: upstream upstream", true},
        {200, "{\"m\": \"not for you\"}", "forbidden: upstream upstream", true},
        // these are about the key or the provider
        {401, "", "auth: auth auth", false},
        {402, "", "plan: plan plan", false},
        {429, "", "limit.m: limit.m limit.m", false},
        {500, "", "upstream: upstream upstream", false},
        {200, "{\"m\": \"slow down\"}", "limit.m: limit.m limit.m", false},
        {200, "{\"d\": []}", "unknown: unknown unknown", false},
        {200, "{\"new\": \"words\"}", "notice: notice notice", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(
            judged(ARRAY, cases[i].status, "A,B", cases[i].body),
            cases[i].judged);
        assert_int_equal(ruling.outcome.splits, cases[i].splits);
        assert_int_equal(ruling.outcome.drop, 2);
    }
    // one alone is who is meant
    assert_string_equal(judged(ARRAY, 404, "A", ""), "unknown: unknown");
    assert_false(ruling.outcome.splits);
    assert_string_equal(
        judged(ARRAY, 400, "A", "{\"m\": \"no such symbol: A\"}"),
        "unknown: unknown");
    assert_int_equal(ruling.outcome.drop, 1);
}

static void many_symbols_are_judged_each(void **state)
{
    (void)state;
    char symbols[1024] = "";
    struct buffer body = buffer_empty(1 << 16);
    size_t len = 0;
    buffer_put_text(&body, "{\"d\": [");
    for (int i = 0; i < COURT_SYMBOLS_LIMIT; i++) {
        len += (size_t)snprintf(symbols + len, sizeof(symbols) - len, "%sS%d",
                                i > 0 ? "," : "", i);
        if (i % 3 != 0) {
            buffer_printf(&body, "{\"s\": \"S%d\", \"p\": %d},", i, i);
        }
    }
    body.len--; // the last comma
    buffer_put_text(&body, "]}");
    buffer_put_byte(&body, '\0');
    judged(ARRAY, 200, symbols, body.data);
    for (int i = 0; i < COURT_SYMBOLS_LIMIT; i++) {
        const struct provider_verdict *verdict = &ruling.verdicts[i];
        char price[16];
        snprintf(price, sizeof(price), "%d.00", i);
        assert_string_equal(verdict->quote.price_text, i % 3 != 0 ? price : "");
    }
    buffer_deinit(&body);
}

static void oom_is_no_price_for_anybody(void **state)
{
    (void)state;
    bool succeeded = false;
    struct court_symbols symbols;
    court_split(&symbols, "A,B");
    struct query query = {provider, ARRAY, symbols.pointers, 2, ""};
    struct provider_answer answer = {
        .status = 200,
        .body = span_of("{\"d\": [{\"s\": \"A\", \"p\": 1}]}"),
    };
    TESTING_EACH_ALLOCATION(n)
    {
        provider_judge(&query, &answer, &ruling.outcome, ruling.verdicts);
        succeeded = ruling.outcome.class == PROVIDER_OK;
        assert_int_equal(ruling.verdicts[1].class,
                         succeeded ? PROVIDER_UNKNOWN : PROVIDER_UPSTREAM);
    }
    assert_true(succeeded);
}

static void judge_too_many(void *user)
{
    (void)user;
    struct provider *single = court_create_built_in("finnhub");
    struct court_symbols symbols;
    court_split(&symbols, "A,B");
    struct query query = {single, 0, symbols.pointers, 2, ""};
    struct provider_answer answer = {.status = 200, .body = span_of("{}")};
    provider_judge(&query, &answer, &ruling.outcome, ruling.verdicts);
}

static void more_than_an_endpoint_takes_aborts(void **state)
{
    (void)state;
    assert_true(testing_aborts(judge_too_many, NULL));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(rows_of_an_array_find_their_symbols),
    cmocka_unit_test(rows_of_a_map_find_their_symbols),
    cmocka_unit_test(rows_of_csv_find_their_symbols),
    cmocka_unit_test(stranger_makes_what_is_missing_doubtful),
    cmocka_unit_test(two_rows_for_a_symbol_are_none),
    cmocka_unit_test(named_culprit_is_dropped),
    cmocka_unit_test(refusal_that_names_nobody_is_for_halves),
    cmocka_unit_test(many_symbols_are_judged_each),
    cmocka_unit_test(oom_is_no_price_for_anybody),
    cmocka_unit_test(more_than_an_endpoint_takes_aborts),
};

int main(int argc, char **argv)
{
    hash_setup();
    if (argc > 1) {
        cmocka_set_test_filter(argv[1]);
    }
    return cmocka_run_group_tests(tests, setup, teardown);
}
