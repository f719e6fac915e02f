/* SPDX-License-Identifier: Apache-2.0 */
/* What waits is packed into calls as the description allows, and a call says
 * what was chosen, with the key in its place and nowhere else. */
#include "provider/query.h"

#include <stdio.h>
#include <string.h>

#include "testing/testing.h"
#include "unit/provider/court.h"

/* --- Choosing ------------------------------------------------------------- */

/* The choice as words: "batch: A B". */
static const char *chosen(const struct provider *provider, const char *symbols,
                          size_t count_max, uint32_t endpoints_off)
{
    static char text[1024];
    struct court_symbols list;
    court_split(&list, symbols);
    struct query_wish wish = {
        .symbols = list.pointers,
        .count = list.count,
        .count_max = count_max,
        .endpoints_off = endpoints_off,
    };
    size_t endpoint = 99;
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    size_t count = query_choose(provider, &wish, &endpoint, taken);
    int len = snprintf(
        text, sizeof(text),
        "%s:", count > 0 ? provider_endpoint_name(provider, endpoint) : "none");
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 ? taken[i] == 0 : taken[i] > taken[i - 1]);
        len += snprintf(text + len, sizeof(text) - (size_t)len, " %s",
                        list.items[taken[i]].text);
    }
    return text;
}

static void several_symbols_go_together_where_they_can(void **state)
{
    (void)state;
    static const struct {
        const char *provider;
        const char *symbols;
        const char *chosen;
    } cases[] = {
        {"finnhub", "A,B", "quote: A"},
        {"alphavantage", "A,B", "quote: A"},
        {"twelvedata", "A", "quote: A"},
        {"twelvedata", "A,B", "batch: A B"},
        {"twelvedata", "A,B,C,D,E,F,G,H,I", "batch: A B C D E F G H"},
        // a market is a parameter of the whole call
        {"twelvedata", "A.XLON,B,C.XLON", "batch: A.XLON C.XLON"},
        {"twelvedata", "A.XLON,B", "quote: A.XLON"},
        // what is not served does not get in
        {"tiingo", "A,B.XLON,C", "iex: A C"},
        // two names of one symbol would be too few for a batch
        {"eodhd", "A,A.XNAS", "quote: A"},
        {"eodhd", "A,A.XNAS,B", "batch: A B"},
        {"tiingo", "A,A.XNAS,B", "iex: A A.XNAS B"},
        // answers without suffixes could not tell these apart
        {"marketstack", "A.XLON,A.XTKS,B.XTKS", "eod: A.XLON B.XTKS"},
        {"marketstack", "A.XLON,A", "eod: A.XLON"},
        {"marketstack", "A.XNYS,A", "eod: A.XNYS A"},
        {"massive", "A,B", "snapshots: A B"},
        {"alpaca", "A", "trades: A"},
        {"file", "A,B.XLON", "prices: A B.XLON"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct provider *provider = court_create_built_in(cases[i].provider);
        assert_string_equal(chosen(provider, cases[i].symbols, 256, 0),
                            cases[i].chosen);
        provider_destroy(&provider);
    }
}

static void budget_bounds_a_batch(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("twelvedata");
    assert_string_equal(chosen(provider, "A,B,C,D", 3, 0), "batch: A B C");
    assert_string_equal(chosen(provider, "A,B,C,D", 1, 0), "quote: A");
    provider_destroy(&provider);
}

static void endpoint_beyond_the_plan_is_passed_over(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("massive");
    uint32_t snapshots = 1u << court_endpoint(provider, "snapshots");
    uint32_t prev = 1u << court_endpoint(provider, "prev");
    assert_string_equal(chosen(provider, "A,B", 9, snapshots), "prev: A");
    assert_string_equal(chosen(provider, "A,B", 9, prev), "snapshots: A B");
    assert_string_equal(chosen(provider, "A,B", 9, snapshots | prev), "none:");
    provider_destroy(&provider);
}

static void users_choose_the_endpoints(void **state)
{
    (void)state;
    struct provider *provider = court_create("like: alphavantage\n"
                                             "use: [bulk, quote]\n");
    assert_string_equal(chosen(provider, "A,B", 9, 0), "bulk: A B");
    provider_destroy(&provider);
}

static void choose_nothing(void *user)
{
    chosen(user, "A.XLON", 1, 0); // which it has no spelling for
}

static void first_symbol_has_to_be_served(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("tiingo");
    assert_true(testing_aborts(choose_nothing, provider));
    provider_destroy(&provider);
}

/* --- Composing ------------------------------------------------------------ */

struct composed {
    char url[4096];
    char headers[1024]; /* with newlines */
};

static struct composed *compose(const struct provider *provider,
                                const char *endpoint, const char *symbols,
                                const char *key, const char *origin)
{
    static struct composed out;
    struct court_symbols list;
    court_split(&list, symbols);
    struct query query = {
        .provider = provider,
        .endpoint = court_endpoint(provider, endpoint),
        .symbols = list.pointers,
        .count = list.count,
        .key = key,
    };
    struct buffer url = buffer_empty(sizeof(out.url));
    struct buffer headers = buffer_empty(sizeof(out.headers));
    query_compose_url(&query, origin, &url);
    buffer_put_byte(&url, '\0');
    query_compose_headers(&query, &headers);
    for (size_t i = 0; i < headers.len; i++) {
        headers.data[i] = headers.data[i] == '\0' ? '\n' : headers.data[i];
    }
    buffer_put_byte(&headers, '\0');
    assert_false(url.failed || headers.failed);
    memcpy(out.url, url.data, url.len);
    memcpy(out.headers, headers.data, headers.len);
    buffer_deinit(&url);
    buffer_deinit(&headers);
    return &out;
}

/* What each of the built-in descriptions makes of a call. */
static const struct {
    const char *provider;
    const char *endpoint;
    const char *symbols;
    const char *key;
    const char *url;
    const char *headers;
} calls[] = {
    {"alphavantage", "quote", "IBM", "K3Y",
     "https://www.alphavantage.co/"
     "query?function=GLOBAL_QUOTE&symbol=IBM&apikey=K3Y",
     ""},
    {"alphavantage", "bulk", "IBM,TSCO.XLON", "K3Y",
     "https://www.alphavantage.co/query?function=REALTIME_BULK_QUOTES"
     "&symbol=IBM,TSCO.LON&entitlement=realtime&apikey=K3Y",
     ""},
    {"finnhub", "quote", "BRK.B", "K3Y",
     "https://finnhub.io/api/v1/quote?symbol=BRK.B", "X-Finnhub-Token: K3Y\n"},
    {"twelvedata", "quote", "TSCO.XLON", "K3Y",
     "https://api.twelvedata.com/quote?symbol=TSCO&mic_code=XLON",
     "Authorization: apikey K3Y\n"},
    {"twelvedata", "batch", "AAPL,EUR/USD", "K3Y",
     "https://api.twelvedata.com/quote?symbol=AAPL,EUR%2FUSD",
     "Authorization: apikey K3Y\n"},
    {"yahoo", "chart", "^GSPC", "",
     "https://query1.finance.yahoo.com/v8/finance/chart/"
     "%5EGSPC?range=1d&interval=1d",
     "User-Agent: Mozilla/5.0 (compatible; quoted/1.0)\n"},
    {"massive", "snapshots", "AAPL,MSFT", "K3Y",
     "https://api.massive.com/v2/snapshot/locale/us/markets/stocks/"
     "tickers?tickers=AAPL,MSFT",
     "Authorization: Bearer K3Y\n"},
    {"tiingo", "iex", "AAPL,BRK.B", "K3Y",
     "https://api.tiingo.com/iex/?tickers=aapl,brk-b",
     "Authorization: Token K3Y\n"},
    {"fmp", "batch", "AAPL,BRK.B", "K3Y",
     "https://financialmodelingprep.com/stable/"
     "batch-quote?symbols=AAPL,BRK-B&apikey=K3Y",
     ""},
    {"eodhd", "batch", "AAPL,VTI,TSCO.XLON", "K3Y",
     "https://eodhd.com/api/real-time/"
     "AAPL.US?s=VTI.US,TSCO.LSE&api_token=K3Y&fmt=json",
     ""},
    {"marketstack", "eod", "AAPL,TSCO.XLON", "K3Y",
     "https://api.marketstack.com/v2/eod/"
     "latest?symbols=AAPL,TSCO.L&access_key=K3Y",
     ""},
    {"alpaca", "trades", "AAPL,BRK.B", "ID:S3CRET:X",
     "https://data.alpaca.markets/v2/stocks/trades/"
     "latest?symbols=AAPL,BRK.B&feed=iex",
     "APCA-API-KEY-ID: ID\nAPCA-API-SECRET-KEY: S3CRET:X\n"},
    {"file", "prices", "AAPL,MSFT", "", "file:///var/lib/quoted/prices.csv",
     ""},
    {"market", "quote", "IBM", "",
     "http://127.0.0.1:7401/"
     "query?function=GLOBAL_QUOTE&symbol=IBM&apikey=demo",
     ""},
};

static void calls_of_every_provider_are_as_it_asks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct provider *provider = court_create_built_in(calls[i].provider);
        struct composed *out = compose(provider, calls[i].endpoint,
                                       calls[i].symbols, calls[i].key, "");
        assert_string_equal(out->url, calls[i].url);
        assert_string_equal(out->headers, calls[i].headers);
        provider_destroy(&provider);
    }
}

