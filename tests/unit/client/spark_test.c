/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spark_test.c -- the course of a price as a line.
 */
#include "cli/spark.h"

#include <string.h>

#include "testing/testing.h"

static void nothing_is_an_empty_line(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    char text[SPARK_TEXT_SIZE];
    assert_int_equal(spark_text(&spark, text, 10, true), 0);
    assert_string_equal(text, "");
}

static void lowest_and_highest_are_the_ends_of_the_scale(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    spark_take(&spark, 10, 5000);
    spark_take(&spark, 17, 6000);
    spark_take(&spark, 13, 7000);
    char text[SPARK_TEXT_SIZE];
    assert_int_equal(spark_text(&spark, text, 10, false), 3);
    assert_string_equal(text, "_#-");
    assert_int_equal(spark_text(&spark, text, 10, true), 3);
    assert_string_equal(text, "▁█▄");
}

static void a_price_that_stands_still_is_level(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    spark_take(&spark, 10, 0);
    spark_take(&spark, 10, 2500);
    char text[SPARK_TEXT_SIZE];
    assert_int_equal(spark_text(&spark, text, 10, false), 3);
    assert_string_equal(text, "===");
}

static void a_step_keeps_its_last_price_and_a_pause_the_one_before(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    spark_take(&spark, 1, 0);
    spark_take(&spark, 9, 999);
    spark_take(&spark, 2, 3000);
    assert_int_equal(spark.count, 4);
    assert_true(spark.prices[0] == 9 && spark.prices[1] == 9);
    assert_true(spark.prices[2] == 9 && spark.prices[3] == 2);
}

static void the_narrow_line_shows_the_end(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    for (uint64_t i = 0; i < 5; i++) {
        spark_take(&spark, (double)i, i * SPARK_STEP_MS);
    }
    char text[SPARK_TEXT_SIZE];
    assert_int_equal(spark_text(&spark, text, 2, false), 2);
    assert_string_equal(text, "_#");
}

/* However long it takes, the whole time is there and in order. */
static void a_long_time_is_halved_again_and_again(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    for (uint64_t i = 0; i < 100000; i++) {
        spark_take(&spark, (double)i, i * 777);
        assert_in_range(spark.count, 1, SPARK_STEPS);
    }
    uint64_t last = 99999u * 777u;
    assert_int_equal(spark.count, last / spark.step_ms + 1);
    assert_true(spark.count > SPARK_STEPS / 2);
    for (size_t i = 1; i < spark.count; i++) {
        assert_true(spark.prices[i] > spark.prices[i - 1]);
    }
    assert_true(spark.prices[spark.count - 1] == 99999);
}

static void a_leap_of_years_is_taken(void **state)
{
    (void)state;
    struct spark spark = {.step_ms = 0};
    spark_take(&spark, 1, 0);
    spark_take(&spark, 2, UINT64_C(100000000000));
    assert_in_range(spark.count, SPARK_STEPS / 2, SPARK_STEPS);
    assert_true(spark.prices[0] == 1);
    assert_true(spark.prices[spark.count - 1] == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_empty_line),
        cmocka_unit_test(lowest_and_highest_are_the_ends_of_the_scale),
        cmocka_unit_test(a_price_that_stands_still_is_level),
        cmocka_unit_test(
            a_step_keeps_its_last_price_and_a_pause_the_one_before),
        cmocka_unit_test(the_narrow_line_shows_the_end),
        cmocka_unit_test(a_long_time_is_halved_again_and_again),
        cmocka_unit_test(a_leap_of_years_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
