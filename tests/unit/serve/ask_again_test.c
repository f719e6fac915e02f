/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_again_test.c -- texts that are asked for again, or several together:
 * answered as each alone would be, or not at all.
 */
#include "unit/serve/asking.h"

static void text_is_answered_the_same_each_time(void **state)
{
    struct desk *desk = *state;
    publish(desk, "GOOGL");
    struct answer answer;
    for (int i = 0; i < 3; i++) {
        assert_true(ask_by_text(desk, "google", &answer));
        assert_int_equal(answer.err, 0);
        assert_string_equal(answer.symbol.text, "GOOGL");
        assert_string_equal(answer.quote->price_text, "5.00");
        assert_false(ask_by_text(desk, "TSLA", &answer));
        assert_int_equal(answer.err, 0);
        assert_string_equal(answer.symbol.text, "TSLA");
        assert_true(ask_by_text(desk, "no symbol", &answer));
        assert_int_equal(answer.err, ERR_SYMBOL);
    }
    assert_counted(desk, 3, 0, 3, 0);
}

/* It is not counted here. */
static void good_quote_alone_is_answered_again(void **state)
{
    struct desk *desk = *state;
    struct worker *worker = desk->worker;
    struct answer answer;
    publish(desk, "IBM");
    assert_true(ask_by_text(desk, "ibm", &answer));
    worker->loop.now_ms += FRESH_MS - 1;
    assert_ptr_equal(ask_again(worker, span_of("ibm")), answer.quote);
    worker->loop.now_ms += 1;
    assert_null(ask_again(worker, span_of("ibm"))); // stale: to be refreshed
    publish(desk, "IBM");
    assert_non_null(ask_again(worker, span_of("ibm")));
    assert_false(ask_by_text(desk, "TSLA", &answer));
    assert_null(ask_again(worker, span_of("TSLA"))); // there is no quote
    assert_counted(desk, 1, 0, 1, 0);
    assert_int_equal(desk->asked, 0);
}

/* A symbol in any letters; a name from its second time on, for that is when it
 * is recalled.  What has white space around it takes the whole way. */
static void symbols_are_known_and_names_recalled(void **state)
{
    struct desk *desk = *state;
    struct worker *worker = desk->worker;
    struct answer answer;
    publish(desk, "GOOGL");
    assert_string_equal(ask_again(worker, span_of("gOOgl"))->symbol.text,
                        "GOOGL");
    assert_null(ask_again(worker, span_of("google")));
    assert_true(ask_by_text(desk, "google", &answer));
    assert_string_equal(ask_again(worker, span_of("google"))->symbol.text,
                        "GOOGL");
    assert_null(ask_again(worker, span_of("GOOGLE"))); // in other letters
    assert_null(ask_again(worker, span_of(" GOOGL")));
    assert_true(ask_by_text(desk, " GOOGL", &answer));
    assert_int_equal(answer.err, 0);
    assert_null(ask_again(worker, span_of("")));
}

/* A symbol that is another one's name is that, though it has a quote of its
 * own. */
static void name_goes_before_the_symbol_it_looks_like(void **state)
{
    struct desk *desk = *state;
    struct answer answer;
    publish(desk, "GOOGLE");
    publish(desk, "GOOGL");
    for (int i = 0; i < 3; i++) {
        const struct quote *quote = ask_again(desk->worker, span_of("GOOGLE"));
        assert_int_equal(quote != NULL, i > 0);
        assert_true(quote == NULL || strcmp(quote->symbol.text, "GOOGL") == 0);
        assert_true(ask_by_text(desk, "GOOGLE", &answer));
        assert_string_equal(answer.quote->symbol.text, "GOOGL");
    }
}

