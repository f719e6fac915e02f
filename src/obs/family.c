/* SPDX-License-Identifier: Apache-2.0 */
#include "obs/family.h"

#include "base/check.h"
#include "base/err.h"

/* From a turn of the loop to the longest that a client waits. */
const uint64_t family_durations_ms[FAMILY_BOUNDS] = {
    1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000,
};

/* From a market's seconds to a weekend. */
const uint64_t family_ages_ms[FAMILY_BOUNDS] = {
    1000,   5000,    15000,   30000,    60000,    120000,    300000,
    900000, 1800000, 3600000, 14400000, 86400000, 259200000,
};

const struct family_info *family_info_of(enum family family)
{
    static const struct family_info table[FAMILY_COUNT] = {
#define FAMILY_ROW(name, kind, unit, one, two, help) \
    {#name,                                          \
     FAMILY_##kind,                                  \
     unit,                                           \
     {FAMILY_LABEL_##one, FAMILY_LABEL_##two},       \
     help},
        FAMILY_TABLE(FAMILY_ROW)
#undef FAMILY_ROW
    };
    CHECK((unsigned)family < FAMILY_COUNT);
    return &table[family];
}

const uint64_t *family_bounds_ms(enum family family)
{
    CHECK(family_info_of(family)->kind == FAMILY_HISTOGRAM);
    return family == FAMILY_price_age ? family_ages_ms : family_durations_ms;
}

static const struct label {
    const char *name;
    size_t values;
} labels[FAMILY_LABELS] = {
    [FAMILY_LABEL_NONE] = {"", FAMILY_VALUES_NONE},
    [FAMILY_LABEL_READ] = {"", FAMILY_VALUES_READ},
    [FAMILY_LABEL_PROVIDER] = {"provider", FAMILY_VALUES_PROVIDER},
    [FAMILY_LABEL_CLASS] = {"class", FAMILY_VALUES_CLASS},
    [FAMILY_LABEL_WINDOW] = {"window", FAMILY_VALUES_WINDOW},
    [FAMILY_LABEL_STANDING] = {"standing", FAMILY_VALUES_STANDING},
    [FAMILY_LABEL_PROTO] = {"proto", FAMILY_VALUES_PROTO},
    [FAMILY_LABEL_PROTO_YET] = {"proto", FAMILY_VALUES_PROTO_YET},
    [FAMILY_LABEL_OUTCOME] = {"outcome", FAMILY_VALUES_OUTCOME},
    [FAMILY_LABEL_FROM] = {"from", FAMILY_VALUES_FROM},
};

const char *family_label_name(enum family_label label)
{
    CHECK((unsigned)label < FAMILY_LABELS);
    return labels[label].name;
}

size_t family_label_values(enum family_label label)
{
    CHECK((unsigned)label < FAMILY_LABELS);
    return labels[label].values;
}

static const char *const proto_words[] = {"resp", "http", "rpyc", "unknown"};
static const char *const from_words[] = {"memory", "upstream"};

/* In the order of enum family_outcome. */
static const char *const outcome_words[] = {
    "ok",       "fresh",  "stale",  "partial",  "refused",
    "unknown",  "nodata", "limit",  "upstream", "overloaded",
    "draining", "symbol", "tooold", "store",
};

_Static_assert(sizeof(outcome_words) / sizeof(outcome_words[0]) ==
                   FAMILY_OUTCOMES,
               "each outcome has a word");

const char *family_label_word(enum family_label label, size_t value)
{
    CHECK(value < family_label_values(label));
    switch (label) {
    case FAMILY_LABEL_PROTO:
    case FAMILY_LABEL_PROTO_YET:
        return proto_words[value];
    case FAMILY_LABEL_OUTCOME:
        return outcome_words[value];
    case FAMILY_LABEL_FROM:
        return from_words[value];
    default:
        return "";
    }
}

size_t family_kind_cells(enum family_kind kind)
{
    return kind == FAMILY_HISTOGRAM ? FAMILY_CELLS_HISTOGRAM : 1;
}

enum family_outcome family_outcome_of(int err)
{
    if (err <= ERR_UNKNOWN && err >= ERR_STORE) {
        return (enum family_outcome)(FAMILY_ERRORS + (ERR_UNKNOWN - err));
    }
    // For want of memory, as clients are told.
    return err == 0 ? FAMILY_OK
                    : (enum family_outcome)(FAMILY_ERRORS + ERR_UNKNOWN -
                                            ERR_OVERLOADED);
}
