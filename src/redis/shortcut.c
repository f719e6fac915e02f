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

/* GETs that are learnt of at once: enough for memory to be busy, few enough for
 * what it brings to be there still. */
#define AHEAD_GETS 32

_Static_assert(PLAIN_TEXTS_LIMIT <= ASK_AHEAD_LIMIT, "for all of an MGET");

/* Answer a GET at the front; returns its bytes, 0 where it is left. */
static size_t take_get(struct worker *worker, struct span bytes,
                       struct buffer *out)
{
    struct span text;
    size_t taken = plain_parse_get(&text, bytes);
    const struct quote *quote = taken > 0 ? ask_again(worker, text) : NULL;
    if (quote == NULL) {
        return 0;
    }
    tally_again(worker, PROTOCOL_RESP, &quote, 1);
    resp_put_short(out, quote->price_text, quote->price_len);
    return taken;
}

/* MAXAGE among the symbols is a demand, or a mistake (redis/quotes.c). */
static bool is_max_age(struct span text)
{
    static const struct span word = {"MAXAGE", 6};
    return text.len == word.len && span_equal_nocase(text, word);
}

/* Find the quotes for all the texts; false where one can't be answered with. */
static bool find_quotes(struct worker *worker, const struct plain_texts *texts,
                        const struct quote *quotes[PLAIN_TEXTS_LIMIT])
{
    for (size_t i = 0; i < texts->count; i++) {
        if (is_max_age(texts->texts[i])) {
            return false;
        }
        quotes[i] = ask_again(worker, texts->texts[i]);
        if (quotes[i] == NULL) {
            return false;
        }
    }
    return true;
}

/* A GET is never longer, whatever is set; an MGET of long texts may be. */
static size_t request_bytes_max(const struct worker *worker)
{
    return worker->settings->conf->limits.request_bytes_max;
}

/* The same for an MGET. */
static size_t take_mget(struct worker *worker, struct span bytes,
                        struct buffer *out)
{
    struct plain_texts texts;
    const struct quote *quotes[PLAIN_TEXTS_LIMIT];
    size_t taken = plain_parse_mget(&texts, bytes);
    if (taken == 0 || taken > request_bytes_max(worker) ||
        !find_quotes(worker, &texts, quotes)) {
        return 0;
    }
    tally_again(worker, PROTOCOL_RESP, quotes, texts.count);
    resp_put_array(out, texts.count);
    for (size_t i = 0; i < texts.count; i++) {
        resp_put_short(out, quotes[i]->price_text, quotes[i]->price_len);
    }
    return taken;
}

/* Answer the request at the front; returns its bytes, 0 where it is left. */
static size_t take_one(struct worker *worker, struct span bytes,
                       struct buffer *out)
{
    size_t taken = take_get(worker, bytes, out);
    return taken > 0 ? taken : take_mget(worker, bytes, out);
}

/* Learn what the requests at the front are about to ask for.  Returns whether
 * that brings the first of them further. */
static bool look_ahead(struct worker *worker, struct span bytes)
{
    struct plain_texts texts = {.count = 0};
    size_t at = 0;
    while (texts.count < AHEAD_GETS) {
        struct span rest = {bytes.data + at, bytes.len - at};
        size_t one = plain_parse_get(&texts.texts[texts.count], rest);
        if (one == 0) {
            break;
        }
        if (at == 0 && ask_is_settled(worker, texts.texts[0])) {
            return false; // a stale one, say: those behind it may wait
        }
        at += one;
        texts.count++;
    }
    return (texts.count > 0 || plain_parse_mget(&texts, bytes) > 0) &&
           ask_ahead(worker, texts.texts, texts.count);
}

size_t shortcut_take(struct session *session, struct span bytes,
                     struct buffer *out)
{
    struct worker *worker = session_worker(session);
    size_t taken = 0;
    size_t count = 0;
    while (taken < bytes.len && out->len <= SESSION_FLUSH_BYTES) {
        struct span rest = {bytes.data + taken, bytes.len - taken};
        size_t one = take_one(worker, rest, out);
        if (one == 0 && look_ahead(worker, rest)) {
            one = take_one(worker, rest, out);
        }
        if (one == 0) {
            break;
        }
        taken += one;
        count++;
    }
    CHECK(taken <= bytes.len);
    metric_add(worker->cells, METRIC_requests, count);
    roster_count_commands(session_member(session), count);
    return taken;
}