static void quotes_are_found_together_up_to_one_that_is_not_good(void **state)
{
    struct desk *desk = *state;
    struct worker *worker = desk->worker;
    const struct quote *quotes[ASK_AGAIN_LIMIT];
    const struct span texts[] = {span_of("ibm"), span_of("AAPL"),
                                 span_of("ibm"), span_of("TSLA"),
                                 span_of("IBM")};
    publish(desk, "IBM");
    publish(desk, "AAPL");
    assert_int_equal(ask_again_all(worker, texts, 5, quotes), 3);
    assert_string_equal(quotes[0]->symbol.text, "IBM");
    assert_string_equal(quotes[1]->symbol.text, "AAPL");
    assert_ptr_equal(quotes[2], quotes[0]);
    assert_int_equal(ask_again_all(worker, &texts[3], 2, quotes), 0);
    assert_int_equal(ask_again_all(worker, &texts[3], 1, quotes), 0);
    assert_int_equal(ask_again_all(worker, &texts[4], 1, quotes), 1);
    worker->loop.now_ms += FRESH_MS;
    publish(desk, "IBM");
    assert_int_equal(ask_again_all(worker, texts, 5, quotes), 1); // AAPL stale
    assert_counted(desk, 0, 0, 0, 0);
    assert_int_equal(desk->asked, 0);
}

/* What is no symbol, or too long for its key, ends the row and is answered on
 * the whole way. */
static void row_ends_at_what_takes_the_whole_way(void **state)
{
    struct desk *desk = *state;
    const char *const others[] = {"AAPL261218C00150000", "no symbol", "I\xc2M",
                                  ""};
    const struct quote *quotes[ASK_AGAIN_LIMIT];
    publish(desk, "AAPL261218C00150000");
    publish(desk, "IBM");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct span texts[] = {span_of("IBM"), span_of(others[i]),
                                     span_of("IBM")};
        assert_int_equal(ask_again_all(desk->worker, texts, 3, quotes), 1);
    }
}

static void crowd_is_found_without_mistakes(void **state)
{
    struct desk *desk = *state;
    char names[ASK_AGAIN_LIMIT][8];
    struct span texts[ASK_AGAIN_LIMIT];
    const struct quote *quotes[ASK_AGAIN_LIMIT];
    size_t most = 0;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < ASK_AGAIN_LIMIT; i++) {
            snprintf(names[i], sizeof(names[i]), "S%u",
                     round * ASK_AGAIN_LIMIT + i);
            texts[i] = span_of(names[i]);
        }
        // The cache is a small one: any of those before may have gone.
        size_t first = ASK_AGAIN_LIMIT - 1 - round % 4;
        for (size_t i = first; i < ASK_AGAIN_LIMIT; i++) {
            publish(desk, names[i]);
        }
        size_t there = 0;
        while (first + there < ASK_AGAIN_LIMIT &&
               ask_again(desk->worker, texts[first + there]) != NULL) {
            there++;
        }
        size_t found = ask_again_all(desk->worker, &texts[first],
                                     ASK_AGAIN_LIMIT - first, quotes);
        assert_int_equal(found, there);
        most = found > most ? found : most;
        for (size_t i = 0; i < found; i++) {
            assert_string_equal(quotes[i]->symbol.text, names[first + i]);
        }
        assert_int_equal(
            ask_again_all(desk->worker, texts, ASK_AGAIN_LIMIT, quotes), 0);
    }
    assert_in_range(most, 2, 4); // together
}

#define ASK_TEST(test) \
    cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

static const struct CMUnitTest tests[] = {
    ASK_TEST(text_is_answered_the_same_each_time),
    ASK_TEST(good_quote_alone_is_answered_again),
    ASK_TEST(symbols_are_known_and_names_recalled),
    ASK_TEST(name_goes_before_the_symbol_it_looks_like),
    ASK_TEST(quotes_are_found_together_up_to_one_that_is_not_good),
    ASK_TEST(row_ends_at_what_takes_the_whole_way),
    ASK_TEST(crowd_is_found_without_mistakes),
};

/* A symbol may look like a name to a filter, and then it takes the whole way:
 * one in some thousands does, by the seed. */
TEST_MAIN_UNSEEDED(tests)
