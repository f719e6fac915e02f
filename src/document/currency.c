/* SPDX-License-Identifier: Apache-2.0 */
#include "document/currency.h"

#include <string.h>

#include "base/check.h"

/* The words for hundredths.  Letter for letter: GBP is not GBp. */
static const struct {
    const char *word;
    const char *code;
} hundredths[] = {
    {"GBX", "GBP"}, {"GBp", "GBP"}, {"ZAc", "ZAR"}, {"ZAC", "ZAR"},
    {"ZAX", "ZAR"}, {"ILA", "ILS"}, {"ILa", "ILS"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_word(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char upper = (char)(text.data[i] & ~0x20);
        if (upper < 'A' || upper > 'Z') {
            return false;
        }
    }
    return text.len > 0 && text.len < QUOTE_CURRENCY_SIZE;
}

bool currency_read(struct currency *out, struct span text)
{
    if (!is_word(text)) {
        return false;
    }
    *out = (struct currency){.places = 0};
    for (size_t i = 0; i < COUNT(hundredths); i++) {
        if (span_equal(text, span_of(hundredths[i].word))) {
            out->places = 2;
            text = span_of(hundredths[i].code);
        }
    }
    memcpy(out->code, text.data, text.len);
    CHECK(out->code[QUOTE_CURRENCY_SIZE - 1] == '\0');
    return true;
}

bool currency_is_divided(const char *code)
{
    for (size_t i = 0; i < COUNT(hundredths); i++) {
        if (strcmp(code, hundredths[i].code) == 0) {
            return true;
        }
    }
    return false;
}

/* A value above 0 as nine digits before a power of ten: what is compared here
 * is coarse. */
static void take_front(struct decimal value, int64_t *front, int *exponent)
{
    const int64_t low = 100000000;
    CHECK(value.digits > 0);
    *front = value.digits;
    *exponent = value.exponent;
    for (; *front >= low * 10; *front /= 10) {
        ++*exponent;
    }
    for (; *front < low; *front *= 10) {
        --*exponent;
    }
}

bool currency_units_differ(struct decimal a, struct decimal b)
{
    int64_t a_front;
    int64_t b_front;
    int a_exponent;
    int b_exponent;
    take_front(a, &a_front, &a_exponent);
    take_front(b, &b_front, &b_exponent);
    bool is_above = a_exponent > b_exponent ||
                    (a_exponent == b_exponent && a_front > b_front);
    int64_t high = is_above ? a_front : b_front;
    int64_t low = is_above ? b_front : a_front;
    switch (is_above ? a_exponent - b_exponent : b_exponent - a_exponent) {
    case 1:
        return high >= 5 * low; // times 10 is 50 or more
    case 2:
        return 2 * high >= low && high <= 2 * low;
    case 3:
        return 5 * high <= low;
    default:
        return false;
    }
}
