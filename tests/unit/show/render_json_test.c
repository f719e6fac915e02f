/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_json_test.c -- random quotes as JSON, read back by another's reader:
 * every field that is known is there once, in its order, with its text,
 * whatever bytes others have put into it; and nothing else is.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "show/render.h"
#include "testing/testing.h"

#define RUNS 20000

/* A text of others has at most so many bytes, and its 0. */
#define FOREIGN_SIZE 129

struct made {
    struct quote quote;
    struct name name;
    struct field_source source;
    char name_text[FOREIGN_SIZE];
    char server[65];
    char currency[4];
};

static unsigned pick(uint64_t *seed, unsigned count)
{
    return (unsigned)(testing_random(seed) % count);
}

/* Pieces of texts: plain, escaped, of several bytes, and no UTF-8. */
static const char *const pieces[] = {
    "a",
    "Z",
    "0",
    " ",
    "~",
    "/",
    "\"",
    "\\",
    "\x01",
    "\n",
    "\x1f",
    "\x7f",
    "\xc3\xa9",
    "\xe2\x82\xac",
    "\xf0\x9f\x93\x88",
    "\x80",
    "\xff",
    "\xc3",
};

#define PIECES (sizeof(pieces) / sizeof(pieces[0]))

/* Fill in a text of less than `size` bytes: often plain, and rarely full. */
static void make_text(uint64_t *seed, char *out, size_t size)
{
    size_t most = pick(seed, 4) == 0 ? size - 1 : pick(seed, (unsigned)size);
    bool is_plain = pick(seed, 2) == 0;
    bool is_utf8 = pick(seed, 2) == 0;
    size_t kinds = is_plain ? 6 : is_utf8 ? PIECES - 3 : PIECES;
    size_t len = 0;
    for (;;) {
        const char *piece = pieces[pick(seed, (unsigned)kinds)];
        if (len + strlen(piece) > most) {
            break;
        }
        memcpy(out + len, piece, strlen(piece));
        len += strlen(piece);
    }
    out[len] = '\0';
}

/* A value of 1 to 18 digits within the bounds of decimals; most are prices. */
static struct decimal make_number(uint64_t *seed)
{
    int count =
        pick(seed, 2) == 0 ? 1 + (int)pick(seed, 7) : 1 + (int)pick(seed, 18);
    uint64_t digits = 1 + pick(seed, 9);
    for (int i = 1; i < count; i++) {
        digits = digits * 10 + pick(seed, 10);
    }
    int exponent = pick(seed, 2) == 0
                       ? -(int)pick(seed, 3)
                       : (int)pick(seed, (unsigned)(37 - count)) - 18;
    if (exponent + count > DECIMAL_DIGITS_LIMIT) {
        exponent = DECIMAL_DIGITS_LIMIT - count;
    }
    int64_t value = (int64_t)digits;
    return (struct decimal){pick(seed, 3) == 0 ? -value : value,
                            (int8_t)exponent};
}

static void make_times(uint64_t *seed, struct quote *quote)
{
    int64_t within = (int64_t)(testing_random(seed) % UINT64_C(4102444800000));
    quote->fetched_unix_ms = pick(seed, 50) == 0 ? INT64_MAX : within;
    quote->has_as_of = pick(seed, 4) != 0;
    quote->as_of_is_day = pick(seed, 2) == 0;
    int64_t units[] = {1, 1000, 1000000, 1000000000};
    int64_t unit = units[pick(seed, 4)];
    quote->as_of_unix_ns = (int64_t)(testing_random(seed) >> 2) / unit * unit;
}

static void make(uint64_t *seed, struct made *made)
{
    static const char letters[] = "ABCXYZ0189.-^=/:_";
    memset(made, 0, sizeof(*made));
    struct quote *quote = &made->quote;
    char symbol[SYMBOL_LEN_LIMIT + 1];
    size_t len = 1 + pick(seed, SYMBOL_LEN_LIMIT);
    for (size_t i = 0; i < len; i++) {
        symbol[i] = letters[pick(seed, sizeof(letters) - 1)];
    }
    struct span text = {symbol, len};
    assert_int_equal(symbol_parse(&quote->symbol, text), 0);
    for (int n = 0; n < QUOTE_NUMBERS; n++) {
        if (n == QUOTE_PRICE || pick(seed, 4) != 0) {
            quote_set(quote, (enum quote_number)n, make_number(seed));
        }
    }
    make_times(seed, quote);
    make_text(seed, quote->currency, QUOTE_CURRENCY_SIZE);
    make_text(seed, quote->source, QUOTE_SOURCE_SIZE);
    quote->delay = (uint8_t)pick(seed, 3);
    quote->delay_s = pick(seed, 2) * (1 + pick(seed, 100000));
    quote->unit_factor = (uint16_t)(pick(seed, 2) * pick(seed, 65536));
    make_text(seed, made->name_text, sizeof(made->name_text));
    make_text(seed, made->server, sizeof(made->server));
    make_text(seed, made->currency, sizeof(made->currency));
    made->name.name = made->name_text;
    made->name.currency = made->currency;
    made->source = (struct field_source){
        .quote = quote,
        .name = pick(seed, 2) == 0 ? &made->name : NULL,
        .state = (enum freshness)pick(seed, FRESHNESS_EXPIRED + 1),
        .now_mono_ms = pick(seed, 1000),
        .server = made->server,
    };
}

