/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/provider/court.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "document/words.h"
#include "provider/provider_priv.h"
#include "testing/testing.h"

struct provider *court_create(const char *yaml)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    if (provider_create(&provider, "test", span_of(yaml), error) != 0) {
        fail_msg("%s", error);
    }
    return provider;
}

struct provider *court_create_built_in(const char *name)
{
    struct provider *provider;
    char error[PROVIDER_ERROR_SIZE];
    if (provider_create_built_in(&provider, name, error) != 0) {
        fail_msg("%s: %s", name, error);
    }
    return provider;
}

size_t court_endpoint(const struct provider *provider, const char *name)
{
    for (size_t at = 0; at < provider_endpoints(provider); at++) {
        if (strcmp(provider_endpoint_name(provider, at), name) == 0) {
            return at;
        }
    }
    fail_msg("%s has no endpoint %s", provider_name(provider), name);
    return 0;
}

struct buffer court_read(const char *path)
{
    struct buffer bytes = buffer_empty(1 << 21);
    char whole[1024];
    snprintf(whole, sizeof(whole), "%s%s", TESTING_DATA, path);
    if (file_read(&bytes, whole) != 0) {
        fail_msg("%s can't be read", whole);
    }
    return bytes;
}

void court_split(struct court_symbols *out, const char *list)
{
    struct span rest = span_of(list);
    struct span part;
    out->count = 0;
    while (span_split(&rest, ',', &part)) {
        assert_true(out->count < COURT_SYMBOLS_LIMIT);
        struct symbol *symbol = &out->items[out->count];
        assert_int_equal(symbol_parse(symbol, part), 0);
        out->pointers[out->count++] = symbol;
    }
}

/* A reason is one line of UTF-8 without the keys, and stands beside every class
 * but OK. */
static void check_text(const char *text, enum provider_class class)
{
    size_t len = strlen(text);
    assert_true(len < PROVIDER_TEXT_SIZE);
    assert_int_equal(class == PROVIDER_OK, len == 0);
    for (size_t at = 0; at < len;) {
        struct span rest = {text + at, len - at};
        assert_true((unsigned char)rest.data[0] >= ' ');
        size_t character = words_character(rest);
        assert_int_not_equal(character, 0);
        at += character;
    }
    assert_null(strstr(text, "ABC123"));
    assert_null(strstr(text, "XYZ789"));
}

static void check_ruling(const struct court_ruling *ruling)
{
    const struct provider_outcome *outcome = &ruling->outcome;
    bool has_ok = false;
    for (size_t i = 0; i < ruling->symbols.count; i++) {
        const struct provider_verdict *verdict = &ruling->verdicts[i];
        bool is_ok = verdict->class == PROVIDER_OK;
        check_text(verdict->text, verdict->class);
        assert_int_equal(is_ok, quote_has(&verdict->quote, QUOTE_PRICE) ||
                                    verdict->has_bid || verdict->has_ask);
        if (is_ok) {
            assert_true(symbol_equal(&verdict->quote.symbol,
                                     &ruling->symbols.items[i]));
        }
        has_ok = has_ok || is_ok;
    }
    check_text(outcome->text, outcome->class);
    assert_int_equal(outcome->class == PROVIDER_OK, has_ok);
    assert_int_not_equal(outcome->decided_by[0], '\0');
    assert_true(outcome->drop <= ruling->symbols.count);
    assert_false(outcome->splits && outcome->drop < ruling->symbols.count);
}

void court_judge(struct court_ruling *out, const struct court_case *it)
{
    court_split(&out->symbols, it->symbols != NULL ? it->symbols : "IBM");
    char *copy = malloc(it->body.len > 0 ? it->body.len : 1);
    assert_non_null(copy);
    if (it->body.len > 0) {
        memcpy(copy, it->body.data, it->body.len);
    }
    struct query query = {
        .provider = it->provider,
        .endpoint = it->endpoint,
        .symbols = out->symbols.pointers,
        .count = out->symbols.count,
        .key = it->provider->has_key2  ? COURT_KEYS
               : it->provider->has_key ? COURT_KEY
                                       : "",
    };
    struct provider_answer answer = {
        .status = it->status != 0 ? it->status : 200,
        .body = {copy, it->body.len},
        .headers = span_of(it->headers != NULL ? it->headers : ""),
        .now_unix_ms = it->now_unix_ms,
    };
    provider_judge(&query, &answer, &out->outcome, out->verdicts);
    free(copy);
    check_ruling(out);
}

struct provider_verdict court_judge_text(const struct provider *provider,
                                         const char *body)
{
    struct court_ruling ruling;
    struct court_case it = {.provider = provider, .body = span_of(body)};
    court_judge(&ruling, &it);
    return ruling.verdicts[0];
}
