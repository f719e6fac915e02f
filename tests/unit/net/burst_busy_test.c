/* SPDX-License-Identifier: Apache-2.0 */
/*
 * burst_busy_test.c -- answers of a busy turn share calls of the kernel where
 * there is a ring, and are none the other for it.
 */
#include <errno.h>
#include <sys/socket.h>

#include "net/conn_priv.h"
#include "testing/testing.h"
#include "unit/net/fans.h"

static size_t requests; // that were taken
static size_t answers;  // that the peers had when the last of them was

static size_t count_answers(const struct room *room)
{
    size_t len = 0;
    for (size_t i = 0; i < PEERS; i++) {
        char got[64];
        len += receive(&room->fans[i], got, sizeof(got));
    }
    return len;
}

static size_t answer_fan(struct fan *fan, size_t len)
{
    buffer_put_text(conn_output(fan->conn), "!");
    requests++;
    answers += count_answers(fan->room);
    return len;
}

/* One turn in which so many ask. */
static void ask_in_a_turn(struct room *room, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(send(room->fans[i].peer, "?", 1, 0), 1);
    }
    requests = 0;
    uv_run(&room->loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(requests, count);
}

/* With a ring, those of a turn behind a busy one are sent as it ends, be they
 * many or few; else each at once, before the next is taken. */
static void try_answers(enum how how)
{
    struct room room;
    open_room(&room, how);
    room.on_bytes = answer_fan;
    answers = 0;
    ask_in_a_turn(&room, PEERS);
    assert_int_equal(answers, PEERS - 1);
    ask_in_a_turn(&room, PEERS);
    assert_int_equal(answers, how == RING ? PEERS : 2 * PEERS - 1);
    ask_in_a_turn(&room, 3);
    assert_int_equal(answers, how == RING ? 2 * PEERS : 2 * PEERS + 2);
    ask_in_a_turn(&room, 3); // the one before was not busy
    assert_int_equal(answers, 2 * PEERS + 3 + 2);
    uv_run(&room.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(count_answers(&room), 1);
    end_room(&room);
}

static void answers_of_a_busy_turn_go_out_together(void **state)
{
    (void)state;
    each_way(try_answers);
}

static size_t answer_and_leave(struct fan *fan, size_t len)
{
    (void)len;
    buffer_put_text(conn_output(fan->conn), "!");
    return 0;
}

/* A connection that ends in a busy turn, as too much came or as it says so, has
 * its answer before; so has one that asks twice. */
static size_t answer_and_finish(struct fan *fan, size_t len)
{
    buffer_put_text(conn_output(fan->conn), "!");
    conn_finish(fan->conn);
    return len;
}

static void try_last_answers(enum how how)
{
    static char large[1000];
    struct room room;
    open_room(&room, how);
    room.on_bytes = answer_fan;
    ask_in_a_turn(&room, PEERS);
    count_answers(&room);
    const struct conn_bounds bounds = {sizeof(large) - 1, 1u << 20};
    conn_bound(room.fans[0].conn, &bounds);
    room.on_bytes = answer_and_leave;
    send(room.fans[0].peer, large, sizeof(large), 0);
    send(room.fans[1].peer, "?", 1, 0);
    uv_run(&room.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(room.loop.is_busy, how == RING);
    assert_string_equal(room.fans[0].why, "overrun");
    expect(&room.fans[0], "!");
    turn(&room);
    expect(&room.fans[1], "!");

    room.on_bytes = answer_fan;
    ask_in_a_turn(&room, 0);
    for (size_t i = 2; i < PEERS; i++) {
        send(room.fans[i].peer, "?", 1, 0);
    }
    uv_run(&room.loop.uv, UV_RUN_NOWAIT);
    room.on_bytes = answer_and_finish;
    send(room.fans[2].peer, "?", 1, 0);
    uv_run(&room.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(room.loop.is_busy, how == RING);
    room.on_bytes = NULL;
    turn(&room);
    assert_int_equal(count_answers(&room), 2); // that of the last, and this one
    end_room(&room);
}

static void who_ends_in_a_busy_turn_has_its_answer(void **state)
{
    (void)state;
    each_way(try_last_answers);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(answers_of_a_busy_turn_go_out_together),
    cmocka_unit_test(who_ends_in_a_busy_turn_has_its_answer),
};

TEST_MAIN(tests)
