/* SPDX-License-Identifier: Apache-2.0 */
#include "store/bars.h"

#include "base/check.h"

void bars_init(struct bars *bars, uint64_t step_ms, struct bar *list,
               size_t count_max)
{
    CHECK(step_ms > 0 && step_ms <= INT64_MAX);
    CHECK(count_max > 0);
    *bars = (struct bars){
        .step_ms = step_ms,
        .list = list,
        .count_max = count_max,
    };
}

/* The multiple of the step at or before an instant, before 1970 too. */
static int64_t begin_of(const struct bars *bars, int64_t at_unix_ms)
{
    int64_t step = (int64_t)bars->step_ms;
    int64_t over = at_unix_ms % step;
    return at_unix_ms - (over < 0 ? over + step : over);
}

bool bars_take(struct bars *bars, int64_t at_unix_ms, struct decimal price)
{
    int64_t begin = begin_of(bars, at_unix_ms);
    struct bar *last = bars->count == 0 ? NULL : &bars->list[bars->count - 1];
    CHECK(last == NULL || begin >= last->at_unix_ms);
    if (last == NULL || begin > last->at_unix_ms) {
        if (bars->count == bars->count_max) {
            bars->is_cut = true;
            return false;
        }
        bars->list[bars->count++] =
            (struct bar){begin, 1, price, price, price, price};
        return true;
    }
    last->count++;
    last->close = price;
    if (decimal_compare(price, last->high) > 0) {
        last->high = price;
    }
    if (decimal_compare(price, last->low) < 0) {
        last->low = price;
    }
    return true;
}
