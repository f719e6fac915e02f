/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight_test.c -- one flight a symbol, in order, within bounds; whoever asked
 * is named once when it lands.
 */
#include "fetch/flight.h"

#include <stdio.h>

#include "base/err.h"
#include "testing/testing.h"

static struct flights *open_flights(uint32_t flights_max, uint32_t calls_max)
{
    struct flights *flights;
    const struct flight_options options = {flights_max, calls_max};
    assert_int_equal(flight_create_all(&flights, &options), 0);
    return flights;
}

static struct symbol numbered(unsigned number)
{
    char text[16];
    struct symbol symbol;
    snprintf(text, sizeof(text), "S%u", number);
    assert_int_equal(symbol_parse(&symbol, span_of(text)), 0);
    return symbol;
}

/* Join by number; returns the error, or whether the flight is new. */
static int join(struct flights *flights, unsigned number, unsigned asker)
{
    struct symbol symbol = numbered(number);
    bool is_new;
    int err = flight_join(flights, &symbol, asker, &is_new);
    return err != 0 ? err : is_new;
}

/* The number of the next flight that takes off; -1 where none does. */
static int next(struct flights *flights, struct flight **out)
{
    *out = flight_next(flights);
    if (*out == NULL) {
        return -1;
    }
    const struct symbol *symbol = flight_symbol(*out);
    struct span digits = {symbol->text + 1, symbol->len - 1u};
    uint64_t number;
    assert_int_equal(span_to_u64(digits, &number), 0);
    return (int)number;
}

static void inv1_symbol_has_at_most_one_flight(void **state)
{
    (void)state;
    struct flights *flights = open_flights(10, 10);
    struct flight *flight;
    assert_int_equal(join(flights, 1, 0), true);
    assert_int_equal(join(flights, 1, 1), false); // waiting
    assert_int_equal(flight_count(flights), 1);
    assert_int_equal(next(flights, &flight), 1);
    assert_int_equal(join(flights, 1, 2), false); // flying
    assert_int_equal(flight_count(flights), 1);
    struct flight *other;
    assert_int_equal(next(flights, &other), -1);
    assert_int_equal(flight_land(flights, &flight), 7);
    assert_null(flight);
    assert_int_equal(flight_count(flights), 0);
    assert_int_equal(join(flights, 1, 3), true); // landed: a new one
    assert_int_equal(next(flights, &flight), 1);
    assert_int_equal(flight_land(flights, &flight), 8);
    flight_destroy_all(&flights);
}

static void inv2_never_more_than_flights_max(void **state)
{
    (void)state;
    const uint32_t maxima[] = {1, 2, 100};
    for (size_t i = 0; i < 3; i++) {
        uint32_t max = maxima[i];
        struct flights *flights = open_flights(max, 1);
        for (unsigned n = 0; n < max; n++) {
            assert_int_equal(join(flights, n, 0), true);
            assert_int_equal(flight_count(flights), n + 1);
        }
        assert_int_equal(join(flights, max, 0), ERR_FULL);
        assert_int_equal(flight_count(flights), max);
        assert_int_equal(join(flights, 0, 5), false); // needs no room
        struct flight *flight;
        assert_int_equal(next(flights, &flight), 0);
        assert_int_equal(join(flights, max, 0), ERR_FULL); // flying counts
        flight_land(flights, &flight);
        assert_int_equal(join(flights, max, 0), true);
        flight_destroy_all(&flights);
    }
}

static void inv2_never_more_than_calls_max_fly(void **state)
{
    (void)state;
    const uint32_t maxima[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        uint32_t max = maxima[i];
        struct flights *flights = open_flights(100, max);
        struct flight *flying[8];
        struct flight *none;
        for (unsigned n = 0; n < 20; n++) {
            assert_int_equal(join(flights, n, 0), true);
        }
        for (unsigned n = 0; n < max; n++) {
            assert_int_equal(next(flights, &flying[n]), n);
        }
        assert_int_equal(next(flights, &none), -1);
        flight_land(flights, &flying[max - 1]);
        assert_int_equal(next(flights, &flying[max - 1]), max);
        assert_int_equal(next(flights, &none), -1);
        flight_destroy_all(&flights);
        assert_null(flights);
    }
}

static void inv3_take_off_is_in_the_order_of_joining(void **state)
{
    (void)state;
    struct flights *flights = open_flights(1000, 1);
    uint64_t seed = 11;
    unsigned joined = 0;
    unsigned flown = 0;
    while (flown < 500) {
        if (testing_random(&seed) % 2 == 0 && joined < 500) {
            assert_int_equal(join(flights, joined++, 0), true);
        } else if (flown < joined) {
            // Asking again does not move it up or down.
            assert_int_equal(join(flights, joined - 1, 1), false);
            struct flight *flight;
            assert_int_equal(next(flights, &flight), flown++);
            flight_land(flights, &flight);
        }
    }
    flight_destroy_all(&flights);
}

