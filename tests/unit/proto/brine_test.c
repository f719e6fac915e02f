/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brine_test.c -- values are read as Python's rpyc wrote them, written as it
 * writes them, and refused where they are none.
 */
#include "proto/brine.h"

#include "base/err.h"
#include "testing/testing.h"

#define VALUES_MAX 64

/* Bytes that may hold zeros: an initializer, and a value. */
#define SPAN(text)               \
    {                            \
        (text), sizeof(text) - 1 \
    }
#define BYTES(text) ((struct span)SPAN(text))

struct parsed {
    struct brine_values values;
    struct brine_value items[VALUES_MAX];
    int err;
};

static void parse(struct parsed *p, struct span bytes)
{
    p->values = (struct brine_values){.items = p->items, .max = VALUES_MAX};
    p->err = brine_parse(&p->values, bytes);
    assert_true((p->err == 0) == (p->values.error == NULL));
}

static const struct brine_value *parse_one(struct parsed *p, struct span bytes)
{
    parse(p, bytes);
    if (p->err != 0) {
        fail_msg("%s", p->values.error);
    }
    assert_int_equal(p->items[0].size, p->values.count);
    assert_int_equal(p->items[0].raw_len, bytes.len);
    return p->items;
}

/* What was recorded of the package, and what it stands for. */
static const struct {
    struct span bytes;
    enum brine_type type;
    int64_t number;
    const char *text;
} recorded[] = {
    {SPAN("\x00"), BRINE_NONE, 0, NULL},
    {SPAN("\x05"), BRINE_NOT_IMPLEMENTED, 0, NULL},
    {SPAN("\x06"), BRINE_ELLIPSIS, 0, NULL},
    {SPAN("\x03"), BRINE_BOOL, 1, NULL},
    {SPAN("\x04"), BRINE_BOOL, 0, NULL},
    {SPAN("\x50"), BRINE_INT, 0, NULL},
    {SPAN("\x20"), BRINE_INT, -48, NULL},
    {SPAN("\xef"), BRINE_INT, 159, NULL},
    {SPAN("\x16\x03-49"), BRINE_INT, -49, NULL},
    {SPAN("\x16\x03"
          "160"),
     BRINE_INT, 160, NULL},
    {SPAN("\x16\x13"
          "9223372036854775807"),
     BRINE_INT, INT64_MAX, NULL},
    {SPAN("\x16\x14-9223372036854775808"), BRINE_INT, INT64_MIN, NULL},
    {SPAN("\x16\x13"
          "9223372036854775808"),
     BRINE_BIG_INT, 0, "9223372036854775808"},
    {SPAN("\x16\x14-9223372036854775809"), BRINE_BIG_INT, 0,
     "-9223372036854775809"},
    {SPAN("\x01"), BRINE_BYTES, 0, ""},
    {SPAN("\x0a"
          "a"),
     BRINE_BYTES, 0, "a"},
    {SPAN("\x0d"
          "abcd"),
     BRINE_BYTES, 0, "abcd"},
    {SPAN("\x0e\x05"
          "abcde"),
     BRINE_BYTES, 0, "abcde"},
    {SPAN("\x08\x01"), BRINE_STR, 0, ""},
    {SPAN("\x08\x0cIBM"), BRINE_STR, 0, "IBM"},
    {SPAN("\x08\x0b\xc3\xbc"), BRINE_STR, 0, "\xc3\xbc"},
};

static void what_the_package_wrote_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        struct parsed p;
        const struct brine_value *value = parse_one(&p, recorded[i].bytes);
        assert_int_equal(value->type, recorded[i].type);
        if (recorded[i].text != NULL) {
            assert_true(span_equal(value->text, span_of(recorded[i].text)));
        } else if (value->type == BRINE_INT || value->type == BRINE_BOOL) {
            assert_true(value->number == recorded[i].number);
        }
    }
}

static void what_is_written_is_what_the_package_writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(recorded) / sizeof(recorded[0]); i++) {
        struct parsed p;
        struct buffer out = buffer_empty(1000);
        brine_put_value(&out, parse_one(&p, recorded[i].bytes));
        assert_true(span_equal(buffer_span(&out), recorded[i].bytes));
        buffer_deinit(&out);
    }
}

