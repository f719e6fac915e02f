/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testing.h -- what the unit tests share: cmocka, a clock that stands still,
 * the loop that fails each allocation in turn, and a main() that runs one test.
 */

#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

/* A clock that moves when a test says so; its `clock` is handed to the code. */
struct testing_clock {
    struct clock clock;
    uint64_t mono_ms;
    int64_t unix_ms;
};

void testing_clock_init(struct testing_clock *clock);

/* main() of a test program; argv[1], where given, is a pattern of test names
 * ("inv3*").  cmocka 1.1.5 does not read the pattern by itself. */
#define TEST_MAIN(tests) TEST_MAIN_AFTER(tests, hash_setup())

/* The same with hashes that are equal in every run, for tests of what a hash
 * decides with some probability. */
#define TEST_MAIN_UNSEEDED(tests) TEST_MAIN_AFTER(tests, (void)0)

#define TEST_MAIN_AFTER(tests, setup)                     \
    int main(int argc, char **argv)                       \
    {                                                     \
        setup;                                            \
        if (argc > 1) {                                   \
            cmocka_set_test_filter(argv[1]);              \
        }                                                 \
        return cmocka_run_group_tests(tests, NULL, NULL); \
    }

/*
 * TESTING_EACH_ALLOCATION(n) { body } runs the body with the 1st allocation
 * failing, then with the 2nd, and so on; the last run is the first in which
 * fewer than n were made, so that nothing failed.  The body sees which it is
 * from the code's own answer, and must leave nothing behind either way.
 */
#define TESTING_EACH_ALLOCATION(n) \
    for (size_t n = 1; testing_oom_arm(n); n = testing_oom_next(n))

bool testing_oom_arm(size_t n);
size_t testing_oom_next(size_t n);

/* Whether a function ends its process by abort(), as a failed CHECK does.  It
 * runs in a child, whose standard error is thrown away. */
bool testing_aborts(void (*function)(void *user), void *user);

/* The next of a row of numbers that is the same in every run (splitmix64). */
uint64_t testing_random(uint64_t *state);
