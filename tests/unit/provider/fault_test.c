/* SPDX-License-Identifier: Apache-2.0 */
/* A fault of a description is told with its line, its key, the cause and what
 * is allowed. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "provider/provider.h"
#include "testing/testing.h"
#include "unit/provider/specimen.h"

static int create(struct provider **out, const char *yaml,
                  char error[PROVIDER_ERROR_SIZE])
{
    return provider_create(out, "test", span_of(yaml), error);
}

static void assert_refused(const char *yaml, const char *expected)
{
    struct provider *provider = (struct provider *)-1;
    char error[PROVIDER_ERROR_SIZE] = "";
    int err = create(&provider, yaml, error);
    if (err != ERR_SYNTAX || strstr(error, expected) == NULL) {
        print_error("%s\n  want: %s\n  got:  %s\n", yaml, expected, error);
    }
    assert_int_equal(err, ERR_SYNTAX);
    assert_null(provider);
    assert_non_null(strstr(error, expected));
    assert_true(strlen(error) < PROVIDER_ERROR_SIZE);
}

/* The number of the line that begins with `line`. */
static size_t line_of(const char *line)
{
    const char *at = strstr(specimen, line);
    assert_non_null(at);
    size_t number = 1;
    for (const char *c = specimen; c < at; c++) {
        number += *c == '\n';
    }
    return number;
}

struct fault {
    const char *line;  /* the beginning of the one that is spoilt */
    const char *by;    /* what stands in its place */
    const char *error; /* behind "line N: " */
};

/* Replace a line by another and expect a refusal that begins with it. */
static void spoil(const struct fault *fault)
{
    char yaml[8192];
    char expected[512];
    const char *at = strstr(specimen, fault->line);
    assert_non_null(at);
    const char *end = strchr(at, '\n');
    snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)(at - specimen), specimen,
             fault->by, end);
    snprintf(expected, sizeof(expected), "line %zu: %s", line_of(fault->line),
             fault->error);
    assert_refused(yaml, expected);
}

static void spoil_all(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        spoil(&faults[i]);
    }
}

#define SPOIL_ALL(faults) \
    spoil_all(faults, sizeof(faults) / sizeof((faults)[0]))

static void faults_of_the_provider_are_told(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"key: query", "key: header",
         "key: \"header\" is not known; allowed are query, and a header line"},
        {"key: query", "key: 'X {key}'", "key: a header line is NAME: VALUE"},
        {"key: query", "kee: query",
         "\"kee\" is not known here; allowed are like, key, key_default,"},
        {"key_default", "key_default: [a]",
         "key_default: a text is expected here"},
        {"key_default", "key_default: ''",
         "key_default: a text is expected here"},
        {"headers", "headers: [User-Agent]",
         "headers: a header line is NAME: VALUE"},
        {"headers", "headers: ['X: {sym}']",
         "headers: what stands in braces in a header line"},
        {"origin", "origin: http://x/", "origin: an origin is http://HOST"},
        {"origin", "origin: ftp://x", "origin: an origin is http://HOST"},
        {"origin", "origin: https://", "origin: an origin is http://HOST"},
        {"origin", "origin: ''", "origin: an origin is http://HOST"},
        {"currency", "currency: DOLLARSS", "currency: a currency is expected"},
        {"currency", "currency: ''", "currency: a currency is expected"},
        {"delay", "delay: 15", "delay: \"15\" is no delay; one looks like 15m"},
        {"delay", "delay: 1500ms", "delay: \"1500ms\" is no delay"},
        {"delay", "delay: 32d", "delay: \"32d\" is no delay"},
        {"turns", "turns: {hour: 24, zone: UTC}",
         "turns.hour: \"24\" is no whole number from 0 to 23"},
        {"turns", "turns: {hour: 1, zone: Mars/Base}",
         "turns.zone: no time zone \"Mars/Base\""},
        {"turns", "turns: {hour: 1, zone: ../../etc/passwd}", "turns.zone: "},
        {"turns", "turns: {hour: 1}", "turns: there is no zone"},
        {"turns", "turns: [{zone: UTC}, {hour: 1}]",
         "turns 2: there is no zone"},
        {"turns", "turns: [{zone: UTC}, {zone: UTC}, {zone: UTC}]",
         "turns 3: more than 2 turns"},
        {"left", "left: X-Left", "left: keys and values are expected here"},
        {"left", "left: {header: X}", "left: what is left is {header: NAME,"},
        {"left", "left: {window: m}", "left: what is left is {header: NAME,"},
        {"left", "left: {header: X, window: w}",
         "left.window: \"w\" is not known; allowed are s, m, h, d, mo"},
        {"header_max", "header_max: 1000B",
         "header_max: \"1000B\" is no size from 1KiB to 1MiB"},
        {"header_max", "header_max: 2MiB", "header_max: \"2MiB\" is no size"},
        {"header_max", "header_max: 64", "header_max: \"64\" is no size"},
        {"use", "use: []", "use: the list is empty"},
    };
    SPOIL_ALL(faults);
}

