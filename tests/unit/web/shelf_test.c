/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shelf_test.c -- dates as HTTP writes them, entity tags, and which quotes are
 * kept as they were composed.
 */
#include "web/shelf.h"

#include <stdio.h>

#include "base/clock.h"
#include "conf/conf.h"
#include "proto/detect.h"
#include "serve/ask.h"
#include "serve/heartbeat.h"
#include "serve/settings.h"
#include "serve/worker.h"
#include "show/render.h"
#include "testing/testing.h"
#include "web/price.h"

static void assert_date(int64_t unix_s, const char *expected)
{
    char text[SHELF_DATE_SIZE];
    shelf_print_date(text, unix_s);
    assert_string_equal(text, expected);
}

static void dates_are_as_http_writes_them(void **state)
{
    (void)state;
    assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    assert_date(784111777, "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_date(1795358625, "Sun, 22 Nov 2026 14:43:45 GMT");
    assert_date(1709164799, "Wed, 28 Feb 2024 23:59:59 GMT");
    assert_date(1709164800, "Thu, 29 Feb 2024 00:00:00 GMT");
    assert_date(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    assert_date(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void a_tag_is_of_the_bytes(void **state)
{
    (void)state;
    char one[SHELF_TAG_SIZE];
    char same[SHELF_TAG_SIZE];
    char other[SHELF_TAG_SIZE];
    shelf_print_tag(one, span_of("{\"price\":\"1.00\"}"));
    shelf_print_tag(same, span_of("{\"price\":\"1.00\"}"));
    shelf_print_tag(other, span_of("{\"price\":\"1.01\"}"));
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), SHELF_TAG_SIZE - 1);
    assert_int_equal(one[0], '"');
    assert_int_equal(one[SHELF_TAG_SIZE - 2], '"');
}

static void a_list_of_tags_is_searched(void **state)
{
    (void)state;
    const char *tag = "\"abc\"";
    assert_true(price_has_tag(span_of("\"abc\""), tag));
    assert_true(price_has_tag(span_of("W/\"abc\""), tag));
    assert_true(price_has_tag(span_of("\"x\", \"abc\" "), tag));
    assert_true(price_has_tag(span_of("*"), tag));
    assert_true(price_has_tag(span_of("\"a,b\",W/\"abc\""), tag));
    assert_false(price_has_tag(span_of("\"a,*,b\""), tag));
    assert_false(price_has_tag(span_of("\"x\", *"), tag));
    assert_false(price_has_tag(span_of("\"abc"), tag));
    assert_false(price_has_tag(span_of("abc"), tag));
    assert_false(price_has_tag(span_of("\"abcd\""), tag));
    assert_false(price_has_tag(span_of("W/"), tag));
    assert_false(price_has_tag(span_of(""), tag));
    assert_false(price_has_tag((struct span){NULL, 0}, tag));
}

/* --- What is kept -----------------------------------------------------------
 */

/* Symbols of which the shelf can't keep all, nor half. */
#define MANY (3 * SHELF_PLACES)

static struct conf conf;
static struct settings settings;
static struct shared shared;
static struct worker worker;
static struct shelf *shelf;

/* Nobody is slow here. */
int heartbeat_create(struct heartbeat **out, struct loop *loop,
                     const struct heartbeat_options *options)
{
    (void)loop;
    (void)options;
    *out = NULL;
    return 0;
}

void heartbeat_settle(struct heartbeat *heartbeat, bool has_reason)
{
    (void)heartbeat;
    (void)has_reason;
}

void heartbeat_destroy(struct heartbeat **heartbeat)
{
    *heartbeat = NULL;
}

static int put_up(void **state)
{
    (void)state;
    conf.server.id = (char *)"here";
    settings = (struct settings){.conf = &conf};
    atomic_init(&settings.references, 1);
    shared.clock = clock_system();
    worker.shared = &shared;
    worker.settings = &settings;
    worker.loop.now_ms = 5000;
    shelf = shelf_of(&worker, NULL);
    assert_non_null(shelf);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    shelf_leave(&worker);
    assert_null(worker.memory[PROTOCOL_HTTP]);
    return 0;
}

static struct quote quote_of(const char *symbol, uint64_t price)
{
    struct quote quote = {.fetched_mono_ms = 1000, .source = "test"};
    assert_int_equal(symbol_parse(&quote.symbol, span_of(symbol)), 0);
    quote_set(&quote, QUOTE_PRICE, (struct decimal){(int64_t)price, 0});
    return quote;
}

/* Take a quote of a price from the shelf, and see that it is that one. */
static const struct rendition *take(const char *symbol, uint64_t price,
                                    enum form form)
{
    struct quote quote = quote_of(symbol, price);
    struct answer answer = {.symbol = quote.symbol, .quote = &quote};
    const struct rendition *rendition = shelf_rendition(shelf, &answer, form);
    struct buffer expected = buffer_empty(4096);
    if (form == FORM_CSV) {
        render_csv_head(&expected);
    }
    shelf_put_quote(shelf, &answer, form, &expected);
    assert_false(rendition->body.failed);
    assert_true(
        span_equal(buffer_span(&rendition->body), buffer_span(&expected)));
    char tag[SHELF_TAG_SIZE];
    shelf_print_tag(tag, buffer_span(&expected));
    assert_string_equal(rendition->tag, tag);
    buffer_deinit(&expected);
    return rendition;
}

static void take_many(uint64_t price)
{
    for (unsigned i = 0; i < MANY; i++) {
        char symbol[16];
        snprintf(symbol, sizeof(symbol), "Q%u", i);
        take(symbol, price + i, FORM_JSON);
    }
}

static void what_is_asked_for_twice_is_kept(void **state)
{
    (void)state;
    take_many(1000);
    take("IBM", 7, FORM_JSON);
    const struct rendition *kept = take("IBM", 7, FORM_JSON);
    assert_true(kept->is_kept);
    assert_ptr_equal(take("IBM", 7, FORM_JSON), kept);
}

static void what_is_asked_for_once_pushes_out_nothing(void **state)
{
    (void)state;
    const struct rendition *kept = take("IBM", 7, FORM_JSON);
    assert_true(kept->is_kept);
    take_many(1000);
    assert_ptr_equal(take("IBM", 7, FORM_JSON), kept);
    take_many(2000);
    assert_true(symbol_equal(&kept->quote.symbol, &(struct symbol){3, "IBM"}));
    assert_ptr_equal(take("IBM", 7, FORM_JSON), kept);
}

static void a_newer_quote_takes_its_own_place(void **state)
{
    (void)state;
    const struct rendition *kept = take("IBM", 7, FORM_JSON);
    take_many(1000);
    assert_ptr_equal(take("IBM", 8, FORM_JSON), kept);
    assert_ptr_equal(take("IBM", 8, FORM_JSON), kept);
    assert_ptr_not_equal(take("IBM", 8, FORM_CSV), kept);
    assert_ptr_not_equal(take("IBM", 8, FORM_JSON_NUMBERS), kept);
}

/* Whatever has no memory, what comes is right or has failed, and what comes
 * after that is right. */
static void oom_a_failed_one_is_not_kept(void **state)
{
    (void)state;
    struct quote quote = quote_of("IBM", 7);
    const struct answer answer = {.symbol = quote.symbol, .quote = &quote};
    char expected[1024];
    const struct rendition *found = take("IBM", 7, FORM_JSON);
    size_t len = found->body.len;
    assert_true(len < sizeof(expected));
    memcpy(expected, found->body.data, len);
    TESTING_EACH_ALLOCATION(n)
    {
        shelf_leave(&worker);
        shelf = shelf_of(&worker, NULL);
        for (int i = 0; i < 4 && shelf != NULL; i++) {
            found = shelf_rendition(shelf, &answer, FORM_JSON);
            assert_true(i == 0 || !found->body.failed);
            if (!found->body.failed) {
                assert_int_equal(found->body.len, len);
                assert_memory_equal(found->body.data, expected, len);
            }
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, put_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_for_twice_is_kept),
        TEST(what_is_asked_for_once_pushes_out_nothing),
        TEST(a_newer_quote_takes_its_own_place),
        TEST(oom_a_failed_one_is_not_kept),
        cmocka_unit_test(dates_are_as_http_writes_them),
        cmocka_unit_test(a_tag_is_of_the_bytes),
        cmocka_unit_test(a_list_of_tags_is_searched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
