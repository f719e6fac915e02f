/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map is read through a table of its keys, each with a function that reads
 * the value; the table also is the list of what is allowed, for the error text.
 */
#include "calendar/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/units.h"
#include "conf/yaml.h"

#define DAY_MINUTES 1440

/* Closing auctions take ten minutes; nothing that is called one takes longer
 * than this. */
#define FINAL_AFTER_LIMIT_MS (6 * 3600 * 1000)

/* A reading of one document.  The first failure stays; readers may go on after
 * it, and what they fill in is thrown away. */
struct reader {
    struct draft *draft;
    const struct yaml *yaml;
    char *error;
    bool failed;
    unsigned seen; /* bit n: the n-th key of the table was there */
};

/* A key and the function that reads its value. */
struct entry {
    const char *key;
    void (*read)(struct reader *reader, int node);
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Texts in messages are cut to this: "%.*s" with SHOWN(span). */
#define SHOWN_LEN_MAX 40
#define SHOWN(text) \
    (int)((text).len < SHOWN_LEN_MAX ? (text).len : SHOWN_LEN_MAX), (text).data

__attribute__((format(printf, 3, 4))) static void fail(struct reader *reader,
                                                       size_t line,
                                                       const char *format, ...)
{
    if (reader->failed) {
        return;
    }
    reader->failed = true;
    char cause[DRAFT_ERROR_SIZE - 32];
    va_list args;
    va_start(args, format);
    vsnprintf(cause, sizeof(cause), format, args);
    va_end(args);
    snprintf(reader->error, DRAFT_ERROR_SIZE, "line %zu: %s", line, cause);
    for (char *c = reader->error; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == '\x7f') {
            *c = '?'; // a text may hold a newline, a message is one line
        }
    }
}

static size_t line_of(const struct reader *reader, int node)
{
    return yaml_line(reader->yaml, node);
}

/* --- Values --------------------------------------------------------------- */

static struct span read_text(struct reader *reader, int node)
{
    if (yaml_kind_of(reader->yaml, node) != YAML_SCALAR) {
        fail(reader, line_of(reader, node), "a text is expected here");
    }
    return yaml_text(reader->yaml, node);
}

/* A number of exactly `digits` digits at the front of *rest. */
static bool take_digits(struct span *rest, size_t digits, unsigned *out)
{
    uint64_t value = 0;
    if (rest->len < digits ||
        span_to_u64((struct span){rest->data, digits}, &value) != 0) {
        return false;
    }
    *out = (unsigned)value;
    *rest = (struct span){rest->data + digits, rest->len - digits};
    return true;
}

static bool take_mark(struct span *rest, char mark)
{
    if (rest->len == 0 || rest->data[0] != mark) {
        return false;
    }
    *rest = (struct span){rest->data + 1, rest->len - 1};
    return true;
}

/* Days since 1970 of "2026-11-27". */
static int64_t read_day(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    struct span rest = text;
    unsigned year = 0;
    unsigned month = 0;
    unsigned day = 0;
    bool is_date = take_digits(&rest, 4, &year) && take_mark(&rest, '-') &&
                   take_digits(&rest, 2, &month) && take_mark(&rest, '-') &&
                   take_digits(&rest, 2, &day) && rest.len == 0;
    if (is_date && year >= 1970 && year <= 2100 && month >= 1 && month <= 12 &&
        day >= 1 && day <= 31) {
        int64_t days = clock_days_of_date(year, month, day);
        if (clock_date_of_days(days).day == day) {
            return days;
        }
    }
    fail(reader, line_of(reader, node),
         "\"%.*s\" is no date from 1970 to 2100; one is 2026-11-27",
         SHOWN(text));
    return 0;
}

/* "09:30"; 24:00 is the end of a day. */
static bool take_minute(struct span *rest, uint16_t *out)
{
    unsigned hour = 0;
    unsigned minute = 0;
    if (!take_digits(rest, 2, &hour) || !take_mark(rest, ':') ||
        !take_digits(rest, 2, &minute) || minute > 59 ||
        hour * 60 + minute > DAY_MINUTES) {
        return false;
    }
    *out = (uint16_t)(hour * 60 + minute);
    return true;
}