static void faults_of_limits_are_told(void **state)
{
    (void)state;
    static const char *const limits[] = {
        "limits: [[0, s]]",
        "limits: [[-1, s]]",
        "limits: [[1000000001, s]]",
        "limits: [[1, w]]",
        "limits: [[1]]",
        "limits: [[1, s, calls]]",
        "limits: [[1, s, symbol, 2]]",
        "limits: [[1, m, distinct]]",
        "limits: [25/d]",
        "limits: [{1: s}]",
        "limits: [[1.5, s]]",
        "limits: [[[1], s]]",
    };
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct fault fault = {
            "limits", limits[i],
            "limits 1: a limit is [COUNT, WINDOW] or [COUNT, WINDOW, COST], "
            "such as [25, d]"};
        spoil(&fault);
    }
    static const struct fault faults[] = {
        {"limits", "limits: 25", "limits: a list is expected here"},
        {"limits",
         "limits: [[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s],[1,s]]",
         "limits 9: more than 8 limits"},
    };
    SPOIL_ALL(faults);
}

static void faults_of_symbols_are_told(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"  case", "  case: title",
         "symbol.case: \"title\" is not known; allowed are upper, lower"},
        {"  case", "  cases: upper",
         "symbol: \"cases\" is not known here; "
         "allowed are case, dot, suffix, home,"},
        {"  dot", "  dot: a b", "symbol.dot: ASCII without spaces is expected"},
        {"  suffix", "  suffix: .\xc3\xa9",
         "symbol.suffix: ASCII without spaces is expected"},
        {"  home", "  home: [XNYS, LON]",
         "symbol.home: \"LON\" is no market that a symbol can name; codes are"},
        {"    XLON", "    XLONX: .l",
         "symbol.markets.XLONX: \"XLONX\" is no market"},
        {"    XLON", "    xlon: .l",
         "symbol.markets.xlon: \"xlon\" is no market"},
        {"    XLON", "    XLON: [.l]",
         "symbol.markets.XLON: keys and values are expected here"},
        {"    XLON", "    XLON: {sufix: .l}",
         "symbol.markets.XLON: \"sufix\" is not known here; allowed are "
         "suffix, prefix, query, currency, echo"},
        {"    XLON", "    XLON: {currency: '?'}",
         "symbol.markets.XLON.currency: a currency is expected"},
        {"  aliases", "  aliases: {'a b': c}",
         "symbol.aliases.a b: \"a b\" is no symbol; one is 1 to 32 of"},
        {"  aliases", "  aliases: {A: ''}",
         "symbol.aliases.A: a symbol of 1 to 64 bytes is expected here"},
        {"  aliases", "  aliases: [A]",
         "symbol.aliases: keys and values are expected here"},
    };
    SPOIL_ALL(faults);
}

