/* SPDX-License-Identifier: Apache-2.0 */
#include "document/figure.h"

#include <string.h>

/* The longest text that is tried as a number: 17 digits with everything that a
 * provider puts round them are half of it. */
#define LEN_LIMIT 64

bool figure_is_nothing(struct span text)
{
    static const char *const words[] = {
        "", "N/A", "N/D", "NA", "n/a", "None", "null", "-", "--",
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (span_equal(text, span_of(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Copy a number without the commas between its thousands.  Returns the length;
 * 0 where it is too long or a comma parts anything else. */
static size_t copy_without_commas(struct span text, char out[LEN_LIMIT])
{
    size_t len = 0;
    size_t at = 0;
    size_t group = 0; // digits since the last comma or the beginning
    bool has_comma = false;
    if (text.len > LEN_LIMIT) {
        return 0;
    }
    if (text.len > 0 && text.data[0] == '-') {
        out[len++] = text.data[at++];
    }
    for (; at < text.len && (is_digit(text.data[at]) || text.data[at] == ',');
         at++) {
        if (text.data[at] != ',') {
            out[len++] = text.data[at];
            group++;
            continue;
        }
        if (group < 1 || group > 3 || (has_comma && group != 3)) {
            return 0;
        }
        has_comma = true;
        group = 0;
    }
    if (has_comma && group != 3) {
        return 0;
    }
    // A comma further on is left in, and makes the text no number.
    if (at < text.len) {
        memcpy(out + len, text.data + at, text.len - at);
    }
    return len + text.len - at;
}

bool figure_read(struct decimal *out, struct span text)
{
    text = span_trim(text);
    if (text.len > 0 && text.data[text.len - 1] == '%') {
        text.len--;
    }
    if (text.len > 0 && text.data[0] == '$') {
        text.data++;
        text.len--;
    }
    char plain[LEN_LIMIT];
    struct span number = {plain, copy_without_commas(text, plain)};
    return decimal_parse(out, number) == 0;
}
