/* SPDX-License-Identifier: Apache-2.0 */
/* A query becomes a call with its key where the description wants it. */
#include "fetch/dial.h"

#include "fetch/fetch.h"
#include "provider/query.h"
#include "unit/fetch/desk.h"

static void answer(void *user, const char *target, struct stub_answer *out)
{
    (void)user;
    (void)target;
    stub_put(out, "200 OK", "", out->request);
}

/* What a provider is asked for a symbol. */
static void dial(struct desk *desk, const char *name, const char *text,
                 struct buffer *out)
{
    struct symbol symbol;
    char error[PROVIDER_ERROR_SIZE];
    char origin[64];
    char key[] = "K3Y:S3CRET";
    snprintf(origin, sizeof(origin), "%s", stub_origin(desk->stub));
    struct desk_provider provider = {
        .origin = origin, .key = key, .timeout_ms = PATIENCE_MS};
    assert_int_equal(provider_create_built_in(&provider.provider, name, error),
                     0);
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    const struct symbol *asked = &symbol;
    size_t endpoint = 99;
    struct ended *call = &desk->calls[desk->started++];
    *call = (struct ended){.body = buffer_empty(4096)};
    size_t taken[PROVIDER_SYMBOLS_LIMIT];
    struct query_wish wish = {.symbols = &asked, .count = 1, .count_max = 1};
    assert_int_equal(query_choose(provider.provider, &wish, &endpoint, taken),
                     1);
    struct query query = {provider.provider, endpoint, &asked, 1, key};
    assert_int_equal(dial_start(desk->caller, &provider, &query, call), 0);
    run_all(desk);
    buffer_clear(out);
    buffer_put_span(out, buffer_span(&call->body));
    provider_destroy(&provider.provider);
}

static void keys_go_where_descriptions_want_them(void **state)
{
    (void)state;
    static const struct {
        const char *provider;
        const char *symbol;
        const char *parts[2];
    } cases[] = {
        {"alphavantage",
         "TSCO.XLON",
         {"GET /query?function=GLOBAL_QUOTE&symbol=TSCO.LON&"
          "apikey=K3Y%3AS3CRET HTTP",
          ""}},
        {"finnhub",
         "IBM",
         {"GET /api/v1/quote?symbol=IBM HTTP",
          "\r\nX-Finnhub-Token: K3Y:S3CRET\r\n"}},
        {"alpaca",
         "IBM",
         {"\r\nAPCA-API-KEY-ID: K3Y\r\n",
          "\r\nAPCA-API-SECRET-KEY: S3CRET\r\n"}},
    };
    struct desk desk;
    open_desk(&desk, answer);
    struct buffer seen = buffer_empty(4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        dial(&desk, cases[i].provider, cases[i].symbol, &seen);
        for (int part = 0; part < 2; part++) {
            assert_true(span_has_nocase(buffer_span(&seen),
                                        span_of(cases[i].parts[part])));
        }
    }
    buffer_deinit(&seen);
    close_desk(&desk);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_go_where_descriptions_want_them),
};

DESK_MAIN(tests)