static void faults_of_rules_are_told(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"  - is: limit.d", "  - is: limit.w",
         "errors 1.is: \"limit.w\" is not known; allowed are unknown, "
         "forbidden, plan, auth, limit.s,"},
        {"  - is: limit.d", "  - is: ok", "errors 1.is: \"ok\" is not known"},
        {"    status", "    status: 4xx",
         "errors 1.status: \"4xx\" is no whole number from 100 to 999"},
        {"    status", "    status: 99", "errors 1.status: \"99\" is no whole"},
        {"    status", "    status: 1000", "errors 1.status: \"1000\" is no"},
        {"    at: [/Note", "    at: [Note]",
         "errors 1.at: \"Note\" is no JSON pointer"},
        {"    at: [/Note", "    at: []", "errors 1.at: the list is empty"},
        {"    at: [/Note", "    at: {/Note: 1}",
         "errors 1.at: a text is expected here"},
        {"    has: [per", "    has: ['']",
         "errors 1.has 1: a text is expected here"},
        {"    has: [per", "    has: [1,2,3,4,5,6,7,8,9]",
         "errors 1.has 9: more than 8 texts in one list"},
        {"    has: [per", "    had: [per day]",
         "errors 1: \"had\" is not known here; allowed are is, status, at, eq,"
         " not, has, drop, guard"},
        {"  - {is: bad", "  - {at: /x}", "errors 2: the rule has no \"is\""},
        {"  - {is: bad", "  - {is: bad}",
         "errors 2: the rule has no condition"},
        {"  - {is: bad", "  - {is: bad, status: 400, eq: x}",
         "errors 2: \"eq\" and \"not\" need \"at\""},
        {"  - {is: bad", "  - {is: bad, not: x}",
         "errors 2: \"eq\" and \"not\" need \"at\""},
        {"  - {is: bad", "  - {is: bad, at: /a, eq: x, has: y}",
         "errors 2: a rule has one of"},
        {"  - {is: bad", "  - {is: bad, at: /a, drop: true}",
         "errors 2: \"drop\" needs \"has\""},
        {"  - {is: bad", "  - {is: bad, at: /a, guard: 1}",
         "errors 2.guard: \"1\" is not known; allowed are false, true"},
        {"  - {is: bad", "  - bad",
         "errors 2: keys and values are expected here"},
        {"      - {is: plan", "      - {is: plan}",
         "endpoints.quote.errors 1: the rule has no condition"},
    };
    SPOIL_ALL(faults);
}

static void faults_of_endpoints_are_told(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"  quote:", "  Quote:",
         "endpoints.Quote: the name of an endpoint is 1 to 24 of a-z"},
        {"    url", "    url: x.example/{sym}",
         "endpoints.quote.url: an URL is https://HOST/PATH"},
        {"    url", "    url: \"https://x/\\0/{sym}\"",
         "endpoints.quote.url: a text on one line is expected here"},
        {"    url", "    url: [a]",
         "endpoints.quote.url: a text is expected here"},
        {"    url", "    url: https://x/q?k={key}",
         "endpoints.quote.url: the URL has no {sym}"},
        {"    url", "    url: https://x/{sym}?k={crumb}",
         "endpoints.quote.url: what stands in braces in an URL"},
        {"    format", "    format: xml",
         "endpoints.quote.format: \"xml\" is not known; allowed are json, csv"},
        {"    shape", "    shape: list",
         "endpoints.quote.shape: \"list\" is not known; allowed are object, "
         "array, map"},
        {"    rows", "    rows: [r]",
         "endpoints.quote.rows 1: \"r\" is no JSON pointer"},
        {"    rows", "    rows: [/r|late]",
         "endpoints.quote.rows 1: \"/r|late\": the flag of a place is |delay"},
        {"    rows", "    rows: [/r|delay]",
         "endpoints.quote.rows 1: \"\" is no delay"},
        {"    rows", "    rows: [/r|]",
         "endpoints.quote.rows 1: \"/r|\": there is no flag behind the |"},
        {"    rows", "    rows: [/1,/2,/3,/4,/5,/6,/7,/8,/9]",
         "endpoints.quote.rows 9: more than 8 places"},
        {"    id", "    id: id", "endpoints.quote.id: \"id\" is no JSON"},
        {"    id", "    id: /id|base",
         "endpoints.quote.id: \"/id|base\": the flag of an id is |bare"},
        {"    min", "    min: 0",
         "endpoints.batch.min: \"0\" is no whole number from 1 to 256"},
        {"    max", "    max: 257", "endpoints.batch.max: \"257\" is no whole"},
        {"    sep", "    sep: ' '",
         "endpoints.batch.sep: ASCII without spaces is expected here"},
        {"    like", "    like: quotes",
         "endpoints.batch: there is no endpoint \"quotes\" before this one"},
    };
    SPOIL_ALL(faults);
}

