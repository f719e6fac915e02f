/* SPDX-License-Identifier: Apache-2.0 */
/*
 * currency.h -- in which unit a price is: pounds or pence.
 *
 * Exchanges in London, Johannesburg and Tel Aviv count in hundredths, and
 * providers say so by a word that differs from the currency's code in the case
 * of one letter.  A price a hundred times too high is the mistake that users
 * report most, so the words are told apart here and nowhere else.
 */

#pragma once

#include <stdbool.h>

#include "base/decimal.h"
#include "base/span.h"
#include "quote/quote.h"

struct currency {
    char code[QUOTE_CURRENCY_SIZE]; /* "GBP"; a stranger's own word as it is */
    int places; /* prices stand so many places too high: 2 for pence */
};

/* Read "USD", "GBP"; "GBX" and "GBp" (pence), "ZAc", "ZAC" and "ZAX" (cents of
 * the rand), "ILA" and "ILa" (agorot).  False, and *out is as it was, where it
 * is not 1 to 7 letters.  Threads: any, as below. */
bool currency_read(struct currency *out, struct span text);

/* Whether exchanges count it in hundredths: pounds, rand, shekels. */
bool currency_is_divided(const char *code);

/* Whether one price is 50 to 200 times the other, as when one of them is in
 * pence and the other in pounds.  Both are above 0 (checked). */
bool currency_units_differ(struct decimal a, struct decimal b);
