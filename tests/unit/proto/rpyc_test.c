/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpyc_test.c -- frames that Python's rpyc sent are read as what they mean,
 * and replies are the bytes that it would have sent.
 */
#include "proto/rpyc.h"

#include <endian.h>
#include <stdlib.h>

#include <zlib.h>

#include "base/err.h"
#include "testing/testing.h"

#define BYTES_MAX 4096

/* Bytes that may hold zeros: an initializer, and a value. */
#define SPAN(text)               \
    {                            \
        (text), sizeof(text) - 1 \
    }
#define BYTES(text) ((struct span)SPAN(text))

/* Recorded of rpyc 5.3.0: conn.root, then conn.root.get_price("IBM") with the
 * objects' numbers made short. */
#define GETROOT "\x00\x00\x00\x08\x00\x12\x51\x50\x11\x53\x11\x51\x02\n"
#define GETATTR                                        \
    "\x00\x00\x00\x28\x00\x12\x51\x52\x11\x54\x11\x52" \
    "\x11\x11\x53\x12\x08\x0e\x0aquoted.Foo\x57\x58"   \
    "\x11\x51\x08\x0e\x09get_price\n"
#define CALL                                           \
    "\x00\x00\x00\x2a\x00\x12\x51\x53\x11\x57\x11\x52" \
    "\x12\x11\x53\x12\x08\x0e\x0f"                     \
    "builtins.method\x57\x59"                          \
    "\x11\x51\x10\x08\x0cIBM\x11\x51\x02\n"

static struct rpyc_message message;

static ptrdiff_t parse(struct span bytes)
{
    struct buffer scratch = buffer_empty(BYTES_MAX);
    ptrdiff_t taken = rpyc_parse(&message, bytes, &scratch);
    assert_true((taken < 0) == (message.error != NULL));
    buffer_deinit(&scratch);
    return taken;
}

static void parse_whole(struct span bytes)
{
    ptrdiff_t taken = parse(bytes);
    if (taken != (ptrdiff_t)bytes.len) {
        fail_msg("%td of %zu: %s", taken, bytes.len,
                 message.error != NULL ? message.error : "");
    }
}

/* --- What is read --------------------------------------------------------- */

static void a_request_without_arguments_is_read(void **state)
{
    (void)state;
    parse_whole(BYTES(GETROOT));
    assert_int_equal(message.kind, RPYC_REQUEST);
    assert_int_equal(message.seq, 0);
    assert_int_equal(message.handler, RPYC_GETROOT);
    struct rpyc_items items;
    struct rpyc_box box;
    assert_true(rpyc_open_items(&items, &message.box));
    assert_false(rpyc_next_item(&items, &box));
    assert_false(items.failed);
}

static void boxed_arguments_are_read_one_by_one(void **state)
{
    (void)state;
    parse_whole(BYTES(GETATTR));
    assert_int_equal(message.handler, RPYC_GETATTR);
    assert_int_equal(message.seq, 2);
    struct rpyc_items items;
    struct rpyc_box box;
    struct rpyc_id id;
    assert_true(rpyc_open_items(&items, &message.box));
    assert_true(rpyc_next_item(&items, &box));
    assert_int_equal(box.label, RPYC_LOCAL_REF);
    assert_true(rpyc_read_id(&id, box.value));
    assert_true(span_equal(id.name, span_of("quoted.Foo")));
    assert_int_equal(id.class_id, 7);
    assert_int_equal(id.object_id, 8);
    assert_true(rpyc_next_item(&items, &box));
    assert_int_equal(box.label, RPYC_VALUE);
    assert_true(brine_is_text(box.value, "get_price"));
    assert_false(rpyc_next_item(&items, &box));
}