static void faults_of_fields_are_told(void **state)
{
    (void)state;
    static const struct fault faults[] = {
        {"      price", "      prize: /p",
         "endpoints.quote.fields: \"prize\" is not known here; allowed are "
         "price, prev,"},
        {"      price", "      price: /p|old",
         "endpoints.quote.fields.price: \"/p|old\": this field takes no flag "
         "but |stale"},
        {"      price", "      price: ''",
         "endpoints.quote.fields.price: a text is expected here"},
        {"      bid", "      bid: /b|stale",
         "endpoints.quote.fields.bid: \"/b|stale\": this field takes no flag"},
        {"      currency", "      currency: /c|x",
         "endpoints.quote.fields.currency: \"/c|x\": this field takes no"},
        {"      mic", "      mic: m",
         "endpoints.quote.fields.mic: \"m\" is no JSON pointer"},
        {"      time", "      time: /t",
         "endpoints.quote.fields.time: \"\": a time is POINTER|FORM; forms "
         "are s, ms, ns, iso, day, day ZONE, local ZONE"},
        {"      time", "      time: /t|us",
         "endpoints.quote.fields.time: \"us\": a time is POINTER|FORM"},
        {"      time", "      time: /t|iso UTC",
         "endpoints.quote.fields.time: \"iso UTC\": a time is POINTER|FORM"},
        {"      time", "      time: /t|local",
         "endpoints.quote.fields.time: \"local\": a time is POINTER|FORM"},
        {"      time", "      time: /t|local Mars/Base",
         "endpoints.quote.fields.time: no time zone \"Mars/Base\""},
        {"      time", "      time: t|day",
         "endpoints.quote.fields.time: \"t\" is no JSON pointer"},
        {"      time", "      time: /a+b|iso",
         "endpoints.quote.fields.time: \"b\" is no JSON pointer"},
        {"      time", "      time: /a+/b+/c|iso",
         "endpoints.quote.fields.time: at most two members are joined"},
    };
    SPOIL_ALL(faults);
}

/* Replace a line, and expect a cause that has no line of its own. */
static void lack(const char *line, const char *by, const char *expected)
{
    char yaml[8192];
    const char *at = strstr(specimen, line);
    assert_non_null(at);
    const char *end = strchr(at, '\n');
    snprintf(yaml, sizeof(yaml), "%.*s%s%s", (int)(at - specimen), specimen, by,
             end);
    assert_refused(yaml, expected);
}

