/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_table -- what src/calendar/zone says, for tests/peers/zone_test.py.
 *
 *     zone_table FOLDER ZONE < SECONDS
 *
 * For each Unix second on standard input, one a line, a line of two numbers:
 * the offset at that instant, and the instant at which local clocks show what
 * clocks in UTC show at it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "calendar/zone.h"

static struct zone *open_zone(const char *folder, const char *name)
{
    struct zone *zone;
    char error[ZONE_ERROR_SIZE];
    if (zone_create(&zone, folder, span_of(name), error) != 0) {
        fprintf(stderr, "zone_table: %s\n", error);
        exit(1);
    }
    return zone;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: zone_table FOLDER ZONE < SECONDS\n");
        return 2;
    }
    struct zone *utc = open_zone(argv[1], "UTC");
    struct zone *zone = open_zone(argv[1], argv[2]);
    char line[64];
    while (fgets(line, sizeof(line), stdin) != NULL) {
        int64_t unix_s = strtoll(line, NULL, 10);
        int64_t back_unix_s = 0;
        struct zone_local local;
        zone_local_of(utc, unix_s, &local);
        if (zone_unix_s(zone, &local, &back_unix_s) != 0) {
            return 3;
        }
        printf("%" PRId32 " %" PRId64 "\n", zone_offset_s(zone, unix_s),
               back_unix_s);
    }
    zone_destroy(&zone);
    zone_destroy(&utc);
    return 0;
}
