/* SPDX-License-Identifier: Apache-2.0 */
#include "desk/rest.h"

#include "base/check.h"

static uint64_t failing_ms(uint32_t failures)
{
    if (failures < REST_FAILURES) {
        return 0;
    }
    uint64_t ms = REST_FAILING_MS;
    for (uint32_t i = REST_FAILURES; i < failures && ms < REST_FAILING_LIMIT;
         i++) {
        ms *= 2;
    }
    return ms < REST_FAILING_LIMIT ? ms : REST_FAILING_LIMIT;
}

static uint64_t length_ms(const struct rest *rest, enum provider_class class)
{
    switch (class) {
    case PROVIDER_LIMIT_SECOND:
        return REST_SECOND_MS;
    case PROVIDER_LIMIT_MINUTE:
    case PROVIDER_NOTICE:
        return REST_MINUTE_MS;
    case PROVIDER_LIMIT_HOUR:
    case PROVIDER_LIMIT_DAY:
    case PROVIDER_LIMIT_MONTH:
        return REST_HOUR_MS;
    case PROVIDER_SESSION:
    case PROVIDER_BLOCKED:
        return REST_BLOCKED_MS;
    case PROVIDER_AUTH:
    case PROVIDER_PLAN:
        return REST_FOR_EVER;
    case PROVIDER_UPSTREAM:
        return failing_ms(rest->failures);
    case PROVIDER_OK:
    case PROVIDER_UNKNOWN:
    case PROVIDER_FORBIDDEN:
    case PROVIDER_BAD:
    case PROVIDER_CLASS_COUNT:
        return 0;
    }
    return 0;
}

uint64_t rest_note(struct rest *rest, enum provider_class class,
                   uint64_t now_ms)
{
    CHECK(class < PROVIDER_CLASS_COUNT);
    if (class == PROVIDER_OK) {
        *rest = (struct rest){0};
        return 0;
    }
    if (class == PROVIDER_UPSTREAM) {
        if (rest_is_trial(rest) && rest_left_ms(rest, now_ms) > 0) {
            return 0; // called before it began to rest: the same outage
        }
        rest->failures += rest->failures < UINT16_MAX;
    } else {
        rest->failures = 0; // it answered
    }
    uint64_t ms = length_ms(rest, class);
    uint64_t until_ms = ms == REST_FOR_EVER ? REST_FOR_EVER : now_ms + ms;
    if (ms == 0 || until_ms <= rest->until_ms) {
        return 0;
    }
    rest->until_ms = until_ms;
    return ms;
}

uint64_t rest_extend(struct rest *rest, uint64_t now_ms, uint64_t ms)
{
    if (now_ms + ms <= rest->until_ms) {
        return 0;
    }
    rest->until_ms = now_ms + ms;
    return ms;
}

bool rest_is_trial(const struct rest *rest)
{
    return rest->failures >= REST_FAILURES;
}

bool rest_is_for_ever(const struct rest *rest)
{
    return rest->until_ms == REST_FOR_EVER;
}

uint64_t rest_left_ms(const struct rest *rest, uint64_t now_ms)
{
    if (rest_is_for_ever(rest)) {
        return REST_FOR_EVER;
    }
    return rest->until_ms > now_ms ? rest->until_ms - now_ms : 0;
}