static void what_has_to_be_there_is_asked_for(void **state)
{
    (void)state;
    assert_refused("", "endpoints: there are none");
    lack("    url", "    # none", "endpoints.quote: there is no url");
    lack("    rows", "    # none", "endpoints.quote: there are no rows");
    assert_refused("endpoints: {q: {url: 'https://x/{sym}', rows: ''}}",
                   "endpoints.q: there is no fields.price");
    lack("key: query", "# none",
         "key: \"key: query\" and {key} in the URL go together");
    lack("    url", "    url: https://x/{sym}",
         "key: \"key: query\" and {key} in the URL go together");
    lack("use", "use: [quotes]", "use: it names an endpoint that is not there");
    lack("      price", "      open: /o",
         "use: it names an endpoint without a price");
    assert_refused("headers: 'X: {key2}'\n"
                   "endpoints: {q: {url: 'https://x/{sym}', rows: '',\n"
                   "  fields: {price: /p}}}",
                   "key: there is a {key2} and no {key}");
    assert_refused("endpoints: {q: {url: 'https://x/{sym}', rows: '',\n"
                   "  fields: {bid: /p}}}",
                   "use: no endpoint has a price");
}

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    lack("    max", "    max: 1", "endpoints.batch: min is above max");
    lack("    delay", "    max: 2",
         "endpoints.quote: max is above 1, and the URL has neither");
    lack("    shape: array", "    shape: object",
         "endpoints.batch: several symbols need shape: array or map");
    lack("    format", "    format: csv", "endpoints.quote: CSV has shape");
    lack("    id", "    # none",
         "endpoints.batch: an array of several symbols "
         "needs an id");
    lack("    min: 2",
         "    url: https://x/{first}?s={rest}&k={key}\n    min: 1", "line ");
    assert_refused("endpoints:\n"
                   "  q: {url: 'https://x/{first}/{rest}', max: 3, rows: '',\n"
                   "      shape: array, id: /s, fields: {price: /p}}\n",
                   "endpoints.q: an URL with {rest} needs min: 2");
    assert_refused("endpoints:\n"
                   "  q: {url: 'file:///a', rows: '', fields: {price: /p}}\n",
                   "endpoints.q: several symbols need shape");
    assert_refused("endpoints:\n"
                   "  q: {url: 'file:///a', rows: '', fields: {price: /p},\n"
                   "      shape: array, id: /s}\n"
                   "  r: {url: 'https://x/{sym}', rows: '',\n"
                   "      fields: {price: /p}}\n",
                   "endpoints: some are files and some are not");
}

static void what_is_no_yaml_is_refused_by_line(void **state)
{
    (void)state;
    assert_refused("key: query\nerrors: [", "line ");
    assert_refused("key: query\nkey: query\n", "line 2: ");
    assert_refused("- a\n", "line 1: keys and values are expected here");
    assert_refused("key: &a query\n", "line 1: ");
    assert_refused("key_page: \"a\\nb\"\n", "line 1: key_page: a text on one");
}

static void message_is_one_line_whatever_it_quotes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"a\\n\\e[31mb\": 1\n",
        "endpoints: {\"a\\n\\e[31mb\": 1}\n",
        "symbol: {aliases: {\"a\\n\\e[31mb\": [1]}}\n",
        "like: \"a\\n\\e[31mb\"\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct provider *provider;
        char error[PROVIDER_ERROR_SIZE];
        assert_int_equal(create(&provider, texts[i], error), ERR_SYNTAX);
        assert_null(strchr(error, '\n'));
        assert_null(strchr(error, '\x1b'));
    }
    char yaml[2048];
    memset(yaml, 'k', sizeof(yaml));
    snprintf(yaml + 1000, sizeof(yaml) - 1000, ": 1\n");
    assert_refused(yaml, "is not known here");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(faults_of_the_provider_are_told),
    cmocka_unit_test(faults_of_limits_are_told),
    cmocka_unit_test(faults_of_symbols_are_told),
    cmocka_unit_test(faults_of_rules_are_told),
    cmocka_unit_test(faults_of_endpoints_are_told),
    cmocka_unit_test(faults_of_fields_are_told),
    cmocka_unit_test(what_has_to_be_there_is_asked_for),
    cmocka_unit_test(what_does_not_go_together_is_refused),
    cmocka_unit_test(what_is_no_yaml_is_refused_by_line),
    cmocka_unit_test(message_is_one_line_whatever_it_quotes),
};

TEST_MAIN(tests)
