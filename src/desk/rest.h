/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h -- when a provider that refused or failed may be called again.
 *
 * Pure: the time is passed in, in milliseconds of the monotonic clock. Threads:
 * the owner's.
 */

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "provider/provider.h"

#define REST_SECOND_MS  1000u
#define REST_MINUTE_MS  60000u
#define REST_HOUR_MS    3600000u
#define REST_BLOCKED_MS 900000u
#define REST_FAILURES                                     \
    3 /* in a row, before the first rest; calls that were \
       * under way when it began don't count */
#define REST_FAILING_MS    1000u
#define REST_FAILING_LIMIT 30000u

/* Until the provider is another: its key, its description or its place. */
#define REST_FOR_EVER UINT64_MAX

struct rest {
    uint64_t until_ms; /* 0: none */
    uint32_t failures; /* in a row */
};

/*
 * Note how a call ended.  Returns for how long the provider rests because of
 * it: 0 where it begins no rest, or one that would end before that which is
 * under way; REST_FOR_EVER.  A rest is never cut short by a call that was under
 * way when it began, unless that call brought a price; nor does one that fails
 * during a rest for failing count as another failure.
 */
uint64_t rest_note(struct rest *rest, enum provider_class class,
                   uint64_t now_ms);

/* Let a rest last for ms from now, if it would end before.  Returns as
 * rest_note(). */
uint64_t rest_extend(struct rest *rest, uint64_t now_ms, uint64_t ms);

/* Whether the next call is a trial: after a rest for failing, when nobody knows
 * yet whether the provider is well again. */
bool rest_is_trial(const struct rest *rest);

/* Whether it lasts until the provider is another. */
bool rest_is_for_ever(const struct rest *rest);

/* Milliseconds of rest that are left; 0: it may be called; or REST_FOR_EVER. */
uint64_t rest_left_ms(const struct rest *rest, uint64_t now_ms);
