/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask_again_test.c -- texts that were asked for before, or are learnt of
 * together: answered as each alone would be, or not at all.
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
    assert_null(ask_again(worker, span_of("ibm"))); // never asked for
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

/* Many more texts than are kept: what was learnt of is answered, or asked for
 * another way, but never with another's quote. */
static void texts_are_learnt_of_together(void **state)
{
    struct desk *desk = *state;
    struct worker *worker = desk->worker;
    const struct span texts[] = {span_of("ibm"),       span_of("google"),
                                 span_of("no symbol"), span_of("TSLA"),
                                 span_of("AAPL"),      span_of("ibm")};
    publish(desk, "IBM");
    publish(desk, "GOOGL");
    publish(desk, "AAPL");
    assert_false(ask_is_settled(worker, texts[0]));
    assert_true(ask_ahead(worker, texts, 6));
    assert_true(ask_is_settled(worker, texts[0]));
    assert_string_equal(ask_again(worker, texts[0])->symbol.text, "IBM");
    assert_string_equal(ask_again(worker, texts[1])->symbol.text, "GOOGL");
    assert_null(ask_again(worker, texts[2]));
    assert_null(ask_again(worker, texts[3]));
    assert_string_equal(ask_again(worker, texts[4])->symbol.text, "AAPL");
    assert_false(ask_ahead(worker, texts, 6)); // the first is known
    assert_false(ask_ahead(worker, &texts[2], 1));
    assert_counted(desk, 0, 0, 0, 0);
    assert_int_equal(desk->asked, 0);
}

/* Else a pipeline of such would look at the same texts once for each. */
static void text_that_stays_unknown_brings_nothing_ahead(void **state)
{
    struct desk *desk = *state;
    struct worker *worker = desk->worker;
    const char *const firsts[] = {"AAPL261218C00150000", "no symbol"};
    publish(desk, "AAPL261218C00150000");
    publish(desk, "IBM");
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
        const struct span texts[] = {span_of(firsts[i]), span_of("IBM")};
        assert_int_equal(ask_is_settled(worker, texts[0]), i == 0);
        assert_false(ask_ahead(worker, texts, 2));
        assert_null(ask_again(worker, texts[0]));
        assert_null(ask_again(worker, texts[1]));
    }
}

static void crowd_is_learnt_of_without_mistakes(void **state)
{
    struct desk *desk = *state;
    char names[ASK_AHEAD_LIMIT][8];
    struct span texts[ASK_AHEAD_LIMIT];
    unsigned answered = 0;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < ASK_AHEAD_LIMIT; i++) {
            snprintf(names[i], sizeof(names[i]), "S%u",
                     round * ASK_AHEAD_LIMIT + i);
            texts[i] = span_of(names[i]);
            if (i % 2 == 0) {
                publish(desk, names[i]);
            }
        }
        assert_true(ask_ahead(desk->worker, texts, ASK_AHEAD_LIMIT));
        for (unsigned i = 0; i < ASK_AHEAD_LIMIT; i++) {
            const struct quote *quote = ask_again(desk->worker, texts[i]);
            if (quote != NULL) {
                assert_string_equal(quote->symbol.text, names[i]);
                answered++;
            }
        }
    }
    // Two of a batch may want one place, and the cache is a small one.
    assert_in_range(answered, 50 * ASK_AHEAD_LIMIT / 4,
                    50 * ASK_AHEAD_LIMIT / 2);
}

#define ASK_TEST(test) \
    cmocka_unit_test_setup_teardown(test, open_desk, close_desk)

static const struct CMUnitTest tests[] = {
    ASK_TEST(text_is_answered_the_same_each_time),
    ASK_TEST(good_quote_alone_is_answered_again),
    ASK_TEST(texts_are_learnt_of_together),
    ASK_TEST(text_that_stays_unknown_brings_nothing_ahead),
    ASK_TEST(crowd_is_learnt_of_without_mistakes),
};

TEST_MAIN(tests)