static void floats_are_big_endian(void **state)
{
    (void)state;
    struct parsed p;
    const struct brine_value *value =
        parse_one(&p, BYTES("\x18\x3f\xf8\x00\x00\x00\x00\x00\x00"));
    assert_int_equal(value->type, BRINE_FLOAT);
    assert_true(value->real == 1.5);
    value = parse_one(&p, BYTES("\x1b\x3f\xf0\x00\x00\x00\x00\x00\x00"
                                "\x40\x00\x00\x00\x00\x00\x00\x00"));
    assert_int_equal(value->type, BRINE_COMPLEX);
    assert_true(value->real == 1 && value->imaginary == 2);
    struct buffer out = buffer_empty(100);
    brine_put_float(&out, 1.5);
    assert_true(span_equal(buffer_span(&out),
                           BYTES("\x18\x3f\xf8\x00\x00\x00\x00\x00\x00")));
    buffer_deinit(&out);
}

static void containers_stand_before_what_they_hold(void **state)
{
    (void)state;
    struct parsed p;
    /* (1, ("IBM",), (), 2) */
    const struct brine_value *tuple =
        parse_one(&p, BYTES("\x13\x51\x10\x08\x0cIBM\x02\x52"));
    assert_int_equal(tuple->type, BRINE_TUPLE);
    assert_int_equal(tuple->count, 4);
    assert_int_equal(tuple->size, 6);
    const struct brine_value *at = tuple + 1;
    assert_true(at->number == 1);
    at = brine_next(at);
    assert_int_equal(at->count, 1);
    assert_int_equal(at->size, 2);
    assert_int_equal(at->raw_len, 6);
    assert_true(brine_is_text(at + 1, "IBM"));
    assert_false(brine_is_text(at + 1, "IB"));
    at = brine_next(at);
    assert_int_equal(at->type, BRINE_TUPLE);
    assert_int_equal(at->count, 0);
    at = brine_next(at);
    assert_true(at->number == 2);
    assert_ptr_equal(brine_next(at), brine_next(tuple));
}

static void slices_and_sets_hold_their_tuples_values(void **state)
{
    (void)state;
    struct parsed p;
    const struct brine_value *value =
        parse_one(&p, BYTES("\x19\x12\x51\x00\x53"));
    assert_int_equal(value->type, BRINE_SLICE);
    assert_int_equal(value->count, 3);
    assert_int_equal(value[2].type, BRINE_NONE);
    value = parse_one(&p, BYTES("\x1a\x10\x51"));
    assert_int_equal(value->type, BRINE_SET);
    assert_int_equal(value->count, 1);
    value = parse_one(&p, BYTES("\x1a\x02"));
    assert_int_equal(value->count, 0);
}

static void what_is_no_value_is_refused(void **state)
{
    (void)state;
    const struct span wrong[] = {
        SPAN(""),
        SPAN("\x07"),      // no such tag
        SPAN("\x09"),      // Python 2's long
        SPAN("\xf0"),      // above the one-byte ints
        SPAN("\x16\x00"),  // an int without digits
        SPAN("\x16\x01-"), // or with a sign only
        SPAN("\x16\x03"
             "1x3"),              // a letter
        SPAN("\x08\x0a\xff"),     // no UTF-8
        SPAN("\x08\x51"),         // a str made of an int
        SPAN("\x19\x11\x50\x50"), // a slice of two
        SPAN("\x19\x50"),         // of an int
        SPAN("\x1a\x0a"
             "a"),        // a set of bytes
        SPAN("\x50\x50"), // something behind it
        SPAN("\x10"),     // a tuple's value is missing
        SPAN("\x0f\xff\xff\xff\xff"
             "a"), // shorter than it says
        SPAN("\x18\x00\x00"),
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct parsed p;
        parse(&p, wrong[i]);
        if (p.err != ERR_PROTOCOL) {
            fail_msg("%zu is accepted", i);
        }
    }
}

