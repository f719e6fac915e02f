/* SPDX-License-Identifier: Apache-2.0 */
/*
 * press_test.c -- files of prices on a loop in the test's own thread: read when
 * they are whole, read again when they change, judged on another thread.  Run
 * under ThreadSanitizer too.
 */
#include "press/press.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "net/loop.h"
#include "press/paper.h"
#include "provider/query.h"
#include "testing/testing.h"

/* Long enough that a test which needs it has failed. */
#define PATIENCE_MS 60000

struct fixture {
    struct loop loop;
    struct press *press;
    uv_timer_t guard;
    struct provider *provider;
    struct symbol symbol;
    const struct symbol *symbols[1];
    struct query query;
    char folder[32];
    char path[64];
    char url[80];
    unsigned asked;
    unsigned judged;
    unsigned news;
    bool asks_again; // with the next answer
    struct provider_outcome outcome;
    struct provider_verdict verdict;
};

static void on_judged(void *user, void *tag,
                      const struct provider_outcome *outcome,
                      const struct provider_verdict verdicts[])
{
    struct fixture *f = user;
    CHECK(tag == f && f->loop.is_awake);
    f->judged++;
    f->outcome = *outcome;
    f->verdict = verdicts[0];
    loop_stop(&f->loop);
    if (f->asks_again) {
        f->asks_again = false;
        f->asked++;
        CHECK(press_ask(f->press, f->url, &f->query, f) == 0);
    }
}

static void on_news(void *user, const char *provider)
{
    struct fixture *f = user;
    CHECK(strcmp(provider, "file") == 0);
    f->news++;
    loop_stop(&f->loop);
}

static void on_hang(uv_timer_t *timer)
{
    (void)timer;
    check_failed(__FILE__, __LINE__, "it has come by now");
}

static void open_press(struct fixture *f)
{
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&f->loop, &options), 0);
    uv_timer_init(&f->loop.uv, &f->guard);
    uv_timer_start(&f->guard, on_hang, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&f->guard);
    struct press_options press_options = {
        .loop = &f->loop,
        .on_judged = on_judged,
        .on_news = on_news,
        .user = f,
    };
    assert_int_equal(press_create(&f->press, &press_options), 0);
}

static void close_press(struct fixture *f)
{
    press_destroy(&f->press);
    assert_null(f->press);
    press_destroy(&f->press); // NULL already is allowed
    uv_close((uv_handle_t *)&f->guard, NULL);
    loop_deinit(&f->loop);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char error[PROVIDER_ERROR_SIZE];
    assert_non_null(f);
    assert_int_equal(provider_create_built_in(&f->provider, "file", error), 0);
    assert_int_equal(symbol_parse(&f->symbol, span_of("IBM")), 0);
    f->symbols[0] = &f->symbol;
    f->query = (struct query){
        .provider = f->provider,
        .symbols = f->symbols,
        .count = 1,
        .key = "",
    };
    snprintf(f->folder, sizeof(f->folder), "/tmp/pressXXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/prices.csv", f->folder);
    snprintf(f->url, sizeof(f->url), "file://%s", f->path);
    open_press(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    close_press(f);
    provider_destroy(&f->provider);
    unlink(f->path);
    rmdir(f->folder);
    free(f);
    return 0;
}

/* Write a file, as of a while ago, so that it counts as whole at once. */
static void put(const struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct timespec now;
    assert_int_equal(timespec_get(&now, TIME_UTC), TIME_UTC);
    now.tv_sec -= 10;
    const struct timespec both[2] = {now, now};
    assert_int_equal(utimensat(AT_FDCWD, f->path, both, 0), 0);
}

static void ask(struct fixture *f)
{
    f->asked++;
    assert_int_equal(press_ask(f->press, f->url, &f->query, f), 0);
    while (f->judged < f->asked) {
        loop_run(&f->loop);
    }
}

static void assert_price(const struct fixture *f, const char *price)
{
    if (f->verdict.class != PROVIDER_OK) {
        fail_msg("no price: %s", f->verdict.text);
    }
    assert_string_equal(f->verdict.quote.price_text, price);
}

static void question_is_answered_from_the_file(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,137.16\n");
    ask(f);
    assert_price(f, "137.16");
    assert_true(f->verdict.quote.has_as_of); // when it was written
    ask(f);
    assert_price(f, "137.16");
}

static void changed_file_is_read_again_and_told(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    ask(f);
    put(f, "symbol,price\nIBM,22\n");
    while (f->news == 0) {
        loop_run(&f->loop);
    }
    ask(f);
    assert_price(f, "22.00");
}

static void inv1_what_is_not_whole_leaves_the_text_of_before(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    ask(f);
    put(f, "symbol,price\nIBM,2222");
    ask(f);
    assert_price(f, "1.00");
    assert_int_equal(unlink(f->path), 0);
    ask(f);
    assert_price(f, "1.00");
    put(f, "symbol,price\nIBM,3\n");
    ask(f);
    assert_price(f, "3.00");
}

static void without_any_text_there_is_no_answer(void **state)
{
    struct fixture *f = *state;
    ask(f);
    assert_int_equal(f->outcome.class, PROVIDER_UPSTREAM);
    assert_int_equal(f->verdict.class, PROVIDER_UPSTREAM);
    assert_non_null(strstr(f->verdict.text, "No such file or directory"));
    put(f, "");
    ask(f);
    assert_non_null(strstr(f->verdict.text, "it is empty"));
}

static void inv2_questions_are_answered_in_order_once(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    f->asks_again = true; // from within the answer
    for (int i = 0; i < 50; i++) {
        f->asked++;
        assert_int_equal(press_ask(f->press, f->url, &f->query, f), 0);
    }
    while (f->judged < f->asked) {
        loop_run(&f->loop);
    }
    assert_int_equal(f->judged, 51);
    assert_price(f, "1.00");
}

static void press_ends_while_files_are_read(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(press_ask(f->press, f->url, &f->query, f), 0);
        }
        close_press(f);
        open_press(f);
    }
    assert_int_equal(f->judged, 0);
    ask(f);
    assert_price(f, "1.00");
}

