/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox_test.c -- messages from several threads arrive all, once, and in each
 * sender's order; a closed mailbox refuses.  Run under ThreadSanitizer too.
 */
#include "net/mailbox.h"

#include <pthread.h>

#include "base/check.h"
#include "net/loop.h"
#include "testing/testing.h"

#define SENDERS 3
#define MAILS   2000

struct letter {
    struct mail mail; // first
    unsigned sender;
    unsigned number;
};

struct office {
    struct loop loop;
    struct mailbox mailbox;
    unsigned next[SENDERS]; // number of each sender's next letter
    unsigned delivered;
    unsigned out_of_order;
    unsigned expected; // stops the loop
    unsigned again;    // letters to be posted from within on_mail()
    bool close_within;
};

static void post(struct office *office, unsigned sender, unsigned number)
{
    struct letter *letter = mem_calloc(1, sizeof(*letter));
    CHECK(letter != NULL);
    letter->sender = sender;
    letter->number = number;
    letter->mail.next = (struct mail *)letter; // whatever was there before
    CHECK(mailbox_post(&office->mailbox, &letter->mail));
}

IMPLEMENTS(mailbox_mail_fn)
static void on_mail(void *user, struct mail *mail)
{
    struct office *office = user;
    struct letter *letter = (struct letter *)mail;
    office->out_of_order += letter->number != office->next[letter->sender];
    office->next[letter->sender] = letter->number + 1;
    office->delivered++;
    CHECK(office->loop.is_awake);
    mem_free(letter);
    if (office->again > 0) {
        office->again--;
        post(office, 0, office->next[0]);
    }
    if (office->close_within) {
        office->close_within = false;
        mailbox_close(&office->mailbox);
    }
    if (office->delivered == office->expected) {
        loop_stop(&office->loop);
    }
}

static void open_office(struct office *office)
{
    *office = (struct office){0};
    const struct loop_options options = {0};
    assert_int_equal(loop_init(&office->loop, &options), 0);
    assert_int_equal(
        mailbox_init(&office->mailbox, &office->loop, on_mail, office), 0);
}

static void end_office(struct office *office)
{
    loop_deinit(&office->loop);
    mailbox_deinit(&office->mailbox);
}

static void letters_arrive_once_and_in_order(void **state)
{
    (void)state;
    struct office office;
    open_office(&office);
    office.expected = 10;
    for (unsigned i = 0; i < 10; i++) {
        post(&office, 0, i);
    }
    assert_int_equal(office.delivered, 0); // not from within the post
    loop_run(&office.loop);
    assert_int_equal(office.delivered, 10);
    assert_int_equal(office.out_of_order, 0);
    mailbox_close(&office.mailbox);
    assert_int_equal(office.delivered, 10);
    end_office(&office);
}

static void letter_posted_while_delivering_arrives_too(void **state)
{
    (void)state;
    struct office office;
    open_office(&office);
    office.again = 5;
    office.expected = 6;
    post(&office, 0, 0);
    loop_run(&office.loop);
    assert_int_equal(office.delivered, 6);
    assert_int_equal(office.out_of_order, 0);
    mailbox_close(&office.mailbox);
    end_office(&office);
}

static void closing_delivers_what_is_there_and_refuses_more(void **state)
{
    (void)state;
    struct office office;
    open_office(&office);
    for (unsigned i = 0; i < 3; i++) {
        post(&office, 1, i);
    }
    loop_wake(&office.loop); // as in the callback that closes it
    mailbox_close(&office.mailbox);
    assert_int_equal(office.delivered, 3);
    assert_int_equal(office.out_of_order, 0);
    struct letter refused = {0};
    assert_false(mailbox_post(&office.mailbox, &refused.mail));
    loop_deinit(&office.loop);
    assert_false(mailbox_post(&office.mailbox, &refused.mail));
    assert_int_equal(office.delivered, 3);
    mailbox_deinit(&office.mailbox);
}

/* The letters behind the one whose callee closes are still delivered. */
static void closing_from_within_loses_nothing(void **state)
{
    (void)state;
    struct office office;
    open_office(&office);
    office.close_within = true;
    office.expected = 4;
    for (unsigned i = 0; i < 4; i++) {
        post(&office, 2, i);
    }
    loop_run(&office.loop);
    assert_int_equal(office.delivered, 4);
    assert_int_equal(office.out_of_order, 0);
    end_office(&office);
}