/* Add "09:30-16:00" to the hours of a session. */
static void add_period(struct reader *reader, int node,
                       struct draft_hours *hours)
{
    struct span text = read_text(reader, node);
    struct span rest = text;
    struct draft_period period;
    if (!take_minute(&rest, &period.from_minute) || !take_mark(&rest, '-') ||
        !take_minute(&rest, &period.to_minute) || rest.len > 0) {
        fail(reader, line_of(reader, node),
             "\"%.*s\" is no period; one is 09:30-16:00", SHOWN(text));
    } else if (period.from_minute >= period.to_minute) {
        fail(reader, line_of(reader, node),
             "%.*s ends before it begins; a period is within a day",
             SHOWN(text));
    } else if (hours->count == DRAFT_PERIODS_LIMIT) {
        fail(reader, line_of(reader, node), "more than %d periods in a day",
             DRAFT_PERIODS_LIMIT);
    } else if (hours->count > 0 && hours->periods[hours->count - 1].to_minute >=
                                       period.from_minute) {
        fail(reader, line_of(reader, node),
             "%.*s begins before the period above it has ended", SHOWN(text));
    } else {
        hours->periods[hours->count++] = period;
    }
}

/* One period, or a list of them. */
static void read_periods(struct reader *reader, int node,
                         struct draft_hours *out)
{
    *out = (struct draft_hours){.count = 0};
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        add_period(reader, node, out);
        return;
    }
    if (yaml_count(reader->yaml, node) == 0) {
        fail(reader, line_of(reader, node), "the list is empty");
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        add_period(reader, yaml_item(reader->yaml, node, i), out);
    }
}

/* --- The keys ------------------------------------------------------------- */

static void add_market(struct reader *reader, int node)
{
    struct draft *draft = reader->draft;
    struct span text = read_text(reader, node);
    bool is_market = text.len >= 1 && text.len <= DRAFT_MARKET_LIMIT;
    for (size_t i = 0; i < text.len && is_market; i++) {
        char c = text.data[i];
        is_market = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
    if (!is_market) {
        fail(reader, line_of(reader, node),
             "\"%.*s\" is no market; one is XNYS, in capital letters",
             SHOWN(text));
        return;
    }
    for (size_t i = 0; i < draft->markets_count; i++) {
        if (span_equal(text, span_of(draft->markets[i]))) {
            fail(reader, line_of(reader, node), "%.*s stands here twice",
                 SHOWN(text));
            return;
        }
    }
    if (draft->markets_count == DRAFT_MARKETS_LIMIT) {
        fail(reader, line_of(reader, node), "more than %d markets",
             DRAFT_MARKETS_LIMIT);
        return;
    }
    memcpy(draft->markets[draft->markets_count++], text.data, text.len);
}

/* One market, or a list of them. */
static void read_markets(struct reader *reader, int node)
{
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST) {
        add_market(reader, node);
        return;
    }
    if (yaml_count(reader->yaml, node) == 0) {
        fail(reader, line_of(reader, node), "the list is empty");
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        add_market(reader, yaml_item(reader->yaml, node, i));
    }
}

static void read_zone(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    reader->draft->zone_line = line_of(reader, node);
    if (text.len == 0 || text.len > ZONE_NAME_LIMIT) {
        fail(reader, line_of(reader, node),
             "\"%.*s\" is no time zone; one is America/New_York", SHOWN(text));
        return;
    }
    memcpy(reader->draft->zone, text.data, text.len);
}

static void read_from(struct reader *reader, int node)
{
    reader->draft->from_day = read_day(reader, node);
}

static void read_to(struct reader *reader, int node)
{
    reader->draft->to_day = read_day(reader, node);
}

