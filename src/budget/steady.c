/* SPDX-License-Identifier: Apache-2.0 */
#include "budget/steady.h"

#include "base/check.h"

void steady_init(struct steady *steady, struct steady_time now)
{
    *steady = (struct steady){.anchor = now};
}

int64_t steady_unix_ms(struct steady *steady, struct steady_time now)
{
    CHECK(now.mono_ms >= steady->anchor.mono_ms);
    int64_t smooth_ms = steady->anchor.unix_ms +
                        (int64_t)(now.mono_ms - steady->anchor.mono_ms);
    int64_t apart_ms = now.unix_ms - smooth_ms;
    if (apart_ms >= -STEADY_SLEW_MS && apart_ms <= STEADY_SLEW_MS) {
        steady_init(steady, now);
        return now.unix_ms;
    }
    if (!steady->is_apart) {
        steady->is_apart = true;
        steady->apart_since_mono_ms = now.mono_ms;
    }
    if (now.mono_ms - steady->apart_since_mono_ms >= STEADY_BELIEVED_MS) {
        steady_init(steady, now);
        return now.unix_ms;
    }
    return apart_ms < 0 ? now.unix_ms : smooth_ms;
}

int64_t steady_late_unix_ms(const struct steady *steady, struct steady_time now)
{
    CHECK(now.mono_ms >= steady->anchor.mono_ms);
    return steady->anchor.unix_ms +
           (int64_t)(now.mono_ms - steady->anchor.mono_ms);
}