struct sender {
    struct office *office;
    unsigned number;
    pthread_t thread;
    pthread_barrier_t *start;
    unsigned taken;
    unsigned refused;
};

static void *send_all(void *user)
{
    struct sender *sender = user;
    pthread_barrier_wait(sender->start);
    for (unsigned i = 0; i < MAILS; i++) {
        post(sender->office, sender->number, i);
    }
    return NULL;
}

static void start_senders(struct sender senders[SENDERS], struct office *office,
                          pthread_barrier_t *start, void *(*run)(void *user))
{
    assert_int_equal(pthread_barrier_init(start, NULL, SENDERS + 1), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] =
            (struct sender){.office = office, .number = i, .start = start};
        assert_int_equal(
            pthread_create(&senders[i].thread, NULL, run, &senders[i]), 0);
    }
    pthread_barrier_wait(start);
}

static void join_senders(struct sender senders[SENDERS],
                         pthread_barrier_t *start)
{
    for (unsigned i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
    }
    pthread_barrier_destroy(start);
}

static void letters_of_several_threads_arrive_in_each_ones_order(void **state)
{
    (void)state;
    struct office office;
    struct sender senders[SENDERS];
    pthread_barrier_t start;
    open_office(&office);
    office.expected = SENDERS * MAILS;
    start_senders(senders, &office, &start, send_all);
    loop_run(&office.loop);
    assert_int_equal(office.delivered, SENDERS * MAILS);
    assert_int_equal(office.out_of_order, 0);
    join_senders(senders, &start);
    mailbox_close(&office.mailbox);
    end_office(&office);
}

static void *send_until_refused(void *user)
{
    struct sender *sender = user;
    pthread_barrier_wait(sender->start);
    for (unsigned i = 0; sender->refused < 10; i++) {
        struct letter *letter = mem_calloc(1, sizeof(*letter));
        CHECK(letter != NULL);
        letter->sender = sender->number;
        letter->number = i;
        if (mailbox_post(&sender->office->mailbox, &letter->mail)) {
            CHECK(sender->refused == 0); // never taken again
            sender->taken++;
        } else {
            sender->refused++;
            mem_free(letter); // it stayed ours
        }
    }
    return NULL;
}

/* Closed while others post: what was taken is delivered, all of it. */
static void what_was_taken_is_delivered_though_it_closes(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct office office;
        struct sender senders[SENDERS];
        pthread_barrier_t start;
        open_office(&office);
        office.expected = 1 + (unsigned)round * 7;
        start_senders(senders, &office, &start, send_until_refused);
        loop_run(&office.loop);
        loop_wake(&office.loop);
        mailbox_close(&office.mailbox);
        loop_deinit(&office.loop);
        join_senders(senders, &start);
        unsigned taken = 0;
        for (unsigned i = 0; i < SENDERS; i++) {
            taken += senders[i].taken;
        }
        assert_int_equal(office.delivered, taken);
        assert_int_equal(office.out_of_order, 0);
        mailbox_deinit(&office.mailbox);
    }
}

static void end_an_open_one(void *user)
{
    struct office *office = user;
    mailbox_deinit(&office->mailbox);
}

static void ending_an_open_mailbox_is_checked(void **state)
{
    (void)state;
    struct office office;
    open_office(&office);
    assert_true(testing_aborts(end_an_open_one, &office));
    mailbox_close(&office.mailbox);
    end_office(&office);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(letters_arrive_once_and_in_order),
    cmocka_unit_test(letter_posted_while_delivering_arrives_too),
    cmocka_unit_test(closing_delivers_what_is_there_and_refuses_more),
    cmocka_unit_test(closing_from_within_loses_nothing),
    cmocka_unit_test(letters_of_several_threads_arrive_in_each_ones_order),
    cmocka_unit_test(what_was_taken_is_delivered_though_it_closes),
    cmocka_unit_test(ending_an_open_mailbox_is_checked),
};

TEST_MAIN(tests)