static void read_days(struct reader *reader, int node)
{
    static const char *const words[] = {"sun", "mon", "tue", "wed",
                                        "thu", "fri", "sat"};
    bool *is_trading = reader->draft->is_trading;
    memset(is_trading, 0, 7 * sizeof(*is_trading));
    if (yaml_kind_of(reader->yaml, node) != YAML_LIST ||
        yaml_count(reader->yaml, node) == 0) {
        fail(reader, line_of(reader, node),
             "a list of days is expected here, such as [mon, tue, wed]");
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        int item = yaml_item(reader->yaml, node, i);
        struct span text = read_text(reader, item);
        size_t day = 0;
        while (day < COUNT(words) && !span_equal(text, span_of(words[day]))) {
            day++;
        }
        if (day == COUNT(words)) {
            fail(reader, line_of(reader, item),
                 "\"%.*s\" is no day; allowed are mon, tue, wed, thu, fri, "
                 "sat, sun",
                 SHOWN(text));
            return;
        }
        is_trading[day] = true;
    }
}

static void read_hours(struct reader *reader, int node)
{
    struct draft *draft = reader->draft;
    draft->is_always =
        span_equal(yaml_text(reader->yaml, node), span_of("always"));
    if (!draft->is_always) {
        read_periods(reader, node, &draft->hours);
    }
}

static void read_final_after(struct reader *reader, int node)
{
    struct span text = read_text(reader, node);
    uint64_t after_ms = 0;
    if (units_parse_duration_ms(&after_ms, text) != 0 ||
        after_ms > FINAL_AFTER_LIMIT_MS) {
        fail(reader, line_of(reader, node),
             "\"%.*s\" is no time up to 6h; it is " UNITS_DURATION_FORM,
             SHOWN(text));
        return;
    }
    reader->draft->final_after_s = (uint32_t)(after_ms / 1000);
}

/* Room for one more special day, or NULL and an error. */
static struct draft_special *add_special(struct reader *reader, int key)
{
    struct draft *draft = reader->draft;
    if (draft->specials_count == DRAFT_SPECIALS_LIMIT) {
        fail(reader, line_of(reader, key), "more than %d days",
             DRAFT_SPECIALS_LIMIT);
        return NULL;
    }
    struct draft_special *special = &draft->specials[draft->specials_count++];
    *special = (struct draft_special){
        .day = read_day(reader, key),
        .line = line_of(reader, key),
    };
    return special;
}

static bool is_map(struct reader *reader, int node)
{
    if (yaml_kind_of(reader->yaml, node) != YAML_MAP) {
        fail(reader, line_of(reader, node),
             "dates and what they are is expected here, such as "
             "2026-12-25: Christmas Day");
        return false;
    }
    return true;
}

static void read_closed(struct reader *reader, int node)
{
    if (!is_map(reader, node)) {
        return;
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        add_special(reader, yaml_key(reader->yaml, node, i));
        // What the day is called is for people who read the file.
        read_text(reader, yaml_item(reader->yaml, node, i));
    }
}

static void read_special(struct reader *reader, int node)
{
    if (!is_map(reader, node)) {
        return;
    }
    for (size_t i = 0; i < yaml_count(reader->yaml, node); i++) {
        struct draft_special *special =
            add_special(reader, yaml_key(reader->yaml, node, i));
        if (special == NULL) {
            return;
        }
        read_periods(reader, yaml_item(reader->yaml, node, i), &special->hours);
    }
}

/* --- The whole ------------------------------------------------------------ */

enum key {
    KEY_MARKETS,
    KEY_ZONE,
    KEY_FROM,
    KEY_TO,
    KEY_DAYS,
    KEY_HOURS,
    KEY_FINAL_AFTER,
    KEY_CLOSED,
    KEY_SPECIAL,
    KEYS,
};

