/* SPDX-License-Identifier: Apache-2.0 */
#include "web/accept.h"

#include "base/check.h"

/* How specific a range is, in rising order. */
enum { RANGE_OTHER, RANGE_ALL, RANGE_TYPE, RANGE_WHOLE };

/* What a range such as "text" or "*" + "/" says of "text/csv". */
static int match(struct span range, struct span type)
{
    if (span_equal_nocase(range, type)) {
        return RANGE_WHOLE;
    }
    // A bare star is what Java sends; it can mean but one thing.
    if (span_equal(range, span_of("*/*")) || span_equal(range, span_of("*"))) {
        return RANGE_ALL;
    }
    struct span rest = type;
    struct span kind;
    span_split(&rest, '/', &kind);
    bool is_kind =
        range.len == kind.len + 2 &&
        span_equal((struct span){range.data + kind.len, 2}, span_of("/*")) &&
        span_equal_nocase((struct span){range.data, kind.len}, kind);
    return is_kind ? RANGE_TYPE : RANGE_OTHER;
}

/* The weight in thousandths, of "q=0.5" behind the range; 1000 where there is
 * none, or none that can be read. */
static unsigned weight_of(struct span parameters)
{
    struct span one;
    while (span_split(&parameters, ';', &one)) {
        one = span_trim(one);
        if (one.len < 3 || (one.data[0] | 32) != 'q' || one.data[1] != '=') {
            continue;
        }
        if (one.data[2] == '1') {
            return 1000;
        }
        unsigned weight = 0;
        unsigned place = 100;
        size_t behind_dot = one.data[2] == '.' ? 3 : 4; // ".2" is "0.2"
        for (size_t i = behind_dot; i < one.len && place > 0;
             i++, place /= 10) {
            if (one.data[i] < '0' || one.data[i] > '9') {
                return 1000;
            }
            weight += (unsigned)(one.data[i] - '0') * place;
        }
        return weight;
    }
    return 1000;
}

/* The weight that a header gives to a type. */
static unsigned weigh(struct span header, const char *type)
{
    int best = RANGE_OTHER;
    unsigned weight = 0;
    struct span element;
    while (span_split(&header, ',', &element)) {
        struct span range;
        span_split(&element, ';', &range);
        int kind = match(span_trim(range), span_of(type));
        if (kind > best) {
            best = kind;
            weight = element.data != NULL ? weight_of(element) : 1000;
        }
    }
    return weight;
}

int accept_choose(struct span header, const char *const *types, size_t count)
{
    CHECK(count > 0);
    header = span_trim(header);
    if (header.len == 0 || span_equal(header, span_of("*/*"))) {
        return 0;
    }
    int chosen = -1;
    unsigned most = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned weight = weigh(header, types[i]);
        if (weight > most) {
            most = weight;
            chosen = (int)i;
        }
    }
    return chosen;
}
