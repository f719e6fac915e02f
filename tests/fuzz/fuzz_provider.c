/* SPDX-License-Identifier: Apache-2.0 */
/* Any answer gets a verdict that keeps its promises.  The first byte picks the
 * status, the rest is the body. */
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "provider/provider.h"

#define KEY "ABC123"

static struct provider *create(void)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    CHECK(provider_create_built_in(&provider, "alphavantage", error) == 0);
    return provider;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct provider *provider; // made once; it is never changed
    if (provider == NULL) {
        provider = create();
    }
    struct symbol symbol;
    CHECK(symbol_parse(&symbol, span_of("IBM")) == 0);
    int status = len > 0 ? status_of(data[0]) : 200;
    struct span body = {(const char *)data + (len > 0), len - (len > 0)};
    struct provider_verdict verdict;
    provider_judge(provider, status, body, &symbol, KEY, &verdict);

    bool is_ok = verdict.class == PROVIDER_OK;
    CHECK(is_ok == (verdict.text[0] == '\0'));
    CHECK(!is_ok || status == 200);
    CHECK(!is_ok ||
          decimal_is_positive(quote_number(&verdict.quote, QUOTE_PRICE)));
    CHECK(!is_ok || symbol_equal(&verdict.quote.symbol, &symbol));
    CHECK(strstr(verdict.text, KEY) == NULL);
    CHECK(strlen(verdict.text) < PROVIDER_TEXT_SIZE);
    return 0;
}
