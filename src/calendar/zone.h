/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h -- IANA time zones: instants to local times, and back.
 *
 * A zone is read once from the machine's time zone files (RFC 8536; package
 * tzdata) and never changes: any number of zones in any number of threads,
 * without TZ and without a lock.  It is read here, not by a library; why, and
 * what the libraries cost, is in docs/decisions/0005.
 *
 * Instants are Unix seconds, leap seconds not counted.  Years 0 to 9999: an
 * instant outside them is taken for the nearest inside.
 *
 * A local time that exists twice (the hour when summer ends) means the first of
 * the two, so that no price is called newer than it may be.  One that does not
 * exist (the hour when summer begins) is read with the offset before the
 * change, so that 02:30 is 03:30.  Both are as RFC 5545, 3.3.5 has it.
 */

#pragma once

#include <stdint.h>

#include "base/span.h"

struct zone; /* opaque; see zone.c */

/* Where Debian's package tzdata puts them. */
#define ZONE_FOLDER "/usr/share/zoneinfo"

/* The longest name, "America/Argentina/ComodRivadavia", has 32 bytes. */
#define ZONE_NAME_LIMIT 48

#define ZONE_ERROR_SIZE 256

/* A zone's file has 3 to 4 KiB. */
#define ZONE_BYTES_LIMIT (64u << 10)

/* What a local clock and calendar show. */
struct zone_local {
    int64_t year;
    unsigned month;   /* 1 to 12 */
    unsigned day;     /* 1 to 31 */
    unsigned hour;    /* 0 to 23 */
    unsigned minute;  /* 0 to 59 */
    unsigned second;  /* 0 to 59 */
    int32_t offset_s; /* to add to UTC; -18000 in New York's winter */
};

/*
 * Read the zone of a name ("America/New_York", "UTC") from a folder, which is
 * ZONE_FOLDER but in tests.  Returns 0 and *out is the caller's, to be ended
 * with zone_destroy().  On failure *out is NULL and `error` holds a sentence:
 *
 *   ERR_ABSENT   There is no such zone, or no zone at all: then the sentence
 *                says which package has them.
 *   ERR_SYNTAX   The name cannot be one, or the file is no time zone.
 *   ERR_IO       The file can't be read.
 *   ERR_NOMEM
 *
 * Blocks.  Threads: any that may block.
 */
int zone_create(struct zone **out, const char *folder, struct span name,
                char error[ZONE_ERROR_SIZE]);

/* As zone_create(), from the bytes of a file; ERR_SYNTAX or ERR_NOMEM.  `name`
 * is what zone_name() will say, at most ZONE_NAME_LIMIT bytes (checked). */
int zone_parse(struct zone **out, struct span name, struct span file);

/* Free and set *zone to NULL; NULL already is allowed. */
void zone_destroy(struct zone **zone);

/* The name.  BORROWED from the zone.  Threads: any, as all below. */
const char *zone_name(const struct zone *zone);

/* Seconds to add to UTC at an instant. */
int32_t zone_offset_s(const struct zone *zone, int64_t unix_s);

/* What local clocks show at an instant.  Some 100 ns. */
void zone_local_of(const struct zone *zone, int64_t unix_s,
                   struct zone_local *out);

/*
 * The instant at which local clocks show `local`, by the rule above;
 * local->offset_s is not read.  Returns 0, or ERR_RANGE where there is no such
 * date or time of day (February 30, 24:00, second 60), and then *out_unix_s is
 * as it was.
 */
int zone_unix_s(const struct zone *zone, const struct zone_local *local,
                int64_t *out_unix_s);
