/* SPDX-License-Identifier: Apache-2.0 */
#include "show/field.h"

#include "base/check.h"
#include "show/field_priv.h"

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

struct span field_text(enum field field, const struct field_source *source,
                       char scratch[FIELD_TEXT_SIZE])
{
    return field_compose(field, source, scratch);
}
