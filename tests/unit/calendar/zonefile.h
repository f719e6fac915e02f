/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonefile.h -- time zone files (RFC 8536) as a test wants them, so that no
 * test depends on which tzdata a machine has.
 */

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/* What the part with 64-bit times holds.  A type is an offset. */
struct zonefile {
    const int64_t *times;
    const uint8_t *indices;
    size_t times_count;
    const int32_t *offsets;
    size_t offsets_count;
    uint32_t leaps;   /* claimed, with no bytes behind */
    const char *rule; /* the last line, without its newlines */
};

static inline void zonefile_number(struct buffer *out, uint64_t value,
                                   size_t size)
{
    for (size_t i = size; i > 0; i--) {
        buffer_put_byte(out, (char)(value >> (8 * (i - 1)) & 0xff));
    }
}

static inline void zonefile_header(struct buffer *out, uint32_t leaps,
                                   size_t times, size_t types)
{
    static const char zeroes[16] = {'2'};
    buffer_put_text(out, "TZif");
    buffer_put(out, zeroes, sizeof(zeroes));
    const uint64_t counts[] = {0, 0, leaps, times, types, types > 0 ? 4 : 0};
    for (size_t i = 0; i < 6; i++) {
        zonefile_number(out, counts[i], 4);
    }
}

/* Append a whole file; its first part is empty, as zic leaves it today. */
static inline void zonefile_put(struct buffer *out, const struct zonefile *file)
{
    zonefile_header(out, 0, 0, 0);
    zonefile_header(out, file->leaps, file->times_count, file->offsets_count);
    for (size_t i = 0; i < file->times_count; i++) {
        zonefile_number(out, (uint64_t)file->times[i], 8);
    }
    for (size_t i = 0; i < file->times_count; i++) {
        buffer_put_byte(out, (char)file->indices[i]);
    }
    for (size_t i = 0; i < file->offsets_count; i++) {
        zonefile_number(out, (uint32_t)file->offsets[i], 4);
        zonefile_number(out, 0, 2);
    }
    if (file->offsets_count > 0) {
        buffer_put(out, "LMT", 4);
    }
    buffer_put_byte(out, '\n');
    buffer_put_text(out, file->rule);
    buffer_put_byte(out, '\n');
}

/* Append a file in which the rule holds always. */
static inline void zonefile_put_rule(struct buffer *out, const char *rule)
{
    static const int32_t utc[] = {0};
    struct zonefile file = {.offsets = utc, .offsets_count = 1, .rule = rule};
    zonefile_put(out, &file);
}
