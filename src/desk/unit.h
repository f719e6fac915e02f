/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unit.h -- in which unit a price is, where more than one provider gives it.
 *
 * Pence and pounds are told apart by the provider's word for them
 * (document/currency.h).  Where a provider has no word, or the wrong one, only
 * the price that is served already can show it.  So before a price is served in
 * the place of another of its symbol, the two are held against each other.
 *
 * They differ in their unit where
 *
 *   (1) both have a currency, and not the same;
 *   (2) or one price is 50 to 200 times the other, in a currency that exchanges
 *       count in hundredths (GBP, ZAR, ILS); or one of them has no currency,
 * and the symbol an ending, as "TSCO.XLON".  Without one it is an American
 *       listing, of which a hundredfold is more likely a reverse split.
 *
 * Of one provider's own prices (1) is a change of currency, and believed; (2)
 * counts only where it divided one of them by another factor than the other:
 * then its word has changed, and not its price.
 *
 * Which of the two is right can't be told from them, and is not guessed.  The
 * order of the configuration decides (money.c): the price of a provider that
 * stands before the other takes its place; one that stands behind is refused,
 * as a failure of that provider for that symbol: the next one is asked, and
 * this one not for UNIT_BAN_MS.  It is counted, and logged with both prices.
 *
 * So it is put right again:
 *   * A provider that stands first is believed, whatever was there by chance.
 *   * What is compared with is what is served.  When that has expired
 *     (cache.stale_for), because nobody gave another, any price is accepted.
 *   * A provider that is not configured any more is not compared with: whoever
 *     takes a wrong one out, or puts it behind, is rid of its unit.
 *
 * Pure.  Threads: any.
 */

#pragma once

#include <stdbool.h>

#include "base/span.h"

struct quote; /* quote/quote.h */

/* A refused symbol is asked for again after so long. */
#define UNIT_BAN_MS (10u * 60u * 1000u)

/* Bytes of a price with its currency, and a 0. */
#define UNIT_TEXT_SIZE 64

/*
 * A quote of no currency is in this one: its prices become those of whole
 * units, where it is one of hundredths (GBX).  Returns false, and the quote is
 * not to be used, where its own prices are in different units, as far as can be
 * told, or no decimal holds one.  With a currency of its own, or an empty one
 * here, it stays as it is.
 */
bool unit_assume(struct quote *quote, struct span currency);

/* Whether a price is in another unit than the one that is served. */
bool unit_differs(const struct quote *quote, const struct quote *served);

/* Write a price for people: "73.50 GBP", "73.50 GBP (sent in hundredths)",
 * "73.50 of no currency". */
void unit_print(char out[UNIT_TEXT_SIZE], const struct quote *quote);