/* What a reader is to find: bytes that are no UTF-8 are replaced. */
static void assert_text(struct span text, const char *found)
{
    struct buffer expected = buffer_empty(1024);
    bool is_utf8 = utf8_is_valid(text);
    for (size_t i = 0; i < text.len; i++) {
        if (is_utf8 || (text.data[i] & 0x80) == 0) {
            buffer_put_byte(&expected, text.data[i]);
        } else {
            buffer_put_text(&expected, "\xef\xbf\xbd");
        }
    }
    buffer_put_byte(&expected, '\0');
    assert_string_equal(found, expected.data);
    buffer_deinit(&expected);
}

/* The digits behind a name, as they stand in the text. */
static struct span digits_of(struct span json, const char *name)
{
    char label[FIELD_LABEL_SIZE];
    size_t len = (size_t)snprintf(label, sizeof(label), "\"%s\":", name);
    const char *at = memmem(json.data, json.len, label, len);
    assert_non_null(at);
    at += len;
    size_t left = (size_t)(json.data + json.len - at);
    for (size_t i = 0; i < left; i++) {
        if (at[i] == ',' || at[i] == '}') {
            return (struct span){at, i};
        }
    }
    fail_msg("%s has no end", name);
    return (struct span){NULL, 0};
}

static void assert_field(struct json_object *object, struct span json,
                         enum field field, struct span text, bool is_number)
{
    struct json_object *found;
    assert_true(json_object_object_get_ex(object, field_name(field), &found));
    if (!is_number) {
        assert_int_equal(json_object_get_type(found), json_type_string);
        assert_int_equal(strlen(json_object_get_string(found)),
                         json_object_get_string_len(found));
        assert_text(text, json_object_get_string(found));
        return;
    }
    assert_true(json_object_get_type(found) == json_type_double ||
                json_object_get_type(found) == json_type_int);
    assert_true(span_equal(digits_of(json, field_name(field)), text));
}

static void check(const struct made *made, struct span json, bool as_numbers)
{
    struct json_tokener *reader = json_tokener_new();
    json_tokener_set_flags(reader, JSON_TOKENER_STRICT);
    struct json_object *object =
        json_tokener_parse_ex(reader, json.data, (int)json.len);
    assert_int_equal(json_tokener_get_error(reader), json_tokener_success);
    assert_int_equal(json_tokener_get_parse_end(reader), json.len);
    struct lh_entry *entry = json_object_get_object(object)->head;
    for (int i = 0; i < FIELD_COUNT; i++) {
        enum field field = (enum field)i;
        char scratch[FIELD_TEXT_SIZE];
        struct span text = field_text(field, &made->source, scratch);
        if (!render_has(field) || text.data == NULL) {
            continue;
        }
        assert_non_null(entry);
        assert_string_equal(lh_entry_k(entry), field_name(field));
        assert_field(object, json, field, text,
                     as_numbers && render_is_number(field));
        entry = entry->next;
    }
    assert_null(entry);
    json_object_put(object);
    json_tokener_free(reader);
}

static void random_quotes_are_read_back(void **state)
{
    (void)state;
    uint64_t seed = 22;
    struct buffer out = buffer_empty(RENDER_BYTES_LIMIT);
    for (int run = 0; run < RUNS; run++) {
        struct made made;
        make(&seed, &made);
        bool as_numbers = run % 2 == 0;
        buffer_clear(&out);
        render_json(&out, &made.source, as_numbers);
        assert_false(out.failed);
        check(&made, buffer_span(&out), as_numbers);
    }
    buffer_deinit(&out);
}

/* Every byte at every place among plain ones is seen, and none but it. */
static void one_odd_byte_is_found_anywhere(void **state)
{
    (void)state;
    struct buffer out = buffer_empty(1024);
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t len = 1; len <= 20; len++) {
            for (size_t at = 0; at < len; at++) {
                char bytes[20];
                memset(bytes, 'x', sizeof(bytes));
                bytes[at] = (char)byte;
                buffer_clear(&out);
                render_json_text(&out, (struct span){bytes, len});
                bool is_plain =
                    byte >= ' ' && byte < 127 && byte != '"' && byte != '\\';
                size_t taken = is_plain                      ? 1
                               : byte == '"' || byte == '\\' ? 2
                                                             : 6;
                assert_int_equal(out.len, len + 1 + taken);
                assert_int_equal(out.data[0], '"');
                assert_memory_equal(out.data + 1, bytes, at);
                assert_memory_equal(out.data + 1 + at + taken, bytes + at + 1,
                                    len - at - 1);
                assert_int_equal(out.data[out.len - 1], '"');
                assert_int_equal(out.data[1 + at] == '\\', !is_plain);
            }
        }
    }
    buffer_deinit(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(random_quotes_are_read_back),
    cmocka_unit_test(one_odd_byte_is_found_anywhere),
};

TEST_MAIN(tests)
