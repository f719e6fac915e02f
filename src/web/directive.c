/* SPDX-License-Identifier: Apache-2.0 */
#include "web/directive.h"

#include "base/check.h"
#include "base/err.h"
#include "proto/http.h"
#include "quote/quote.h"

/* More seconds than this are no limit: some three hundred years. */
#define SECONDS_LIMIT (UINT64_C(1) << 33)

/* A number of seconds, in quotation marks or not. */
static bool read_seconds(struct span text, uint64_t *out_ms)
{
    text = span_trim(text);
    if (text.len >= 2 && text.data[0] == '"' &&
        text.data[text.len - 1] == '"') {
        text = (struct span){text.data + 1, text.len - 2};
    }
    uint64_t seconds;
    int err = span_to_u64(text, &seconds);
    if (err == ERR_RANGE) {
        seconds = SECONDS_LIMIT; // RFC 9111, 1.2.2
    } else if (err != 0) {
        return false;
    }
    *out_ms = (seconds < SECONDS_LIMIT ? seconds : SECONDS_LIMIT) * 1000;
    return true;
}

static void read_one(struct directive *out, struct span text)
{
    struct span name;
    struct span value = span_trim(text);
    if (!span_split(&value, '=', &name)) {
        return;
    }
    name = span_trim(name);
    if (span_equal_nocase(name, span_of("no-cache"))) {
        out->max_age_ms = 0;
    } else if (span_equal_nocase(name, span_of("only-if-cached"))) {
        out->is_only_if_cached = true;
    } else if (value.data == NULL) {
        return; // max-stale without a number: however stale
    } else if (span_equal_nocase(name, span_of("max-age"))) {
        read_seconds(value, &out->max_age_ms);
    } else if (span_equal_nocase(name, span_of("max-stale"))) {
        read_seconds(value, &out->max_stale_ms);
    } else if (span_equal_nocase(name, span_of("min-fresh"))) {
        read_seconds(value, &out->min_fresh_ms);
    }
}

static bool has_no_cache(struct span pragma)
{
    return span_equal_nocase(span_trim(pragma), span_of("no-cache"));
}

void directive_read(struct directive *out, const struct http_request *request)
{
    *out = (struct directive){
        .max_age_ms = DIRECTIVE_NONE,
        .max_stale_ms = DIRECTIVE_NONE,
        .min_fresh_ms = DIRECTIVE_NONE,
    };
    const struct span name = {"Cache-Control", 13};
    bool has_any = false;
    for (size_t i = 0; i < request->headers_count; i++) {
        const struct http_header *header = &request->headers[i];
        if (header->name.len != name.len ||
            !span_equal_nocase(header->name, name)) {
            continue;
        }
        has_any = true;
        struct span rest = header->value;
        struct span one;
        while (span_split(&rest, ',', &one)) {
            read_one(out, one);
        }
    }
    if (!has_any && has_no_cache(http_find_header(request, "Pragma"))) {
        out->max_age_ms = 0;
    }
    out->is_limiting = out->max_age_ms != DIRECTIVE_NONE ||
                       out->max_stale_ms != DIRECTIVE_NONE ||
                       out->min_fresh_ms != DIRECTIVE_NONE;
}

bool directive_is_beyond(const struct directive *directive,
                         const struct freshness_rule *rule)
{
    return directive->min_fresh_ms != DIRECTIVE_NONE &&
           directive->min_fresh_ms > rule->fresh_for_ms;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t directive_age_ms(const struct directive *directive,
                          const struct freshness_rule *rule)
{
    if (directive_is_beyond(directive, rule)) {
        return DIRECTIVE_NONE;
    }
    uint64_t age_ms = directive->max_age_ms;
    uint64_t fresh_ms = rule->fresh_for_ms;
    bool may_be_stale = directive->max_stale_ms != DIRECTIVE_NONE;
    if (may_be_stale && age_ms != DIRECTIVE_NONE) {
        age_ms += directive->max_stale_ms;
    } else if (may_be_stale) {
        age_ms = fresh_ms + directive->max_stale_ms;
    }
    if (directive->min_fresh_ms != DIRECTIVE_NONE) {
        age_ms = least(age_ms, fresh_ms - directive->min_fresh_ms);
    }
    return age_ms;
}

bool directive_allows(const struct directive *directive,
                      const struct quote *quote,
                      const struct freshness_rule *rule, uint64_t now_mono_ms)
{
    uint64_t age_ms = freshness_age_ms(quote, now_mono_ms);
    uint64_t left_ms = freshness_left_ms(quote, rule, now_mono_ms);
    uint64_t late_ms = freshness_late_ms(quote, rule, now_mono_ms);
    CHECK(left_ms == 0 || late_ms == 0);
    uint64_t stale_ms =
        directive->max_stale_ms != DIRECTIVE_NONE ? directive->max_stale_ms : 0;
    bool is_young = directive->max_age_ms == DIRECTIVE_NONE ||
                    age_ms <= directive->max_age_ms + stale_ms;
    bool is_fresh = directive->min_fresh_ms == DIRECTIVE_NONE ||
                    left_ms >= directive->min_fresh_ms;
    bool is_not_late = directive->max_stale_ms == DIRECTIVE_NONE ||
                       late_ms <= directive->max_stale_ms;
    return is_young && is_fresh && is_not_late;
}