static void origin_takes_the_place_of_scheme_host_and_port(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("finnhub");
    assert_string_equal(
        compose(provider, "quote", "A", "K", "http://[::1]:7401")->url,
        "http://[::1]:7401/api/v1/quote?symbol=A");
    provider_destroy(&provider);
    provider = court_create_built_in("file");
    assert_string_equal(
        compose(provider, "prices", "A", "", "file:///srv/my.json")->url,
        "file:///srv/my.json");
    provider_destroy(&provider);
}

static void symbol_under_two_names_is_sent_once(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("tiingo");
    assert_string_equal(
        compose(provider, "iex", "A,B.XNYS,A.XNAS,B", "K", "")->url,
        "https://api.tiingo.com/iex/?tickers=a,b");
    provider_destroy(&provider);
}

static void symbols_and_keys_are_percent_encoded(void **state)
{
    (void)state;
    struct provider *provider =
        court_create("key: query\n"
                     "symbol: {aliases: {MM.XNSE: 'M&M.NS'}}\n"
                     "endpoints:\n"
                     "  q:\n"
                     "    url: https://x/{syms}?k={key}&z=1#f\n"
                     "    max: 9\n"
                     "    sep: +\n"
                     "    rows: ''\n"
                     "    shape: map\n"
                     "    fields: {price: /p}\n");
    assert_string_equal(
        compose(provider, "q", "EUR=X,MM.XNSE", "a&b=c d/e?f#g%h{sym}", "")
            ->url,
        "https://x/EUR%3DX+M%26M.NS"
        "?k=a%26b%3Dc%20d%2Fe%3Ff%23g%25h%7Bsym%7D&z=1#f");
    assert_string_equal(compose(provider, "q", "A", "\xc3\xa9\x01", "")->url,
                        "https://x/A?k=%C3%A9%01&z=1#f");
    assert_string_equal(compose(provider, "q", "A", "", "")->url,
                        "https://x/A?k=&z=1#f");
    provider_destroy(&provider);
}

