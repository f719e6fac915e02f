/* SPDX-License-Identifier: Apache-2.0 */
/* A symbol goes out as its provider spells it, or not at all. */
#include "provider/spelling.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"
#include "unit/provider/court.h"

static struct provider *create(const char *symbol)
{
    char yaml[2048];
    snprintf(yaml, sizeof(yaml),
             "%sendpoints:\n"
             "  quote:\n"
             "    url: https://x/{sym}\n"
             "    rows: ''\n"
             "    fields: {price: /p}\n",
             symbol);
    return court_create(yaml);
}

static struct symbol symbol_of(const char *text)
{
    struct symbol symbol;
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

/* The spelling; "" where there is none. */
static const char *spelled(const struct provider *provider, const char *text)
{
    static char out[SPELLING_LEN_LIMIT + 1];
    struct symbol symbol = symbol_of(text);
    struct spelling spelling;
    bool is_served = spelling_of(provider, &symbol, &spelling);
    assert_int_equal(is_served, provider_serves(provider, &symbol));
    if (!is_served) {
        return "";
    }
    memcpy(out, spelling.text, spelling.len);
    out[spelling.len] = '\0';
    return out;
}

static void markets_are_spelled_as_each_provider_does(void **state)
{
    (void)state;
    static const struct {
        const char *provider;
        const char *symbol;
        const char *spelled;
    } cases[] = {
        {"yahoo", "IBM", "IBM"},
        {"yahoo", "IBM.XNYS", "IBM"},
        {"yahoo", "BRK.B", "BRK-B"},
        {"yahoo", "BRK.B.XNYS", "BRK-B"},
        {"yahoo", "TSCO.XLON", "TSCO.L"},
        {"yahoo", "ERE.UN.XTSE", "ERE-UN.TO"},
        {"yahoo", "7203.XTKS", "7203.T"},
        {"yahoo", "TSCO.XZZZ", ""},
        {"eodhd", "AAPL", "AAPL.US"},
        {"eodhd", "AAPL.XNAS", "AAPL.US"},
        {"eodhd", "BRK.B", "BRK-B.US"},
        {"eodhd", "TSCO.XLON", "TSCO.LSE"},
        {"eodhd", "SAP.XETR", "SAP.XETRA"},
        {"tiingo", "BRK.B", "brk-b"},
        {"tiingo", "AAPL.XNAS", "aapl"},
        {"tiingo", "TSCO.XLON", ""},
        {"alphavantage", "TSCO.XLON", "TSCO.LON"},
        {"alphavantage", "IBM.XNYS", "IBM"},
        {"alphavantage", "TSCO.LON", "TSCO.LON"},
        {"alphavantage", "7203.XTKS", ""},
        {"alpaca", "BRK.B", "BRK.B"},
        {"finnhub", "TSCO.XLON", ""},
        {"twelvedata", "TSCO.XLON", "TSCO"},
        {"marketstack", "005930.XKRX", "005930.XKRX"},
        {"file", "TSCO.XLON", "TSCO.XLON"},
        {"file", "BRK.B", "BRK.B"},
        {"market", "TSCO.XLON", "TSCO.LON"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider *provider = court_create_built_in(cases[i].provider);
        assert_string_equal(spelled(provider, cases[i].symbol),
                            cases[i].spelled);
        provider_destroy(&provider);
    }
}

static void every_part_has_its_place(void **state)
{
    (void)state;
    struct provider *provider =
        create("symbol:\n"
               "  case: lower\n"
               "  dot: ''\n"
               "  suffix: /H\n"
               "  home: XNYS\n"
               "  markets:\n"
               "    XLON: {prefix: 'LON:', suffix: .X}\n"
               "    XPAR: {query: '&m=P'}\n"
               "    XAMS: ''\n"
               "  aliases: {SPX: ^GSPC, M.M.XNSE: M&M.NS}\n");
    assert_string_equal(spelled(provider, "BRK.B"), "brkb/H");
    assert_string_equal(spelled(provider, "BRK.B.XNYS"), "brkb/H");
    assert_string_equal(spelled(provider, "A.XLON"), "LON:a.X");
    assert_string_equal(spelled(provider, "A.XPAR"), "a");
    assert_string_equal(spelled(provider, "A.XAMS"), "a");
    assert_string_equal(spelled(provider, "A.XETR"), "");
    assert_string_equal(spelled(provider, "SPX"), "^GSPC");
    assert_string_equal(spelled(provider, "M.M.XNSE"), "M&M.NS");
    assert_string_equal(spelled(provider, "M.M"), "mm/H");
    provider_destroy(&provider);
}

static void without_a_map_markets_stay_in_the_symbol(void **state)
{
    (void)state;
    struct provider *provider = create("");
    assert_string_equal(spelled(provider, "A.XLON"), "A.XLON");
    provider_destroy(&provider);
    provider = create("symbol: {markets: {}}\n");
    assert_string_equal(spelled(provider, "A.XLON"), "");
    assert_string_equal(spelled(provider, "A"), "A");
    provider_destroy(&provider);
}

static void spelling_that_is_too_long_is_none(void **state)
{
    (void)state;
    struct provider *provider =
        create("symbol: {dot: '====', suffix: .12345678901234567890}\n");
    assert_string_equal(spelled(provider, "A.B"), "A====B."
                                                  "12345678901234567890");
    assert_string_equal(spelled(provider, "................................"),
                        "");
    assert_string_equal(spelled(provider, "A...........B"), "");
    provider_destroy(&provider);
    provider = create("symbol: {dot: ''}\n");
    assert_string_equal(spelled(provider, "."), ""); // nothing is left
    provider_destroy(&provider);
}

static struct spelling spelling_for(const struct provider *provider,
                                    const char *text)
{
    struct symbol symbol = symbol_of(text);
    struct spelling spelling;
    assert_true(spelling_of(provider, &symbol, &spelling));
    return spelling;
}

static void echo_is_the_same_but_for_case_and_space(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("eodhd");
    struct spelling sent = spelling_for(provider, "AAPL");
    static const struct {
        const char *echoed;
        bool is_same;
        bool is_same_bare;
    } cases[] = {
        {"AAPL.US", true, true},    {" aapl.us\t", true, true},
        {"AAPL", false, true},      {"AAPL.", false, false},
        {"AAPL.UK", false, false},  {"AAP", false, false},
        {"AAPL.USX", false, false}, {"", false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct span echoed = span_of(cases[i].echoed);
        assert_int_equal(spelling_equal(&sent, echoed, false),
                         cases[i].is_same);
        assert_int_equal(spelling_equal(&sent, echoed, true),
                         cases[i].is_same_bare);
    }
    provider_destroy(&provider);
}

static void market_of_an_answer_is_the_asked_one(void **state)
{
    (void)state;
    struct provider *provider =
        create("symbol:\n"
               "  home: [XNYS, XNAS]\n"
               "  markets: {XLON: {suffix: .L, echo: [XLOM, AIMX]}}\n");
    static const struct {
        const char *symbol;
        const char *mic;
        bool is_allowed;
    } cases[] = {
        {"A", "XLON", true},       {"A.XNYS", "XNYS", true},
        {"A.XNYS", "XNAS", true},  {"A.XNYS", "XLON", false},
        {"A.XLON", "XLON", true},  {"A.XLON", "AIMX", true},
        {"A.XLON", "XNYS", false}, {"A.XETR", "XETR", true},
        {"A.XETR", "XNYS", true}, // it is not served at all
        {"A.XETR", "XLON", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct symbol symbol = symbol_of(cases[i].symbol);
        assert_int_equal(
            spelling_allows_market(provider, &symbol, span_of(cases[i].mic)),
            cases[i].is_allowed);
    }
    provider_destroy(&provider);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(markets_are_spelled_as_each_provider_does),
    cmocka_unit_test(every_part_has_its_place),
    cmocka_unit_test(without_a_map_markets_stay_in_the_symbol),
    cmocka_unit_test(spelling_that_is_too_long_is_none),
    cmocka_unit_test(echo_is_the_same_but_for_case_and_space),
    cmocka_unit_test(market_of_an_answer_is_the_asked_one),
};

TEST_MAIN(tests)
