/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_test.c -- the text that says why a price is what it is, to the
 * letter; and that it fits, whatever providers say.
 */
#include "show/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/err.h"
#include "desk/view.h"
#include "quote/names.h"
#include "quote/quote.h"
#include "testing/testing.h"

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

/* 2026-11-20T20:00:00Z, a Friday, an hour before New York closes. */
#define NOW_MS INT64_C(1795204800000)

/* Everything that a text is made from. */
struct scene {
    struct explain_source source;
    struct desk_explanation explanation;
    struct quote quote;
    struct name name;
    struct freshness_rule rule;
    struct buffer text;
};

static int set_up(void **state)
{
    static struct scene s;
    s = (struct scene){
        .rule = {.fresh_for_ms = MINUTE_MS, .stale_for_ms = HOUR_MS},
        .text = buffer_empty(4 * EXPLAIN_BYTES_LIMIT),
    };
    s.quote = (struct quote){
        .has_as_of = true,
        .as_of_unix_ns = (NOW_MS - 13000) * 1000000,
        .fetched_unix_ms = NOW_MS - 12000,
        .fetched_mono_ms = 10 * HOUR_MS - 12000,
        .currency = "USD",
        .source = "one",
    };
    assert_int_equal(symbol_parse(&s.quote.symbol, span_of("IBM")), 0);
    quote_set(&s.quote, QUOTE_PRICE, (struct decimal){23145, -2});
    s.explanation = (struct desk_explanation){
        .symbol = s.quote.symbol,
        .now_unix_ms = NOW_MS,
        .next = DESK_NEXT_FRESH,
        .next_ms = 34000,
        .market = "XNYS",
        .hours =
            {
                .is_known = true,
                .is_open = true,
                .has_session = true,
                .next_close_unix_s = NOW_MS / 1000 + 3600,
                .next_open_unix_s = NOW_MS / 1000 + 66 * 3600,
            },
        .witnesses_count = 1,
    };
    struct desk_witness *one = &s.explanation.witnesses[0];
    memcpy(one->post.name, "one", 4);
    one->said = (struct desk_saying){
        .is_known = true,
        .class = PROVIDER_OK,
        .ago_ms = 12000,
        .symbols = 1,
        .decided_by = "data",
    };
    s.source = (struct explain_source){
        .explanation = &s.explanation,
        .quote = &s.quote,
        .rule = &s.rule,
        .now_mono_ms = 10 * HOUR_MS,
    };
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    buffer_deinit(&s->text);
    return 0;
}

static const char *render(struct scene *s)
{
    buffer_clear(&s->text);
    explain_render(&s->text, &s->source);
    buffer_put_byte(&s->text, '\0');
    assert_false(s->text.failed);
    return s->text.data;
}

static void assert_line(struct scene *s, const char *line)
{
    const char *text = render(s);
    if (strstr(text, line) == NULL) {
        fail_msg("no \"%s\" in:\n%s", line, text);
    }
}

static void assert_no_line(struct scene *s, const char *line)
{
    const char *text = render(s);
    if (strstr(text, line) != NULL) {
        fail_msg("\"%s\" in:\n%s", line, text);
    }
}

static struct desk_allowance rule(enum budget_span span, enum budget_cost cost,
                                  uint32_t left, uint32_t n)
{
    return (struct desk_allowance){
        .view = {.rule = {.n = n, .span = span, .cost = cost},
                 .left = left,
                 .turns_in_ms = 9 * HOUR_MS},
        .out_in_ms = UINT64_MAX,
    };
}

/* --- All of it ------------------------------------------------------------ */

