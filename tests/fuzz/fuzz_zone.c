/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a time zone or are refused; a zone has an offset below 26 hours
 * at every instant, and what its clocks show leads back to within a day. */
#include "base/check.h"
#include "calendar/zone.h"
#include "fuzz/fuzz.h"

static void use(const struct zone *zone, int64_t unix_s)
{
    struct zone_local local;
    zone_local_of(zone, unix_s, &local);
    CHECK(local.offset_s > -26 * 3600 && local.offset_s < 26 * 3600);
    CHECK(local.offset_s == zone_offset_s(zone, unix_s));
    int64_t back_unix_s;
    CHECK(zone_unix_s(zone, &local, &back_unix_s) == 0);
    int64_t off_s = back_unix_s - unix_s;
    CHECK(off_s > -52 * 3600 && off_s < 52 * 3600);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct zone *zone;
    struct span file = {(const char *)data, len};
    if (zone_parse(&zone, span_of("Fuzz/Zone"), file) != 0) {
        CHECK(zone == NULL);
        return 0;
    }
    for (int64_t year = -60; year < 200; year += 7) {
        use(zone, year * 31556952);
        use(zone, year * 31556952 + 15778476);
    }
    zone_destroy(&zone);
    CHECK(zone == NULL);
    return 0;
}
