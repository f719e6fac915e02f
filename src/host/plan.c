/* SPDX-License-Identifier: Apache-2.0 */
#include "host/plan.h"

#include "base/err.h"
#include "base/mem.h"

/* Markets in a list: there are some 2,000 in the world. */
#define MARKETS_LIMIT 64

/* The next word; empty ones between two spaces are passed over. */
static bool take_word(struct span *rest, struct span *word)
{
    while (span_split(rest, ' ', word)) {
        if (word->len > 0) {
            return true;
        }
    }
    return false;
}

static int read_rule(struct budget_rule *rule, struct span word)
{
    struct span count;
    uint64_t n;
    if (!span_split(&word, '/', &count) || word.data == NULL ||
        span_to_u64(count, &n) != 0 || n == 0 || n > BUDGET_N_LIMIT) {
        return ERR_SYNTAX;
    }
    for (int span = 0; span < BUDGET_SPANS; span++) {
        const char *name = budget_span_name((enum budget_span)span);
        if (span_equal(word, span_of(name))) {
            *rule = (struct budget_rule){
                .n = (uint32_t)n,
                .span = (enum budget_span)span,
            };
            return 0;
        }
    }
    return ERR_SYNTAX;
}

int plan_read_limits(struct desk_provider *provider, struct span text)
{
    text = span_trim(text);
    if (text.len == 0) {
        return 0;
    }
    provider->has_rules = true;
    provider->rules_count = 0;
    if (span_equal(text, span_of("none"))) {
        return 0;
    }
    struct span word;
    while (take_word(&text, &word)) {
        if (span_equal(word, span_of("symbols"))) {
            if (provider->rules_count == 0) {
                return ERR_SYNTAX;
            }
            provider->rules[provider->rules_count - 1].cost = BUDGET_SYMBOLS;
            continue;
        }
        if (provider->rules_count == DESK_RULES_LIMIT) {
            return ERR_FULL;
        }
        if (read_rule(&provider->rules[provider->rules_count], word) != 0) {
            return ERR_SYNTAX;
        }
        provider->rules_count++;
    }
    return 0;
}

static bool is_mic(struct span word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.data[i];
        bool is_one = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_one) {
            return false;
        }
    }
    return word.len == 4;
}

int plan_read_markets(struct desk_provider *provider, struct span text)
{
    struct span word;
    while (take_word(&text, &word)) {
        if (!is_mic(word) || provider->markets_count == MARKETS_LIMIT) {
            return ERR_SYNTAX;
        }
        if (provider->markets == NULL) {
            provider->markets =
                mem_calloc(MARKETS_LIMIT, sizeof(*provider->markets));
        }
        char *market =
            provider->markets == NULL ? NULL : mem_text(word.data, word.len);
        if (market == NULL) {
            return ERR_NOMEM;
        }
        provider->markets[provider->markets_count++] = market;
    }
    return 0;
}
