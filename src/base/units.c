/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first, which is what printing wants. */
static const struct unit durations[] = {
    {"d", 86400000}, {"h", 3600000}, {"m", 60000},
    {"s", 1000},     {"ms", 1},      {NULL, 0},
};

static const struct unit sizes[] = {
    {"GiB", 1u << 30}, {"MiB", 1u << 20}, {"KiB", 1u << 10},
    {"B", 1},          {NULL, 0},
};

static int parse(uint64_t *out, struct span text, const struct unit *units)
{
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' &&
           text.data[digits] <= '9') {
        digits++;
    }
    uint64_t number;
    int err = span_to_u64((struct span){text.data, digits}, &number);
    if (err != 0) {
        return err;
    }
    struct span name = {text.data + digits, text.len - digits};
    if (name.len == 0 && number == 0) {
        *out = 0;
        return 0;
    }
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (span_equal(name, span_of(unit->name))) {
            return __builtin_mul_overflow(number, unit->factor, out) ? ERR_RANGE
                                                                     : 0;
        }
    }
    return ERR_SYNTAX;
}

static int print(char out[UNITS_TEXT_SIZE], uint64_t value,
                 const struct unit *units)
{
    const struct unit *unit = units;
    while (value == 0 ? unit[1].name != NULL : value % unit->factor != 0) {
        unit++;
        CHECK(unit->name != NULL);
    }
    int len = snprintf(out, UNITS_TEXT_SIZE, "%" PRIu64 "%s",
                       value / unit->factor, unit->name);
    CHECK(len > 0 && len < UNITS_TEXT_SIZE);
    return len;
}

int units_parse_duration_ms(uint64_t *out_ms, struct span text)
{
    return parse(out_ms, text, durations);
}

int units_parse_size_bytes(uint64_t *out_bytes, struct span text)
{
    return parse(out_bytes, text, sizes);
}

int units_print_duration_ms(char out[UNITS_TEXT_SIZE], uint64_t ms)
{
    return print(out, ms, durations);
}

int units_print_size_bytes(char out[UNITS_TEXT_SIZE], uint64_t bytes)
{
    return print(out, bytes, sizes);
}