static void arguments_within_arguments_are_read(void **state)
{
    (void)state;
    parse_whole(BYTES(CALL));
    struct rpyc_items items;
    struct rpyc_items symbols;
    struct rpyc_box box;
    assert_true(rpyc_open_items(&items, &message.box));
    assert_true(rpyc_next_item(&items, &box));
    assert_false(rpyc_open_items(&symbols, &box)); // a reference is no tuple
    assert_true(rpyc_next_item(&items, &box));
    assert_true(rpyc_open_items(&symbols, &box));
    assert_true(rpyc_next_item(&symbols, &box));
    assert_int_equal(box.label, RPYC_VALUE);
    assert_true(brine_is_text(box.value, "IBM"));
    assert_false(rpyc_next_item(&symbols, &box));
    assert_true(rpyc_next_item(&items, &box));
    assert_true(rpyc_open_items(&symbols, &box));
    assert_int_equal(symbols.left, 0);
}

static void a_broken_box_among_arguments_is_told(void **state)
{
    (void)state;
    /* (1, 0, (1, (2, (5,)))) */
    parse_whole(BYTES("\x00\x00\x00\x09\x00\x12\x51\x50\x11\x51\x11\x52"
                      "\x10\x55\n"));
    struct rpyc_items items;
    struct rpyc_box box;
    assert_true(rpyc_open_items(&items, &message.box));
    assert_false(rpyc_next_item(&items, &box));
    assert_true(items.failed);
}

static void replies_and_exceptions_are_read(void **state)
{
    (void)state;
    parse_whole(BYTES("\x00\x00\x00\x06\x00\x12\x52\x50\x11\x51\x00\n"));
    assert_int_equal(message.kind, RPYC_REPLY);
    assert_int_equal(message.box.value->type, BRINE_NONE);
    parse_whole(BYTES("\x00\x00\x00\x04\x00\x12\x53\x50\x51\n"));
    assert_int_equal(message.kind, RPYC_EXCEPTION);
    assert_int_equal(message.body->type, BRINE_INT);
}

/* --- What is refused ------------------------------------------------------ */

static void what_breaks_the_protocol_is_refused(void **state)
{
    (void)state;
    const struct span wrong[] = {
        BYTES("\xff\xff\xff\xff"),     // 4 GB: told without waiting for them
        BYTES("\x00\x00\x0f\xfb"),     // one byte above the bound
        BYTES("\x00\x00\x00\x08\x02"), // a flag that is not known
        BYTES("\x00\x00\x00\x08\x00\x12\x51\x50\x11\x53\x11\x51\x02x"),
        BYTES("\x00\x00\x00\x00\x00\n"),                 // no value
        BYTES("\x00\x00\x00\x01\x00\x50\n"),             // no message
        BYTES("\x00\x00\x00\x04\x00\x12\x54\x50\x51\n"), // no such kind
        BYTES("\x00\x00\x00\x04\x00\x12\x52\x00\x51\n"), // a seq of None
        BYTES("\x00\x00\x00\x04\x00\x12\x52\x50\x51\n"), // a reply, no box
        BYTES("\x00\x00\x00\x06\x00\x12\x52\x50\x11\x55\x00\n"), // label 5
        BYTES("\x00\x00\x00\x06\x00\x12\x52\x50\x11\x52\x00\n"), // of None
        BYTES("\x00\x00\x00\x04\x00\x12\x51\x50\x51\n"), // a request of 1
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (parse(wrong[i]) != ERR_PROTOCOL) {
            fail_msg("%zu is accepted", i);
        }
    }
}

