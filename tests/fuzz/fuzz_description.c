/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a description or is refused in one line; and one that is taken
 * can be asked with and judged by. */
#include <string.h>

#include "base/check.h"
#include "fuzz/fuzz.h"
#include "provider/provider.h"
#include "provider/query.h"

static void use(const struct provider *provider)
{
    struct symbol ibm;
    CHECK(symbol_parse(&ibm, span_of("IBM.XNYS")) == 0);
    const struct symbol *asked = &ibm;
    if (!provider_serves(provider, &ibm)) {
        return;
    }
    struct query_wish wish = {.symbols = &asked, .count = 1, .count_max = 1};
    struct query query = {provider, 0, &asked, 1, ""};
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    if (query_choose(provider, &wish, &query.endpoint, taken) == 0) {
        return;
    }
    struct buffer out = buffer_empty(1 << 20);
    query_compose_url(&query, "", &out);
    query_compose_headers(&query, &out);
    CHECK(!out.failed);
    buffer_deinit(&out);
    struct provider_answer answer = {
        .status = 200,
        .body = span_of("{\"p\": 1, \"s\": \"IBM\", \"t\": \"2025-11-06\"}"),
    };
    struct provider_outcome outcome;
    struct provider_verdict verdict;
    provider_judge(&query, &answer, &outcome, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    struct span yaml = {(const char *)data, len};
    int err = provider_create(&provider, "fuzz", yaml, error);
    CHECK((err == 0) == (provider != NULL));
    CHECK((err == 0) == (error[0] == '\0'));
    CHECK(strchr(error, '\n') == NULL);
    if (err == 0) {
        use(provider);
    }
    provider_destroy(&provider);
    return 0;
}