static void full_batch_fits_its_bound(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("alpaca");
    char symbols[1024] = "";
    size_t len = 0;
    for (int i = 0; i < COURT_SYMBOLS_LIMIT; i++) {
        len += (size_t)snprintf(symbols + len, sizeof(symbols) - len, "%sS%d",
                                i > 0 ? "," : "", i);
    }
    const char *url = compose(provider, "trades", symbols, "a:b", "")->url;
    assert_non_null(strstr(url, "=S0,S1,S2,"));
    assert_non_null(strstr(url, ",S62,S63&feed=iex"));
    provider_destroy(&provider);
}

static void url_is_appended_and_bounded(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("finnhub");
    struct court_symbols list;
    court_split(&list, "IBM");
    struct query query = {provider, 0, list.pointers, 1, "K"};
    struct buffer out = buffer_empty(64);
    buffer_put_text(&out, "GET ");
    query_compose_url(&query, "http://x", &out);
    assert_true(span_equal(buffer_span(&out),
                           span_of("GET http://x/api/v1/quote?symbol=IBM")));
    buffer_deinit(&out);
    out = buffer_empty(12);
    query_compose_url(&query, "", &out);
    assert_true(out.failed);
    buffer_deinit(&out);
    provider_destroy(&provider);
}

static void compose_with_a_newline(void *user)
{
    compose(user, "quote", "A", "K\r\nX-Evil: 1", "");
}

static void key_that_breaks_out_of_its_line_aborts(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("finnhub");
    assert_true(testing_aborts(compose_with_a_newline, provider));
    provider_destroy(&provider);
}

static void oom_composing_fails_the_buffer(void **state)
{
    (void)state;
    struct provider *provider = court_create_built_in("finnhub");
    struct court_symbols list;
    court_split(&list, "IBM");
    struct query query = {provider, 0, list.pointers, 1, "K"};
    bool succeeded = false;
    TESTING_EACH_ALLOCATION(n)
    {
        struct buffer url = buffer_empty(1024);
        struct buffer headers = buffer_empty(1024);
        query_compose_url(&query, "", &url);
        query_compose_headers(&query, &headers);
        succeeded = !url.failed && !headers.failed;
        buffer_deinit(&url);
        buffer_deinit(&headers);
    }
    assert_true(succeeded);
    provider_destroy(&provider);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(several_symbols_go_together_where_they_can),
    cmocka_unit_test(budget_bounds_a_batch),
    cmocka_unit_test(endpoint_beyond_the_plan_is_passed_over),
    cmocka_unit_test(users_choose_the_endpoints),
    cmocka_unit_test(first_symbol_has_to_be_served),
    cmocka_unit_test(calls_of_every_provider_are_as_it_asks),
    cmocka_unit_test(origin_takes_the_place_of_scheme_host_and_port),
    cmocka_unit_test(symbol_under_two_names_is_sent_once),
    cmocka_unit_test(symbols_and_keys_are_percent_encoded),
    cmocka_unit_test(full_batch_fits_its_bound),
    cmocka_unit_test(url_is_appended_and_bounded),
    cmocka_unit_test(key_that_breaks_out_of_its_line_aborts),
    cmocka_unit_test(oom_composing_fails_the_buffer),
};

TEST_MAIN(tests)
