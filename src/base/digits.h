/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digits.h -- whole numbers as decimal digits, for what is composed often:
 * printf() takes a thousand instructions for what these take thirty.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdint.h>
#include <string.h>

/* The most digits of 64 bits. */
#define DIGITS_LIMIT 20

/* Write a number below 100 as two digits. */
static inline void digits_put_two(char *at, unsigned value)
{
    // A text and no array: the linker keeps one for all who include this.
    const char *pairs = "00010203040506070809101112131415161718192021222324"
                        "25262728293031323334353637383940414243444546474849"
                        "50515253545556575859606162636465666768697071727374"
                        "75767778798081828384858687888990919293949596979899";
    memcpy(at, pairs + 2 * (size_t)value, 2);
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

/* Write a number below 10,000, and return where it ends. */
static inline char *digits_put_few(char *at, unsigned value)
{
    unsigned high = value / 100;
    unsigned low = value % 100;
    if (high >= 10) {
        digits_put_two(at, high);
        at += 2;
    } else if (high > 0) {
        *at++ = (char)('0' + high);
    } else if (low < 10) {
        *at = (char)('0' + low);
        return at + 1;
    }
    digits_put_two(at, low);
    return at + 2;
}

/* Write a number of up to DIGITS_LIMIT digits, and return where it ends.  What
 * is composed often has eight digits or less: a price's, an age's. */
static inline char *digits_put(char *at, uint64_t value)
{
    if (value < 10000) {
        return digits_put_few(at, (unsigned)value);
    }
    if (value < 100000000) {
        unsigned low = (unsigned)value % 10000;
        at = digits_put_few(at, (unsigned)value / 10000);
        digits_put_two(at, low / 100);
        digits_put_two(at + 2, low % 100);
        return at + 4;
    }
    char *end = at + digits_count(value);
    digits_put_before(end, value);
    return end;
}