static void a_fresh_price_is_explained_on_a_screen(void **state)
{
    struct scene *s = *state;
    s->name = (struct name){.name = "International Business Machines"};
    s->source.name = &s->name;
    s->quote.delay = QUOTE_DELAY_KNOWN;
    s->quote.delay_s = 900;
    struct desk_post_view *one = &s->explanation.witnesses[0].post;
    one->rules_count = 2;
    one->rules[0] = rule(BUDGET_SECOND, BUDGET_CALLS, 1, 1);
    one->rules[1] = rule(BUDGET_DAY, BUDGET_CALLS, 19, 25);
    one->rules[1].out_in_ms = 4 * HOUR_MS + 18 * MINUTE_MS;
    s->name.currency = "";
    assert_string_equal(
        render(s),
        "IBM  International Business Machines\n"
        "price     231.45 USD, delayed: 12 s old, good for another 48 s\n"
        "as of     2026-11-20T19:59:47.000Z, fetched 2026-11-20T19:59:48.000Z\n"
        "source    one, delayed by 15 min\n"
        "market    XNYS is open until 2026-11-20T21:00Z, in 1 h\n"
        "next      in 34 s: it is asked for again before it is stale\n"
        "to ask    one, at once, when somebody has to wait\n"
        "one: ok\n"
        "  said    ok, 12 s ago\n"
        "  left    1 of 1 a second\n"
        "  left    19 of 25 a day, anew in 9 h; at this pace gone in 4 h "
        "18 min\n");
}

static void a_symbol_that_nobody_asked_for_is_explained_too(void **state)
{
    struct scene *s = *state;
    s->source.quote = NULL;
    s->explanation.next = DESK_NEXT_NONE;
    s->explanation.next_ms = UINT64_MAX;
    s->explanation.market[0] = '\0';
    s->explanation.hours.is_known = false;
    s->explanation.witnesses[0].said.is_known = false;
    assert_string_equal(render(s),
                        "IBM\n"
                        "price     none is in memory\n"
                        "market    none is named: hours not known, taken for "
                        "open\n"
                        "next      it is fetched when somebody asks for it\n"
                        "to ask    one, at once, when somebody has to wait\n"
                        "one: ok\n");
}

/* --- Its parts ------------------------------------------------------------ */

static void each_state_of_a_price_is_said(void **state)
{
    struct scene *s = *state;
    assert_line(s, "231.45 USD, fresh: 12 s old, good for another 48 s\n");
    s->source.now_mono_ms += 10 * MINUTE_MS;
    assert_line(s, "231.45 USD, stale: 10 min 12 s old\n");
    s->source.now_mono_ms += 26 * HOUR_MS;
    assert_line(s, "expired: 1 d 2 h old, too old to be served\n");
    s->quote.is_closing = true;
    s->quote.settled_until_mono_ms = s->source.now_mono_ms + HOUR_MS;
    assert_line(s, "closed: 1 d 2 h old, good for another 1 h\n");
    s->quote.has_as_of = false;
    s->quote.currency[0] = '\0';
    assert_line(s, "price     231.45, closed");
    assert_line(s, "as of     not said by the provider, fetched 2026-");
}

static void where_a_price_is_from_is_said(void **state)
{
    struct scene *s = *state;
    assert_line(s, "source    one\n");
    s->quote.delay = QUOTE_DELAY_KNOWN;
    assert_line(s, "source    one, in real time\n");
    s->quote.delay = QUOTE_DELAY_END_OF_DAY;
    s->quote.unit_factor = 100;
    assert_line(s, "source    one, which has one price a day; what it sends "
                   "is divided by 100\n");
}

static void a_failure_that_is_believed_is_said(void **state)
{
    struct scene *s = *state;
    s->source.quote = NULL;
    s->source.failure = ERR_UNKNOWN;
    s->source.failed_until_mono_ms = s->source.now_mono_ms + 90000;
    assert_line(s, "none: no provider knows this symbol (believed for another "
                   "1 min 30 s)\n");
    s->source.failed_until_mono_ms = s->source.now_mono_ms;
    assert_line(s, "price     none is in memory\n");
}

static void each_state_of_a_market_is_said(void **state)
{
    struct scene *s = *state;
    struct timetable_view *hours = &s->explanation.hours;
    hours->session.is_early = true;
    assert_line(s, "XNYS is open until 2026-11-20T21:00Z, in 1 h, early "
                   "today\n");
    hours->is_open = false;
    assert_line(s, "XNYS is closed until 2026-11-23T14:00Z, in 2 d 18 h\n");
    hours->is_break = true;
    assert_line(s, "XNYS is closed for a break until ");
    hours->is_open = true;
    hours->next_close_unix_s = TIMETABLE_NEVER;
    assert_line(s, "XNYS is always open\n");
    hours->is_known = false;
    assert_line(s, "XNYS: hours not known, taken for open\n");
    s->explanation.is_always_open = true;
    assert_line(s, "XNYS: the provider has prices at any hour\n");
}

