/* SPDX-License-Identifier: Apache-2.0 */
#include "python/glance.h"

#include <string.h>

#include "base/buffer.h"
#include "base/check.h"
#include "obs/metric.h"
#include "proto/brine.h"
#include "proto/rpyc.h"
#include "python/python.h"
#include "python/reference.h"
#include "python/service.h"
#include "quote/quote.h"
#include "serve/ask.h"
#include "serve/guest.h"
#include "serve/settings.h"
#include "serve/tally.h"
#include "serve/worker.h"

/* The body is (7, (2, ((3, (class, 2, NUMBER)), (1, (TEXT,)), (1, ())))) in
 * brine: a call, of an object of ours, with one value, without keywords. */
static const char before_number[] =
    "\x11\x57\x11\x52\x12\x11\x53\x12\x08\x0e\x0f" SERVICE_METHOD_CLASS "\x52";
static const char before_text[] = "\x11\x51\x10\x08";
static const char behind_text[] = "\x11\x51\x02";

_Static_assert(sizeof(SERVICE_METHOD_CLASS) - 1 == 0x0f, "its length is above");
_Static_assert(SERVICE_METHOD_CLASS_ID == 2, "its number is above");

/* Of the lengths of a text in brine: in the tag, and in a byte behind it. */
enum { TEXT_OF_1 = 0x0a, TEXT_OF_4 = 0x0d, TEXT_OF_MORE = 0x0e };

/* Take bytes that are known from the front. */
static bool take(struct span *left, const char *known, size_t len)
{
    if (left->len < len || memcmp(left->data, known, len) != 0) {
        return false;
    }
    left->data += len;
    left->len -= len;
    return true;
}

#define TAKE(left, known) take(left, known, sizeof(known) - 1)

/* Every byte of ASCII is UTF-8 and has no highest bit. */
static bool is_ascii(struct span text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        all |= (unsigned char)text.data[i];
    }
    return all < 0x80;
}

/* Take a text, behind which no more is than stands behind each. */
static bool take_last_text(struct span *left, struct span *text)
{
    size_t rest = sizeof(behind_text) - 1;
    if (left->len < 2 + rest) {
        return false;
    }
    uint8_t tag = (uint8_t)left->data[0];
    size_t head = tag == TEXT_OF_MORE ? 2 : 1;
    size_t len = tag == TEXT_OF_MORE ? (uint8_t)left->data[1]
                                     : (size_t)(tag - TEXT_OF_1 + 1);
    bool is_text = tag >= TEXT_OF_1 && tag <= TEXT_OF_MORE;
    if (!is_text || len == 0 || left->len != head + len + rest) {
        return false;
    }
    *text = (struct span){left->data + head, len};
    left->data += head + len;
    left->len -= head + len;
    return is_ascii(*text);
}

bool glance_read(struct glance *glance, struct span body)
{
    if (!TAKE(&body, before_number)) {
        return false;
    }
    size_t number_len = brine_read_count(&glance->object_id, body);
    body.data += number_len;
    body.len -= number_len;
    return number_len > 0 && TAKE(&body, before_text) &&
           take_last_text(&body, &glance->text) && TAKE(&body, behind_text);
}

/* Answer the request at the front; returns its bytes, 0 where it is left. */
static size_t take_one(struct python *python, struct span bytes,
                       struct buffer *out)
{
    struct worker *worker = python_worker(python);
    const struct settings *settings = worker->settings;
    struct rpyc_cut cut;
    struct glance glance;
    size_t taken =
        rpyc_cut(&cut, bytes, settings->conf->limits.request_bytes_max);
    if (taken == 0 || !glance_read(&glance, cut.body)) {
        return 0;
    }
    int object = reference_find(python_references(python), glance.object_id);
    python_compose_fn compose = service_composer(object);
    const struct quote *quote =
        compose != NULL ? ask_again(worker, glance.text) : NULL;
    if (quote == NULL) {
        return 0;
    }
    const struct answer answer = {
        .state = freshness_of(quote, &settings->rule, worker->loop.now_ms),
        .quote = quote,
    };
    tally_again(worker, PROTOCOL_RPYC, &quote, 1);
    compose(python, cut.seq, &answer, 1, out);
    return taken;
}

size_t glance_take(struct python *python, struct span bytes)
{
    struct buffer *out = python_output(python);
    size_t taken = 0;
    size_t count = 0;
    while (taken < bytes.len && out->len <= PYTHON_FLUSH_BYTES) {
        struct span rest = {bytes.data + taken, bytes.len - taken};
        size_t one = take_one(python, rest, out);
        if (one == 0) {
            break;
        }
        taken += one;
        count++;
    }
    CHECK(taken <= bytes.len);
    metric_add(python_worker(python)->cells, METRIC_requests, count);
    roster_count_commands(&python_guest(python)->member, count);
    return taken;
}
