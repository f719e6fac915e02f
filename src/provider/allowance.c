/* SPDX-License-Identifier: Apache-2.0 */
#include "provider/allowance.h"

#include "base/check.h"
#include "base/clock.h"
#include "provider/provider_priv.h"

/* The value of the last line of a name; false where there is none. */
static bool find_line(struct span lines, struct span name, struct span *out)
{
    bool is_there = false;
    struct span line;
    while (span_split(&lines, '\n', &line)) {
        struct span front;
        span_split(&line, ':', &front);
        if (line.data != NULL && span_equal_nocase(front, name)) {
            *out = span_trim(line);
            is_there = true;
        }
    }
    return is_there;
}

/* Two or four digits of a date. */
static bool read_digits(struct span text, size_t at, size_t len, uint64_t *out)
{
    CHECK(at + len <= text.len);
    return span_to_u64((struct span){text.data + at, len}, out) == 0;
}

/* The number of "Nov", 1 to 12; 0 where it is no month. */
static unsigned month_of(const char *text)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned i = 0; i < 12; i++) {
        if (memcmp(months[i], text, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool read_http_date(struct span text, int64_t *unix_ms)
{
    const size_t len = 29;
    uint64_t day;
    uint64_t year;
    uint64_t hour;
    uint64_t minute;
    uint64_t second;
    if (text.len != len || memcmp(text.data + 25, " GMT", 4) != 0 ||
        !read_digits(text, 5, 2, &day) || !read_digits(text, 12, 4, &year) ||
        !read_digits(text, 17, 2, &hour) ||
        !read_digits(text, 20, 2, &minute) ||
        !read_digits(text, 23, 2, &second)) {
        return false;
    }
    unsigned month = month_of(text.data + 8);
    if (month == 0 || day < 1 || day > 31) {
        return false;
    }
    int64_t days = clock_days_of_date((int64_t)year, month, (unsigned)day);
    *unix_ms =
        (days * 86400 + (int64_t)(hour * 3600 + minute * 60 + second)) * 1000;
    return true;
}

static uint64_t read_retry(struct span text, int64_t now_unix_ms)
{
    uint64_t seconds;
    int64_t unix_ms;
    uint64_t ms = 0;
    if (span_to_u64(text, &seconds) == 0) {
        bool is_short = seconds <= ALLOWANCE_RETRY_LIMIT_MS / 1000;
        ms = is_short ? seconds * 1000 : ALLOWANCE_RETRY_LIMIT_MS;
    } else if (now_unix_ms != 0 && read_http_date(text, &unix_ms) &&
               unix_ms > now_unix_ms) {
        ms = (uint64_t)(unix_ms - now_unix_ms);
    }
    return ms < ALLOWANCE_RETRY_LIMIT_MS ? ms : ALLOWANCE_RETRY_LIMIT_MS;
}

void allowance_read(const struct provider *provider,
                    const struct provider_answer *answer,
                    struct provider_outcome *outcome)
{
    struct span text;
    if (find_line(answer->headers, span_of("Retry-After"), &text)) {
        outcome->retry_after_ms = read_retry(text, answer->now_unix_ms);
    }
    if (provider->left_header.len > 0 &&
        find_line(answer->headers, provider->left_header, &text) &&
        span_to_u64(text, &outcome->left) == 0) {
        outcome->has_left = true;
        outcome->left_window = provider->left_window;
    }
}
