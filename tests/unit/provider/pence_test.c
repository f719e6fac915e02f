/* SPDX-License-Identifier: Apache-2.0 */
/* Prices and changes, in pence, cents, agorot and whole units, are what
 * Python's decimal makes of the same texts, digit for digit (pence_table.py).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "testing/testing.h"
#include "unit/provider/court.h"

static const char description[] = "endpoints:\n"
                                  "  quote:\n"
                                  "    url: https://x/{sym}\n"
                                  "    rows: ''\n"
                                  "    id: /s\n"
                                  "    fields: {price: /p, change: /d,\n"
                                  "             currency: /c}\n";

enum column {
    PRICE,
    CHANGE,
    UNIT,
    PRICE_SHOWN,
    CHANGE_SHOWN,
    CURRENCY,
    COLUMNS
};

/* What a verdict shows, in the words of the table. */
static void show(const struct provider_verdict *verdict,
                 char out[COLUMNS][DECIMAL_TEXT_SIZE])
{
    const struct quote *quote = &verdict->quote;
    snprintf(out[PRICE_SHOWN], DECIMAL_TEXT_SIZE, "-");
    snprintf(out[CHANGE_SHOWN], DECIMAL_TEXT_SIZE, "-");
    snprintf(out[CURRENCY], DECIMAL_TEXT_SIZE, "%s",
             quote->currency[0] != '\0' ? quote->currency : "-");
    if (quote_has(quote, QUOTE_PRICE)) {
        snprintf(out[PRICE_SHOWN], DECIMAL_TEXT_SIZE, "%s", quote->price_text);
    }
    if (quote_has(quote, QUOTE_CHANGE)) {
        quote_print_number(out[CHANGE_SHOWN], quote, QUOTE_CHANGE);
    }
}

static bool is_minor(struct span unit)
{
    static const char *const units[] = {"GBX", "GBp", "ZAc", "ZAC",
                                        "ZAX", "ILA", "ILa"};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (span_equal(unit, span_of(units[i]))) {
            return true;
        }
    }
    return false;
}

static bool agrees(const struct provider *provider, struct span line)
{
    struct span cells[COLUMNS];
    char got[COLUMNS][DECIMAL_TEXT_SIZE];
    struct span rest = line;
    for (int i = 0; i < COLUMNS; i++) {
        assert_true(span_split(&rest, '\t', &cells[i]));
    }
    char body[512];
    snprintf(body, sizeof(body),
             "{\"s\": \"IBM\", \"p\": \"%.*s\", \"d\": \"%.*s\","
             " \"c\": \"%.*s\"}",
             SPAN_ARGS(cells[PRICE]), SPAN_ARGS(cells[CHANGE]),
             SPAN_ARGS(cells[UNIT]));
    struct provider_verdict verdict = court_judge_text(provider, body);
    show(&verdict, got);
    bool is_same = true;
    for (int i = PRICE_SHOWN; i < COLUMNS; i++) {
        is_same = is_same && span_equal(cells[i], span_of(got[i]));
    }
    bool is_divided = verdict.class == PROVIDER_OK && is_minor(cells[UNIT]);
    is_same = is_same && verdict.quote.unit_factor == (is_divided ? 100 : 0);
    if (!is_same) {
        print_error("%.*s\n  got %s %s %s\n", SPAN_ARGS(line), got[PRICE_SHOWN],
                    got[CHANGE_SHOWN], got[CURRENCY]);
    }
    return is_same;
}

static void every_number_is_pythons(void **state)
{
    (void)state;
    struct provider *provider = court_create(description);
    struct buffer table = buffer_empty(16 << 20);
    assert_int_equal(file_read(&table, PENCE_TABLE), 0);
    struct span rest = buffer_span(&table);
    struct span line;
    size_t lines = 0;
    size_t wrong = 0;
    while (span_split(&rest, '\n', &line)) {
        if (line.len > 0) {
            wrong += !agrees(provider, line);
            lines++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(lines, 20000);
    buffer_deinit(&table);
    provider_destroy(&provider);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_number_is_pythons),
};

TEST_MAIN(tests)
