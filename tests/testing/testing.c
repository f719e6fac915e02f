/* SPDX-License-Identifier: Apache-2.0 */
#include "testing/testing.h"

#include "base/check.h"

IMPLEMENTS(mono_ms)
static uint64_t fake_mono_ms(const struct clock *clock)
{
    return ((const struct testing_clock *)clock)->mono_ms;
}

IMPLEMENTS(unix_ms)
static int64_t fake_unix_ms(const struct clock *clock)
{
    return ((const struct testing_clock *)clock)->unix_ms;
}

void testing_clock_init(struct testing_clock *clock)
{
    *clock = (struct testing_clock){
        .clock = {.mono_ms = fake_mono_ms, .unix_ms = fake_unix_ms},
        .mono_ms = 1000000,
        .unix_ms = 1762387200000, // 2025-11-06T00:00:00Z
    };
}

bool testing_oom_arm(size_t n)
{
    if (n == 0) {
        mem_fail_nth(0);
        return false;
    }
    mem_fail_nth(n);
    return true;
}

size_t testing_oom_next(size_t n)
{
    size_t calls = mem_fail_nth(0);
    return calls < n ? 0 : n + 1;
}