static void forgotten_file_is_watched_no_more(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    ask(f);
    press_forget(f->press);
    press_forget(f->press);
    put(f, "symbol,price\nIBM,2\n");
    ask(f);
    assert_price(f, "2.00");
    f->asked++;
    assert_int_equal(press_ask(f->press, f->url, &f->query, f), 0);
    press_forget(f->press); // which spares one that is being asked
    while (f->judged < f->asked) {
        loop_run(&f->loop);
    }
    assert_price(f, "2.00");
}

static void oom_is_no_answer_and_no_leak(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\nIBM,1\n");
    TESTING_EACH_ALLOCATION(n)
    {
        if (press_ask(f->press, f->url, &f->query, f) == 0) {
            f->asked++;
            while (f->judged < f->asked) {
                loop_run(&f->loop);
            }
        }
        press_forget(f->press);
    }
    ask(f);
    assert_price(f, "1.00");
}

/* --- One file, one look
 * -------------------------------------------------------
 */

static void what_is_no_file_is_not_opened(void **state)
{
    struct fixture *f = *state;
    struct paper_state file;
    char error[PAPER_ERROR_SIZE];
    struct buffer text = buffer_empty(PAPER_BYTES_LIMIT);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(paper_read(f->path, &text, &file, error), ERR_IO);
    assert_string_equal(error, "this is no file");
    assert_int_equal(paper_read(f->folder, &text, &file, error), ERR_IO);
    assert_false(file.is_there);
    assert_string_equal(paper_path("file:///a/b"), "/a/b");
    buffer_deinit(&text);
}

static void too_long_a_file_is_refused(void **state)
{
    struct fixture *f = *state;
    put(f, "symbol,price\n");
    assert_int_equal(truncate(f->path, PAPER_BYTES_LIMIT + 1), 0);
    struct paper_state file;
    char error[PAPER_ERROR_SIZE];
    struct buffer text = buffer_empty(PAPER_BYTES_LIMIT);
    assert_int_equal(paper_read(f->path, &text, &file, error), ERR_FULL);
    assert_string_equal(error, "the file is longer than 8 MiB");
    buffer_deinit(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    TEST(question_is_answered_from_the_file),
    TEST(changed_file_is_read_again_and_told),
    TEST(inv1_what_is_not_whole_leaves_the_text_of_before),
    TEST(without_any_text_there_is_no_answer),
    TEST(inv2_questions_are_answered_in_order_once),
    TEST(press_ends_while_files_are_read),
    TEST(forgotten_file_is_watched_no_more),
    TEST(oom_is_no_answer_and_no_leak),
    TEST(what_is_no_file_is_not_opened),
    TEST(too_long_a_file_is_refused),
};

TEST_MAIN(tests)