static void inv4_landing_names_each_asker_once(void **state)
{
    (void)state;
    struct flights *flights = open_flights(10, 10);
    struct flight *flight;
    assert_int_equal(join(flights, 1, 0), true);
    assert_int_equal(join(flights, 1, 0), false); // twice is once
    assert_int_equal(join(flights, 1, FLIGHT_ASKERS_LIMIT - 1), false);
    assert_int_equal(join(flights, 2, 5), true);
    assert_int_equal(next(flights, &flight), 1);
    assert_int_equal(join(flights, 1, 31), false);
    assert_int_equal(join(flights, 1, 32), false);
    assert_true(flight_land(flights, &flight) ==
                (UINT64_C(1) | UINT64_C(1) << 31 | UINT64_C(1) << 32 |
                 UINT64_C(1) << 63));
    assert_int_equal(next(flights, &flight), 2);
    assert_int_equal(flight_land(flights, &flight), 1 << 5);
    flight_destroy_all(&flights);
}

static void every_asker_has_a_bit(void **state)
{
    (void)state;
    struct flights *flights = open_flights(10, 10);
    uint64_t expected = 0;
    for (unsigned asker = 0; asker < FLIGHT_ASKERS_LIMIT; asker++) {
        assert_int_equal(join(flights, 1, asker), asker == 0);
        expected |= UINT64_C(1) << asker;
    }
    struct flight *flight = flight_next(flights);
    assert_true(flight_land(flights, &flight) == expected);
    flight_destroy_all(&flights);
}

/* What is above new bounds stays until it lands. */
static void bounds_may_change(void **state)
{
    (void)state;
    struct flights *flights = open_flights(4, 4);
    struct flight *flying[4];
    struct flight *none;
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(join(flights, n, 0), true);
        assert_int_equal(next(flights, &flying[n]), n);
    }
    const struct flight_options narrow = {2, 1};
    flight_bound(flights, &narrow);
    assert_int_equal(flight_count(flights), 4);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(join(flights, 9, 0), ERR_FULL);
        flight_land(flights, &flying[n]);
    }
    assert_int_equal(join(flights, 9, 0), true);
    assert_int_equal(next(flights, &none), -1); // one is flying still
    flight_land(flights, &flying[3]);
    assert_int_equal(next(flights, &none), 9);
    const struct flight_options wide = {100, 100};
    flight_bound(flights, &wide);
    assert_int_equal(join(flights, 10, 0), true);
    assert_int_equal(join(flights, 11, 0), true);
    assert_int_equal(next(flights, &none), 10);
    flight_destroy_all(&flights);
}

static void nothing_is_ended_twice(void **state)
{
    (void)state;
    struct flights *flights = open_flights(4, 4);
    flight_destroy_all(&flights);
    assert_null(flights);
    flight_destroy_all(&flights);
}

static void join_beyond_the_askers(void *user)
{
    join(user, 1, FLIGHT_ASKERS_LIMIT);
}

static void asker_beyond_the_limit_is_checked(void **state)
{
    (void)state;
    struct flights *flights = open_flights(4, 4);
    assert_true(testing_aborts(join_beyond_the_askers, flights));
    flight_destroy_all(&flights);
}

/* Enough of them that the table grows. */
static void oom_joins_nothing(void **state)
{
    (void)state;
    size_t failures = 0;
    TESTING_EACH_ALLOCATION(n)
    {
        struct flights *flights;
        const struct flight_options options = {1000, 1000};
        int err = flight_create_all(&flights, &options);
        assert_true(err == 0 || (err == ERR_NOMEM && flights == NULL));
        failures += err != 0;
        size_t count = 0;
        for (unsigned number = 0; err == 0 && number < 400; number++) {
            struct symbol symbol = numbered(number);
            bool is_new;
            int joined = flight_join(flights, &symbol, 1, &is_new);
            assert_true(joined == ERR_NOMEM || (joined == 0 && is_new));
            failures += joined != 0;
            count += joined == 0;
            assert_int_equal(flight_count(flights), count);
        }
        struct flight *flight;
        while (err == 0 && (flight = flight_next(flights)) != NULL) {
            assert_int_equal(flight_land(flights, &flight), 2);
            assert_int_equal(flight_count(flights), --count);
        }
        assert_int_equal(count, 0);
        flight_destroy_all(&flights);
    }
    assert_true(failures > 400);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(inv1_symbol_has_at_most_one_flight),
    cmocka_unit_test(inv2_never_more_than_flights_max),
    cmocka_unit_test(inv2_never_more_than_calls_max_fly),
    cmocka_unit_test(inv3_take_off_is_in_the_order_of_joining),
    cmocka_unit_test(inv4_landing_names_each_asker_once),
    cmocka_unit_test(every_asker_has_a_bit),
    cmocka_unit_test(bounds_may_change),
    cmocka_unit_test(nothing_is_ended_twice),
    cmocka_unit_test(asker_beyond_the_limit_is_checked),
    cmocka_unit_test(oom_joins_nothing),
};

TEST_MAIN(tests)
