/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_replies.c -- what a hostile server may send to libquoted: read whole and
 * in two pieces, which must come to the same; each reply becomes a quote.
 */
#include <quoted/quoted.h>
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "lib/clean.h"
#include "lib/fields.h"
#include "lib/replies.h"

/* What came of the bytes, put in a number that differs where they do. */
struct sum {
    size_t replies;
    uint64_t hash; /* FNV-1a of all that was read */
    bool is_refused;
};

static void add(struct sum *sum, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < len; i++) {
        sum->hash = (sum->hash ^ bytes[i]) * 0x100000001b3u;
    }
}

static void take(struct sum *sum, const struct reply *reply)
{
    struct quoted_quote quote = QUOTED_QUOTE_INIT;
    int status = fields_read(&quote, reply);
    if (status != quote.status || !clean_text(span_of(quote.name)) ||
        !clean_text(span_of(quote.message)) ||
        (status == 0) != (quote.price.text[0] != '\0')) {
        abort();
    }
    sum->replies++;
    for (size_t i = 0; i < reply->count; i++) {
        add(sum, reply->fields[i].data, reply->fields[i].len);
    }
    add(sum, &status, sizeof(status));
    (void)fields_read_pong(&quote, reply);
}

static void feed(struct sum *sum, struct replies *replies, const uint8_t *data,
                 size_t len)
{
    if (replies_feed(replies, (const char *)data, len) != 0) {
        abort();
    }
    const struct reply *reply = NULL;
    do {
        sum->is_refused = replies_next(replies, &reply) != 0;
        if (!sum->is_refused && reply != NULL) {
            take(sum, reply);
        }
    } while (!sum->is_refused && reply != NULL);
}

static struct sum read_in_two(const uint8_t *data, size_t len, size_t cut)
{
    struct sum sum = {.hash = 0xcbf29ce484222325u};
    struct replies *replies;
    if (replies_create(&replies) != 0) {
        abort();
    }
    feed(&sum, replies, data, cut);
    feed(&sum, replies, data + cut, len - cut);
    (void)replies_has_rest(replies);
    replies_destroy(&replies);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sum whole = read_in_two(data, len, len);
    size_t cut = len == 0 ? 0 : data[len / 2] * len / 256;
    struct sum parts = read_in_two(data, len, cut);
    if (whole.replies != parts.replies || whole.hash != parts.hash ||
        whole.is_refused != parts.is_refused) {
        abort();
    }
    return 0;
}
