/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digits.h -- whole numbers as decimal digits, for what is composed often:
 * printf() takes a thousand instructions for what these take thirty.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>

/* The most digits of 64 bits. */
#define DIGITS_LIMIT 20

/* Write a number below 100 as two digits. */
static inline void digits_put_two(char *at, unsigned value)
{
    at[0] = (char)('0' + value / 10);
    at[1] = (char)('0' + value % 10);
}

/* Digits of a number; 1 of 0. */
static inline int digits_count(uint64_t value)
{
    int count = 1;
    for (; value >= 1000; value /= 1000) {
        count += 3;
    }
    return count + (value >= 10) + (value >= 100);
}

/* Write a number into the bytes before `end`, and return where it begins. */
static inline char *digits_put_before(char *end, uint64_t value)
{
    for (; value >= 100; value /= 100) {
        end -= 2;
        digits_put_two(end, (unsigned)(value % 100));
    }
    if (value >= 10) {
        end -= 2;
        digits_put_two(end, (unsigned)value);
    } else {
        *--end = (char)('0' + value);
    }
    return end;
}