static void ids_are_of_a_name_and_two_numbers(void **state)
{
    (void)state;
    struct brine_value items[8];
    struct brine_values values = {.items = items, .max = 8};
    struct rpyc_id id;
    const struct {
        struct span bytes;
        bool is_id;
    } cases[] = {
        {BYTES("\x12\x08\x0a"
               "a\x51\x52"),
         true},
        {BYTES("\x11\x08\x0a"
               "a\x51"),
         false},
        {BYTES("\x12\x51\x51\x52"), false},
        {BYTES("\x12\x08\x0a"
               "a\x00\x52"),
         false},
        {BYTES("\x50"), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(brine_parse(&values, cases[i].bytes), 0);
        assert_int_equal(rpyc_read_id(&id, items), cases[i].is_id);
    }
}

/* An id is kept and sent back as it came: what is none for Python, a number
 * with a thousand zeros before it, is none here. */
static void ids_that_are_long_for_nothing_are_none(void **state)
{
    (void)state;
    struct brine_value items[8];
    struct brine_values values = {.items = items, .max = 8};
    for (size_t zeros = 0; zeros <= 70000; zeros = 4 * zeros + 1) {
        struct buffer out = buffer_empty(100000);
        struct rpyc_id id;
        char digits[70000];
        uint32_t len = htobe32((uint32_t)zeros + 3);
        memset(digits, '0', zeros);
        brine_put_tuple(&out, 3);
        brine_put_str(&out, span_of("a"));
        brine_put_int(&out, 1);
        buffer_put_byte(&out, '\x17');
        buffer_put(&out, &len, sizeof(len));
        buffer_put(&out, digits, zeros);
        buffer_put_text(&out, "160");
        assert_int_equal(brine_parse(&values, buffer_span(&out)), 0);
        assert_int_equal(items[3].number, 160);
        assert_int_equal(rpyc_read_id(&id, items), zeros < 1000);
        buffer_deinit(&out);
    }
}

/* --- Compressed frames ---------------------------------------------------- */

/* A frame around what `plain` compresses to.  The caller's, to be freed. */
static struct span pack(struct span plain)
{
    uLongf len = compressBound(plain.len);
    char *bytes = malloc(len + 6);
    assert_non_null(bytes);
    assert_int_equal(compress((unsigned char *)bytes + 5, &len,
                              (const unsigned char *)plain.data, plain.len),
                     Z_OK);
    const char header[] = {0, 0, (char)(len >> 8), (char)len, 1};
    memcpy(bytes, header, sizeof(header));
    bytes[5 + len] = '\n';
    return (struct span){bytes, len + 6};
}

static void compressed_frames_are_read(void **state)
{
    (void)state;
    struct span frame = pack(BYTES("\x12\x51\x50\x11\x53\x11\x51\x02"));
    parse_whole(frame);
    assert_int_equal(message.handler, RPYC_GETROOT);
    free((void *)frame.data);
}

static void inv3_a_bomb_is_refused(void **state)
{
    (void)state;
    static char zeros[BYTES_MAX + 1];
    struct span frame = pack((struct span){zeros, sizeof(zeros)});
    assert_int_equal(parse(frame), ERR_PROTOCOL);
    assert_non_null(strstr(message.error, "limits.request_bytes"));
    free((void *)frame.data);
}

static void inv3_the_bound_is_exact(void **state)
{
    (void)state;
    static char text[BYTES_MAX];
    struct buffer out = buffer_empty(2 * BYTES_MAX);
    size_t frame = rpyc_begin(&out, RPYC_REPLY, 0);
    rpyc_put_label(&out, RPYC_VALUE);
    // 6 bytes of frame, 5 of message and box, 5 of the length
    brine_put_bytes(&out, (struct span){text, BYTES_MAX - 16});
    rpyc_end(&out, frame);
    assert_int_equal(out.len, BYTES_MAX);
    parse_whole(buffer_span(&out));
    buffer_clear(&out);
    frame = rpyc_begin(&out, RPYC_REPLY, 0);
    rpyc_put_label(&out, RPYC_VALUE);
    brine_put_bytes(&out, (struct span){text, BYTES_MAX - 15});
    rpyc_end(&out, frame);
    assert_int_equal(parse(buffer_span(&out)), ERR_PROTOCOL);
    buffer_deinit(&out);
}

/* --- (1) Cut anywhere, (2) and nothing behind the end --------------------- */

static void inv1_pieces_ask_for_more(void **state)
{
    (void)state;
    struct span whole = BYTES(CALL);
    for (size_t cut = 0; cut < whole.len; cut++) {
        assert_int_equal(parse((struct span){whole.data, cut}), 0);
    }
}

static void inv2_the_next_frame_is_not_looked_at(void **state)
{
    (void)state;
    struct span two = BYTES(GETROOT "\xff\xff\xff\xff\xff");
    assert_int_equal(parse(two), sizeof(GETROOT) - 1);
    assert_int_equal(message.handler, RPYC_GETROOT);
}

/* --- What is cut, not read ------------------------------------------------ */

static void a_request_is_cut_around_its_number(void **state)
{
    (void)state;
    struct rpyc_cut cut;
    struct span whole = BYTES(CALL GETROOT);
    assert_int_equal(rpyc_cut(&cut, whole, BYTES_MAX), sizeof(CALL) - 1);
    assert_int_equal(cut.seq, 3);
    assert_int_equal(cut.body.len, sizeof(CALL) - 1 - 5 - 3 - 1);
    assert_memory_equal(cut.body.data, whole.data + 8, cut.body.len);
    for (size_t len = 0; len < sizeof(CALL) - 1; len++) {
        struct span part = {whole.data, len};
        assert_int_equal(rpyc_cut(&cut, part, BYTES_MAX), 0);
    }
    assert_int_equal(rpyc_cut(&cut, whole, sizeof(CALL) - 1), sizeof(CALL) - 1);
    assert_int_equal(rpyc_cut(&cut, whole, sizeof(CALL) - 2), 0);
}

static void what_is_no_plain_request_is_not_cut(void **state)
{
    (void)state;
    const struct span others[] = {
        BYTES(""),
        BYTES("\x00\x00\x00\x00\x00\n"),
        BYTES("\x00\x00\x00\x01\x00\x12\n"),
        BYTES("\x00\x00\x00\x02\x00\x12\x51\n"),         // no number
        BYTES("\x00\x00\x00\x04\x00\x12\x52\x50\x00\n"), // a reply
        BYTES("\x00\x00\x00\x04\x00\x11\x51\x50\x00\n"), // two values
        BYTES("\x00\x00\x00\x04\x00\x12\x51\x00\x00\n"), // None
        BYTES("\x00\x00\x00\x04\x01\x12\x51\x50\x00\n"), // compressed
        BYTES("\x00\x00\x00\x04\x02\x12\x51\x50\x00\n"),
        BYTES("\x00\x00\x00\x04\x00\x12\x51\x50\x00x"),
        BYTES("\xff\xff\xff\xff\x00\x12\x51\x50\x00\n"),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        struct rpyc_cut cut;
        assert_int_equal(rpyc_cut(&cut, others[i], BYTES_MAX), 0);
    }
}

/* --- What is written ------------------------------------------------------ */

static void inv4_replies_are_the_packages_bytes(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    size_t frame = rpyc_begin(&out, RPYC_REPLY, 3);
    rpyc_put_label(&out, RPYC_VALUE);
    brine_put_float(&out, 1.5);
    rpyc_end(&out, frame);
    assert_true(span_equal(buffer_span(&out),
                           BYTES("\x00\x00\x00\x0e\x00\x12\x52\x53\x11\x51"
                                 "\x18\x3f\xf8\x00\x00\x00\x00\x00\x00\n")));
    buffer_deinit(&out);
}

static void inv4_a_request_reads_as_it_was_meant(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    struct rpyc_id id = {span_of("builtins.list"), 7, INT64_MAX};
    buffer_put_text(&out, "before");
    size_t frame = rpyc_begin(&out, RPYC_REQUEST, 1000);
    rpyc_put_handler(&out, RPYC_BUFFITER);
    rpyc_put_label(&out, RPYC_TUPLE);
    brine_put_tuple(&out, 2);
    rpyc_put_label(&out, RPYC_LOCAL_REF);
    rpyc_put_id(&out, &id);
    rpyc_put_label(&out, RPYC_VALUE);
    brine_put_int(&out, 1024);
    rpyc_end(&out, frame);
    assert_int_equal(frame, 6);
    parse_whole((struct span){out.data + frame, out.len - frame});
    assert_int_equal(message.handler, RPYC_BUFFITER);
    assert_int_equal(message.seq, 1000);
    struct rpyc_items items;
    struct rpyc_box box;
    struct rpyc_id read;
    assert_true(rpyc_open_items(&items, &message.box));
    assert_true(rpyc_next_item(&items, &box));
    assert_true(rpyc_read_id(&read, box.value));
    assert_true(span_equal(read.name, id.name));
    assert_int_equal(read.object_id, INT64_MAX);
    buffer_deinit(&out);
}

static void inv4_an_exception_has_the_packages_form(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1000);
    rpyc_put_exception(&out, 5, "TypeError", span_of("no"));
    parse_whole(buffer_span(&out));
    assert_int_equal(message.kind, RPYC_EXCEPTION);
    const struct brine_value *body = message.body;
    assert_int_equal(body->count, 4);
    const struct brine_value *type = body + 1;
    assert_true(brine_is_text(type + 1, "builtins"));
    assert_true(brine_is_text(type + 2, "TypeError"));
    const struct brine_value *arguments = brine_next(type);
    assert_int_equal(arguments->count, 1);
    assert_true(brine_is_text(arguments + 1, "no"));
    const struct brine_value *attributes = brine_next(arguments);
    assert_int_equal(attributes->count, 1);
    assert_int_equal(attributes[1].count, 2);
    assert_int_equal(brine_next(attributes)->type, BRINE_STR);
    buffer_deinit(&out);
}

