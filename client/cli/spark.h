/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spark.h -- the course of a price in one short line.
 *
 * Prices are put into steps of time, each keeping the last of its prices.  When
 * all steps are used they become twice as long and every two become one, so the
 * whole time since the first price is always shown, evenly.
 *
 * Threads: the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPARK_STEPS 32u

/* The first length of a step. */
#define SPARK_STEP_MS 1000u

/* Bytes of the longest line and its 0: 3 a character in UTF-8. */
#define SPARK_TEXT_SIZE (SPARK_STEPS * 3 + 1)

struct spark {
    uint64_t since_mono_ms;
    uint64_t step_ms; /* 0: no price yet */
    size_t count;     /* steps up to the last one with a price */
    double prices[SPARK_STEPS];
};

/* Take a price that came at an instant, which is not before the last one's. */
void spark_take(struct spark *spark, double price, uint64_t now_mono_ms);

/*
 * Write the last `width` steps up to now, each as one character from low to
 * high (all the same where the price was), and return how many there are.
 * Where is_utf8 is false ASCII has to do.
 */
size_t spark_text(const struct spark *spark, char out[SPARK_TEXT_SIZE],
                  size_t width, bool is_utf8);