static const struct entry entries[KEYS] = {
    [KEY_MARKETS] = {"markets", read_markets},
    [KEY_ZONE] = {"zone", read_zone},
    [KEY_FROM] = {"from", read_from},
    [KEY_TO] = {"to", read_to},
    [KEY_DAYS] = {"days", read_days},
    [KEY_HOURS] = {"hours", read_hours},
    [KEY_FINAL_AFTER] = {"final_after", read_final_after},
    [KEY_CLOSED] = {"closed", read_closed},
    [KEY_SPECIAL] = {"special", read_special},
};

static void read_pair(struct reader *reader, int map, size_t at)
{
    int key = yaml_key(reader->yaml, map, at);
    struct span word = yaml_text(reader->yaml, key);
    for (size_t i = 0; i < KEYS; i++) {
        if (span_equal(word, span_of(entries[i].key))) {
            reader->seen |= 1u << i;
            entries[i].read(reader, yaml_item(reader->yaml, map, at));
            return;
        }
    }
    fail(reader, line_of(reader, key),
         "\"%.*s\" is not known; allowed are markets, zone, from, to, days, "
         "hours, final_after, closed, special",
         SHOWN(word));
}

/* What must be there, and what must not. */
static void check_keys(struct reader *reader)
{
    const unsigned always = 1u << KEY_MARKETS | 1u << KEY_HOURS;
    const unsigned timed =
        always | 1u << KEY_ZONE | 1u << KEY_FROM | 1u << KEY_TO;
    for (size_t i = 0; i < KEYS; i++) {
        bool is_there = (reader->seen >> i & 1) != 0;
        if (reader->draft->is_always && is_there && (always >> i & 1) == 0) {
            fail(reader, 1, "\"hours: always\" and \"%s\" exclude each other",
                 entries[i].key);
        }
        bool is_needed =
            ((reader->draft->is_always ? always : timed) >> i & 1) != 0;
        if (is_needed && !is_there) {
            fail(reader, 1, "there is no \"%s\"", entries[i].key);
        }
    }
}

static int compare_days(const void *a, const void *b)
{
    const struct draft_special *left = a;
    const struct draft_special *right = b;
    return (left->day > right->day) - (left->day < right->day);
}

/* The special days in order, each once and within the known days. */
static void check_days(struct reader *reader)
{
    struct draft *draft = reader->draft;
    if (draft->to_day < draft->from_day ||
        draft->to_day - draft->from_day >= DRAFT_DAYS_LIMIT) {
        fail(reader, 1, "\"from\" to \"to\" is a day to 20 years");
    }
    qsort(draft->specials, draft->specials_count, sizeof(draft->specials[0]),
          compare_days);
    for (size_t i = 0; i < draft->specials_count; i++) {
        const struct draft_special *special = &draft->specials[i];
        if (special->day < draft->from_day || special->day > draft->to_day) {
            fail(reader, special->line,
                 "this day is not within \"from\" and \"to\"");
        }
        if (i > 0 && special[-1].day == special->day) {
            fail(reader, special->line, "this day stands in line %zu already",
                 special[-1].line);
        }
    }
}

int draft_read(struct draft *out, struct span yaml,
               char error[DRAFT_ERROR_SIZE])
{
    *out = (struct draft){
        .is_trading = {false, true, true, true, true, true, false},
    };
    struct reader reader = {.draft = out, .error = error};
    struct yaml *document;
    size_t line = 0;
    char cause[YAML_ERROR_SIZE];
    int err = yaml_parse(&document, yaml, &line, cause);
    if (err != 0) {
        fail(&reader, line, "%s", cause);
        return err == ERR_NOMEM ? ERR_NOMEM : ERR_SYNTAX;
    }
    reader.yaml = document;
    int root = yaml_root(document);
    if (yaml_kind_of(document, root) != YAML_MAP) {
        fail(&reader, line_of(&reader, root),
             "keys and values are expected here");
    }
    for (size_t i = 0; i < yaml_count(document, root); i++) {
        read_pair(&reader, root, i);
    }
    check_keys(&reader);
    if (!out->is_always) {
        check_days(&reader);
    }
    yaml_destroy(&document);
    return reader.failed ? ERR_SYNTAX : 0;
}
