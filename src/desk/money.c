/* SPDX-License-Identifier: Apache-2.0 */
/*
 * money.c -- in which unit a price is, before it is served; desk/unit.h says by
 * what rule.
 */
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "desk/desk_priv.h"
#include "desk/unit.h"
#include "obs/log.h"
#include "obs/metric.h"

/* The place of a provider in the order of now; behind all where it has none. */
static size_t place_of(const struct desk *desk, const char *name)
{
    const struct set *set = desk->set;
    size_t i = 0;
    while (i < set->count &&
           strcmp(provider_name(set->posts[i].what.provider), name) != 0) {
        i++;
    }
    return i;
}

/* Whether a price gives way to the one that is served. */
static bool gives_way(const struct desk *desk, const struct quote *quote,
                      const struct quote *served)
{
    size_t other = place_of(desk, served->source);
    if (other == desk->set->count || !unit_differs(quote, served)) {
        return false;
    }
    char ours[UNIT_TEXT_SIZE];
    char theirs[UNIT_TEXT_SIZE];
    unit_print(ours, quote);
    unit_print(theirs, served);
    bool is_first = place_of(desk, quote->source) < other;
    log_event(LOG_WARNING, "fetch",
              is_first ? "a price takes the place of one in another unit"
                       : "a price in another unit than before is refused",
              LOG_TEXT("symbol", quote->symbol.text),
              LOG_TEXT("provider", quote->source), LOG_TEXT("price", ours),
              LOG_TEXT("before", served->source), LOG_TEXT("its", theirs));
    return !is_first;
}

/* Where the provider names no currency, somebody else may know it. */
static bool name_currency(const struct desk *desk, struct quote *quote)
{
    char currency[QUOTE_CURRENCY_SIZE] = "";
    const struct desk_callbacks *callbacks = &desk->callbacks;
    if (callbacks->on_currency != NULL) {
        callbacks->on_currency(callbacks->user, &quote->symbol, currency);
    }
    return unit_assume(quote, span_of(currency));
}

bool money_settle(struct desk *desk, struct quote *quote,
                  char why[MONEY_WHY_SIZE])
{
    CHECK(desk->set != NULL);
    const struct desk_callbacks *callbacks = &desk->callbacks;
    if (!name_currency(desk, quote)) {
        snprintf(why, MONEY_WHY_SIZE,
                 "its prices are in different units, or can't be shown in "
                 "whole ones");
        metric_add(desk->cells, METRIC_upstream_other_unit, 1);
        return false;
    }
    struct quote served;
    if (callbacks->on_served == NULL ||
        !callbacks->on_served(callbacks->user, &quote->symbol, &served) ||
        !gives_way(desk, quote, &served)) {
        return true;
    }
    char ours[UNIT_TEXT_SIZE];
    char theirs[UNIT_TEXT_SIZE];
    unit_print(ours, quote);
    unit_print(theirs, &served);
    snprintf(why, MONEY_WHY_SIZE, "%s is in another unit than %s of %s", ours,
             theirs, served.source);
    metric_add(desk->cells, METRIC_upstream_other_unit, 1);
    return false;
}