static void what_comes_next_is_said(void **state)
{
    struct scene *s = *state;
    memcpy(s->explanation.flight.post, "one", 4);
    s->explanation.next = DESK_NEXT_CALLED;
    assert_line(s, "next      now: a call for it is under way, to one\n");
    s->explanation.next = DESK_NEXT_QUEUED;
    s->explanation.witnesses[0].post.queued = 1;
    assert_line(s, "next      in 34 s at the earliest: it waits for a call to "
                   "one\n");
    snprintf(s->explanation.next_why, sizeof(s->explanation.next_why),
             "the allowance is used");
    s->explanation.witnesses[0].post.queued = 3;
    assert_line(s, "a call to one, as 2 others do:\n          the allowance is "
                   "used\n");
    s->explanation.next_ms = UINT64_MAX;
    assert_line(s, "next      nobody knows when: it waits");
    s->explanation.next_ms = 0;
    assert_line(s, "next      at once: it waits");
    s->explanation.next = DESK_NEXT_RETRY;
    s->explanation.next_ms = 850;
    assert_line(s, "next      in 850 ms: the last try failed\n");
}

static void who_would_be_asked_is_said(void **state)
{
    struct scene *s = *state;
    struct desk_witness *one = &s->explanation.witnesses[0];
    one->wait_ms = 90000;
    snprintf(one->wait_why, sizeof(one->wait_why), "the allowance is used");
    assert_line(s, "to ask    one, in 1 min 30 s: the allowance is used\n");
    one->wait_ms = UINT64_MAX;
    assert_line(s, "to ask    one, nobody knows when: the allowance is used\n");
    s->explanation.at = 1;
    assert_line(s, "to ask    nobody: no provider may be asked for it\n");
}

static void how_a_provider_stands_is_said(void **state)
{
    struct scene *s = *state;
    struct desk_witness *one = &s->explanation.witnesses[0];
    one->post.standing = DESK_RESTING;
    one->post.rests_ms = 14000;
    snprintf(one->post.why, sizeof(one->post.why), "HTTP status 500");
    assert_line(s, "\none: resting for 14 s: HTTP status 500\n");
    one->post.standing = DESK_OFF;
    one->reach = DESK_NOT_ITS_MARKET;
    assert_line(s, "\none: off, not asked for this market: HTTP status 500\n");
    one->reach = DESK_NOT_IN_PLAN;
    assert_line(s, ", its plan does not have this symbol");
    one->reach = DESK_OTHER_UNIT;
    one->wait_ms = 600000;
    snprintf(one->wait_why, sizeof(one->wait_why), "USD, and EUR before");
    assert_line(s, ", its price was in another unit");
    assert_line(s, "  why     USD, and EUR before; not asked for another 10 "
                   "min\n");
}

static void what_a_provider_said_is_told(void **state)
{
    struct scene *s = *state;
    struct desk_witness *one = &s->explanation.witnesses[0];
    one->said.class = PROVIDER_LIMIT_DAY;
    one->said.symbols = 8;
    snprintf(one->said.text, sizeof(one->said.text), "come back tomorrow");
    snprintf(one->said.decided_by, sizeof(one->said.decided_by), "rule 3");
    assert_line(s, "  said    limit.d, 12 s ago, one of 8 in a call: come back "
                   "tomorrow (rule 3)\n");
    // Of another symbol only where nothing was said of this one.
    one->post.last = one->said;
    assert_no_line(s, "  last ");
    one->said.is_known = false;
    assert_line(s, "  last    limit.d, 12 s ago");
}

static void what_is_left_is_said_once_for_rules_alike(void **state)
{
    struct scene *s = *state;
    struct desk_post_view *one = &s->explanation.witnesses[0].post;
    one->rules_count = 4;
    one->rules[0] = rule(BUDGET_DAY, BUDGET_CALLS, 20, 25);
    one->rules[1] = rule(BUDGET_DAY, BUDGET_CALLS, 3, 25); // another zone's
    one->rules[2] = rule(BUDGET_MONTH, BUDGET_DISTINCT, 490, 500);
    one->rules[3] = rule(BUDGET_MINUTE, BUDGET_SYMBOLS, 0, 60);
    one->rules[3].out_in_ms = 0;
    assert_no_line(s, "20 of 25");
    assert_line(s, "  left    3 of 25 a day, anew in 9 h\n");
    assert_line(s, "490 of 500 different symbols a month, anew in 9 h\n");
    assert_line(s, "  left    0 of 60 symbols a minute\n");
}

