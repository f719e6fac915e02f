/* SPDX-License-Identifier: Apache-2.0 */
#include "web/lifetime.h"

#include "base/buffer.h"
#include "base/check.h"
#include "base/digits.h"
#include "quote/freshness.h"
#include "serve/ask.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "web/reply.h"

/* What HTTP says of a quote's time, in whole seconds. */
struct times {
    uint64_t age_s;
    uint64_t left_s;       // of its being good
    uint64_t stale_left_s; // of its being served when it no longer is
    int64_t ttl_s;         // below 0: stale for so long
};

static struct times times_of(const struct worker *worker,
                             const struct answer *answer)
{
    const struct freshness_rule *rule = &worker->settings->rule;
    uint64_t now_ms = worker->loop.now_ms;
    uint64_t left_ms = freshness_left_ms(answer->quote, rule, now_ms);
    uint64_t late_ms = freshness_late_ms(answer->quote, rule, now_ms);
    uint64_t stale_left_ms =
        rule->stale_for_ms > late_ms ? rule->stale_for_ms - late_ms : 0;
    return (struct times){
        .age_s = freshness_age_ms(answer->quote, now_ms) / 1000,
        .left_s = left_ms / 1000,
        .stale_left_s = stale_left_ms / 1000,
        .ttl_s = late_ms > 0 ? -(int64_t)((late_ms + 999) / 1000)
                             : (int64_t)(left_ms / 1000),
    };
}

/*
 * max-age counts from when the quote was fetched, as Age does: a cache that
 * reads both takes their difference (RFC 9111, 4.2).  nginx does not read Age,
 * and would serve the quote for too long; what it reads first is
 * X-Accel-Expires, which it does not pass on.
 */
static char *put_times(char *at, const struct times *times)
{
    REPLY_WRITE(&at, "Age: ");
    at = digits_put(at, times->age_s);
    REPLY_WRITE(&at, "\r\nCache-Control: max-age=");
    at = digits_put(at, times->age_s + times->left_s);
    if (times->stale_left_s > 0) {
        REPLY_WRITE(&at, ", stale-while-revalidate=");
        at = digits_put(at, times->stale_left_s);
        REPLY_WRITE(&at, ", stale-if-error=");
        at = digits_put(at, times->stale_left_s);
    }
    REPLY_WRITE(&at, "\r\nX-Accel-Expires: ");
    at = digits_put(at, times->left_s);
    REPLY_WRITE(&at, "\r\n");
    return at;
}

/* RFC 9211. */
static char *put_cache_status(char *at, const struct times *times,
                              bool was_waited)
{
    if (was_waited) {
        REPLY_WRITE(&at, "Cache-Status: quoted; fwd=miss; stored; ttl=");
    } else {
        REPLY_WRITE(&at, "Cache-Status: quoted; hit; ttl=");
    }
    if (times->ttl_s < 0) {
        *at++ = '-';
        at = digits_put(at, 0 - (uint64_t)times->ttl_s);
    } else {
        at = digits_put(at, (uint64_t)times->ttl_s);
    }
    REPLY_WRITE(&at, "\r\nVary: Accept\r\n");
    return at;
}

/* What all these lines take at most: 160 bytes, 7 numbers and a sign. */
#define LINES_BYTES_LIMIT 320

void lifetime_put(struct buffer *out, const struct worker *worker,
                  const struct answer *answer, bool was_waited)
{
    char *from = buffer_reserve(out, LINES_BYTES_LIMIT);
    if (from == NULL) {
        return;
    }
    struct times times = times_of(worker, answer);
    char *at = put_times(from, &times);
    at = put_cache_status(at, &times, was_waited);
    CHECK(at - from <= LINES_BYTES_LIMIT);
    out->len += (size_t)(at - from);
}