static void inv1_values_are_bounded(void **state)
{
    (void)state;
    struct parsed p;
    struct buffer out = buffer_empty(1000);
    brine_put_tuple(&out, VALUES_MAX - 1);
    for (int i = 0; i < VALUES_MAX - 1; i++) {
        brine_put_none(&out);
    }
    parse_one(&p, buffer_span(&out)); // itself is one
    assert_int_equal(p.values.count, VALUES_MAX);
    buffer_clear(&out);
    brine_put_tuple(&out, VALUES_MAX);
    for (int i = 0; i < VALUES_MAX; i++) {
        brine_put_none(&out);
    }
    parse(&p, buffer_span(&out));
    assert_int_equal(p.err, ERR_PROTOCOL);
    buffer_deinit(&out);
}

static void inv1_depth_is_bounded(void **state)
{
    (void)state;
    struct parsed p;
    char bytes[BRINE_DEPTH_LIMIT + 2];
    memset(bytes, 0x10, sizeof(bytes)); // a tuple of one
    bytes[BRINE_DEPTH_LIMIT] = 0x50;
    parse_one(&p, (struct span){bytes, BRINE_DEPTH_LIMIT + 1});
    bytes[BRINE_DEPTH_LIMIT] = 0x10;
    bytes[BRINE_DEPTH_LIMIT + 1] = 0x50;
    parse(&p, (struct span){bytes, BRINE_DEPTH_LIMIT + 2});
    assert_int_equal(p.err, ERR_PROTOCOL);
    assert_string_equal(p.values.error, "values are nested too deeply");
}

static void inv1_a_length_that_lies_costs_nothing(void **state)
{
    (void)state;
    struct parsed p;
    parse(&p, BYTES("\x15\xff\xff\xff\xff\x00\x00\x00"));
    assert_int_equal(p.err, ERR_PROTOCOL);
    assert_int_equal(p.values.count, 1); // seen at the tuple, not behind it
}

static void inv2_no_front_part_is_a_value(void **state)
{
    (void)state;
    /* (1, ("IBM", b"ab", -49), slice(1, None, 3), 1.5) */
    struct span whole = BYTES("\x13\x51\x12\x08\x0cIBM\x0b"
                              "ab\x16\x03-49\x19\x12\x51\x00\x53"
                              "\x18\x3f\xf8\x00\x00\x00\x00\x00\x00");
    struct parsed p;
    parse_one(&p, whole);
    for (size_t cut = 0; cut < whole.len; cut++) {
        parse(&p, (struct span){whole.data, cut});
        assert_int_equal(p.err, ERR_PROTOCOL);
    }
}

/* --- (3) Reading what was written gives the same values. ------------------ */

static void put_random(struct buffer *out, uint64_t *random)
{
    static const char text[] = "abcdefghij";
    uint64_t n = testing_random(random);
    struct span part = {text, n % sizeof(text)};
    switch (n >> 32 & 7) {
    case 0:
        brine_put_none(out);
        break;
    case 1:
        brine_put_bool(out, (n & 1) != 0);
        break;
    case 2:
        brine_put_int(out, (int64_t)testing_random(random) >> n % 64);
        break;
    case 3:
        brine_put_float(out, (double)n / 7);
        break;
    case 4:
        brine_put_bytes(out, part);
        break;
    case 5:
        brine_put_str(out, part);
        break;
    case 6:
        brine_put_not_implemented(out);
        break;
    default:
        brine_put_tuple(out, 0);
        break;
    }
}

static void inv3_what_is_written_reads_the_same(void **state)
{
    (void)state;
    uint64_t random = 4711;
    for (int round = 0; round < 500; round++) {
        struct buffer out = buffer_empty(10000);
        struct buffer again = buffer_empty(10000);
        brine_put_tuple(&out, 6);
        brine_put_tuple(&out, 2);
        for (int i = 0; i < 7; i++) {
            put_random(&out, &random);
        }
        struct parsed p;
        brine_put_value(&again, parse_one(&p, buffer_span(&out)));
        assert_true(span_equal(buffer_span(&out), buffer_span(&again)));
        buffer_deinit(&out);
        buffer_deinit(&again);
    }
}

static void inv3_lengths_have_the_form_of_their_size(void **state)
{
    (void)state;
    static char text[70000];
    const size_t lens[] = {0, 1, 4, 5, 255, 256, 65535, 65536};
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct parsed p;
        struct buffer out = buffer_empty(100000);
        brine_put_str(&out, (struct span){text, lens[i]});
        assert_int_equal(parse_one(&p, buffer_span(&out))->text.len, lens[i]);
        buffer_deinit(&out);
    }
}

