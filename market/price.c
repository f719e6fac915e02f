/* SPDX-License-Identifier: Apache-2.0 */
#include "market/price.h"

#include <stdio.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/err.h"

/* Places of the walk are in billionths of where it began. */
#define WALL_PPB ((int64_t)900000000)

/* One step's standard deviation: 0.04 %, so that a quote of a hundred dollars
 * moves by cents and a session of sixty steps by a third of a percent. */
#define STEP_PPB ((int64_t)400000)

#define CENT (PRICE_UNIT / 100)

static const struct price_company companies[] = {
    {"GOOGL", "Alphabet Inc - Class A", "Google", 1356000},
    {"MSFT", "Microsoft Corporation", "", 3266700},
    {"AMZN", "Amazon.com Inc", "", 1251700},
    {"AAPL", "Apple Inc", "", 1728800},
    {"META", "Meta Platforms Inc - Class A", "Facebook", 3086500},
    {"IBM", "International Business Machines Corp", "", 1371600},
    {"TSLA", "Tesla Inc", "", 2119900},
    {"WMT", "Walmart Inc", "", 1587600},
    {"ADRNY", "Koninklijke Ahold Delhaize N.V.", "", 290000},
    {"DIS", "Walt Disney Co (The)", "", 826500},
    {NULL, NULL, NULL, 0},
};

const struct price_company *price_companies(void)
{
    return companies;
}

/* Spread a number's bits over all 64 (the finalizer of SplitMix64). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The walk of one symbol: everything about it follows from this. */
static uint64_t stream_of(uint64_t seed, const struct symbol *symbol)
{
    uint64_t stream = mix(seed);
    for (size_t i = 0; i < symbol->len; i++) {
        stream = mix(stream ^ (unsigned char)symbol->text[i]);
    }
    return stream;
}

/* Whether it is of the form [A-Z]{1,5}[0-9]*. */
static bool is_inventable(const struct symbol *symbol)
{
    size_t at = 0;
    while (at < symbol->len && symbol->text[at] >= 'A' &&
           symbol->text[at] <= 'Z') {
        at++;
    }
    if (at < 1 || at > 5) {
        return false;
    }
    while (at < symbol->len && symbol->text[at] >= '0' &&
           symbol->text[at] <= '9') {
        at++;
    }
    return at == symbol->len;
}

bool price_find_start(int64_t *out, const struct symbol *symbol, bool invent)
{
    for (const struct price_company *c = companies; c->symbol != NULL; c++) {
        if (span_equal(symbol_span(symbol), span_of(c->symbol))) {
            *out = c->start;
            return true;
        }
    }
    if (!invent || !is_inventable(symbol)) {
        return false;
    }
    // 5 to 500 dollars, whatever the seed, as the companies' are.
    uint64_t cents = 500 + stream_of(0, symbol) % 49501;
    *out = (int64_t)cents * CENT;
    return true;
}

/* The square root of 2^log2, times 2^15. */
static int64_t root(unsigned log2)
{
    int64_t half = (int64_t)1 << (log2 / 2);
    return log2 % 2 == 0 ? half << 15 : half * 46341;
}

/* An independent random move for a place of the walk, whose variance is that of
 * 2^log2 quarter steps. */
static int64_t move(uint64_t stream, uint64_t place, unsigned log2)
{
    // Uniform in +-sqrt(3), which has a variance of 1, in thousandths.
    int64_t deviate = (int64_t)(mix(stream ^ mix(place)) % 3465) - 1732;
    int64_t size_ppb = (STEP_PPB / 2 * root(log2)) >> 15;
    return size_ppb * deviate / 1000;
}

/* The walk's place at a step, in billionths; not yet reflected. */
static int64_t place_of(uint64_t stream, uint64_t step)
{
    CHECK(step < PRICE_STEPS_LIMIT);
    if (step == 0) {
        return 0;
    }
    // From 0 to 1, then doubling until the step is within [left, 2 left].
    uint64_t left = 1;
    unsigned log2 = 0;
    int64_t at_left = move(stream, 1, 2);
    while (left * 2 <= step) {
        left *= 2;
        at_left += move(stream, left, log2 + 2);
        log2++;
    }
    if (left == step) {
        return at_left;
    }
    int64_t at_right = at_left + move(stream, left * 2, log2 + 2);
    // Halving until the step is the middle.
    for (uint64_t width = left;; log2--) {
        CHECK(width >= 2);
        width /= 2;
        uint64_t middle = left + width;
        int64_t at_middle =
            (at_left + at_right) / 2 + move(stream, middle, log2);
        if (middle == step) {
            return at_middle;
        }
        if (step < middle) {
            at_right = at_middle;
        } else {
            at_left = at_middle;
            left = middle;
        }
    }
}

