/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glance_test.c -- a call that is told by its form is the call that parsing
 * gives, whatever single byte of it is another one; what is not, is left.
 */
#include "python/glance.h"

#include <stdio.h>

#include "base/buffer.h"
#include "proto/rpyc.h"
#include "python/service.h"
#include "testing/testing.h"

#define BYTES_MAX 4096

static struct rpyc_message message;

/* A call as the package writes it; text is NULL: without arguments. */
static void put_call(struct buffer *out, int64_t seq, const struct rpyc_id *id,
                     const char *text)
{
    size_t frame = rpyc_begin(out, RPYC_REQUEST, seq);
    rpyc_put_handler(out, RPYC_CALL);
    rpyc_put_label(out, RPYC_TUPLE);
    brine_put_tuple(out, 3);
    rpyc_put_label(out, RPYC_LOCAL_REF);
    rpyc_put_id(out, id);
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, text != NULL);
    if (text != NULL) {
        brine_put_str(out, span_of(text));
    }
    rpyc_put_label(out, RPYC_VALUE);
    brine_put_tuple(out, 0);
    rpyc_end(out, frame);
}

static struct rpyc_id method_id(int64_t object_id)
{
    return (struct rpyc_id){
        .name = span_of(SERVICE_METHOD_CLASS),
        .class_id = SERVICE_METHOD_CLASS_ID,
        .object_id = object_id,
    };
}

/* Read the frame at the front at a glance; returns whether it could be. */
static bool read(struct span bytes, struct rpyc_cut *cut, struct glance *glance)
{
    size_t taken = rpyc_cut(cut, bytes, BYTES_MAX);
    assert_true(taken <= bytes.len);
    return taken > 0 && glance_read(glance, cut->body);
}

/* What was read at a glance is what the message says. */
static void assert_same(struct span bytes, const struct rpyc_cut *cut,
                        const struct glance *glance)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    struct rpyc_items items;
    struct rpyc_box box;
    struct rpyc_id id;
    assert_int_equal(rpyc_parse(&message, bytes, &scratch), bytes.len);
    assert_int_equal(message.kind, RPYC_REQUEST);
    assert_int_equal(message.handler, RPYC_CALL);
    assert_int_equal(message.seq, cut->seq);
    assert_true(rpyc_open_items(&items, &message.box));
    assert_int_equal(items.left, 3);
    assert_true(rpyc_next_item(&items, &box));
    assert_int_equal(box.label, RPYC_LOCAL_REF);
    assert_true(rpyc_read_id(&id, box.value));
    assert_int_equal(id.object_id, glance->object_id);
    assert_true(rpyc_next_item(&items, &box));
    assert_int_equal(box.label, RPYC_VALUE);
    assert_int_equal(box.value->type, BRINE_TUPLE);
    assert_int_equal(box.value->count, 1);
    assert_int_equal(box.value[1].type, BRINE_STR);
    assert_true(span_equal(box.value[1].text, glance->text));
    assert_true(rpyc_next_item(&items, &box));
    assert_int_equal(box.label, RPYC_VALUE);
    assert_int_equal(box.value->count, 0);
    buffer_deinit(&scratch);
}

/* 255 bytes, the most whose length is one byte. */
#define TEN     "0123456789"
#define FIFTY   TEN TEN TEN TEN TEN
#define LONGEST FIFTY FIFTY FIFTY FIFTY FIFTY "01234"

static const char *const texts[] = {
    "A", "IBM", "MSFT", "GOOGL", "TSCO.LON", " googl ", LONGEST,
};

static void what_the_package_sends_is_read(void **state)
{
    (void)state;
    const int64_t numbers[] = {0, 65536, 131073, 999999999999999999};
    assert_int_equal(strlen(LONGEST), 255);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t k = 0; k < 4; k++) {
            struct buffer out = buffer_empty(BYTES_MAX);
            struct rpyc_id id = method_id(numbers[k]);
            struct rpyc_cut cut;
            struct glance glance;
            put_call(&out, numbers[3 - k], &id, texts[i]);
            assert_true(read(buffer_span(&out), &cut, &glance));
            assert_int_equal(cut.seq, numbers[3 - k]);
            assert_int_equal(glance.object_id, numbers[k]);
            assert_true(span_equal(glance.text, span_of(texts[i])));
            assert_same(buffer_span(&out), &cut, &glance);
            buffer_deinit(&out);
        }
    }
}

static void inv1_any_other_byte_is_left_or_means_the_same(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(BYTES_MAX);
    struct rpyc_id id = method_id(131073);
    size_t read_count = 0;
    put_call(&out, 20000, &id, "GOOGL");
    for (size_t i = 0; i < out.len; i++) {
        char was = out.data[i];
        for (int byte = 0; byte < 256; byte++) {
            struct rpyc_cut cut;
            struct glance glance;
            out.data[i] = (char)byte;
            if (read(buffer_span(&out), &cut, &glance)) {
                assert_same(buffer_span(&out), &cut, &glance);
                read_count++;
            }
        }
        out.data[i] = was;
    }
    assert_true(read_count > out.len); // digits and letters may be others
    buffer_deinit(&out);
}

static void inv1_no_part_is_read(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(BYTES_MAX);
    struct rpyc_id id = method_id(131073);
    struct rpyc_cut cut;
    struct glance glance;
    put_call(&out, 20000, &id, "IBM");
    for (size_t len = 0; len < out.len; len++) {
        assert_false(read((struct span){out.data, len}, &cut, &glance));
    }
    // Nor is less of a body, or more.
    assert_true(read(buffer_span(&out), &cut, &glance));
    for (size_t len = 0; len < cut.body.len; len++) {
        assert_false(glance_read(&glance, (struct span){cut.body.data, len}));
    }
    assert_false(
        glance_read(&glance, (struct span){cut.body.data, cut.body.len + 1}));
    buffer_deinit(&out);
}

static void other_calls_are_left(void **state)
{
    (void)state;
    struct rpyc_cut cut;
    struct glance glance;
    struct rpyc_id others[] = {method_id(-49), method_id(INT64_MAX),
                               method_id(1), method_id(1)};
    others[2].name = span_of("quoted.QuoteService");
    others[3].class_id = 1;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct buffer out = buffer_empty(BYTES_MAX);
        put_call(&out, 1, &others[i], "IBM");
        assert_false(read(buffer_span(&out), &cut, &glance));
        buffer_deinit(&out);
    }
    char longer[257];
    snprintf(longer, sizeof(longer), "%0256d", 0);
    const char *const left[] = {NULL, "",
                                "Gr\xc3\xa4"
                                "f",
                                "\xff", longer};
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        struct buffer out = buffer_empty(BYTES_MAX);
        struct rpyc_id id = method_id(1);
        put_call(&out, 1, &id, left[i]);
        assert_false(read(buffer_span(&out), &cut, &glance));
        buffer_deinit(&out);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_the_package_sends_is_read),
    cmocka_unit_test(inv1_any_other_byte_is_left_or_means_the_same),
    cmocka_unit_test(inv1_no_part_is_read),
    cmocka_unit_test(other_calls_are_left),
};

TEST_MAIN(tests)