/* --- Room ----------------------------------------------------------------- */

/* How many lines, none of which is too wide or ends in the middle of a
 * character. */
static size_t count_lines(const char *text)
{
    size_t lines = 0;
    while (*text != '\0') {
        const char *end = strchr(text, '\n');
        assert_non_null(end);
        size_t columns = 0;
        for (const char *at = text; at < end; at++) {
            columns += ((unsigned char)*at & 0xC0) != 0x80;
        }
        assert_in_range(columns, 1, EXPLAIN_COLUMNS);
        assert_true(((unsigned char)*text & 0xC0) != 0x80);
        lines++;
        text = end + 1;
    }
    return lines;
}

static void long_words_go_on_below_and_end_somewhere(void **state)
{
    struct scene *s = *state;
    struct desk_saying *said = &s->explanation.witnesses[0].said;
    size_t before = count_lines(render(s));
    said->class = PROVIDER_NOTICE;
    memset(said->text, 'x', sizeof(said->text) - 1);
    assert_int_equal(count_lines(render(s)), before + 2);
    assert_line(s, "x...\n");
    for (size_t i = 0; i + 3 < sizeof(said->text); i += 3) {
        memcpy(said->text + i, "\xe2\x82\xac", 4); // of three bytes
    }
    assert_int_equal(count_lines(render(s)), before + 2);
    for (size_t i = 0; i + 5 < sizeof(said->text); i += 5) {
        memcpy(said->text + i, "word ", 6);
    }
    assert_int_equal(count_lines(render(s)), before + 2);
    assert_line(s, "\n          word word ");
}

static void as_many_providers_as_there_may_be_have_room_or_are_counted(
    void **state)
{
    struct scene *s = *state;
    struct desk_witness *all = s->explanation.witnesses;
    s->explanation.witnesses_count = DESK_PROVIDERS_LIMIT;
    for (size_t i = 0; i < DESK_PROVIDERS_LIMIT; i++) {
        all[i] = all[0];
        all[i].post.rules_count = 3;
        all[i].post.rules[0] = rule(BUDGET_SECOND, BUDGET_CALLS, 1, 1);
        all[i].post.rules[1] = rule(BUDGET_DAY, BUDGET_CALLS, 19, 25);
        all[i].post.rules[2] = rule(BUDGET_MONTH, BUDGET_CALLS, 19, 25);
    }
    assert_no_line(s, "more providers");
    for (size_t i = 0; i < DESK_PROVIDERS_LIMIT; i++) {
        memset(all[i].said.text, 'x', sizeof(all[i].said.text) - 1);
        all[i].post.rules_count = BUDGET_RULES_LIMIT;
        for (size_t k = 0; k < BUDGET_RULES_LIMIT; k++) {
            all[i].post.rules[k] =
                rule(k % BUDGET_SPANS, k % BUDGET_COSTS, UINT32_MAX, 1);
        }
    }
    assert_line(s, " more providers\n");
    assert_in_range(strlen(render(s)), EXPLAIN_BYTES_LIMIT / 2,
                    EXPLAIN_BYTES_LIMIT);
    count_lines(render(s));
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    UNIT(a_fresh_price_is_explained_on_a_screen),
    UNIT(a_symbol_that_nobody_asked_for_is_explained_too),
    UNIT(each_state_of_a_price_is_said),
    UNIT(where_a_price_is_from_is_said),
    UNIT(a_failure_that_is_believed_is_said),
    UNIT(each_state_of_a_market_is_said),
    UNIT(what_comes_next_is_said),
    UNIT(who_would_be_asked_is_said),
    UNIT(how_a_provider_stands_is_said),
    UNIT(what_a_provider_said_is_told),
    UNIT(what_is_left_is_said_once_for_rules_alike),
    UNIT(long_words_go_on_below_and_end_somewhere),
    UNIT(as_many_providers_as_there_may_be_have_room_or_are_counted),
};

TEST_MAIN(tests)