static int64_t reflect(int64_t place)
{
    int64_t turn = 4 * WALL_PPB;
    int64_t along = ((place + WALL_PPB) % turn + turn) % turn;
    return along <= 2 * WALL_PPB ? along - WALL_PPB : 3 * WALL_PPB - along;
}

static int64_t price_at(int64_t start, int64_t place)
{
    if (place == 0) {
        return start;
    }
    int64_t moved = start + start * reflect(place) / 1000000000;
    int64_t cents = (moved + CENT / 2) / CENT;
    CHECK(moved > 0);
    return cents > 0 ? cents * CENT : CENT;
}

/* Shares up to the n-th step of a session, which trades as many in each. */
static uint64_t volume_of(uint64_t stream, uint64_t session, uint64_t n)
{
    uint64_t a_step = 2000 + mix(stream ^ mix(~session)) % 150000;
    return a_step * (n + 1);
}

void price_walk(struct price_session *out, uint64_t seed,
                const struct symbol *symbol, int64_t start, uint64_t step)
{
    // So that start * WALL_PPB does not overflow.
    CHECK(start > 0 && start <= 500 * (int64_t)PRICE_UNIT);
    step %= PRICE_STEPS_LIMIT;
    uint64_t stream = stream_of(seed, symbol);
    uint64_t n = step % PRICE_SESSION_STEPS;
    uint64_t first = step - n;
    out->open = out->high = out->low = out->price =
        price_at(start, place_of(stream, first));
    for (uint64_t at = first + 1; at <= step; at++) {
        out->price = price_at(start, place_of(stream, at));
        out->high = out->price > out->high ? out->price : out->high;
        out->low = out->price < out->low ? out->price : out->low;
    }
    // Before the first session was one that ended a session's move away.
    out->previous =
        price_at(start, first > 0 ? place_of(stream, first - 1)
                                  : move(stream, PRICE_STEPS_LIMIT, 8));
    out->volume = volume_of(stream, first, n);
}

struct price_session price_flat_session(int64_t price)
{
    return (struct price_session){
        .open = price,
        .high = price,
        .low = price,
        .price = price,
        .previous = price,
    };
}

void price_put_trading_day(char out[PRICE_DAY_SIZE], int64_t unix_ms)
{
    const int64_t day_ms = 86400000;
    int64_t days = unix_ms / day_ms;
    int64_t weekday = ((days + 3) % 7 + 7) % 7; // 1970-01-01 was a Thursday
    int64_t back = weekday > 4 ? weekday - 4 : 0;
    char text[CLOCK_TEXT_SIZE];
    clock_print_unix_ms(text, unix_ms - back * day_ms);
    snprintf(out, PRICE_DAY_SIZE, "%.10s", text);
}

int price_parse(int64_t *out, struct span text)
{
    struct decimal value;
    int err = decimal_parse(&value, text);
    if (err != 0) {
        return err;
    }
    if (value.exponent < -4) {
        return ERR_RANGE;
    }
    int64_t units = value.digits;
    for (int i = value.exponent; i > -4; i--) {
        if (__builtin_mul_overflow(units, 10, &units)) {
            return ERR_RANGE;
        }
    }
    if (units > PRICE_LIMIT || units < -PRICE_LIMIT) {
        return ERR_RANGE;
    }
    *out = units;
    return 0;
}

void price_put(struct buffer *out, int64_t value)
{
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    buffer_put_text(out, value < 0 ? "-" : "");
    buffer_put_u64(out, left / PRICE_UNIT);
    buffer_printf(out, ".%04u", (unsigned)(left % PRICE_UNIT));
}

int64_t price_change(const struct price_session *session)
{
    return session->price - session->previous;
}

int64_t price_change_percent(const struct price_session *session)
{
    int64_t part = price_change(session);
    int64_t whole = session->previous;
    if (whole == 0) {
        return 0;
    }
    bool negative = (part < 0) != (whole < 0);
    uint64_t a = part < 0 ? 0 - (uint64_t)part : (uint64_t)part;
    uint64_t b = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
    CHECK(a <= 2 * (uint64_t)PRICE_LIMIT);
    uint64_t percent = (2 * a * 100 * PRICE_UNIT + b) / (2 * b);
    return negative ? -(int64_t)percent : (int64_t)percent;
}
