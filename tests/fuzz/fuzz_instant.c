/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are an instant or are refused; three of them, a line each, are a
 * range of whole steps or are refused with a sentence. */
#include "base/check.h"
#include "fuzz/fuzz.h"
#include "show/instant.h"
#include "store/store.h"

#define NOW_UNIX_MS INT64_C(1795185000123)
#define END_UNIX_MS INT64_C(253402300800000)

static void read_one(struct span text)
{
    struct instant out = {-1, -1};
    if (instant_parse(&out, text, NOW_UNIX_MS) != 0) {
        CHECK(out.from_unix_ms == -1 && out.to_unix_ms == -1);
        return;
    }
    CHECK(out.from_unix_ms >= 0 && out.from_unix_ms <= out.to_unix_ms);
    CHECK(out.to_unix_ms <= END_UNIX_MS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span rest = {(const char *)data, len};
    struct instant_range range = {0};
    span_split(&rest, '\n', &range.from);
    span_split(&rest, '\n', &range.to);
    range.every = rest;
    read_one(range.from);
    read_one(range.to);
    struct store_question question = {0};
    const char *error = instant_read_range(&question, &range, NOW_UNIX_MS);
    if (error != NULL) {
        CHECK(error[0] != '\0');
        return 0;
    }
    int64_t step_ms = (int64_t)question.step_ms;
    CHECK(step_ms > 0 && (uint64_t)step_ms <= INSTANT_EVERY_LIMIT_MS);
    CHECK(question.from_unix_ms < question.to_unix_ms);
    CHECK(question.from_unix_ms % step_ms == 0);
    CHECK(question.to_unix_ms % step_ms == 0);
    return 0;
}