static void oom_and_bounds_fail_sticky(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(3);
    brine_put_str(&out, span_of("IBM"));
    brine_put_none(&out);
    assert_true(out.failed);
    buffer_deinit(&out);
}

/* Counts are read as the whole reader reads them, or not at all. */
static void counts_are_read_as_ints(void **state)
{
    (void)state;
    const int64_t counts[] = {-48, 0,     1,      159,
                              160, 65536, 131073, 999999999999999999};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct buffer out = buffer_empty(100);
        brine_put_int(&out, counts[i]);
        brine_put_none(&out); // behind it is something else
        int64_t number = 7;
        assert_int_equal(brine_read_count(&number, buffer_span(&out)),
                         out.len - 1);
        assert_int_equal(number, counts[i]);
        for (size_t cut = 0; cut < out.len - 1; cut++) {
            number = 7;
            struct span part = {out.data, cut};
            assert_int_equal(brine_read_count(&number, part), 0);
            assert_int_equal(number, 7);
        }
        buffer_deinit(&out);
    }
}

static void what_is_no_count_is_left(void **state)
{
    (void)state;
    const struct span others[] = {
        BYTES("\x16\x00"),    // no digits
        BYTES("\x16\x01-"),   // and a sign
        BYTES("\x16\x03+17"), //
        BYTES("\x16\x03-49"), //
        BYTES("\x16\x03"
              "1x3"), //
        BYTES("\x16\x03"
              "1/3"), //
        BYTES("\x16\x03"
              "1:3"),         //
        BYTES("\x16\x03 12"), //
        BYTES("\x16\x13"
              "1000000000000000000"), // a digit too many
        BYTES("\x17\x00\x00\x00\x03"
              "160"),                                  // another form
        BYTES("\x18\x00\x00\x00\x00\x00\x00\x00\x00"), // a float
        BYTES("\x00"),
        BYTES("\x0a"
              "1"),
        BYTES("\xff"),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        int64_t number = 7;
        assert_int_equal(brine_read_count(&number, others[i]), 0);
        assert_int_equal(number, 7);
    }
}

/* Each length of a number, and its neighbours. */
static void ints_of_every_length_read_the_same(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int i = 0; i < 20; i++, power *= 10) {
        for (int64_t near = -1; near <= 1; near++) {
            int64_t number = (int64_t)(power + (uint64_t)near);
            const int64_t both[] = {number, (int64_t)(0 - (uint64_t)number)};
            for (int k = 0; k < 2; k++) {
                struct buffer out = buffer_empty(100);
                struct parsed p;
                brine_put_int(&out, both[k]);
                parse(&p, buffer_span(&out));
                assert_int_equal(p.err, 0);
                assert_int_equal(p.items[0].type, BRINE_INT);
                assert_int_equal(p.items[0].number, both[k]);
                buffer_deinit(&out);
            }
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(counts_are_read_as_ints),
    cmocka_unit_test(what_is_no_count_is_left),
    cmocka_unit_test(ints_of_every_length_read_the_same),
    cmocka_unit_test(what_the_package_wrote_is_read),
    cmocka_unit_test(what_is_written_is_what_the_package_writes),
    cmocka_unit_test(floats_are_big_endian),
    cmocka_unit_test(containers_stand_before_what_they_hold),
    cmocka_unit_test(slices_and_sets_hold_their_tuples_values),
    cmocka_unit_test(what_is_no_value_is_refused),
    cmocka_unit_test(inv1_values_are_bounded),
    cmocka_unit_test(inv1_depth_is_bounded),
    cmocka_unit_test(inv1_a_length_that_lies_costs_nothing),
    cmocka_unit_test(inv2_no_front_part_is_a_value),
    cmocka_unit_test(inv3_what_is_written_reads_the_same),
    cmocka_unit_test(inv3_lengths_have_the_form_of_their_size),
    cmocka_unit_test(oom_and_bounds_fail_sticky),
};

TEST_MAIN(tests)
