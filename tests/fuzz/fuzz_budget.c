/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are what a budget saved, or are refused and change nothing; what
 * was loaded saves and loads again as the same. */
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "budget/budget.h"
#include "fuzz/fuzz.h"

static const struct steady_time now = {INT64_C(1772366400000), UINT64_C(1)
                                                                   << 41};

static struct budget *make(void)
{
    const struct budget_rule rules[] = {
        {.n = 2, .span = BUDGET_SECOND},
        {.n = 50, .span = BUDGET_MINUTE, .cost = BUDGET_SYMBOLS},
        {.n = 25, .span = BUDGET_DAY},
        {.n = 25, .span = BUDGET_DAY, .hour = 5},
        {.n = 9, .span = BUDGET_MONTH, .cost = BUDGET_DISTINCT},
    };
    const struct budget_options options = {
        rules, sizeof(rules) / sizeof(rules[0]), "boot"};
    struct budget *budget;
    CHECK(budget_create(&budget, &options, now) == 0);
    return budget;
}

static struct buffer save(struct budget *budget)
{
    struct buffer text = buffer_empty(1u << 20);
    budget_save(budget, now, &text);
    CHECK(!text.failed);
    return text;
}

static void check_same(struct budget *budget, struct span expected)
{
    struct buffer text = save(budget);
    CHECK(span_equal(buffer_span(&text), expected));
    buffer_deinit(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct budget *budget = make();
    struct buffer before = save(budget);
    struct span text = {(const char *)data, len};
    if (budget_load(budget, now, text) != 0) {
        check_same(budget, buffer_span(&before));
    } else {
        struct buffer after = save(budget);
        struct budget *other = make();
        CHECK(budget_load(other, now, buffer_span(&after)) == 0);
        check_same(other, buffer_span(&after));
        budget_destroy(&other);
        buffer_deinit(&after);
    }
    buffer_deinit(&before);
    budget_destroy(&budget);
    return 0;
}