static void inv4_a_float_in_one_is_the_same_reply(void **state)
{
    (void)state;
    const int64_t seqs[] = {0, 159, 160, -49, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        struct buffer out = buffer_empty(1000);
        size_t frame = rpyc_begin(&out, RPYC_REPLY, seqs[i]);
        rpyc_put_label(&out, RPYC_VALUE);
        brine_put_float(&out, 312.42);
        rpyc_end(&out, frame);
        size_t len = out.len;
        rpyc_put_float(&out, seqs[i], 312.42);
        assert_int_equal(out.len, 2 * len);
        assert_memory_equal(out.data, out.data + len, len);
        buffer_deinit(&out);
    }
}

static void a_frame_without_room_is_not_patched(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(4);
    size_t frame = rpyc_begin(&out, RPYC_REPLY, 3);
    rpyc_put_label(&out, RPYC_VALUE);
    brine_put_none(&out);
    rpyc_end(&out, frame);
    assert_true(out.failed);
    assert_int_equal(out.len, 0);
    buffer_deinit(&out);
}

static void oom_of_a_compressed_frame_is_told(void **state)
{
    (void)state;
    struct span frame = pack(BYTES("\x12\x51\x50\x11\x53\x11\x51\x02"));
    bool was_done = false;
    TESTING_EACH_ALLOCATION(n)
    {
        ptrdiff_t taken = parse(frame);
        assert_true(taken == (ptrdiff_t)frame.len || taken == ERR_NOMEM);
        was_done = taken > 0;
    }
    assert_true(was_done);
    free((void *)frame.data);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(ids_that_are_long_for_nothing_are_none),
    cmocka_unit_test(a_request_is_cut_around_its_number),
    cmocka_unit_test(what_is_no_plain_request_is_not_cut),
    cmocka_unit_test(inv4_a_float_in_one_is_the_same_reply),
    cmocka_unit_test(a_request_without_arguments_is_read),
    cmocka_unit_test(boxed_arguments_are_read_one_by_one),
    cmocka_unit_test(arguments_within_arguments_are_read),
    cmocka_unit_test(a_broken_box_among_arguments_is_told),
    cmocka_unit_test(replies_and_exceptions_are_read),
    cmocka_unit_test(what_breaks_the_protocol_is_refused),
    cmocka_unit_test(ids_are_of_a_name_and_two_numbers),
    cmocka_unit_test(compressed_frames_are_read),
    cmocka_unit_test(inv3_a_bomb_is_refused),
    cmocka_unit_test(inv3_the_bound_is_exact),
    cmocka_unit_test(inv1_pieces_ask_for_more),
    cmocka_unit_test(inv2_the_next_frame_is_not_looked_at),
    cmocka_unit_test(inv4_replies_are_the_packages_bytes),
    cmocka_unit_test(inv4_a_request_reads_as_it_was_meant),
    cmocka_unit_test(inv4_an_exception_has_the_packages_form),
    cmocka_unit_test(a_frame_without_room_is_not_patched),
    cmocka_unit_test(oom_of_a_compressed_frame_is_told),
};

TEST_MAIN(tests)
