/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer of any provider gets verdicts that keep their promises.  The first
 * byte picks the status, the second the endpoint, the rest is the body. */
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "provider/provider.h"
#include "provider/query.h"

#define KEY  "ABC123"
#define KEYS "ABC123:XYZ789"

#define ENDPOINTS_LIMIT 64
#define SYMBOLS         3

/* Every endpoint of every description. */
static struct stage {
    struct {
        struct provider *provider;
        size_t endpoint;
        size_t symbols; /* that go into one call */
    } endpoints[ENDPOINTS_LIMIT];
    size_t count;
    struct symbol symbols[SYMBOLS];
    const struct symbol *pointers[SYMBOLS];
} stage;

/* The most symbols, up to SYMBOLS, that the chooser gives this endpoint; one
 * where it never chooses it. */
static size_t symbols_of(const struct provider *provider, size_t endpoint)
{
    struct query_wish wish = {
        .symbols = stage.pointers,
        .count = SYMBOLS,
        .count_max = SYMBOLS,
        .endpoints_off = ~(1u << endpoint),
    };
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    size_t chosen;
    size_t count = query_choose(provider, &wish, &chosen, taken);
    return count > 0 ? count : 1;
}

static void add_provider(const char *name)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    CHECK(provider_create_built_in(&provider, name, error) == 0);
    for (size_t at = 0; at < provider_endpoints(provider); at++) {
        CHECK(stage.count < ENDPOINTS_LIMIT);
        stage.endpoints[stage.count].provider = provider;
        stage.endpoints[stage.count].endpoint = at;
        stage.endpoints[stage.count++].symbols = symbols_of(provider, at);
    }
}

static void set_up(void)
{
    static const char *const symbols[SYMBOLS] = {"AAPL", "IBM", "BRK.B"};
    static const char *const names[] = {
        "alphavantage", "finnhub", "twelvedata", "yahoo",
        "massive",      "tiingo",  "fmp",        "eodhd",
        "alpaca",       "file",    "market",     "marketstack",
    };
    for (size_t i = 0; i < SYMBOLS; i++) {
        CHECK(symbol_parse(&stage.symbols[i], span_of(symbols[i])) == 0);
        stage.pointers[i] = &stage.symbols[i];
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        add_provider(names[i]);
    }
}

static int status_of(uint8_t byte)
{
    switch (byte) {
    case '4':
        return 429;
    case '5':
        return 503;
    default:
        return byte & 1 ? 404 : 200; // '2' is even
    }
}

static void check_text(const char *text, bool is_ok, const char *key)
{
    CHECK(is_ok == (text[0] == '\0'));
    CHECK(strstr(text, "ABC123") == NULL);
    CHECK(strcmp(key, KEYS) != 0 || strstr(text, "XYZ789") == NULL);
    CHECK(strlen(text) < PROVIDER_TEXT_SIZE);
}

static void check_verdict(const struct provider_verdict *verdict,
                          const struct symbol *symbol, const char *key)
{
    const struct quote *quote = &verdict->quote;
    bool is_ok = verdict->class == PROVIDER_OK;
    check_text(verdict->text, is_ok, key);
    CHECK(is_ok == (quote_has(quote, QUOTE_PRICE) || verdict->has_bid ||
                    verdict->has_ask));
    if (!is_ok) {
        return;
    }
    CHECK(symbol_equal(&quote->symbol, symbol));
    CHECK(!quote_has(quote, QUOTE_PRICE) ||
          decimal_is_positive(quote_number(quote, QUOTE_PRICE)));
    char text[QUOTE_AS_OF_SIZE];
    CHECK(!quote->has_as_of || quote_print_as_of(text, quote) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (stage.count == 0) {
        set_up();
    }
    size_t at = len > 1 ? data[1] % stage.count : 0;
    const struct provider *provider = stage.endpoints[at].provider;
    struct query query = {
        .provider = provider,
        .endpoint = stage.endpoints[at].endpoint,
        .symbols = stage.pointers,
        .count = stage.endpoints[at].symbols,
        .key = strcmp(provider_name(provider), "alpaca") == 0 ? KEYS : KEY,
    };
    size_t head = len < 2 ? len : 2;
    struct provider_answer answer = {
        .status = len > 0 ? status_of(data[0]) : 200,
        .body = {(const char *)data + head, len - head},
        .headers = {(const char *)data + head, len - head},
        .now_unix_ms = INT64_C(1784903522000),
    };
    struct provider_outcome outcome;
    struct provider_verdict verdicts[SYMBOLS];
    provider_judge(&query, &answer, &outcome, verdicts);

    bool has_ok = false;
    for (size_t i = 0; i < query.count; i++) {
        check_verdict(&verdicts[i], query.symbols[i], query.key);
        has_ok = has_ok || verdicts[i].class == PROVIDER_OK;
    }
    check_text(outcome.text, has_ok, query.key);
    CHECK(has_ok == (outcome.class == PROVIDER_OK));
    CHECK(!has_ok || answer.status == 200);
    CHECK(outcome.drop <= query.count);
    return 0;
}
