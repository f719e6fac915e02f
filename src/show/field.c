/* SPDX-License-Identifier: Apache-2.0 */
#include "show/field.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/units.h"
#include "quote/names.h"
#include "quote/quote.h"

#define NAME(text)                                \
    {                                             \
        {text, sizeof(text) - 1}, "\"" text "\":" \
    }

static const struct {
    struct span name;
    char label[FIELD_LABEL_SIZE];
} field_names[FIELD_COUNT] = {
    [FIELD_SYMBOL] = NAME("symbol"),
    [FIELD_NAME] = NAME("name"),
    [FIELD_PRICE] = NAME("price"),
    [FIELD_CURRENCY] = NAME("currency"),
    [FIELD_OPEN] = NAME("open"),
    [FIELD_HIGH] = NAME("high"),
    [FIELD_LOW] = NAME("low"),
    [FIELD_PREVIOUS_CLOSE] = NAME("previous_close"),
    [FIELD_CHANGE] = NAME("change"),
    [FIELD_CHANGE_PERCENT] = NAME("change_percent"),
    [FIELD_VOLUME] = NAME("volume"),
    [FIELD_AS_OF] = NAME("as_of"),
    [FIELD_FETCHED] = NAME("fetched"),
    [FIELD_AGE_MS] = NAME("age_ms"),
    [FIELD_STATE] = NAME("state"),
    [FIELD_DELAY] = NAME("delay"),
    [FIELD_UNIT_FACTOR] = NAME("unit_factor"),
    [FIELD_SOURCE] = NAME("source"),
    [FIELD_SERVER] = NAME("server"),
};

struct span field_name_span(enum field field)
{
    CHECK(field < FIELD_COUNT);
    return field_names[field].name;
}

const char *field_name(enum field field)
{
    return field_name_span(field).data;
}

const char *field_label(enum field field)
{
    CHECK(field < FIELD_COUNT);
    return field_names[field].label;
}

enum field field_find(struct span name)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (span_equal_nocase(name, field_names[field].name)) {
            return (enum field)field;
        }
    }
    return FIELD_COUNT;
}

/* A text, or nothing for "". */
static struct span known(const char *text)
{
    return text[0] != '\0' ? span_of(text) : (struct span){NULL, 0};
}

static struct span currency(const struct field_source *source)
{
    if (source->quote->currency[0] != '\0') {
        return span_of(source->quote->currency);
    }
    return source->name != NULL ? known(source->name->currency)
                                : (struct span){NULL, 0};
}

static struct span number(const struct quote *quote, enum quote_number n,
                          char scratch[FIELD_TEXT_SIZE])
{
    if (!quote_has(quote, n)) {
        return (struct span){NULL, 0};
    }
    int len = quote_print_number(scratch, quote, n);
    return (struct span){scratch, (size_t)len};
}

static struct span as_of(const struct quote *quote,
                         char scratch[FIELD_TEXT_SIZE])
{
    if (!quote->has_as_of) {
        return (struct span){NULL, 0};
    }
    int len = quote_print_as_of(scratch, quote);
    return (struct span){scratch, (size_t)len};
}

static struct span fetched(const struct quote *quote,
                           char scratch[FIELD_TEXT_SIZE])
{
    int len = clock_print_unix_ms(scratch, quote->fetched_unix_ms);
    return (struct span){scratch, (size_t)len};
}

static struct span age_ms(const struct field_source *source,
                          char scratch[FIELD_TEXT_SIZE])
{
    int len = snprintf(scratch, FIELD_TEXT_SIZE, "%" PRIu64,
                       freshness_age_ms(source->quote, source->now_mono_ms));
    return (struct span){scratch, (size_t)len};
}

static struct span duration(uint32_t seconds, char scratch[FIELD_TEXT_SIZE])
{
    if (seconds == 0) {
        return span_of("0");
    }
    int len = units_print_duration_ms(scratch, (uint64_t)seconds * 1000);
    return (struct span){scratch, (size_t)len};
}

static struct span delay(const struct quote *quote,
                         char scratch[FIELD_TEXT_SIZE])
{
    switch ((enum quote_delay)quote->delay) {
    case QUOTE_DELAY_KNOWN:
        return duration(quote->delay_s, scratch);
    case QUOTE_DELAY_END_OF_DAY:
        return span_of("end of day");
    case QUOTE_DELAY_UNKNOWN:
        break;
    }
    return (struct span){NULL, 0};
}

static struct span unit_factor(const struct quote *quote,
                               char scratch[FIELD_TEXT_SIZE])
{
    if (quote->unit_factor <= 1) {
        return (struct span){NULL, 0};
    }
    int len = snprintf(scratch, FIELD_TEXT_SIZE, "%u", quote->unit_factor);
    return (struct span){scratch, (size_t)len};
}

struct span field_text(enum field field, const struct field_source *source,
                       char scratch[FIELD_TEXT_SIZE])
{
    const struct quote *quote = source->quote;
    switch (field) {
    case FIELD_SYMBOL:
        return symbol_span(&quote->symbol);
    case FIELD_NAME:
        return source->name != NULL ? span_of(source->name->name)
                                    : (struct span){NULL, 0};
    case FIELD_PRICE:
        return (struct span){quote->price_text, quote->price_len};
    case FIELD_CURRENCY:
        return currency(source);
    case FIELD_OPEN:
        return number(quote, QUOTE_OPEN, scratch);
    case FIELD_HIGH:
        return number(quote, QUOTE_HIGH, scratch);
    case FIELD_LOW:
        return number(quote, QUOTE_LOW, scratch);
    case FIELD_PREVIOUS_CLOSE:
        return number(quote, QUOTE_PREVIOUS_CLOSE, scratch);
    case FIELD_CHANGE:
        return number(quote, QUOTE_CHANGE, scratch);
    case FIELD_CHANGE_PERCENT:
        return number(quote, QUOTE_CHANGE_PERCENT, scratch);
    case FIELD_VOLUME:
        return number(quote, QUOTE_VOLUME, scratch);
    case FIELD_AS_OF:
        return as_of(quote, scratch);
    case FIELD_FETCHED:
        return fetched(quote, scratch);
    case FIELD_AGE_MS:
        return age_ms(source, scratch);
    case FIELD_STATE:
        return span_of(freshness_word(source->state));
    case FIELD_DELAY:
        return delay(quote, scratch);
    case FIELD_UNIT_FACTOR:
        return unit_factor(quote, scratch);
    case FIELD_SOURCE:
        return known(quote->source);
    case FIELD_SERVER:
        return known(source->server);
    case FIELD_COUNT:
        break;
    }
    return (struct span){NULL, 0};
}
