/* SPDX-License-Identifier: Apache-2.0 */
#include "redis/shortcut.h"

#include "base/buffer.h"
#include "base/check.h"
#include "obs/metric.h"
#include "proto/plain.h"
#include "proto/resp.h"
#include "quote/quote.h"
#include "redis/session.h"
#include "serve/ask.h"
#include "serve/roster.h"
#include "serve/settings.h"
#include "serve/tally.h"
#include "serve/worker.h"

/* GETs that are answered together: enough for memory to be busy, few enough for
 * what it brings to be there still. */
#define TOGETHER_LIMIT 32

_Static_assert(PLAIN_TEXTS_LIMIT <= ASK_AGAIN_LIMIT, "for all of an MGET");
_Static_assert(TOGETHER_LIMIT <= ASK_AGAIN_LIMIT, "for as many GETs");

/* Bytes at the front that were answered. */
struct taken {
    size_t bytes;
    size_t requests;
};

static void put_prices(struct buffer *out, const struct quote *const *quotes,
                       size_t count)
{
    char *begin = buffer_reserve(out, count * RESP_SHORT_ROOM);
    if (begin == NULL) {
        return; // the buffer has failed, which its owner sees
    }
    char *at = begin;
    for (size_t i = 0; i < count; i++) {
        CHECK(quotes[i]->price_len < RESP_SHORT_SIZE);
        at = resp_write_short(at, quotes[i]->price_text, quotes[i]->price_len);
    }
    out->len += (size_t)(at - begin);
}

/*
 * How many to try next, when of `count` so many were answered: each that is
 * tried behind one that can't be is tried once more later, so there are to be
 * no more of these than were answered.
 */
static size_t next_together(size_t together, size_t count, size_t answered)
{
    if (answered < count) {
        return answered > 0 ? answered : 1;
    }
    return count == together && together < TOGETHER_LIMIT ? together * 2
                                                          : together;
}

/* Answer GETs at the front, as many as can be or are tried together. */
static struct taken take_gets(struct worker *worker, struct span bytes,
                              struct buffer *out)
{
    struct span texts[TOGETHER_LIMIT];
    size_t ends[TOGETHER_LIMIT];
    const struct quote *quotes[TOGETHER_LIMIT];
    size_t together = worker->gets_together > 0 ? worker->gets_together : 1;
    size_t count = 0;
    size_t end = 0;
    while (count < together) {
        struct span rest = {bytes.data + end, bytes.len - end};
        size_t one = plain_parse_get(&texts[count], rest);
        if (one == 0) {
            break;
        }
        end += one;
        ends[count++] = end;
    }
    if (count == 0) {
        return (struct taken){0, 0};
    }
    size_t answered = ask_again_all(worker, texts, count, quotes);
    CHECK(answered <= count);
    worker->gets_together = next_together(together, count, answered);
    if (answered == 0) {
        return (struct taken){0, 0};
    }
    tally_again_each(worker, PROTOCOL_RESP, quotes, answered);
    put_prices(out, quotes, answered);
    return (struct taken){ends[answered - 1], answered};
}

/* MAXAGE among the symbols is a demand, or a mistake (redis/quotes.c). */
static bool is_max_age(struct span text)
{
    static const struct span word = {"MAXAGE", 6};
    return text.len == word.len && span_equal_nocase(text, word);
}

static bool has_max_age(const struct plain_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (is_max_age(texts->texts[i])) {
            return true;
        }
    }
    return false;
}

/* A GET is never longer, whatever is set; an MGET of long texts may be. */
static size_t request_bytes_max(const struct worker *worker)
{
    return worker->settings->conf->limits.request_bytes_max;
}

/* Answer an MGET at the front; returns its bytes, 0 where it is left. */
static size_t take_mget(struct worker *worker, struct span bytes,
                        struct buffer *out)
{
    struct plain_texts texts;
    const struct quote *quotes[PLAIN_TEXTS_LIMIT];
    size_t taken = plain_parse_mget(&texts, bytes);
    if (taken == 0 || taken > request_bytes_max(worker) ||
        has_max_age(&texts) ||
        ask_again_all(worker, texts.texts, texts.count, quotes) < texts.count) {
        return 0;
    }
    tally_again(worker, PROTOCOL_RESP, quotes, texts.count);
    resp_put_array(out, texts.count);
    put_prices(out, quotes, texts.count);
    return taken;
}

/* Answer what can be answered at the front. */
static struct taken take_some(struct worker *worker, struct span bytes,
                              struct buffer *out)
{
    struct taken gets = take_gets(worker, bytes, out);
    if (gets.requests > 0) {
        return gets;
    }
    size_t mget = take_mget(worker, bytes, out);
    return (struct taken){mget, mget > 0};
}

size_t shortcut_take(struct session *session, struct span bytes,
                     struct buffer *out)
{
    struct worker *worker = session_worker(session);
    struct taken taken = {0, 0};
    while (taken.bytes < bytes.len && out->len <= SESSION_FLUSH_BYTES) {
        struct span rest = {bytes.data + taken.bytes, bytes.len - taken.bytes};
        struct taken some = take_some(worker, rest, out);
        if (some.requests == 0) {
            break;
        }
        taken.bytes += some.bytes;
        taken.requests += some.requests;
    }
    CHECK(taken.bytes <= bytes.len);
    metric_add(worker->cells, METRIC_requests, taken.requests);
    roster_count_commands(session_member(session), taken.requests);
    return taken.bytes;
}
