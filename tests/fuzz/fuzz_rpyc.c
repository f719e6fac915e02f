/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_rpyc.c -- no bytes break the parser of RPyC's frames and values, and:
 * a frame that comes in two pieces is the same frame, wherever it was cut;
 * what was read and is written again reads as the same values.  The corpus is
 * what the real package said, recorded by record_rpyc.py, and bombs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "fuzz/fuzz.h"
#include "proto/rpyc.h"

#define BYTES_MAX 8192

/* Above this only the whole input is parsed: cutting is quadratic. */
#define CUT_BYTES_LIMIT 300

static struct rpyc_message whole;
static struct rpyc_message part;
static struct brine_value again[RPYC_VALUES_LIMIT];

/* NaN is no reason for two values to differ. */
static void check_same(const struct brine_value *a, const struct brine_value *b,
                       size_t count)
{
    for (size_t i = 0; i < count; i++, a++, b++) {
        CHECK(a->type == b->type && a->count == b->count);
        CHECK(a->size == b->size);
        switch (a->type) {
        case BRINE_INT:
        case BRINE_BOOL:
            CHECK(a->number == b->number);
            break;
        case BRINE_BIG_INT:
        case BRINE_BYTES:
        case BRINE_STR:
            CHECK(span_equal(a->text, b->text));
            break;
        case BRINE_COMPLEX:
            CHECK(memcmp(&a->imaginary, &b->imaginary, 8) == 0);
            CHECK(memcmp(&a->real, &b->real, 8) == 0);
            break;
        case BRINE_FLOAT:
            CHECK(memcmp(&a->real, &b->real, 8) == 0);
            break;
        default:
            break;
        }
    }
}

static void check_rewritten(const struct rpyc_message *message)
{
    struct buffer out = buffer_empty(4 * BYTES_MAX);
    brine_put_value(&out, message->items);
    CHECK(!out.failed);
    struct brine_values values = {.items = again, .max = RPYC_VALUES_LIMIT};
    CHECK(brine_parse(&values, buffer_span(&out)) == 0);
    CHECK(values.count == message->values.count);
    check_same(message->items, again, values.count);
    buffer_deinit(&out);
}

/* Walk over all that a box holds, as a server does over arguments. */
static void check_box(const struct rpyc_box *box, const struct brine_value *end)
{
    struct rpyc_items items;
    struct rpyc_box item;
    struct rpyc_id id;
    CHECK(brine_next(box->value) <= end);
    if (rpyc_read_id(&id, box->value)) {
        CHECK(id.name.len <= BYTES_MAX);
    }
    if (!rpyc_open_items(&items, box)) {
        return;
    }
    uint32_t count = items.left;
    while (rpyc_next_item(&items, &item)) {
        CHECK(brine_next(item.value) <= end && count-- > 0);
    }
    CHECK(items.failed || count == 0);
}

static void check_message(const struct rpyc_message *message)
{
    const struct brine_value *end = message->items + message->values.count;
    CHECK(message->values.count <= RPYC_VALUES_LIMIT);
    CHECK(brine_next(message->items) == end);
    if (message->kind != RPYC_EXCEPTION) {
        check_box(&message->box, end);
    }
    check_rewritten(message);
}

static ptrdiff_t parse(struct rpyc_message *message, const uint8_t *data,
                       size_t len, struct buffer *scratch)
{
    return rpyc_parse(message, (struct span){(const char *)data, len}, scratch);
}

/* The first `cut` bytes either ask for more or give what the whole gives. */
static void check_cut(ptrdiff_t whole_taken, const uint8_t *data, size_t cut)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    uint8_t *copy = malloc(cut > 0 ? cut : 1);
    CHECK(copy != NULL);
    memcpy(copy, data, cut);
    ptrdiff_t taken = parse(&part, copy, cut, &scratch);
    if (taken == 0) {
        CHECK(whole_taken <= 0 || cut < (size_t)whole_taken);
    } else {
        CHECK(taken == whole_taken && part.error == whole.error);
    }
    if (taken > 0) {
        CHECK(part.kind == whole.kind && part.seq == whole.seq);
        CHECK(part.values.count == whole.values.count);
        check_same(part.items, whole.items, part.values.count);
    }
    buffer_deinit(&scratch);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    bool is_first = true;
    while (len > 0) {
        ptrdiff_t taken = parse(&whole, data, len, &scratch);
        CHECK((taken < 0) == (whole.error != NULL));
        CHECK(taken >= 0 || taken == ERR_PROTOCOL);
        CHECK(taken <= (ptrdiff_t)len && taken <= BYTES_MAX);
        if (taken > 0) {
            check_message(&whole);
        }
        for (size_t cut = 0; is_first && len <= CUT_BYTES_LIMIT && cut < len;
             cut++) {
            check_cut(taken, data, cut);
        }
        is_first = false;
        if (taken <= 0) {
            break;
        }
        data += taken;
        len -= (size_t)taken;
    }
    buffer_deinit(&scratch);
    return 0;
}
